//! Identifiers, parsed once at the edge and trusted from there on.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The text is not 1 to 64 characters of `A-Z a-z 0-9 _ -`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 1 to 64 characters out of A-Z, a-z, 0-9, _ and -")]
pub struct InvalidId;

fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(try_from = "String")]
        #[schemars(extend("pattern" = "^[A-Za-z0-9_-]{1,64}$"))]
        pub struct $name(Arc<str>);

        impl $name {
            /// Returns the identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                if is_id(text) { Ok(Self(text.into())) } else { Err(InvalidId) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A person who talks with coaches.
    UserId
    /// A coach, unique among its user's.
    CoachId
    /// A conversation, unique among its user's and coach's.
    ConversationId
    /// One message in and one reply out, unique in the world.
    TurnId
    /// One message of either side.
    MessageId
    /// Something that the coach remembers.
    MemoryId
    /// A record of any kind. Lists are in the order of these ids: those that one process makes sort
    /// as they were made, those of several by the clocks of each. What must be earlier than
    /// something else, such as a message, is known by its number.
    RecordId
    /// What records of a kind have in common that belong together, such as an exercise.
    GroupId
    /// What a client sends to have a message taken in once, however often it arrives.
    IdempotencyKey
}

impl MessageId {
    /// Stands for the id of a message that cannot be read.
    pub(crate) fn stand_in(number: u64) -> Self {
        Self(format!("unreadable-{number}").into())
    }
}

impl TurnId {
    /// Stands for the turn of a message that cannot be read.
    pub(crate) fn stand_in(number: u64) -> Self {
        Self(format!("unreadable-{number}").into())
    }
}

impl From<&TurnId> for RecordId {
    /// What a turn makes at most once is named after it.
    fn from(turn: &TurnId) -> Self {
        Self(turn.0.clone())
    }
}

impl From<&TurnId> for MemoryId {
    /// What a turn makes at most once is named after it.
    fn from(turn: &TurnId) -> Self {
        Self(turn.0.clone())
    }
}

impl From<&MemoryId> for RecordId {
    fn from(memory: &MemoryId) -> Self {
        Self(memory.0.clone())
    }
}

impl From<&CoachId> for RecordId {
    fn from(coach: &CoachId) -> Self {
        Self(coach.0.clone())
    }
}

impl RecordId {
    /// What a conversation has at most one of is named after it and its coach: two coaches may
    /// each have a conversation of the same id. No id has a dot, so no two names are alike.
    pub fn of_conversation(coach: &CoachId, conversation: &ConversationId) -> Self {
        Self(format!("{conversation}.{coach}").into())
    }

    /// Names a record as one of a group, which can be listed by itself. A record that is in another
    /// group already has its own name in this one.
    pub fn within(group: &GroupId, record: impl Into<Self>) -> Self {
        let record = record.into();
        let own = record.as_str().rsplit('.').next().unwrap_or_default();
        Self(format!("{}{own}", group.prefix()).into())
    }

    /// Reads an id in a key that a store wrote itself; `None` if it is none.
    pub fn stored(text: &str) -> Option<Self> {
        let (first, second) = text.split_once('.').unwrap_or((text, "none"));
        (is_id(first) && is_id(second)).then(|| Self(text.into()))
    }
}

impl GroupId {
    /// Returns what the ids of its records begin with, and no others: no group's name has a dot.
    pub fn prefix(&self) -> String {
        format!("{self}.")
    }
}

impl From<&TurnId> for IdempotencyKey {
    /// For a request that nobody can repeat: its key is its turn's own name.
    fn from(turn: &TurnId) -> Self {
        Self(turn.0.clone())
    }
}

impl From<[u8; 32]> for IdempotencyKey {
    /// For a request that is known by what it says: 64 hexadecimal digits.
    fn from(hash: [u8; 32]) -> Self {
        Self(hex::encode(hash).into())
    }
}

/// The right to a user's data: every key of a store begins with one.
///
/// There are two ways to get one, and `tests/` holds the list of places that may use them: a token
/// was verified, or a store reads back a key that it wrote itself.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserScope(UserId);

impl UserScope {
    /// For whoever has just verified a token that names this user.
    pub fn verified(user: UserId) -> Self {
        Self(user)
    }

    /// For a store that reads back a key which was made from a scope when it was written.
    pub fn stored(user: UserId) -> Self {
        Self(user)
    }

    /// Returns whose data it is.
    pub fn user(&self) -> &UserId {
        &self.0
    }
}

impl fmt::Display for UserScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for UserScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A fencing token: grows with every lease of a conversation, and every write of a turn carries it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Fence(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_what_the_protocol_says_and_nothing_else() {
        let long = "a".repeat(64);
        for good in ["a", "A-Z_0-9", long.as_str()] {
            assert_eq!(good.parse::<TurnId>().unwrap().as_str(), good);
        }
        let too_long = "a".repeat(65);
        for bad in ["", "a b", "a#b", "a/b", "..", "a\0", "é", too_long.as_str()] {
            assert_eq!(bad.parse::<TurnId>(), Err(InvalidId), "{bad:?}");
        }
    }

    #[test]
    fn what_a_conversation_has_is_named_after_its_coach_too_and_read_back() {
        let of = |coach: &str, conversation: &str| {
            RecordId::of_conversation(&coach.parse().unwrap(), &conversation.parse().unwrap())
        };
        assert_ne!(of("strength", "first"), of("mobility", "first"));
        assert_ne!(of("a-b", "c"), of("b", "c-a"));
        assert_eq!(RecordId::stored(of("a", "c").as_str()), Some(of("a", "c")));
        for bad in ["", ".", "a.", ".a", "a.b.c", "a#b", "a.b#"] {
            assert_eq!(RecordId::stored(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_record_is_in_one_group_and_keeps_its_own_name_there() {
        let [squat, jump] = ["squat", "squat-jump"].map(|group| group.parse::<GroupId>().unwrap());
        let turn: TurnId = "t-1".parse().unwrap();
        let in_squat = RecordId::within(&squat, &turn);
        assert_eq!(in_squat.as_str(), "squat.t-1");
        assert_eq!(RecordId::stored(in_squat.as_str()), Some(in_squat.clone()));
        let in_jump = RecordId::within(&jump, in_squat);
        assert_eq!(in_jump, RecordId::within(&jump, &turn));
        assert!(!in_jump.as_str().starts_with(&squat.prefix()));
    }

    #[test]
    fn a_stored_id_is_parsed_again() {
        assert!(serde_json::from_str::<UserId>("\"a/b\"").is_err());
        assert_eq!(
            serde_json::from_str::<UserId>("\"ab\"").unwrap().as_str(),
            "ab"
        );
    }
}
