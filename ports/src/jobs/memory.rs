//! Remembering and forgetting, as a turn has decided.

use domain::memory::{self, Provenance, RecalledKind, Saving, Tombstone};
use domain::router::ProposedMemory;
use domain::{Fault, JobKind, JobState, Memory, MemoryId, Outcome, RecordId};
use serde_json::json;

use super::Work;
use crate::memories::{forget, keep, put, search};
use crate::{Expect, JobsOf, Kind, RecordKey, Result, newest, records};

/// How many memories and tombstones are looked at.
const KNOWN: usize = 200;

/// Saves what the decision proposed, unless it is known, corrects something, or may not be kept.
pub(super) async fn save(work: &Work<'_>) -> Result<Outcome, Fault> {
    let Some(proposed) = work.route.as_ref().and_then(|route| route.memory_to_save()) else {
        return Ok(Outcome::Refused("there is nothing to remember".to_owned()));
    };
    decide_and_save(work, proposed).await.map_err(|error| error.fault)
}

async fn decide_and_save(work: &Work<'_>, proposed: &ProposedMemory) -> Result<Outcome> {
    let (ports, owner) = (work.ports, work.owner());
    let now = ports.clock.now();
    let memories: Vec<Memory> = newest(ports, owner, Kind::Memory, KNOWN).await?;
    let tombstones: Vec<Tombstone> = newest(ports, owner, Kind::Tombstone, KNOWN).await?;
    let hits = search(ports, &work.opening, &proposed.content).await.unwrap_or_default();
    let score = |memory: &Memory| {
        let hit = hits.iter().find(|hit| hit.kind == RecalledKind::Memory && hit.id == memory.id.as_str());
        hit.map_or(0.0, |hit| hit.score)
    };
    let known: Vec<(Memory, f32)> = memories.into_iter().map(|memory| (memory.clone(), score(&memory))).collect();
    let find = |id: &MemoryId| known.iter().map(|(memory, _)| memory).find(|memory| memory.id == *id);
    let id = MemoryId::from(&work.opening.turn.turn);
    let from = Provenance::of(&work.opening, &id);
    match memory::decide(proposed, &from, &known, &tombstones, now) {
        Saving::New(new) => {
            keep(ports, owner, &new, Expect::Absent).await?;
            Ok(Outcome::Done(json!({ "memoryId": new.id, "content": new.content, "saved": "new" })))
        }
        Saving::Reinforce(id) => {
            // A second try of the same job finds it used since the message came in.
            let known = find(&id).filter(|known| known.last_used_at.is_none_or(|used| used < work.opening.when()));
            if let Some(known) = known {
                put(ports, owner, &known.reinforced(proposed.importance, now), Expect::Anything).await?;
            }
            Ok(Outcome::Done(json!({ "memoryId": id, "saved": "reinforced" })))
        }
        Saving::Supersede { old, new } => {
            keep(ports, owner, &new, Expect::Absent).await?;
            if let Some(known) = find(&old) {
                put(ports, owner, &known.superseded(&new.id), Expect::Anything).await?;
                ports.clock.answered(ports.index.delete(owner, RecalledKind::Memory, old.as_str())).await?;
            }
            let told = json!({ "memoryId": new.id, "content": new.content, "saved": "corrected", "supersedes": old });
            Ok(Outcome::Done(told))
        }
        Saving::Refused(reason) => Ok(Outcome::Refused(reason.to_string())),
    }
}

/// Erases what the athlete wants forgotten, and says so once it can no longer be found.
pub(super) async fn erase(work: &Work<'_>) -> Result<Outcome, Fault> {
    find_and_erase(work).await.map_err(|error| error.fault)
}

async fn find_and_erase(work: &Work<'_>) -> Result<Outcome> {
    let (ports, owner, turn) = (work.ports, work.owner(), &work.opening.turn);
    let now = ports.clock.now();
    // What an earlier message asked to be remembered may still be on its way.
    let jobs = ports.clock.answered(ports.messages.jobs(&JobsOf::Conversation(turn.conversation.clone()))).await?;
    let is_open = |state: &JobState| matches!(state, JobState::Due(_) | JobState::Claimed(_));
    if jobs.iter().any(|job| job.kind == JobKind::Memory && job.turn.turn < turn.turn && is_open(&job.state)) {
        return Ok(Outcome::Again(now + super::AGAIN));
    }
    let at = RecordKey { owner: owner.clone(), kind: Kind::Tombstone, id: RecordId::from(&turn.turn) };
    let tombstone: Tombstone = match ports.clock.answered(ports.records.get(&at)).await? {
        Some(earlier_try) => records::read(&earlier_try)?,
        None => {
            let memories: Vec<Memory> = newest(ports, owner, Kind::Memory, KNOWN).await?;
            let last = memory::last_saved(&memories, &turn.conversation.conversation);
            let wanted = memory::forgettable(work.opening.text(), &memories, last);
            let Some(known) = memories.iter().find(|memory| Some(&memory.id) == wanted.as_ref()) else {
                return Ok(Outcome::Refused("I know nothing like that".to_owned()));
            };
            Tombstone::of(known, now)
        }
    };
    if forget(ports, owner, &at.id, &tombstone).await? {
        Ok(Outcome::Done(json!({ "memoryId": tombstone.memory_id })))
    } else {
        Ok(Outcome::Again(now + super::AGAIN))
    }
}
