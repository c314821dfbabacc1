//! Turns and their jobs.

use domain::{
    Closing, ConversationId, Ending, JobKind, MessageId, Opening, Prices, Progress, Timestamp,
    TurnId,
};
use ports::{TurnRecord, TurnState};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::Message;
use super::report::Report;
use crate::code::Code;

/// A turn as it is now.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Turn<'a> {
    turn_id: &'a TurnId,
    conversation_id: &'a ConversationId,
    state: State,
    /// The id that the reply has, or will have.
    message_id: &'a MessageId,
    user_message_id: &'a MessageId,
    /// The last event that is kept.
    through_seq: Option<usize>,
    created_at: Timestamp,
    /// Null while it runs.
    finished_at: Option<Timestamp>,
    jobs: Vec<Job<'a>>,
    #[serde(flatten)]
    ended: Option<Ended<'a>>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "TurnState")]
enum State {
    Running,
    Completed,
    Stopped,
    Failed,
}

/// What is known of a turn once it has ended.
#[derive(Debug, Serialize, JsonSchema)]
struct Ended<'a> {
    #[schemars(extend("enum" = ENDED))]
    status: &'static str,
    /// Why it failed, if it did.
    code: Option<Code>,
    #[serde(flatten)]
    report: Report<'a>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(
        opening: &'a Opening,
        record: &'a TurnRecord,
        jobs: &'a [domain::Job],
        prices: &Prices,
    ) -> Self {
        let running = Self {
            turn_id: &opening.turn.turn,
            conversation_id: &opening.turn.conversation.conversation,
            state: State::Running,
            message_id: &opening.assistant_message,
            user_message_id: &opening.user_message.id,
            through_seq: record.kept.checked_sub(1),
            created_at: record.created,
            finished_at: None,
            jobs: jobs.iter().map(Job::from).collect(),
            ended: None,
        };
        let TurnState::Ended(closing) = &record.state else {
            return running;
        };
        let (state, code) = match closing.ending {
            Ending::Finished | Ending::Truncated | Ending::Filtered | Ending::Deadline => {
                (State::Completed, None)
            }
            Ending::Stopped => (State::Stopped, None),
            Ending::Failed(error) => (State::Failed, Some(Code::from(error))),
        };
        let report = Report::new(closing, jobs.iter().flat_map(|job| &job.calls), prices);
        let ended = Ended {
            status: status(closing.ending),
            code,
            report,
        };
        Self {
            state,
            finished_at: Some(closing.at),
            ended: Some(ended),
            ..running
        }
    }
}

/// A turn that was told to its end: what `complete` says, and the answer of `send-message`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Completed<'a> {
    #[schemars(extend("enum" = COMPLETED))]
    status: &'static str,
    turn_id: &'a TurnId,
    conversation_id: &'a ConversationId,
    message_id: &'a MessageId,
    user_message: Message<'a>,
    ai_message: Option<Message<'a>>,
    /// What is left to do; nothing of it has begun.
    jobs: Vec<Job<'a>>,
    /// The SHA-256 of the reply's content, in hexadecimal digits.
    content_sha256: String,
    #[serde(flatten)]
    report: Report<'a>,
}

impl<'a> Completed<'a> {
    pub(crate) fn new(
        opening: &'a Opening,
        closing: &'a Closing,
        reply: Option<&'a domain::Message>,
        content_sha256: String,
        prices: &Prices,
    ) -> Self {
        Self {
            status: status(closing.ending),
            turn_id: &opening.turn.turn,
            conversation_id: &opening.turn.conversation.conversation,
            message_id: &opening.assistant_message,
            user_message: Message::from(&opening.user_message),
            ai_message: reply.map(Message::from),
            jobs: closing
                .jobs
                .iter()
                .map(|kind| Job::pending(*kind))
                .collect(),
            content_sha256,
            report: Report::new(closing, [], prices),
        }
    }
}

/// The words of [`status`] for a turn that did not fail.
const COMPLETED: [&str; 5] = ["finished", "stopped", "truncated", "filtered", "deadline"];
const ENDED: [&str; 6] = [
    "finished",
    "stopped",
    "truncated",
    "filtered",
    "deadline",
    "failed",
];

/// Returns the word for an ending.
pub(crate) fn status(ending: Ending) -> &'static str {
    match ending {
        Ending::Finished => "finished",
        Ending::Stopped => "stopped",
        Ending::Truncated => "truncated",
        Ending::Filtered => "filtered",
        Ending::Deadline => "deadline",
        Ending::Failed(_) => "failed",
    }
}

/// Jobs that wait, or that were given up.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Jobs<'a> {
    pub(crate) jobs: Vec<Job<'a>>,
}

/// Work that a turn leaves behind.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Job<'a> {
    kind: JobKind,
    state: Progress,
    attempts: u32,
    /// What came of it, if it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a Value>,
    /// Why it was refused or given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// The turn that left it, in a list of several turns' jobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    turn_id: Option<&'a TurnId>,
}

impl<'a> Job<'a> {
    fn pending(kind: JobKind) -> Self {
        Self {
            kind,
            state: Progress::Pending,
            attempts: 0,
            result: None,
            reason: None,
            turn_id: None,
        }
    }

    /// Returns the same among jobs of other turns.
    pub(crate) fn of_its_turn(job: &'a domain::Job) -> Self {
        Self {
            turn_id: Some(&job.turn.turn),
            ..Self::from(job)
        }
    }
}

impl<'a> From<&'a domain::Job> for Job<'a> {
    fn from(job: &'a domain::Job) -> Self {
        Self {
            kind: job.kind,
            state: job.state.progress(),
            attempts: job.attempts,
            result: job.state.result(),
            reason: job.state.reason(),
            turn_id: None,
        }
    }
}
