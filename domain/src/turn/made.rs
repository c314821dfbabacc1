//! What a turn has made: what it tells, what it saves, and what it reports.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ending::Ending;
use super::opening::ReplyPlace;
use crate::Timestamp;
use crate::call::CallRecord;
use crate::conversation::{Message, Said};
use crate::job::JobKind;
use crate::memory::RecalledKind;
use crate::memory::SafetyReport;
use crate::router::RouterDecision;

/// What clients see; an event's sequence number is its place in the [`Journal`](super::Journal).
#[derive(Debug, Clone, PartialEq)]
pub enum TurnEvent {
    /// The athlete's message is safe and the turn has begun.
    Started,
    /// More text.
    Said(Said),
    /// Nothing follows.
    Ended(Arc<Closing>),
}

impl TurnEvent {
    /// Returns the text that it tells, if any.
    pub fn said(&self) -> Option<&Said> {
        match self {
            Self::Said(said) => Some(said),
            Self::Started | Self::Ended(_) => None,
        }
    }

    /// Returns the bytes of its text.
    pub fn text_len(&self) -> usize {
        self.said().map_or(0, |said| said.text.len())
    }
}

/// The finishing write.
#[derive(Debug, Clone, PartialEq)]
pub struct Finish {
    /// How it ended, and what is known about it.
    pub closing: Arc<Closing>,
    /// Everything that was told.
    pub events: Vec<TurnEvent>,
    /// The assistant's message: exactly what was told. `None` if nothing was.
    pub reply: Option<Message>,
    /// The conversation's title, if it has none yet.
    pub title: Option<String>,
}

impl Finish {
    /// For a turn that has told these events and ends like this.
    pub fn of(
        place: ReplyPlace,
        closing: Closing,
        events: Vec<TurnEvent>,
        title: Option<String>,
    ) -> Self {
        let said = events.iter().filter_map(TurnEvent::said);
        let reply = place.filled(closing.ending, said);
        Self {
            closing: Arc::new(closing),
            events,
            reply,
            title,
        }
    }
}

/// How a turn ended, and what is known about it: kept with the turn, and told at its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Closing {
    /// The turn's state, the message's status and the terminal event follow from it.
    pub ending: Ending,
    /// When it began to end.
    pub at: Timestamp,
    /// Work that is left to do.
    pub jobs: Vec<JobKind>,
    /// What happened.
    pub report: Report,
}

/// What happened in a turn.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Report {
    /// What was decided; `None` if the turn ended before that.
    pub route: Option<RouterDecision>,
    /// What the prompt of the reply was made of; `None` if no reply was asked for.
    pub context: Option<ContextReport>,
    /// All model calls.
    pub calls: Vec<CallRecord>,
    /// How long the steps took.
    pub timings: Timings,
}

/// What a reply's prompt was made of.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContextReport {
    /// How many messages of the history were sent.
    pub history_messages: usize,
    /// Whether a summary stood for what was not sent.
    pub summary: bool,
    /// The ids of the memories in it.
    pub memories: Vec<String>,
    /// What the index had found.
    pub recalled: Vec<RecalledReport>,
    /// The ids of the workouts in it.
    pub workouts: Vec<String>,
    /// What it said of what the athlete's safety depends on.
    #[serde(default)]
    pub safety: SafetyReport,
    /// Estimated, at four characters a token.
    pub prompt_tokens: u64,
}

/// Something from the index that entered a prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecalledReport {
    /// What kind of record it is.
    pub kind: RecalledKind,
    /// What a client knows it by.
    pub id: String,
    /// How well it fitted; comparable within one answer only.
    pub score: f32,
}

/// Milliseconds from the request to each step of a turn that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Timings {
    /// It was admitted, and its driver began.
    pub admit: Option<u64>,
    /// It was told that the turn had started.
    pub start: Option<u64>,
    /// The history was loaded.
    pub load: Option<u64>,
    /// It was decided what the message needs.
    pub route: Option<u64>,
    /// What was looked up was there.
    pub gather: Option<u64>,
    /// The first word of the reply was heard.
    pub first_token: Option<u64>,
    /// The last word of the reply was heard.
    pub last_token: Option<u64>,
    /// The turn began to end.
    pub finish: Option<u64>,
}
