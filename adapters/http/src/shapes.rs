//! The JSON of answers, made from the domain's words; each says its own schema.

mod event;
mod refusal;
mod report;
mod spending;
mod turn;

use domain::{
    Body, Coach, CoachId, ConversationId, Memory, MessageId, MessageStatus, Part, Summary,
    Timestamp, TurnId, Workout,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

pub(crate) use event::Event;
pub(crate) use refusal::{Refusal, Refused};
pub(crate) use spending::Spending;
pub(crate) use turn::{Completed, Job, Jobs, Turn, status};

/// A conversation without its messages.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Conversation<'a> {
    conversation_id: &'a ConversationId,
    coach_id: &'a CoachId,
    /// Empty until somebody, or the first turn, gave it one.
    title: &'a str,
    tags: &'a [String],
    created_at: Timestamp,
    last_activity_at: Timestamp,
    message_count: u64,
    /// The turn that runs, if one does.
    active_turn_id: Option<&'a TurnId>,
}

impl<'a> From<&'a domain::Conversation> for Conversation<'a> {
    fn from(conversation: &'a domain::Conversation) -> Self {
        Self {
            conversation_id: &conversation.key.conversation,
            coach_id: &conversation.key.coach,
            title: &conversation.title,
            tags: &conversation.tags,
            created_at: conversation.created,
            last_activity_at: conversation.last_activity,
            message_count: conversation.messages,
            active_turn_id: conversation.active.as_ref(),
        }
    }
}

/// A page of conversations.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Conversations<'a> {
    pub(crate) conversations: Vec<Conversation<'a>>,
    /// Where the list goes on; null at its end.
    pub(crate) next_cursor: Option<String>,
}

/// One message of either side.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message<'a> {
    message_id: &'a MessageId,
    /// Its place in the conversation, counted from 1 without gaps.
    number: u64,
    role: Role,
    content: String,
    /// The content by kind; joined they are the content.
    parts: Vec<Part>,
    status: MessageStatus,
    created_at: Timestamp,
    turn_id: &'a TurnId,
    /// When it was sent, by the sender's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<Timestamp>,
}

/// Who said it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Role {
    User,
    Assistant,
    /// The message cannot be read, nor who said it.
    Unknown,
}

impl<'a> From<&'a domain::Message> for Message<'a> {
    fn from(message: &'a domain::Message) -> Self {
        let (role, sent_at) = match &message.body {
            Body::User { sent, .. } => (Role::User, *sent),
            Body::Assistant { .. } => (Role::Assistant, None),
            Body::Unreadable => (Role::Unknown, None),
        };
        Self {
            message_id: &message.id,
            number: message.number,
            role,
            content: message.content(),
            parts: message.parts(),
            status: message.status(),
            created_at: message.created,
            turn_id: &message.turn.turn,
            sent_at,
        }
    }
}

/// A page of messages, the oldest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Messages {
    // Encoded already: how long they are decides how many there are.
    #[schemars(with = "Vec<Message<'static>>")]
    pub(crate) messages: Vec<Box<RawValue>>,
    /// Where older ones are; null if there are none.
    pub(crate) next_cursor: Option<String>,
}

/// What a conversation has been about so far.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ConversationSummary")]
pub(crate) struct Summed {
    /// Null as long as there is none.
    pub(crate) summary: Option<Summary>,
}

/// What there is to follow when nothing was named.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NothingRuns {
    /// Null: no turn runs.
    pub(crate) active_turn_id: (),
}

/// What came of a request to stop.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Stop {
    pub(crate) status: StopStatus,
}

/// What came of a request to stop.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum StopStatus {
    /// This call ended it.
    Stopped,
    /// It has ended otherwise, before the call or in spite of it.
    AlreadyFinished,
    /// It was asked, and may still finish.
    Stopping,
}

/// The user's own coaches, and those that everybody has.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Coaches {
    pub(crate) coaches: Vec<Coach>,
}

/// A page of memories.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Memories {
    pub(crate) memories: Vec<Memory>,
    /// Where the list goes on; null at its end.
    pub(crate) next_cursor: Option<String>,
}

/// A page of workouts.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Workouts {
    pub(crate) workouts: Vec<Workout>,
    /// Where the list goes on; null at its end.
    pub(crate) next_cursor: Option<String>,
}

/// Whether the server is up.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Health {
    #[schemars(extend("const" = "ok"))]
    pub(crate) status: &'static str,
    /// How many turns run in this process.
    pub(crate) running_turns: usize,
}

/// It is done, and there is nothing more to say.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Done {}
