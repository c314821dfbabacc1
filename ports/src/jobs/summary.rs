//! Bringing a conversation's summary up to date.

use std::pin::pin;

use domain::memory::{self, RecalledKind};
use domain::summary::{self, LONGEST_MESSAGE, Summary};
use domain::turn::CallKind;
use domain::{Fault, Message, Outcome, RecordId};
use futures::TryStreamExt;
use serde_json::json;

use super::{Useless, Work};
use crate::forget::take_back;
use crate::remember::forgotten;
use crate::{Expect, IndexEntry, Kind, RecordKey, Result, give_way, pages, records};

/// How many messages are summed up at once.
const MESSAGES: usize = 200;

/// How many of them are looked through at once.
const AT_ONCE: usize = 8;

/// Sums up what was said since the last summary, on top of it.
pub(super) async fn renew(work: &mut Work<'_>) -> Result<Outcome, Fault> {
    // Before anything is read: what is forgotten from now on is younger than the summary.
    let made_at = work.ports.clock.now();
    let (previous, expect, messages) = read(work).await.map_err(|error| error.fault)?;
    let Some(range) = summary::range(previous.as_ref(), &messages) else {
        return Ok(Outcome::Done(json!({ "through": previous.map(|previous| previous.through) })));
    };
    let extraction = summary::summarise(previous.as_ref(), &messages);
    let through = *range.end();
    let check = |answer: &str| summary::check(answer, range).map_err(|_| Useless::Malformed);
    let Ok(new) = work.ask(CallKind::Summary, extraction, check).await? else { return Err(Fault::Rejected) };
    let new = Summary { made_at, ..new };
    let Some(new) = new.in_place_of(previous) else {
        return Ok(Outcome::Done(json!({ "through": through })));
    };
    match write(work, &new, expect).await {
        Ok(true) => Ok(Outcome::Done(json!({ "from": new.from, "through": new.through }))),
        // Another process has summed up meanwhile, or something was forgotten: look again.
        Ok(false) => Err(Fault::Unavailable),
        Err(error) => Err(error.fault),
    }
}

/// The last summary and what was said since, as a model may be told it, and what the store must hold for a new
/// summary.
async fn read(work: &Work<'_>) -> Result<(Option<Summary>, Expect, Vec<Message>)> {
    let (ports, conversation) = (work.ports, &work.opening.turn.conversation);
    let record = ports.clock.answered(ports.records.get(&at(work))).await?;
    let previous: Option<Summary> = record.as_ref().map(records::read).transpose()?;
    let expect = record.map_or(Expect::Absent, |record| Expect::Version(record.version));
    let mut messages = Vec::new();
    let mut pages = pin!(pages(&*ports.messages, conversation, None, MESSAGES));
    // Of each page only what is summed up is kept, so that long messages do not fill the memory.
    while let Some(page) = ports.clock.answered(pages.try_next()).await? {
        messages.extend(page.into_iter().map(|message| memory::shortened(message, LONGEST_MESSAGE)));
        give_way().await;
    }
    messages.reverse();
    let tombstones = forgotten(ports, work.owner()).await?;
    let previous = previous.and_then(|previous| memory::still_told(previous, &tombstones));
    let seen = previous.as_ref().map_or(0, |previous| previous.through);
    messages.retain(|message| message.number > seen);
    let mut told = Vec::with_capacity(messages.len());
    for some in messages.chunks(AT_ONCE) {
        told.extend(memory::told(some.to_vec(), &tombstones));
        give_way().await;
    }
    Ok((previous, expect, told))
}

/// Stores a summary and lets it be found; `false` if another came first. It is taken back if its conversation was
/// deleted meanwhile, or something that it says forgotten: whoever did that may have looked before it was there.
async fn write(work: &Work<'_>, summary: &Summary, expect: Expect) -> Result<bool> {
    let (ports, conversation) = (work.ports, &work.opening.turn.conversation);
    if !ports.clock.answered(ports.records.put(&at(work), &records::body(summary)?, expect)).await? {
        return Ok(false);
    }
    let entry = IndexEntry {
        kind: RecalledKind::Summary,
        id: conversation.conversation.to_string(),
        coach: Some(conversation.coach.clone()),
        text: summary.narrative.clone(),
        created: ports.clock.now(),
        tags: summary.tags.clone(),
    };
    ports.clock.answered(ports.index.upsert(work.owner(), &entry)).await?;
    let is_there = ports.clock.answered(ports.messages.conversation(conversation)).await?.is_some();
    let tombstones = forgotten(ports, work.owner()).await?;
    let is_kept = is_there && memory::still_told(summary.clone(), &tombstones).is_some();
    if !is_kept {
        take_back(ports, &at(work)).await?;
    }
    Ok(is_kept)
}

fn at(work: &Work<'_>) -> RecordKey {
    let id = RecordId::from(&work.opening.turn.conversation.conversation);
    RecordKey { owner: work.owner().clone(), kind: Kind::Summary, id }
}
