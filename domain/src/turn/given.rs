//! What a turn is given: its task, and the answers to what it asks for.

use std::sync::Arc;

use super::ending::StopReason;
use super::made::Closing;
use super::opening::Opening;
use crate::call::{CallRecord, Tries, Usage};
use crate::coach::Coach;
use crate::conversation::{Message, TurnKey};
use crate::job::Job;
use crate::memory::{Memory, Recalled, SafetyFacts, Tombstone};
use crate::summary::Summary;
use crate::workout::Workout;
use crate::{Fault, Timestamp};

/// All that a turn knows when it starts.
#[derive(Debug, Clone)]
pub struct Task {
    /// What was admitted.
    pub opening: Opening,
    /// Who answers.
    pub coach: Arc<Coach>,
    /// For back-off and choices; derived from the turn's identity.
    pub seed: u64,
    /// When the request arrived; the timings count from here.
    pub asked: Timestamp,
    /// When the turn must begin to finish.
    pub deadline: Timestamp,
}

/// News for a [`Turn`](super::Turn).
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// What [`Effect::Load`](super::Effect::Load) has found.
    Loaded(Result<Loaded, Fault>),
    /// The answer, how often the model was asked for it, and what it has cost that led to nothing.
    Routed(Result<(String, Usage), Fault>, Tries),
    /// What [`Effect::Gather`](super::Effect::Gather) has found.
    Gathered(Result<Gathered, Fault>),
    /// Something of the reply, as it was asked for by the effect of this number.
    Heard(Attempt, Heard),
    /// What came of [`Effect::Checkpoint`](super::Effect::Checkpoint).
    Checkpointed(Result<Kept, Refused>),
    /// What came of [`Effect::Finish`](super::Effect::Finish).
    Finished(Result<(), Refused>),
    /// Somebody wants the turn to stop.
    StopAsked,
    /// The turn must begin to finish at this time, or at its own deadline if that is earlier.
    HurryUp(Timestamp),
}

/// Which request for a reply, counted from 1: what is heard of an earlier one is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Attempt(pub u32);

/// What comes of a request for a reply.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// More of its text.
    Delta(String),
    /// The model thinks: a sign of life, of which nobody is told.
    Thinking,
    /// What a request has cost that is about to fail.
    Spent(Usage),
    /// It is complete.
    Ended(StopReason, Usage),
    /// It broke off.
    Failed(Fault),
}

/// What was read before anything could be decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The messages before this turn's, the newest last.
    pub history: Vec<Message>,
    /// What the conversation has been about.
    pub summary: Option<Box<Summary>>,
    /// What the athlete wanted forgotten.
    pub forgotten: Vec<Tombstone>,
    /// What their safety depends on.
    pub safety: SafetyFacts,
    /// What is remembered of the athlete, the newest first; not known if it could not be read.
    pub memories: Result<Vec<Memory>, Fault>,
    /// Of the turns before the last that have told what they do with memories, the newest first.
    pub before: Vec<Before>,
}

impl Default for Loaded {
    /// Nothing: the first message of somebody of whom nothing is known.
    fn default() -> Self {
        Self {
            history: Vec::new(),
            summary: None,
            forgotten: Vec::new(),
            safety: SafetyFacts::default(),
            memories: Ok(Vec::new()),
            before: Vec::new(),
        }
    }
}

/// A turn that has told what it does with memories.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// Which.
    pub turn: TurnKey,
    /// What it has decided.
    pub closing: Arc<Closing>,
    /// What has become of that so far.
    pub jobs: Vec<Job>,
}

/// What was looked up beside the router; what could not be read is missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gathered {
    /// Of what is remembered of the athlete, what is told.
    pub memories: Vec<Memory>,
    /// What they have done, the newest first.
    pub workouts: Vec<Workout>,
    /// What the index has found, what fits best first.
    pub recalled: Vec<Recalled>,
    /// The calls of models that this took.
    pub calls: Vec<CallRecord>,
}

/// A checkpoint was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Somebody asked the turn to stop.
    pub stop_asked: bool,
}

/// A write of a turn was not made, or not known to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Another has the lease, or has ended the turn.
    LeaseLost,
    /// The store could not; it may be asked again.
    Fault(Fault),
}
