//! Forgetting, until nothing says it any more.

use domain::memory::{self, Graveyard, KNOWN, RecalledKind, Tombstone};
use domain::{Fault, Memory, Outcome, RecordId, Summary, Timestamp, UserScope};
use tracing::warn;

use crate::application::jobs::has_time;
use crate::application::remember::{STEPS, is_of, key, nearest, tombstones};
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
    let body = records::body(tombstone)?;
    let put = ports.records.put(&at, &body, None, Expect::Anything);
    ports.clock.answered(put).await?;
    let mut tombstones = tombstones(ports, owner).await?;
    // The list has only the newest, and of them what can be read: this one counts in any case.
    tombstones.push(tombstone.clone());
    forget_summaries(ports, owner, &tombstones).await?;
    let memories: Vec<Memory> = newest(ports, owner, Kind::Memory, KNOWN).await?;
    let graveyard = Graveyard::of(&tombstones);
    let (mut are_gone, mut pace) = (true, Pace::default());
    for memory in &memories {
        pace.did(STEPS * memory.content.len()).await;
        if memory.id != tombstone.memory_id && graveyard.covers(memory) {
            are_gone &= erase(ports, owner, memory, bill).await?;
        }
    }
    if !are_gone {
        return Ok(false);
    }
    // The named one last: while it is there, somebody can ask for the rest once more.
    let at = key(owner, &tombstone.memory_id);
    let Some(named) = ports.clock.answered(ports.records.get(&at)).await? else {
        return Ok(true);
    };
    match records::readable(&named) {
        Some(memory) => erase(ports, owner, &memory, bill).await,
        None => erase_unread(ports, &at).await,
    }
}

/// Forgets a memory, and tries again as a job would until it is gone or was tried often enough, or
/// no more try fits before the process may be frozen.
pub async fn forget_through(
    ports: &Ports,
    owner: &UserScope,
    id: &RecordId,
    tombstone: &Tombstone,
    until: Option<Timestamp>,
) {
    let memory = &tombstone.memory_id;
    let mut at = ports.clock.now();
    for attempts in 1.. {
        if !has_time(until, at) {
            return warn!(%memory, attempts, "the erasing of a memory is left to who asks again");
        }
        ports.clock.sleep_until(at).await;
        let bill = Bill::new(&ports.clock);
        let forgotten = forget(ports, owner, id, tombstone, &bill).await;
        charge(ports, owner, &bill.calls()).await;
        let fault = match forgotten {
            Ok(true) => return,
            Ok(false) => Fault::Unavailable,
            Err(error) => error.fault,
        };
        let Outcome::Again(later) = Outcome::after(fault, attempts, ports.clock.now()) else {
            return warn!(%memory, attempts, %fault, "a memory could not be erased");
        };
        at = later;
    }
}

/// Erases a memory from the index, and from the store once the index no longer finds it. Returns
/// whether it is gone.
async fn erase(ports: &Ports, owner: &UserScope, memory: &Memory, bill: &Bill) -> Result<bool> {
    let id = memory.id.as_str();
    let gone = ports.index.delete(owner, RecalledKind::Memory, id);
    ports.clock.answered(gone).await?;
    // An index forgets in its own time. The record goes last, since its text is what the index is
    // asked by.
    let hits = nearest(ports, owner, memory.coach.as_ref(), &memory.content, bill).await?;
    if hits.iter().any(|hit| is_of(hit, &memory.id)) {
        return Ok(false);
    }
    let at = key(owner, &memory.id);
    ports.clock.answered(ports.records.delete(&at)).await?;
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
        // One that cannot be read may mention it.
        let is_told = match records::read::<Summary>(&record) {
            Ok(summary) => memory::still_told(summary, tombstones).is_some(),
            Err(_) => false,
        };
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
    let id = summary.id.as_str();
    let gone = ports
        .index
        .delete(&summary.owner, RecalledKind::Summary, id);
    ports.clock.answered(gone).await?;
    ports.clock.answered(ports.records.delete(summary)).await?;
    Ok(())
}
