//! What is known of a turn before it has begun.

use std::sync::Arc;

use super::ending::Ending;
use crate::conversation::{Body, Message, Said, TurnKey};
use crate::{MessageId, Timestamp, ZoneName};

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
    /// Returns what the athlete said.
    pub fn text(&self) -> &str {
        match &self.user_message.body {
            Body::User { text, .. } => text,
            Body::Assistant { .. } | Body::Unreadable => "",
        }
    }

    /// Returns the time that "now" and "this morning" refer to: the sender's, unless it is more
    /// than a day off.
    pub fn when(&self) -> Timestamp {
        let taken_in = self.user_message.created;
        match self.user_message.body {
            Body::User {
                sent: Some(sent), ..
            } if sent.0.abs_diff(taken_in.0) <= 24 * 3_600_000 => sent,
            Body::User { .. } | Body::Assistant { .. } | Body::Unreadable => taken_in,
        }
    }

    /// Returns where the athlete is.
    pub fn zone(&self) -> Option<&ZoneName> {
        match &self.user_message.body {
            Body::User { zone, .. } => zone.as_ref(),
            Body::Assistant { .. } | Body::Unreadable => None,
        }
    }

    /// Returns whether it is known what the athlete said.
    pub fn is_readable(&self) -> bool {
        self.user_message.body != Body::Unreadable
    }

    /// Returns where the reply will stand.
    pub fn place(&self) -> ReplyPlace {
        ReplyPlace {
            id: self.assistant_message.clone(),
            behind: self.user_message.number,
            turn: self.turn.clone(),
            created: self.user_message.created,
        }
    }
}

/// Where a turn's reply stands in its conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyPlace {
    /// The id that it has, or would have had.
    pub id: MessageId,
    /// The number of the message that it answers.
    pub behind: u64,
    /// The turn that makes it.
    pub turn: TurnKey,
    /// When the turn began.
    pub created: Timestamp,
}

impl ReplyPlace {
    /// Returns the assistant's message, once the turn has told this and ended like this; `None` if
    /// nothing was told.
    ///
    /// Its number follows the user's: no other message can come between, since a conversation has
    /// one turn at a time.
    pub fn filled<'a>(
        self,
        ending: Ending,
        said: impl IntoIterator<Item = &'a Said>,
    ) -> Option<Message> {
        let said: Arc<[Said]> = said.into_iter().cloned().collect();
        (!said.is_empty()).then(|| Message {
            id: self.id,
            number: self.behind + 1,
            turn: self.turn,
            created: self.created,
            body: Body::Assistant { ending, said },
        })
    }
}
