//! What a turn can be waiting for, and what it knows by then.

use std::sync::Arc;

use super::words::{CallKind, Finish, Gathered, Loaded};
use crate::Timestamp;
use crate::prompt::Prompt;
use crate::router::RouterDecision;

/// What the turn is waiting for.
#[derive(Debug, Default)]
pub(super) enum Phase {
    /// For the history; with the decision, when a rule has made it.
    Loading(Option<RouterDecision>),
    Preparing(Preparing),
    Replying(Replying),
    Finishing(Finishing),
    #[default]
    Done,
}

#[derive(Debug)]
pub(super) struct Preparing {
    pub(super) loaded: Loaded,
    pub(super) decision: Option<RouterDecision>,
    /// What the look-up brought, once it is over; it may have failed.
    pub(super) gathered: Option<Option<Gathered>>,
}

#[derive(Debug)]
pub(super) struct Replying {
    pub(super) prompt: Prompt,
    pub(super) attempt: u32,
    pub(super) waiting: Waiting,
    pub(super) alarm: Timestamp,
    /// White space that came before any word.
    pub(super) blank: String,
}

#[derive(Debug)]
pub(super) enum Waiting {
    /// Backing off before the next attempt.
    ToAsk,
    /// For the next word.
    ToHear,
}

#[derive(Debug)]
pub(super) struct Finishing {
    pub(super) finish: Arc<Finish>,
    pub(super) again: Option<Timestamp>,
    pub(super) give_up: Timestamp,
}

#[derive(Debug)]
pub(super) struct OpenCall {
    pub(super) kind: CallKind,
    pub(super) since: Timestamp,
    pub(super) attempts: u32,
    pub(super) prompt_tokens: u64,
}
