//! What a turn asks of its driver.

use std::sync::Arc;

use super::given::Attempt;
use super::limits::{Delivery, Tier};
use super::made::{Finish, TurnEvent};
use crate::coach::Coach;
use crate::prompt::{Extraction, Prompt};

/// What a [`Turn`](super::Turn) asks of its driver.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Do this, and feed back the answer, within the effect's limit.
    Perform(Effect),
    /// Show this to whoever watches.
    Tell(TurnEvent),
}

/// Something only the outside world can do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Read the conversation's last messages, this many at most, its summary, what is remembered of
    /// the athlete, what they wanted forgotten, and what the turn before has said of that.
    /// Answered by [`Input::Loaded`](super::Input::Loaded).
    Load(usize),
    /// Have the router model fill in this form. Answered by
    /// [`Input::Routed`](super::Input::Routed).
    Route(Extraction),
    /// Look this up. Answered by [`Input::Gathered`](super::Input::Gathered).
    Gather(Wanted),
    /// Ask for the reply, in place of any that was asked for before. Answered by any number of
    /// [`Input::Heard`](super::Input::Heard) of this attempt.
    Reply(Attempt, ReplyCall),
    /// Abandon the reply in progress. Not answered.
    StopReply,
    /// Save these events, the first of which has this number. Answered by
    /// [`Input::Checkpointed`](super::Input::Checkpointed).
    Checkpoint(usize, Vec<TurnEvent>),
    /// Save how it ended. Answered by [`Input::Finished`](super::Input::Finished); repeated
    /// unchanged until it is.
    Finish(Arc<Finish>),
}

/// What the reply may need to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What the index is searched for.
    pub text: String,
    /// How many hits of the index, at most.
    pub hits: usize,
    /// How many workouts, the newest, at most.
    pub workouts: usize,
}

/// How a reply is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplyCall {
    /// What it is made from.
    pub prompt: Prompt,
    /// Which of the configured models.
    pub tier: Tier,
    /// The coach's own model, if it has one, in place of the configured one.
    pub model: Option<String>,
    /// How it arrives.
    pub delivery: Delivery,
    /// How long it may be.
    pub max_tokens: u32,
    /// How much is left to chance: from 0 to 1.
    pub temperature: f64,
}

/// How long a reply may be if its coach does not say.
const MAX_TOKENS: u32 = 2_000;

/// How much of a reply is left to chance if its coach does not say.
const TEMPERATURE: f64 = 0.7;

impl ReplyCall {
    pub(super) fn of(coach: &Coach, prompt: Prompt, (tier, delivery): (Tier, Delivery)) -> Self {
        let own = &coach.models;
        Self {
            prompt,
            tier,
            model: own.reply.clone().filter(|_| tier == Tier::Reply),
            delivery,
            max_tokens: own.max_tokens.unwrap_or(MAX_TOKENS),
            temperature: own.temperature.unwrap_or(TEMPERATURE),
        }
    }
}
