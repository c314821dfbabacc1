//! The vocabulary between a turn and its driver.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::journal::{Journal, TurnEvent};
use crate::coach::Coach;
use crate::memory::{self, Tombstone};
use crate::prompt::{self, estimated_tokens};
use crate::router::RouterDecision;
use crate::{
    Body, Fault, Fence, JobKind, Memory, Message, MessageId, Prompt, Recalled, Summary, Timestamp,
    TurnKey, UserScope, Workout, ZoneName,
};

/// What is known of a turn from the moment it was admitted, by whoever drives or follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Which turn, of which conversation, of whom.
    pub turn: TurnKey,
    /// The message that began it, as it was stored.
    pub user_message: Message,
    /// The id that the reply has, or would have had.
    pub assistant_message: MessageId,
}

impl Opening {
    /// What the athlete said.
    pub fn text(&self) -> &str {
        match &self.user_message.body {
            Body::User { text, .. } => text,
            Body::Assistant { .. } | Body::Unreadable => "",
        }
    }

    /// The time that "now" and "this morning" refer to: the sender's, unless it is more than a day
    /// off.
    pub fn when(&self) -> Timestamp {
        let taken_in = self.user_message.created;
        match self.user_message.body {
            Body::User {
                sent: Some(sent), ..
            } if sent.0.abs_diff(taken_in.0) <= 24 * 3_600_000 => sent,
            Body::User { .. } | Body::Assistant { .. } | Body::Unreadable => taken_in,
        }
    }

    /// Where the athlete is.
    pub fn zone(&self) -> Option<&ZoneName> {
        match &self.user_message.body {
            Body::User { zone, .. } => zone.as_ref(),
            Body::Assistant { .. } | Body::Unreadable => None,
        }
    }

    /// Whether it is known what the athlete said.
    pub fn is_readable(&self) -> bool {
        self.user_message.body != Body::Unreadable
    }

    /// The assistant's message, once the turn has ended like this; `None` if nothing was told.
    ///
    /// Its number follows the user's: no other message can come between, since a conversation has
    /// one turn at a time.
    pub fn reply(&self, ending: Ending, events: &[TurnEvent]) -> Option<Message> {
        let said: Arc<[_]> = events.iter().filter_map(TurnEvent::said).cloned().collect();
        (!said.is_empty()).then(|| Message {
            id: self.assistant_message.clone(),
            number: self.user_message.number + 1,
            turn: self.turn.turn.clone(),
            created: self.user_message.created,
            body: Body::Assistant { ending, said },
        })
    }
}

/// All that a turn knows when it starts.
#[derive(Debug, Clone)]
pub struct Task {
    /// What was admitted.
    pub opening: Opening,
    /// The right to write for the conversation.
    pub fence: Fence,
    /// Who answers.
    pub coach: Arc<Coach>,
    /// For back-off and choices; derived from the turn's identity.
    pub seed: u64,
    /// When the request arrived; the timings count from here.
    pub asked: Timestamp,
    /// When the turn must begin to finish.
    pub deadline: Timestamp,
}

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
    /// Read the last messages and the summary. Answered by [`Input::Loaded`].
    Load,
    /// Ask the router model. Answered by [`Input::Routed`].
    Route(Prompt),
    /// Look up whatever the prompt may need. Answered by [`Input::Gathered`].
    Gather,
    /// Start the reply. Answered by [`Input::Delta`]…, then [`Input::ReplyEnded`] or
    /// [`Input::ReplyFailed`].
    Reply(Prompt, Tier, Delivery),
    /// Abandon the reply in progress. Not answered.
    StopReply,
    /// Save these events, the first of which has this number. Answered by [`Input::Checkpointed`].
    Checkpoint(usize, Vec<TurnEvent>),
    /// Save how it ended. Answered by [`Input::Finished`]; repeated unchanged until it is.
    Finish(Arc<Finish>),
}

/// The finishing write.
#[derive(Debug, Clone, PartialEq)]
pub struct Finish {
    /// How it ended, and what is known about it.
    pub closing: Arc<Closing>,
    /// Everything that was told; the assistant's message is made of it.
    pub events: Vec<TurnEvent>,
    /// The conversation's title, if it has none yet.
    pub title: Option<String>,
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
#[expect(missing_docs, reason = "each is what it says")]
pub struct Report {
    pub route: Option<RouterDecision>,
    pub context: Option<ContextReport>,
    pub calls: Vec<CallRecord>,
    pub timings: Timings,
}

/// What a reply's prompt was made of.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is what it says")]
pub struct ContextReport {
    pub history_messages: usize,
    pub summary: bool,
    pub memories: Vec<String>,
    pub recalled: Vec<RecalledReport>,
    pub workouts: Vec<String>,
    /// Estimated, at four characters a token.
    pub prompt_tokens: u64,
}

/// Something from the index that entered a prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is what it says")]
pub struct RecalledReport {
    pub kind: crate::memory::RecalledKind,
    pub id: String,
    pub score: f32,
}

/// Milliseconds from the request to each step of a turn that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "each is what it says")]
pub struct Timings {
    pub admit: Option<u64>,
    pub start: Option<u64>,
    pub load: Option<u64>,
    pub route: Option<u64>,
    pub gather: Option<u64>,
    pub first_token: Option<u64>,
    pub last_token: Option<u64>,
    pub finish: Option<u64>,
}

/// One model call; its retries are attempts of the same call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is what it says")]
pub struct CallRecord {
    pub kind: CallKind,
    #[serde(flatten)]
    pub usage: Usage,
    pub ms: u64,
    pub attempts: u32,
    pub outcome: CallOutcome,
}

/// What a model call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is what it says")]
pub enum CallKind {
    Router,
    Reply,
    Extraction,
    Summary,
    /// A text that became a vector.
    Embedding,
}

/// What came of a model call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is what it says")]
pub enum CallOutcome {
    Ok,
    /// Hung up on, by a stop or at the deadline.
    Abandoned,
    /// It answered, and the answer could not be used.
    Malformed,
    #[serde(untagged)]
    Failed(Fault),
}

/// What a model says a call has cost.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "each is what it says")]
pub struct Usage {
    /// `None` when no model has answered.
    pub model: Option<Arc<str>>,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
    /// How many of the output tokens the model has thought in, as far as can be told.
    #[serde(skip_serializing_if = "is_zero")]
    pub reasoning_tokens: u64,
    /// Counted by us, at four characters a token, because the model did not say.
    pub estimated: bool,
}

impl Usage {
    /// Both together; of two models' it is not known which.
    pub(super) fn plus(self, other: Self) -> Self {
        let model = match (self.model, other.model) {
            (Some(one), Some(another)) => (one == another).then_some(one),
            (one, another) => one.or(another),
        };
        Self {
            model,
            input_tokens: self.input_tokens + other.input_tokens,
            output_tokens: self.output_tokens + other.output_tokens,
            cache_read_tokens: self.cache_read_tokens + other.cache_read_tokens,
            cache_write_tokens: self.cache_write_tokens + other.cache_write_tokens,
            reasoning_tokens: self.reasoning_tokens + other.reasoning_tokens,
            estimated: self.estimated || other.estimated,
        }
    }
}

/// Endings that were stored before there was such a number have none.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Which of the configured models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tier {
    /// Small and quick: the router's and the jobs'.
    Fast,
    /// The coach's voice.
    Reply,
    /// Its stand-in.
    SecondReply,
}

/// Whether a reply arrives word by word or at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// Word by word.
    Streamed,
    /// All at once.
    Whole,
}

/// What was read before anything could be decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// Whose it all is: a prompt takes nothing of anybody else.
    pub owner: UserScope,
    /// The messages before this turn's, the newest last.
    pub history: Vec<Message>,
    /// What the conversation has been about.
    pub summary: Option<Box<Summary>>,
    /// What the athlete wanted forgotten.
    pub forgotten: Vec<Tombstone>,
}

impl Loaded {
    /// The same as a model may be told it. Only what is recent enough to be sent is looked through.
    pub(crate) fn without_forgotten(self) -> Self {
        if self.forgotten.is_empty() {
            return self;
        }
        let summary = self
            .summary
            .and_then(|summary| memory::still_told(*summary, &self.forgotten))
            .map(Box::new);
        let history = memory::told(prompt::recent(self.history), &self.forgotten);
        Self {
            history,
            summary,
            ..self
        }
    }
}

/// What was looked up beside the router; what could not be read is missing.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is what it says")]
pub struct Gathered {
    /// Whose it all is: a prompt takes nothing of anybody else.
    pub owner: UserScope,
    /// What matters most first.
    pub memories: Vec<Memory>,
    pub workouts: Vec<Workout>,
    /// What fits best first.
    pub recalled: Vec<Recalled>,
    /// The calls of models that this took.
    pub calls: Vec<CallRecord>,
}

impl Gathered {
    /// The same as a model may be told it.
    pub(super) fn without(self, forgotten: &[Tombstone]) -> Self {
        Self {
            memories: memory::remembered(self.memories, forgotten),
            workouts: memory::logged(self.workouts, forgotten),
            recalled: memory::recallable(self.recalled, forgotten),
            ..self
        }
    }
}

/// News for a [`Turn`](super::Turn).
#[derive(Debug, Clone, PartialEq)]
#[expect(
    missing_docs,
    reason = "the others are the answers that their effects name"
)]
pub enum Input {
    Loaded(Result<Loaded, Fault>),
    /// The answer, how often the model was asked for it, and what it has cost that led to nothing.
    Routed(Result<(String, Usage), Fault>, Tries),
    Gathered(Result<Gathered, Fault>),
    Delta(String),
    /// The model thinks: a sign of life, of which nobody is told.
    Thinking,
    /// What the reply has cost that is about to fail.
    Spent(Usage),
    ReplyEnded(StopReason, Usage),
    ReplyFailed(Fault),
    Checkpointed(Result<Kept, Refused>),
    Finished(Result<(), Refused>),
    StopAsked,
    /// The turn must begin to finish at this time, or at its own deadline if that is earlier.
    HurryUp(Timestamp),
}

/// How often a model was asked for one answer, and what those tries have cost that led to nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tries {
    /// All of them, the last one included.
    pub asked: u32,
    /// What each has cost of which that is known.
    pub spent: Vec<Usage>,
}

impl Tries {
    /// What all of it has cost. What no model has said is estimated: the prompts, and the answer as
    /// far as it came; but not if the last try was answered.
    pub fn cost(self, answered: Option<Usage>, prompt_tokens: u64, answer_bytes: usize) -> Usage {
        let unsaid = u64::from(self.asked).saturating_sub(self.spent.len() as u64);
        let estimated = || Usage {
            input_tokens: prompt_tokens * unsaid,
            output_tokens: estimated_tokens(answer_bytes),
            estimated: true,
            ..Usage::default()
        };
        let last = answered
            .or_else(|| (unsaid > 0).then(estimated))
            .unwrap_or_default();
        self.spent
            .into_iter()
            .fold(Usage::default(), Usage::plus)
            .plus(last)
    }
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

/// Why the model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the field's own words")]
pub enum StopReason {
    Complete,
    Length,
    Filtered,
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the protocol's own words")]
pub enum Ending {
    Finished,
    Truncated,
    Filtered,
    Stopped,
    Deadline,
    Failed(TurnError),
}

impl Ending {
    pub(super) fn at_deadline(journal: &Journal) -> Self {
        if journal.has_reply() {
            Self::Deadline
        } else {
            TurnError::Deadline.into()
        }
    }

    /// Whether the jobs that the turn promised are left behind.
    pub fn keeps_promises(self) -> bool {
        !matches!(self, Self::Failed(_))
    }
}

impl From<TurnError> for Ending {
    fn from(error: TurnError) -> Self {
        Self::Failed(error)
    }
}

impl From<StopReason> for Ending {
    fn from(reason: StopReason) -> Self {
        match reason {
            StopReason::Complete => Self::Finished,
            StopReason::Length => Self::Truncated,
            StopReason::Filtered => Self::Filtered,
        }
    }
}

/// Why a turn failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the protocol's own words")]
pub enum TurnError {
    Store(Fault),
    Model(Fault),
    Deadline,
    /// Written by whoever ends another's turn, never by its holder.
    ProducerLost,
    /// The driver panicked.
    Internal,
}

/// How long things may take, and how much they may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Until a streamed reply's first word.
    pub first_word: Duration,
    /// Until a reply that comes whole: its first word is its last.
    pub whole: Duration,
    /// Between a model's words.
    pub silence: Duration,
    /// How often a reply is asked for, while none of it was told.
    pub attempts: u32,
    /// How the reply arrives, as long as it does; the last attempt takes it whole.
    pub delivery: Delivery,
    /// Whether there is a second model for the second attempt.
    pub second_model: bool,
    /// From one checkpoint to the next, also when nothing was told.
    pub checkpoint: Duration,
    /// How much may be told before a checkpoint is due at once, in bytes.
    pub checkpoint_bytes: usize,
    /// How far told text may be ahead of what is kept, in bytes.
    pub window: usize,
    /// The longest reply, in bytes; the rest is cut off.
    pub reply_bytes: usize,
    /// Until a finishing write that failed is repeated.
    pub again: Duration,
    /// How long the finishing write is repeated.
    pub save: Duration,
}

/// How long before the deadline the last attempt at a reply is given up.
const LAST_MOMENT: Duration = Duration::from_secs(1);

impl Limits {
    pub(super) fn ask(&self, attempt: u32) -> (Tier, Delivery) {
        let last = attempt + 1 >= self.attempts && attempt > 0;
        let tier = if attempt == 1 && self.second_model {
            Tier::SecondReply
        } else {
            Tier::Reply
        };
        (tier, if last { Delivery::Whole } else { self.delivery })
    }

    /// Until when something of a reply must have come that is asked for now. The last attempt is
    /// given up a little before the deadline, so that it is the model that is said to have been
    /// silent.
    pub(super) fn patience(&self, attempt: u32, now: Timestamp, deadline: Timestamp) -> Timestamp {
        let (_, delivery) = self.ask(attempt);
        let until = now
            + match delivery {
                Delivery::Streamed => self.first_word,
                Delivery::Whole => self.whole,
            };
        let last_moment = deadline.before(LAST_MOMENT);
        let is_last = attempt + 1 >= self.attempts;
        if is_last && last_moment > now {
            until.min(last_moment)
        } else {
            until
        }
    }

    pub(super) fn back_off(&self, attempt: u32, seed: u64) -> Duration {
        Duration::from_millis((200 << attempt.min(6)) + seed % 100)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            first_word: Duration::from_secs(30),
            whole: Duration::from_secs(90),
            silence: Duration::from_secs(20),
            attempts: 3,
            delivery: Delivery::Streamed,
            second_model: false,
            checkpoint: Duration::from_millis(500),
            checkpoint_bytes: 1024,
            window: 4096,
            reply_bytes: 128 * 1024,
            again: Duration::from_millis(300),
            save: Duration::from_secs(8),
        }
    }
}

#[cfg(test)]
mod tests;
