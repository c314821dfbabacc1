//! What a turn can be waiting for, and what it knows by then.

use std::sync::Arc;

use super::given::{Attempt, Gathered, Loaded};
use super::made::Finish;
use crate::Timestamp;
use crate::call::OpenCall;
use crate::memory::{Known, Memory};
use crate::prompt::Prompt;
use crate::router::RouterDecision;

/// What the turn is waiting for.
#[derive(Debug, Default)]
#[expect(
    clippy::large_enum_variant,
    reason = "a turn has one, and it is moved once an input"
)]
pub(super) enum Phase {
    /// It goes on: it may still be stopped, and checkpoints are made.
    Open(Open),
    /// For the answer to the finishing write.
    Finishing(Finishing),
    #[default]
    Done,
}

/// How far a turn has come that goes on.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a turn has one, and it is moved once an input"
)]
pub(super) enum Open {
    /// It waits for the history; with the decision, when a rule has made it.
    Loading(Option<RouterDecision>),
    Preparing(Preparing),
    Replying(Replying),
}

impl Open {
    /// Returns the model call that it waits for.
    pub(super) fn into_call(self) -> Option<OpenCall> {
        match self {
            Self::Loading(_) => None,
            Self::Preparing(p) => p.routing.into_call(),
            Self::Replying(r) => Some(r.call),
        }
    }
}

#[derive(Debug)]
pub(super) struct Preparing {
    pub(super) loaded: Loaded,
    /// What a decision about memories is made with.
    pub(super) known: Known,
    /// The memories that the router was told of, by their numbers.
    pub(super) candidates: Vec<Memory>,
    pub(super) routing: Routing,
    pub(super) looking: Looking,
}

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a turn has one, and it is moved once an input"
)]
pub(super) enum Routing {
    Asked(OpenCall),
    Decided(RouterDecision),
}

impl Routing {
    fn into_call(self) -> Option<OpenCall> {
        match self {
            Self::Asked(call) => Some(call),
            Self::Decided(_) => None,
        }
    }
}

/// How far a look-up has come.
#[derive(Debug)]
pub(super) enum Looking {
    NotWanted,
    UnderWay,
    /// What it brought.
    Over(Gathered),
    Failed,
}

#[derive(Debug)]
pub(super) struct Replying {
    pub(super) call: OpenCall,
    pub(super) prompt: Prompt,
    /// How often it broke off before the first word.
    pub(super) retries: u32,
    pub(super) waiting: Waiting,
    pub(super) alarm: Timestamp,
    /// It was asked for again already since it last broke off, because the model is asked otherwise
    /// now.
    pub(super) is_adjusted: bool,
    /// White space that came before any word.
    pub(super) blank: String,
    /// A look-up is still under way that the reply did not wait for: it is to be paid for.
    pub(super) is_looking: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    /// Backing off before it is asked for again.
    ToAsk,
    /// For the next word of this attempt.
    ToHear(Attempt),
}

#[derive(Debug)]
pub(super) struct Finishing {
    pub(super) finish: Arc<Finish>,
    pub(super) again: Option<Timestamp>,
    pub(super) give_up: Timestamp,
}
