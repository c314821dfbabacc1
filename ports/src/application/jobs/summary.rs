//! Bringing a conversation's summary up to date.

use std::cmp::Ordering;
use std::pin::pin;

use domain::call::CallKind;
use domain::memory::{self, RecalledKind};
use domain::summary::{self, LONGEST_MESSAGE, Summary};
use domain::{Job, JobKind, Message, Outcome};
use futures::TryStreamExt;
use serde_json::json;

use super::{Failed, Tried, Useless, Work};
use crate::application::answer::say_what_was_dropped;
use crate::application::forget::take_back;
use crate::application::own;
use crate::application::remember::forgotten;
use crate::{Expect, IndexEntry, JobsOf, RecordKey, Result, give_way, pages, records};

/// How many messages are summed up at once.
const MESSAGES: usize = 200;

/// How many of them are looked through at once.
const AT_ONCE: usize = 8;

/// Sums up what was said since the last summary, on top of it.
///
/// Whichever turn has left the job, it sums up all there is: of several that wait, one is tried.
pub(super) async fn renew(work: &mut Work<'_>) -> Tried {
    if another_waits(work).await? {
        return Ok(Outcome::Refused(
            "a later turn's summary takes its place".to_owned(),
        ));
    }
    // Before anything is read: what is forgotten from now on is younger than the summary.
    let made_at = work.ports.clock.now();
    let (previous, expect, messages) = read(work).await?;
    let Some(range) = summary::range(previous.as_ref(), &messages) else {
        return let_be_found(work, previous, &[]).await;
    };
    if summary::summed_up(&messages).next().is_none() {
        return let_be_found(work, previous, &[]).await;
    }
    let extraction = summary::summarise(previous.as_ref(), &messages);
    let check = |answer: &str| {
        let checked = summary::check(answer, range);
        checked.map_err(|malformed| Useless::Malformed(malformed.to_string()))
    };
    let (new, dropped) = match work.ask(CallKind::Summary, extraction, check).await? {
        Ok(checked) => checked,
        Err(reason) => return Ok(Outcome::Refused(reason)),
    };
    let Some(new) = (Summary { made_at, ..new }).in_place_of(previous.clone()) else {
        return let_be_found(work, previous, &[]).await;
    };
    let (at, body) = (at(work), records::body(&new)?);
    if !work
        .ports
        .clock
        .answered(work.ports.records.put(&at, &body, None, expect))
        .await?
    {
        return Err(Failed::Waits("another process has summed up meanwhile"));
    }
    say_what_was_dropped(&work.opening.turn, "summary", &dropped);
    let_be_found(work, Some(new), &dropped).await
}

/// Returns whether a summary of this conversation is still to be made by the job of a later turn:
/// it knows more than this one.
async fn another_waits(work: &Work<'_>) -> Result<bool> {
    let of = JobsOf::Conversation(work.opening.turn.conversation.clone());
    let jobs = work
        .ports
        .clock
        .answered(own::jobs(&*work.ports.messages, &of))
        .await?;
    let waits = |job: &&Job| job.kind == JobKind::Summary && job.state.due().is_some();
    work.has_one(Ordering::Greater, jobs.iter().filter(waits))
        .await
}

/// Returns the last summary and what was said since, as a model may be told it, and what the store
/// must hold for a new summary.
async fn read(work: &Work<'_>) -> Result<(Option<Summary>, Expect, Vec<Message>)> {
    let (ports, conversation) = (work.ports, &work.opening.turn.conversation);
    let record = ports.clock.answered(ports.records.get(&at(work))).await?;
    let previous: Option<Summary> = record.as_ref().and_then(records::readable);
    let expect = record.map_or(Expect::Absent, |record| Expect::Version(record.version));
    let mut messages = Vec::new();
    let mut pages = pin!(pages(&*ports.messages, conversation, None, MESSAGES));
    // Of each page only what is summed up is kept, so that long messages do not fill the memory.
    while let Some(page) = ports.clock.answered(pages.try_next()).await? {
        messages.extend(
            page.into_iter()
                .map(|message| memory::shortened(message, LONGEST_MESSAGE)),
        );
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

/// Lets the summary that is stored be found, also one that an earlier try has stored. It is taken
/// back if its conversation was deleted meanwhile, or something that it says forgotten: whoever did
/// that may have looked before it was there.
async fn let_be_found(work: &Work<'_>, stored: Option<Summary>, dropped: &[String]) -> Tried {
    let Some(summary) = stored else {
        return Ok(Outcome::Done(json!({ "through": null })));
    };
    let (ports, conversation) = (work.ports, &work.opening.turn.conversation);
    let at = at(work);
    let entry = IndexEntry {
        kind: RecalledKind::Summary,
        id: at.id.to_string(),
        coach: Some(conversation.coach.clone()),
        text: summary.narrative.clone(),
        created: ports.clock.now(),
        tags: summary.tags.clone(),
    };
    let upsert = ports.index.upsert(work.owner(), &entry, work.bill);
    let indexed = ports.clock.answered(upsert).await;
    // Also if that failed: with its conversation this job is gone, and there is no other try.
    let is_there = ports
        .clock
        .answered(own::conversation(&*ports.messages, conversation))
        .await?
        .is_some();
    let tombstones = forgotten(ports, work.owner()).await?;
    let told = match dropped {
        [] => json!({ "from": summary.from, "through": summary.through }),
        some => json!({ "from": summary.from, "through": summary.through, "dropped": some }),
    };
    if is_there && memory::still_told(summary, &tombstones).is_some() {
        return Ok(indexed.map(|()| Outcome::Done(told))?);
    }
    take_back(ports, &at).await?;
    Err(Failed::Waits("something was forgotten meanwhile"))
}

fn at(work: &Work<'_>) -> RecordKey {
    RecordKey::summary_of(&work.opening.turn.conversation)
}
