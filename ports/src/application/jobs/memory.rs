//! Remembering and forgetting, as a turn has decided.

use std::cmp::Ordering;

use domain::call::CallKind;
use domain::memory::{self, KNOWN, Provenance, Tombstone};
use domain::router::{ProposedMemory, RouterDecision, Source};
use domain::{Fault, Job, JobKind, Language, Memory, MemoryId, Outcome, RecordId, TurnId, voice};
use serde_json::json;

use super::{Failed, Tried, Work};
use crate::application::forget::forget;
use crate::application::own;
use crate::application::remember::{Saved, forgotten, key, remember, remembered, tombstones};
use crate::{JobsOf, Kind, PortError, RecordKey, Result, newest, records};

/// Saves what the decision proposed, unless it is known, corrects something, or may not be kept.
/// The result names the memory and does not say it: it is kept for longer than the memory may be.
pub(super) async fn save(work: &mut Work<'_>) -> Tried {
    let route = work.route.as_ref();
    let decided = route.and_then(|route| Some((route.memory_to_save()?.clone(), route.language)));
    let Some((proposed, language)) = decided else {
        return Ok(Outcome::Refused("there is nothing to remember".to_owned()));
    };
    if !work.opening.is_readable() {
        return Ok(Outcome::Dead(super::UNREADABLE.to_owned()));
    }
    let words = voice::of_memory(language);
    let proposed = related(work, proposed).await?;
    let id = MemoryId::from(&work.opening.turn.turn);
    let from = Provenance::of(&work.opening, &id);
    let saved = remember(work.ports, work.owner(), &proposed, &from, work.bill).await?;
    Ok(match saved {
        Saved::New(new) => Outcome::Done(json!({
            "memoryId": new.id, "saved": "new", "words": words.saved,
        })),
        Saved::Reinforced(known) => Outcome::Done(json!({
            "memoryId": known, "saved": "reinforced", "words": words.known,
        })),
        Saved::Corrected(new, old) => Outcome::Done(json!({
            "memoryId": new.id, "saved": "corrected", "supersedes": old,
            "words": words.corrected,
        })),
        Saved::Refused(reason) => Outcome::Refused(reason.in_words(language).to_owned()),
    })
}

/// Asks what something is to what is known, if no router was asked and there is something near. No
/// answer means that it is new. What an earlier try has stored is not asked about again.
async fn related(
    work: &mut Work<'_>,
    proposed: ProposedMemory,
) -> std::result::Result<ProposedMemory, Failed> {
    let is_ruled = |route: &RouterDecision| route.router_metadata.source == Source::Rule;
    if !work.route.as_ref().is_some_and(is_ruled) {
        return Ok(proposed);
    }
    let (ports, owner) = (work.ports, work.owner().clone());
    let id = MemoryId::from(&work.opening.turn.turn);
    let at = key(&owner, &id);
    if ports
        .clock
        .answered(ports.records.get(&at))
        .await?
        .is_some()
    {
        return Ok(proposed);
    }
    let memories: Vec<Memory> = newest(ports, &owner, Kind::Memory, KNOWN).await?;
    let memories = remembered(memories, &forgotten(ports, &owner).await?).await;
    let coach = work.opening.turn.conversation.coach.clone();
    let holding = memories.iter().filter(|memory| memory.holds_for(&coach));
    let near: Vec<Memory> = memory::candidates(&proposed.content, holding)
        .into_iter()
        .cloned()
        .collect();
    if near.is_empty() {
        return Ok(proposed);
    }
    let form = memory::question(&proposed, &near);
    let check = |answer: &str| Ok(memory::related(proposed.clone(), answer, &near));
    match work.ask(CallKind::Extraction, form, check).await {
        Ok(Ok(related)) => Ok(related),
        Ok(Err(_)) | Err(_) => Ok(proposed),
    }
}

/// Erases what the athlete wants forgotten, and says so once it can no longer be found.
pub(super) async fn erase(work: &Work<'_>) -> Tried {
    let (ports, owner, turn) = (work.ports, work.owner(), &work.opening.turn);
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
    let route = work.route.as_ref();
    let wanted = route.map(|route| route.memory_processing.forget.clone());
    let wanted = wanted.unwrap_or_default();
    let words = voice::of_memory(route.map_or_else(Language::default, |route| route.language));
    let (mut gone, mut is_left) = (Vec::new(), false);
    for (place, id) in wanted.iter().enumerate() {
        let id = made_by(&jobs, id);
        let Some(tombstone) = buried(work, place, &id).await? else {
            continue;
        };
        let stone = tombstone_id(&turn.turn, place)?;
        is_left |= !forget(ports, owner, &stone, &tombstone, work.bill).await?;
        gone.push(id);
    }
    if is_left {
        return Err(Failed::Waits("the index has not let go of it yet"));
    }
    Ok(match gone.first() {
        Some(first) => Outcome::Done(json!({
            "memoryId": first, "memoryIds": gone, "words": words.forgotten,
        })),
        None if !work.opening.is_readable() => Outcome::Dead(super::UNREADABLE.to_owned()),
        None => Outcome::Refused(words.nothing_to_forget.to_owned()),
    })
}

/// Returns the tombstone of a memory that is to be forgotten: the one of an earlier try, or a new
/// one; `None` if the memory is gone.
async fn buried(work: &Work<'_>, place: usize, id: &MemoryId) -> Result<Option<Tombstone>> {
    let (ports, owner) = (work.ports, work.owner());
    let at = RecordKey {
        owner: owner.clone(),
        kind: Kind::Tombstone,
        id: tombstone_id(&work.opening.turn.turn, place)?,
    };
    if let Some(earlier_try) = ports.clock.answered(ports.records.get(&at)).await? {
        return records::read(&earlier_try).map(Some);
    }
    let found = ports
        .clock
        .answered(ports.records.get(&key(owner, id)))
        .await?;
    let Some(memory) = found.as_ref().and_then(records::readable::<Memory>) else {
        return Ok(None);
    };
    // What was put into other words since, or said again, is not what was told.
    if memory.last_said_at.is_some_and(|at| at > work.decided_at) {
        return Ok(None);
    }
    let known = remembered(vec![memory], &tombstones(ports, owner).await?).await;
    let now = ports.clock.now();
    Ok(known.first().map(|memory| Tombstone::of(memory, now)))
}

/// The first is named after its turn, which mostly has one.
fn tombstone_id(turn: &TurnId, place: usize) -> Result<RecordId> {
    if place == 0 {
        return Ok(RecordId::from(turn));
    }
    let id = format!("{turn}-{place}").parse();
    id.map_err(|_| PortError::new("jobs", Fault::Rejected))
}

/// Returns what a turn has come to that was to make this memory: what it said was known by another.
fn made_by(jobs: &[Job], id: &MemoryId) -> MemoryId {
    let is_its = |job: &&Job| is_made_by(id, job);
    let result = jobs.iter().find(is_its).and_then(|job| job.state.result());
    let made = result.and_then(|result| result.get("memoryId")?.as_str()?.parse().ok());
    made.unwrap_or_else(|| id.clone())
}

/// Returns whether a job makes this memory: what a turn makes at most once is named after it.
fn is_made_by(memory: &MemoryId, job: &Job) -> bool {
    job.kind == JobKind::Memory && *memory == MemoryId::from(&job.turn.turn)
}
