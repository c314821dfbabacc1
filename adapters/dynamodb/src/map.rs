//! Between what the domain knows and what the items hold.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Closing, Conversation, ConversationKey, Fence, IdempotencyKey, Job, Message, Timestamp, TurnId,
    TurnKey,
};
use ports::stored::{self, FORM};
use ports::{Admission, Allowance, Begun, Kind, Record, Result, Stop, TurnRecord, TurnState};

use crate::item::{Item, Row, bytes, number, text, unreadable};
use crate::key::{self, Key, SHARD, SK, TIME};
use crate::table::{TTL, key_of};

/// How long past its time what has expired is kept: clocks differ, and readers may be slow.
const GRACE: u64 = 24 * 3_600;

/// How long past its lease a segment of a running turn is kept. Until then somebody must look at a
/// turn whose process is gone, or lose what it said.
const FORGOTTEN: u64 = 30 * 24 * 3_600;

/// How long an ended turn that has left jobs is kept beyond its replay: they need it, and are
/// perhaps not tried before their user comes back.
const WORK: u64 = 90 * 24 * 3_600;

/// When DynamoDB may throw an item away that is of no use from `at` on, in seconds.
pub(crate) fn ttl(at: Timestamp, grace: u64) -> AttributeValue {
    number(at.0 / 1_000 + grace)
}

pub(crate) fn item<const N: usize>(key: &Key, attributes: [(&str, AttributeValue); N]) -> Item {
    let mut item = key.item();
    item.insert("v".to_owned(), number(FORM));
    item.extend(attributes.map(|(name, value)| (name.to_owned(), value)));
    item
}

fn add(item: &mut Item, name: &str, value: Option<AttributeValue>) {
    item.extend(value.map(|value| (name.to_owned(), value)));
}

/// A conversation, and what its next turn needs.
pub(crate) struct Head {
    pub(crate) conversation: Conversation,
    pub(crate) fence: Fence,
}

/// A new conversation. An empty title is none, so that the first turn's can be set if there is
/// none.
pub(crate) fn conversation(new: &Conversation) -> Item {
    let attributes = [
        ("tags", texts(&new.tags)),
        ("created", number(new.created.0)),
        ("activity", number(new.last_activity.0)),
        ("messages", number(new.messages)),
        ("fence", number(0)),
        (
            TIME,
            text(key::conversation_time(&new.key, new.last_activity)),
        ),
    ];
    let mut item = item(&Key::conversation(&new.key), attributes);
    add(
        &mut item,
        "title",
        (!new.title.is_empty()).then(|| text(&new.title)),
    );
    add(&mut item, "active", new.active.as_ref().map(text));
    item
}

/// By when the turn that runs in a conversation is to be over.
pub(crate) const OVER_BY: &str = "over_by";

/// Where a conversation is found while a turn runs in it, and by when that is to be over.
pub(crate) fn running(a: &Admission) -> [(&'static str, AttributeValue); 2] {
    let shard = text(key::shard_of(key::RUNNING, &a.turn));
    [(SHARD, shard), (OVER_BY, number(a.over_by.0))]
}

/// The turn that runs in the conversation that an item holds, and by when it is to be over.
pub(crate) fn readable_running(item: &Item) -> Option<(Timestamp, TurnKey)> {
    let key = key_of(item).ok()?;
    let read = || {
        let conversation = key.of_conversation()?;
        let turn = Row(item).id("active")?;
        Ok((Row(item).time(OVER_BY)?, TurnKey { conversation, turn }))
    };
    stored::if_readable(read(), &key)
}

pub(crate) fn texts(list: &[String]) -> AttributeValue {
    AttributeValue::L(list.iter().map(text).collect())
}

/// A conversation that is there: a deleted one has left its mark, and nothing else. It is one
/// without a title or without tags, too.
pub(crate) fn head(item: Option<&Item>) -> Result<Option<Head>> {
    let Some(item) = item.filter(|item| !Row(item).has("gone")) else {
        return Ok(None);
    };
    let (row, key) = (Row(item), key_of(item)?);
    let title = stored::if_readable(row.opt_text("title"), &key).flatten();
    let conversation = Conversation {
        key: key.of_conversation()?,
        title: title.unwrap_or_default().to_owned(),
        tags: stored::if_readable(row.texts("tags"), &key).unwrap_or_default(),
        created: row.time("created")?,
        last_activity: row.time("activity")?,
        messages: row.number("messages")?,
        active: row.opt_id("active")?,
    };
    Ok(Some(Head {
        conversation,
        fence: Fence(row.number("fence")?),
    }))
}

pub(crate) fn message(conversation: &ConversationKey, message: &Message) -> Result<Item> {
    let body = bytes(stored::message(message)?);
    Ok(item(
        &Key::message(conversation, message.number),
        [("message", body)],
    ))
}

/// The message that an item holds, or that stands in its place.
pub(crate) fn read_message(item: &Item) -> Option<Message> {
    let key = key_of(item).ok()?;
    let conversation = stored::if_readable(key.of_conversation(), &key)?;
    let number = key
        .sk
        .rsplit('#')
        .next()
        .and_then(|number| u64::from_str_radix(number, 16).ok());
    let number = stored::if_readable(number.ok_or_else(|| unreadable(SK)), &key)?;
    Some(stored::message_at(
        conversation,
        number,
        Row(item).bytes("message"),
        &key,
    ))
}

/// What a request was, for when it comes again.
pub(crate) struct Request {
    pub(crate) turn: TurnId,
    pub(crate) body: Vec<u8>,
    pub(crate) until: Timestamp,
    pub(crate) begun: Begun,
}

pub(crate) fn request(a: &Admission, begun: Begun) -> Item {
    let attributes = [
        ("turn", text(&a.turn.turn)),
        ("body", bytes(a.body.to_vec())),
        ("until", number(a.kept_until.0)),
        ("fence", number(begun.fence.0)),
        ("number", number(begun.number)),
        (TTL, ttl(a.kept_until, GRACE)),
    ];
    item(&request_key(a), attributes)
}

pub(crate) fn request_key(a: &Admission) -> Key {
    let key: &IdempotencyKey = &a.key;
    Key::request(&a.turn.conversation, key)
}

/// The attributes of a request that it is read from.
pub(crate) const OF_REQUEST: [&str; 5] = ["turn", "body", "until", "fence", "number"];

pub(crate) fn read_request(item: &Item) -> Result<Request> {
    let row = Row(item);
    let begun = Begun {
        fence: Fence(row.number("fence")?),
        number: row.number("number")?,
    };
    Ok(Request {
        turn: row.id("turn")?,
        body: row.bytes("body")?.to_vec(),
        until: row.time("until")?,
        begun,
    })
}

/// A turn that begins. It has no time to live: it must end before it may be forgotten.
pub(crate) fn turn(a: &Admission, begun: Begun) -> Item {
    let attributes = [
        ("fence", number(begun.fence.0)),
        ("lease", number(a.lease_until.0)),
        ("number", number(begun.number)),
        ("kept", number(0)),
        ("assistant", text(&a.assistant_message)),
        ("created", number(a.now.0)),
        ("until", number(a.kept_until.0)),
    ];
    let mut item = item(&Key::turn(&a.turn), attributes);
    let turns = a.holds.iter().find(|hold| hold.of == Allowance::Turns);
    add(&mut item, "holds", turns.map(|hold| number(hold.amount)));
    item
}

/// A turn as it is stored.
pub(crate) struct TurnRow {
    pub(crate) record: TurnRecord,
    pub(crate) stop: Stop,
    /// Whether its events, once it has ended, begin with the first.
    pub(crate) started: bool,
    /// Whether it holds turns, which are given back when it ends.
    pub(crate) holds: bool,
    /// How it ended, as it was written.
    pub(crate) closing: Option<String>,
}

pub(crate) fn read_turn(item: &Item) -> Result<TurnRow> {
    let row = Row(item);
    let closing = row.opt_text("closing")?;
    let state = match closing {
        Some(closing) => {
            TurnState::Ended(Arc::new(stored::read_json::<Closing>(closing.as_bytes())?))
        }
        None => TurnState::Running {
            fence: Fence(row.number("fence")?),
            lease_until: row.time("lease")?,
        },
    };
    let record = TurnRecord {
        turn: key_of(item)?.of_turn()?,
        state,
        // Its holder may be anywhere.
        is_holder_gone: false,
        number: row.number("number")?,
        assistant_message: row.id("assistant")?,
        created: row.time("created")?,
        kept_until: row.time("until")?,
        kept: row.count("kept")?,
    };
    let stop = if row.has("stop") {
        Stop::Asked
    } else {
        Stop::NotAsked
    };
    let closing = closing.map(str::to_owned);
    Ok(TurnRow {
        record,
        stop,
        started: row.has("started"),
        holds: row.has("holds"),
        closing,
    })
}

/// An ended turn is of no use once it can no longer be replayed, except to the jobs that it has
/// left.
pub(crate) fn ended_ttl(kept_until: Timestamp, has_jobs: bool) -> AttributeValue {
    ttl(kept_until, if has_jobs { WORK } else { GRACE })
}

/// Where a stretch of a turn's events is, and what it holds.
pub(crate) fn segment(
    key: &Key,
    events: &[domain::TurnEvent],
    lease_until: Timestamp,
) -> Result<Item> {
    let events = bytes(stored::events(events)?);
    Ok(item(
        key,
        [("events", events), (TTL, ttl(lease_until, FORGOTTEN))],
    ))
}

/// Whose segment it is, where it begins, and its events.
pub(crate) fn read_segment(item: &Item) -> Result<(Fence, usize, Vec<domain::TurnEvent>)> {
    let mut parts = Row(item)
        .text(SK)?
        .rsplit('-')
        .map(|part| u64::from_str_radix(part, 16).ok());
    let (fence, from) = (parts.next().flatten(), parts.next().flatten());
    let (Some(fence), Some(from)) = (fence, from.and_then(|from| usize::try_from(from).ok()))
    else {
        return Err(unreadable(SK));
    };
    Ok((
        Fence(fence),
        from,
        stored::read_events(Row(item).bytes("events")?)?,
    ))
}

pub(crate) fn job(job: &Job) -> Result<Item> {
    let key = Key::job(&job.turn, job.kind);
    let attributes = [
        ("attempts", number(job.attempts.into())),
        ("state", text(stored::json(&job.state)?)),
        ("calls", text(stored::json(&job.calls)?)),
    ];
    let mut item = item(&key, attributes);
    if let Some((time, shard)) = open(job) {
        add(&mut item, TIME, Some(time));
        add(&mut item, SHARD, Some(shard));
    }
    Ok(item)
}

/// Where an open job is found by when it is due.
pub(crate) fn open(job: &Job) -> Option<(AttributeValue, AttributeValue)> {
    let due = job.state.due()?;
    Some((
        text(key::job_time(job, due.0)),
        text(key::shard_of(key::JOBS, &job.turn)),
    ))
}

/// The job that an item holds, if it can be read.
pub(crate) fn readable_job(item: &Item) -> Option<Job> {
    stored::if_readable(read_job(item), key_of(item).ok()?)
}

fn read_job(item: &Item) -> Result<Job> {
    let row = Row(item);
    let (turn, kind) = key::read_job(&key_of(item)?)?;
    Ok(Job {
        turn,
        kind,
        attempts: u32::try_from(row.number("attempts")?).unwrap_or(u32::MAX),
        state: stored::read_json(row.text("state")?.as_bytes())?,
        calls: stored::read_json(row.text("calls")?.as_bytes())?,
    })
}

/// When DynamoDB may throw a record away that has ended.
pub(crate) fn record_ttl(until: Timestamp) -> AttributeValue {
    ttl(until, GRACE)
}

/// The record of a kind that an item is, by its own key: whose it is, nobody else says. One whose
/// attributes cannot be read has a body and a version that nobody has written.
pub(crate) fn read_record(kind: Kind, item: &Item) -> Result<Record> {
    let at = key::read_record(kind, &key_of(item)?);
    let row = Row(item);
    Ok(Record {
        at: at.ok_or_else(|| unreadable(SK))?,
        body: row.bytes("body").map(<[u8]>::to_vec).unwrap_or_default(),
        version: row.number("version").unwrap_or_default(),
        until: row.opt_number("until").unwrap_or_default().map(Timestamp),
    })
}
