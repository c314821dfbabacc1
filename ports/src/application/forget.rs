//! Forgetting, until nothing says it any more.

use domain::memory::{self, Graveyard, RecalledKind, Tombstone};
use domain::{Fault, Memory, Outcome, RecordId, Summary, UserScope};
use tracing::warn;

use crate::application::remember::{KNOWN, STEPS, is_of, key, nearest, tombstones};
use crate::{
    Bill, Expect, Kind, Pace, Ports, RecordKey, Result, charge, give_way, newest, records,
};

/// How many of a user's newest summaries are searched.
const SUMMARIES: usize = 500;

/// Forgets a memory. Writes a tombstone first, from which on no prompt says it. Then erases what
/// this and earlier tombstones cover: memories that say the same, summaries that mention it, and
/// their entries in the index. Returns whether the index no longer finds any of them; if it does,
/// the rest is left for another try.
pub async fn forget(
    ports: &Ports,
    owner: &UserScope,
    id: &RecordId,
    tombstone: &Tombstone,
    bill: &Bill,
) -> Result<bool> {
    let at = RecordKey {
        owner: owner.clone(),
        kind: Kind::Tombstone,
        id: id.clone(),
    };
    ports
        .clock
        .answered(
            ports
                .records
                .put(&at, &records::body(tombstone)?, None, Expect::Anything),
        )
        .await?;
    let mut tombstones = tombstones(ports, owner).await?;
    // A list may lag.
    tombstones.push(tombstone.clone());
    forget_summaries(ports, owner, &tombstones).await?;
    let memories: Vec<Memory> = newest(ports, owner, Kind::Memory, KNOWN).await?;
    let graveyard = Graveyard::of(&tombstones);
    let (mut are_gone, mut pace) = (true, Pace::default());
    for memory in memories
        .iter()
        .filter(|memory| memory.id != tombstone.memory_id)
    {
        pace.did(STEPS * memory.content.len()).await;
        if graveyard.covers(memory) {
            are_gone &= erase(ports, owner, memory, bill).await?;
        }
    }
    if !are_gone {
        return Ok(false);
    }
    // The named one last: while it is there, somebody can ask for the rest once more.
    match ports
        .clock
        .answered(ports.records.get(&key(owner, &tombstone.memory_id)))
        .await?
    {
        Some(named) => match records::readable(&named) {
            Some(named) => erase(ports, owner, &named, bill).await,
            None => erase_unread(ports, &named.at).await,
        },
        None => Ok(true),
    }
}

/// Forgets a memory, and tries again as a job would until it is gone or was tried often enough.
pub async fn forget_through(
    ports: &Ports,
    owner: &UserScope,
    id: &RecordId,
    tombstone: &Tombstone,
) {
    for attempts in 1.. {
        let bill = Bill::new(&ports.clock);
        let forgotten = forget(ports, owner, id, tombstone, &bill).await;
        charge(ports, owner, &bill.calls()).await;
        let fault = match forgotten {
            Ok(true) => return,
            Ok(false) => Fault::Unavailable,
            Err(error) => error.fault,
        };
        let Outcome::Again(at) = Outcome::after(fault, attempts, ports.clock.now()) else {
            let memory = &tombstone.memory_id;
            return warn!(%memory, attempts, %fault, "a memory could not be erased");
        };
        ports.clock.sleep_until(at).await;
    }
}

/// Erases a memory from the index, and from the store once the index no longer finds it. Returns
/// whether it is gone.
async fn erase(ports: &Ports, owner: &UserScope, memory: &Memory, bill: &Bill) -> Result<bool> {
    ports
        .clock
        .answered(
            ports
                .index
                .delete(owner, RecalledKind::Memory, memory.id.as_str()),
        )
        .await?;
    let hits = nearest(ports, owner, memory.coach.as_ref(), &memory.content, bill).await?;
    if hits.iter().any(|hit| is_of(hit, &memory.id)) {
        return Ok(false);
    }
    ports
        .clock
        .answered(ports.records.delete(&key(owner, &memory.id)))
        .await?;
    Ok(true)
}

/// Erases a memory that cannot be read, without asking whether the index still finds it: there is
/// no text to ask by.
pub async fn erase_unread(ports: &Ports, memory: &RecordKey) -> Result<bool> {
    let gone = ports
        .index
        .delete(&memory.owner, RecalledKind::Memory, memory.id.as_str());
    ports.clock.answered(gone).await?;
    ports.clock.answered(ports.records.delete(memory)).await?;
    Ok(true)
}

/// Removes the summaries that mention what was forgotten; they are made again when they are due.
async fn forget_summaries(
    ports: &Ports,
    owner: &UserScope,
    tombstones: &[Tombstone],
) -> Result<()> {
    for record in records::newest_records(ports, owner, Kind::Summary, SUMMARIES).await? {
        let is_told = records::read::<Summary>(&record)
            .is_ok_and(|known| memory::still_told(known, tombstones).is_some());
        if !is_told {
            take_back(ports, &record.at).await?;
        }
        give_way().await;
    }
    Ok(())
}

/// Removes a conversation's summary, from the index first: while it is in the store, it is found by
/// the next try.
pub(crate) async fn take_back(ports: &Ports, summary: &RecordKey) -> Result<()> {
    ports
        .clock
        .answered(
            ports
                .index
                .delete(&summary.owner, RecalledKind::Summary, summary.id.as_str()),
        )
        .await?;
    ports.clock.answered(ports.records.delete(summary)).await?;
    Ok(())
}
