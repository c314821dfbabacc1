//! Conversations, and the messages that they are made of.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{CoachId, ConversationId, Ending, MessageId, Timestamp, TurnId, UserScope, ZoneName};

/// Whose conversation it is, and which.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConversationKey {
    pub user: UserScope,
    pub coach: CoachId,
    pub conversation: ConversationId,
}

/// A turn within its conversation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TurnKey {
    pub conversation: ConversationKey,
    pub turn: TurnId,
}

/// A conversation without its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Whose it is, and which.
    pub key: ConversationKey,
    /// Empty until somebody, or the first turn, gave it one.
    pub title: String,
    /// For its owner to sort by.
    pub tags: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When a message was last taken in or a turn ended.
    pub last_activity: Timestamp,
    /// How many messages it has; the number of the last one.
    pub messages: u64,
    /// The turn that has not ended yet.
    pub active: Option<TurnId>,
}

impl Conversation {
    /// One in which nothing was said yet.
    pub fn new(key: ConversationKey, title: String, created: Timestamp) -> Self {
        Self {
            key,
            title,
            tags: Vec::new(),
            created,
            last_activity: created,
            messages: 0,
            active: None,
        }
    }
}

/// One message of either side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its identity.
    pub id: MessageId,
    /// Its place in the conversation, counted from 1 without gaps.
    pub number: u64,
    /// The turn that it began, or that made it; it says whose message it is.
    pub turn: TurnKey,
    /// When it was taken in, or when its turn began.
    pub created: Timestamp,
    /// Who said it, and what.
    pub body: Body,
}

/// Who said it, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// The athlete's words, byte for byte.
    User {
        /// What was said.
        text: Arc<str>,
        /// When, by the sender's clock.
        sent: Option<Timestamp>,
        /// Where, for "this morning".
        zone: Option<ZoneName>,
    },
    /// Everything that the clients were told, piece by piece as they were told it.
    Assistant {
        /// How it ended.
        ending: Ending,
        /// What was told.
        said: Arc<[Said]>,
    },
    /// What a store cannot read any more, or not yet. It has its place, and no model is told of it.
    Unreadable,
}

impl Message {
    /// Stands for a message that cannot be read, of which only its place is known.
    pub fn unreadable(conversation: ConversationKey, number: u64) -> Self {
        let turn = TurnId::stand_in(number);
        Self {
            id: MessageId::stand_in(number),
            number,
            turn: TurnKey { conversation, turn },
            created: Timestamp(0),
            body: Body::Unreadable,
        }
    }

    /// Returns the whole text: for an assistant's message exactly what was streamed.
    pub fn content(&self) -> String {
        match &self.body {
            Body::User { text, .. } => text.to_string(),
            Body::Assistant { said, .. } => said.iter().map(|said| &*said.text).collect(),
            Body::Unreadable => String::new(),
        }
    }

    /// Returns whether it tells what becomes of memories.
    pub fn confirms(&self) -> bool {
        match &self.body {
            Body::Assistant { said, .. } => {
                said.iter().any(|said| said.kind == PartKind::Confirmation)
            }
            Body::User { .. } | Body::Unreadable => false,
        }
    }

    /// Returns how long the whole text is, in bytes.
    pub fn length(&self) -> usize {
        match &self.body {
            Body::User { text, .. } => text.len(),
            Body::Assistant { said, .. } => said.iter().map(|said| said.text.len()).sum(),
            Body::Unreadable => 0,
        }
    }

    /// Returns the text by kind; adjacent pieces of one kind are one part. The user's message is
    /// one part.
    pub fn parts(&self) -> Vec<Part> {
        match &self.body {
            Body::User { text, .. } => vec![Part {
                kind: PartKind::User,
                stage: None,
                content: text.to_string(),
            }],
            Body::Assistant { said, .. } => parts(said),
            Body::Unreadable => Vec::new(),
        }
    }

    /// Returns what a model is told of this message later: nothing of what failed, and of an
    /// assistant's message only the reply.
    pub fn for_history(&self) -> Option<String> {
        let text: String = match &self.body {
            Body::User { text, .. } => text.to_string(),
            Body::Assistant {
                ending: Ending::Failed(_),
                ..
            }
            | Body::Unreadable => return None,
            Body::Assistant { said, .. } => said
                .iter()
                .filter(|said| said.kind == PartKind::Reply)
                .map(|said| &*said.text)
                .collect(),
        };
        (!text.trim().is_empty()).then_some(text)
    }

    /// Returns what became of it.
    pub fn status(&self) -> MessageStatus {
        match &self.body {
            Body::User { .. } => MessageStatus::Complete,
            Body::Assistant { ending, .. } => (*ending).into(),
            Body::Unreadable => MessageStatus::Unreadable,
        }
    }
}

/// Joins adjacent pieces of one kind and stage; updates stay apart, so that a page can show each.
pub fn parts(said: &[Said]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for piece in said {
        match parts.last_mut() {
            Some(last) if last.kind == piece.kind && last.stage == piece.stage => {
                last.content.push_str(&piece.text)
            }
            _ => parts.push(Part {
                kind: piece.kind,
                stage: piece.stage,
                content: piece.text.to_string(),
            }),
        }
    }
    parts
}

/// A piece of text as it was told: one event of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What it is.
    pub kind: PartKind,
    /// What the coach was at, for the kinds that have one.
    pub stage: Option<Stage>,
    /// The text; shared by all who are told it.
    pub text: Arc<str>,
}

/// A stretch of a message that is of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Part {
    pub kind: PartKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    pub content: String,
}

/// What a stretch of text is, so that the model's history can leave out all but the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PartKind {
    /// The athlete's words.
    User,
    /// "I hear you."
    Acknowledgment,
    /// What the coach is up to.
    Contextual,
    /// The coach's words.
    Reply,
    /// What the system says it will do: "I'll remember that …".
    Confirmation,
    /// Where help is, in an emergency or a crisis. A message with such a part, and the one that it
    /// answers, are kept as they are and enter nothing else.
    Care,
}

/// What the coach is at while the athlete waits.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Acknowledgment,
    InitialGreeting,
    WorkoutAnalysis,
    MemoryAnalysis,
    PatternAnalysis,
    InsightsBrewing,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MessageStatus {
    Complete,
    Stopped,
    Truncated,
    Filtered,
    Deadline,
    Failed,
    /// It is there, and what it says cannot be read.
    Unreadable,
}

impl From<Ending> for MessageStatus {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Finished => Self::Complete,
            Ending::Stopped => Self::Stopped,
            Ending::Truncated => Self::Truncated,
            Ending::Filtered => Self::Filtered,
            Ending::Deadline => Self::Deadline,
            Ending::Failed(_) => Self::Failed,
        }
    }
}

/// What may be changed about a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// `None` leaves it as it is.
    pub title: Option<String>,
    /// `None` leaves them as they are.
    pub tags: Option<Vec<String>>,
}

/// A title for want of a better one: the first words, up to 60 characters.
pub fn title_from(text: &str) -> String {
    let mut title = String::new();
    for word in text.split_whitespace() {
        if title.chars().count() + word.chars().count() >= 60 {
            break;
        }
        if !title.is_empty() {
            title.push(' ');
        }
        title.push_str(word);
    }
    if title.is_empty() {
        text.trim().chars().take(60).collect()
    } else {
        title
    }
}

#[cfg(test)]
impl TurnKey {
    /// A turn of Ann's, in the one conversation that she has in tests.
    pub(crate) fn of_ann(turn: &str) -> Self {
        let user = UserScope::verified("ann".parse().unwrap());
        let (coach, conversation) = ("c".parse().unwrap(), "v".parse().unwrap());
        Self {
            conversation: ConversationKey {
                user,
                coach,
                conversation,
            },
            turn: turn.parse().unwrap(),
        }
    }
}
