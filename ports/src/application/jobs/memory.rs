//! Remembering and forgetting, as a turn has decided.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::pin::pin;

use domain::memory::{self, KNOWN, Provenance, Tombstone};
use domain::{Job, JobKind, Memory, MemoryId, Opening, Outcome, RecordId, TurnId};
use futures::TryStreamExt;
use serde_json::json;

use super::{Failed, Tried, Work};
use crate::application::forget::forget;
use crate::application::own;
use crate::application::remember::{Saved, remember, remembered, tombstones};
use crate::{JobsOf, Kind, RecordKey, Result, newest, pages, records};

/// How many earlier messages are looked at for what one of them had remembered.
const MESSAGES: usize = 200;

/// Saves what the decision proposed, unless it is known, corrects something, or may not be kept.
/// The result names the memory and does not say it: it is kept for longer than the memory may be.
pub(super) async fn save(work: &Work<'_>) -> Tried {
    let Some(proposed) = work.route.as_ref().and_then(|route| route.memory_to_save()) else {
        return Ok(Outcome::Refused("there is nothing to remember".to_owned()));
    };
    if !work.opening.is_readable() {
        return Ok(Outcome::Dead(super::UNREADABLE.to_owned()));
    }
    let id = MemoryId::from(&work.opening.turn.turn);
    let from = Provenance::of(&work.opening, &id);
    let saved = remember(work.ports, work.owner(), proposed, &from, work.bill).await?;
    Ok(match saved {
        Saved::New(new) => Outcome::Done(json!({ "memoryId": new.id, "saved": "new" })),
        Saved::Reinforced(known) => {
            Outcome::Done(json!({ "memoryId": known, "saved": "reinforced" }))
        }
        Saved::Corrected(new, old) => {
            Outcome::Done(json!({ "memoryId": new.id, "saved": "corrected", "supersedes": old }))
        }
        Saved::Refused(reason) => Outcome::Refused(reason.to_string()),
    })
}

/// Erases what the athlete wants forgotten, and says so once it can no longer be found.
pub(super) async fn erase(work: &Work<'_>) -> Tried {
    let (ports, owner, turn) = (work.ports, work.owner(), &work.opening.turn);
    let now = ports.clock.now();
    let of = JobsOf::Conversation(turn.conversation.clone());
    // What an earlier message asked to be remembered may still be on its way.
    let jobs = ports
        .clock
        .answered(own::jobs(&*ports.messages, &of))
        .await?;
    let is_open = |job: &&Job| job.kind == JobKind::Memory && job.state.due().is_some();
    if work
        .has_one(Ordering::Less, jobs.iter().filter(is_open))
        .await?
    {
        return Err(Failed::Waits(
            "an earlier message is still being remembered",
        ));
    }
    let at = RecordKey {
        owner: owner.clone(),
        kind: Kind::Tombstone,
        id: RecordId::from(&turn.turn),
    };
    let tombstone: Tombstone = match ports.clock.answered(ports.records.get(&at)).await? {
        Some(earlier_try) => records::read(&earlier_try)?,
        None if !work.opening.is_readable() => {
            return Ok(Outcome::Dead(super::UNREADABLE.to_owned()));
        }
        None => {
            let memories: Vec<Memory> = newest(ports, owner, Kind::Memory, KNOWN).await?;
            let memories = remembered(memories, &tombstones(ports, owner).await?).await;
            let is_from_here = |memory: &&Memory| jobs.iter().any(|job| is_made_by(memory, job));
            let saved_here = || {
                let here = memories.iter().filter(is_from_here);
                let last = here.max_by_key(|memory| (memory.created_at, &memory.id));
                last.map(|memory| memory.id.clone())
            };
            let last = last_remembered(work, &jobs).await?.or_else(saved_here);
            let meant = memory::meant(work.opening.text(), &memories, last.as_ref());
            let wanted = meant.forget.first();
            let Some(known) = memories.iter().find(|memory| Some(&memory.id) == wanted) else {
                return Ok(Outcome::Refused("I know nothing like that".to_owned()));
            };
            Tombstone::of(known, now)
        }
    };
    if forget(ports, owner, &at.id, &tombstone, work.bill).await? {
        Ok(Outcome::Done(json!({ "memoryId": tombstone.memory_id })))
    } else {
        Err(Failed::Waits("the index has not let go of it yet"))
    }
}

/// Returns whether a job has made this memory: what a turn makes at most once is named after it.
fn is_made_by(memory: &Memory, job: &Job) -> bool {
    job.kind == JobKind::Memory && memory.id == MemoryId::from(&job.turn.turn)
}

/// Returns the memory that an earlier turn of the conversation has made or reinforced last,
/// wherever it was said first.
async fn last_remembered(work: &Work<'_>, jobs: &[Job]) -> Result<Option<MemoryId>> {
    let memories = jobs
        .iter()
        .filter(|job| job.kind == JobKind::Memory)
        .filter_map(|job| {
            let id = job.state.result()?.get("memoryId")?.as_str()?;
            Some((&job.turn.turn, id.parse().ok()?))
        });
    let memories: BTreeMap<&TurnId, MemoryId> = memories.collect();
    let Opening {
        turn, user_message, ..
    } = &work.opening;
    let before = Some(user_message.number);
    let mut pages = pin!(pages(
        &*work.ports.messages,
        &turn.conversation,
        before,
        MESSAGES
    ));
    while let Some(page) = work.ports.clock.answered(pages.try_next()).await? {
        if let Some(last) = page
            .iter()
            .find_map(|message| memories.get(&message.turn.turn))
        {
            return Ok(Some(last.clone()));
        }
    }
    Ok(None)
}
