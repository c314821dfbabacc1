//! Conversations, requests, turns and jobs, for stores that keep a row of each: JSON, of which each
//! row says in which form it is. What a row is found by, its key, is kept beside it and is not in
//! it. A row of a form that is not known cannot be read, and nothing is written over it.
//!
//! Whoever keeps attributes by themselves, as DynamoDB's adapter does to put conditions on them,
//! has names of its own for them.

use std::sync::Arc;

use domain::call::CallRecord;
use domain::{
    Closing, Conversation, ConversationKey, Fence, Job, JobKind, JobState, MessageId, Timestamp,
    TurnId, TurnKey,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{FORM, json, read_json, unreadable};
use crate::{Admission, Begun, Result, Stop, TurnRecord, TurnState};

/// A conversation as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationRow {
    /// What is known of it.
    pub conversation: Conversation,
    /// The fence of its last turn.
    pub fence: Fence,
}

/// The record of a key: what a request was, for when it comes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRow {
    /// The turn that it began.
    pub turn: TurnId,
    /// A hash of what was asked.
    pub body: [u8; 32],
    /// Until when the key stands for the turn.
    pub until: Timestamp,
    /// What was answered.
    pub begun: Begun,
}

/// A turn as it is stored, without its events.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnRow {
    /// What is known of it. Whether its holder is gone is not stored.
    pub record: TurnRecord,
    /// The fence that it has, or had.
    pub fence: Fence,
    /// By when it is to be over.
    pub over_by: Timestamp,
    /// Whether it was asked to stop.
    pub stop: Stop,
}

impl RequestRow {
    /// Returns the record of an admission that was answered so.
    pub fn of(a: &Admission, begun: Begun) -> Self {
        Self {
            turn: a.turn.turn.clone(),
            body: a.body,
            until: a.kept_until,
            begun,
        }
    }
}

impl TurnRow {
    /// Returns the turn of an admission as it begins.
    pub fn of(a: &Admission, begun: Begun) -> Self {
        let Begun { fence, number } = begun;
        let lease_until = a.lease_until;
        let record = TurnRecord {
            turn: a.turn.clone(),
            state: TurnState::Running { fence, lease_until },
            is_holder_gone: false,
            number,
            assistant_message: a.assistant_message.clone(),
            created: a.now,
            kept_until: a.kept_until,
            kept: 0,
        };
        Self {
            record,
            fence,
            over_by: a.over_by,
            stop: Stop::NotAsked,
        }
    }
}

/// A row with the form that it is in.
#[derive(Serialize)]
struct Formed<'a, T> {
    v: u64,
    #[serde(flatten)]
    row: &'a T,
}

/// All that is read of a row of which the form is not known yet.
#[derive(Deserialize)]
struct Form {
    v: u64,
}

fn formed<T: Serialize>(row: &T) -> Result<String> {
    json(&Formed { v: FORM, row })
}

fn read_formed<T: DeserializeOwned>(row: &[u8]) -> Result<T> {
    let Form { v } = read_json(row)?;
    if v == FORM {
        read_json(row)
    } else {
        Err(unreadable("a row of another form"))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredConversation {
    title: String,
    tags: Vec<String>,
    created: u64,
    last_activity: u64,
    messages: u64,
    active: Option<TurnId>,
    fence: u64,
}

/// A conversation.
pub fn conversation(row: &ConversationRow) -> Result<String> {
    let ConversationRow {
        conversation,
        fence,
    } = row;
    formed(&StoredConversation {
        title: conversation.title.clone(),
        tags: conversation.tags.clone(),
        created: conversation.created.0,
        last_activity: conversation.last_activity.0,
        messages: conversation.messages,
        active: conversation.active.clone(),
        fence: fence.0,
    })
}

/// The conversation of this key, read back.
pub fn read_conversation(key: ConversationKey, row: &[u8]) -> Result<ConversationRow> {
    let stored: StoredConversation = read_formed(row)?;
    let conversation = Conversation {
        key,
        title: stored.title,
        tags: stored.tags,
        created: Timestamp(stored.created),
        last_activity: Timestamp(stored.last_activity),
        messages: stored.messages,
        active: stored.active,
    };
    let fence = Fence(stored.fence);
    Ok(ConversationRow {
        conversation,
        fence,
    })
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredRequest {
    turn: TurnId,
    body: String,
    until: u64,
    fence: u64,
    number: u64,
}

/// The record of a key.
pub fn request(row: &RequestRow) -> Result<String> {
    formed(&StoredRequest {
        turn: row.turn.clone(),
        body: row.body.map(|byte| format!("{byte:02x}")).concat(),
        until: row.until.0,
        fence: row.begun.fence.0,
        number: row.begun.number,
    })
}

/// The record of a key, read back.
pub fn read_request(row: &[u8]) -> Result<RequestRow> {
    let stored: StoredRequest = read_formed(row)?;
    Ok(RequestRow {
        turn: stored.turn,
        body: read_hash(&stored.body).ok_or_else(|| unreadable("a hash"))?,
        until: Timestamp(stored.until),
        begun: Begun {
            fence: Fence(stored.fence),
            number: stored.number,
        },
    })
}

/// Reads 64 hexadecimal digits.
fn read_hash(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if text.len() != 2 * hash.len() {
        return None;
    }
    for (place, byte) in hash.iter_mut().enumerate() {
        let digits = text.get(2 * place..2 * place + 2)?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(hash)
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredTurn {
    number: u64,
    assistant_message: MessageId,
    created: u64,
    kept_until: u64,
    over_by: u64,
    kept: usize,
    stop: bool,
    fence: u64,
    /// Of one that runs.
    lease_until: Option<u64>,
    /// Of one that has ended.
    closing: Option<Closing>,
}

/// A turn.
pub fn turn(row: &TurnRow) -> Result<String> {
    let record = &row.record;
    let (lease_until, closing) = match &record.state {
        TurnState::Running { lease_until, .. } => (Some(lease_until.0), None),
        TurnState::Ended(closing) => (None, Some(Closing::clone(closing))),
    };
    formed(&StoredTurn {
        number: record.number,
        assistant_message: record.assistant_message.clone(),
        created: record.created.0,
        kept_until: record.kept_until.0,
        over_by: row.over_by.0,
        kept: record.kept,
        stop: row.stop == Stop::Asked,
        fence: row.fence.0,
        lease_until,
        closing,
    })
}

/// The turn of this key, read back.
pub fn read_turn(turn: TurnKey, row: &[u8]) -> Result<TurnRow> {
    let stored: StoredTurn = read_formed(row)?;
    let fence = Fence(stored.fence);
    let state = match (stored.lease_until.map(Timestamp), stored.closing) {
        (Some(lease_until), None) => TurnState::Running { fence, lease_until },
        (None, Some(closing)) => TurnState::Ended(Arc::new(closing)),
        (None, None) | (Some(_), Some(_)) => return Err(unreadable("a turn of no state")),
    };
    let record = TurnRecord {
        turn,
        state,
        is_holder_gone: false,
        number: stored.number,
        assistant_message: stored.assistant_message,
        created: Timestamp(stored.created),
        kept_until: Timestamp(stored.kept_until),
        kept: stored.kept,
    };
    let stop = if stored.stop {
        Stop::Asked
    } else {
        Stop::NotAsked
    };
    Ok(TurnRow {
        record,
        fence,
        over_by: Timestamp(stored.over_by),
        stop,
    })
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredJob {
    attempts: u32,
    state: JobState,
    calls: Vec<CallRecord>,
}

/// A job.
pub fn job(job: &Job) -> Result<String> {
    formed(&StoredJob {
        attempts: job.attempts,
        state: job.state.clone(),
        calls: job.calls.clone(),
    })
}

/// The job of this turn and kind, read back.
pub fn read_job(turn: TurnKey, kind: JobKind, row: &[u8]) -> Result<Job> {
    let StoredJob {
        attempts,
        state,
        calls,
    } = read_formed(row)?;
    Ok(Job {
        turn,
        kind,
        attempts,
        state,
        calls,
    })
}

#[cfg(test)]
mod tests;
