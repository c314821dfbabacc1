//! The events of a stream.

use domain::{ConversationId, MessageId, Part, Stage, TurnId};
use schemars::JsonSchema;
use serde::Serialize;

use super::Completed;
use crate::code::Code;

/// What one `data` line of a stream holds: `start`, then any number of `contextual` and `chunk`,
/// then one `complete` or `error`. Before the end of a resumed stream there may be one `snapshot`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub(crate) enum Event<'a> {
    /// The athlete's message is saved, and this is its turn.
    Start {
        #[schemars(extend("const" = "initialized"))]
        status: &'static str,
        turn_id: &'a TurnId,
        conversation_id: &'a ConversationId,
        /// The id that the reply has, or will have.
        message_id: &'a MessageId,
        user_message_id: &'a MessageId,
        seq: usize,
        /// Whether this is another look at a turn that began earlier.
        resumed: bool,
        /// How long the stream is silent at most.
        heartbeat_ms: u64,
    },
    /// What the coach is at.
    Contextual {
        content: &'a str,
        stage: Option<Stage>,
        seq: usize,
    },
    /// More of the reply.
    Chunk { content: &'a str, seq: usize },
    /// Replaces all text that the client holds.
    Snapshot {
        content: String,
        parts: Vec<Part>,
        /// The client's place from now on.
        through_seq: usize,
    },
    /// The turn has ended, and its message is saved.
    Complete {
        #[serde(flatten)]
        completed: Box<Completed<'a>>,
        seq: usize,
    },
    /// The turn has failed.
    Error {
        /// For the user to read.
        message: &'static str,
        code: Code,
        /// Whether the same may well succeed later.
        retryable: bool,
        /// Whether some of the reply was told.
        partial: bool,
        /// Null if nothing was saved.
        message_id: Option<&'a MessageId>,
        seq: usize,
    },
}
