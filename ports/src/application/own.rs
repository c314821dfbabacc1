//! The stores as everybody but a store asks them: whoever asks is answered with their own.
//!
//! A key carries its user, and a store answers for nobody else. What it answers nevertheless, for
//! another user or in another place, is left out, and the log is told. All of it is made from the
//! ports' own definitions: a method that a port gets is checked by what its arguments name and what
//! its answer says of itself.

use std::sync::Arc;

// Whatever a method of a store speaks of.
use domain::{conversation::Edit, *};
use tracing::error;

use crate::*;

/// What a call names, and so what its answer must be of.
#[derive(Default)]
struct Asked {
    user: Option<UserScope>,
    coach: Option<CoachId>,
    conversation: Option<ConversationKey>,
    turn: Option<TurnKey>,
    kind: Option<Kind>,
    record: Option<RecordKey>,
}

impl Asked {
    fn has_conversation(&self, key: &ConversationKey) -> bool {
        is(&self.user, &key.user) && is(&self.coach, &key.coach) && is(&self.conversation, key)
    }

    fn has_turn(&self, key: &TurnKey) -> bool {
        self.has_conversation(&key.conversation) && is(&self.turn, key)
    }

    fn has_record(&self, key: &RecordKey) -> bool {
        is(&self.user, &key.owner) && is(&self.kind, &key.kind) && is(&self.record, key)
    }

    /// Returns whether it is what was asked for, and tells the log of what is not.
    fn has<T: Whose>(&self, found: &T) -> bool {
        let is_own = found.is_of(self);
        if !is_own {
            let (alarm, key) = ("foreign_answer", found.key());
            error!(alarm, %key, "a store has answered with what nobody asked for");
        }
        is_own
    }
}

fn is<T: PartialEq>(named: &Option<T>, found: &T) -> bool {
    named.as_ref().is_none_or(|named| named == found)
}

/// An argument, which may name whose or which.
trait Names {
    fn names(&self, _asked: &mut Asked) {}
}

impl Names for UserScope {
    fn names(&self, asked: &mut Asked) {
        asked.user = Some(self.clone());
    }
}

impl Names for CoachId {
    fn names(&self, asked: &mut Asked) {
        asked.coach = Some(self.clone());
    }
}

impl Names for ConversationKey {
    fn names(&self, asked: &mut Asked) {
        asked.conversation = Some(self.clone());
    }
}

impl Names for TurnKey {
    fn names(&self, asked: &mut Asked) {
        asked.turn = Some(self.clone());
    }
}

impl Names for JobsOf {
    fn names(&self, asked: &mut Asked) {
        match self {
            Self::Turn(turn) => turn.names(asked),
            Self::Conversation(conversation) => conversation.names(asked),
            Self::User(user) => user.names(asked),
            Self::Anyone => {}
        }
    }
}

impl Names for Kind {
    fn names(&self, asked: &mut Asked) {
        asked.kind = Some(*self);
    }
}

impl Names for RecordKey {
    fn names(&self, asked: &mut Asked) {
        asked.record = Some(self.clone());
    }
}

impl<T> Names for Option<T> {}
impl<T> Names for [T] {}

/// Something that a store answers with.
trait Own {
    /// Leaves out what was not asked for.
    fn own(self, asked: &Asked) -> Self;
}

impl<T: Whose> Own for Option<T> {
    fn own(self, asked: &Asked) -> Self {
        self.filter(|found| asked.has(found))
    }
}

impl<T: Whose> Own for Vec<T> {
    fn own(mut self, asked: &Asked) -> Self {
        self.retain(|found| asked.has(found));
        self
    }
}

impl<T: Whose> Own for Page<T> {
    fn own(mut self, asked: &Asked) -> Self {
        self.items.retain(|found| asked.has(found));
        self
    }
}

/// Something stored, which says whose it is.
trait Whose {
    fn is_of(&self, asked: &Asked) -> bool;

    /// Returns its key, for the log.
    fn key(&self) -> String;
}

impl Whose for ConversationKey {
    fn is_of(&self, asked: &Asked) -> bool {
        asked.has_conversation(self)
    }

    fn key(&self) -> String {
        format!("{}/{}/{}", self.user, self.coach, self.conversation)
    }
}

impl Whose for Conversation {
    fn is_of(&self, asked: &Asked) -> bool {
        self.key.is_of(asked)
    }

    fn key(&self) -> String {
        self.key.key()
    }
}

impl Whose for std::result::Result<Conversation, ConversationKey> {
    fn is_of(&self, asked: &Asked) -> bool {
        self.as_ref()
            .map_or_else(|key| key, |found| &found.key)
            .is_of(asked)
    }

    fn key(&self) -> String {
        self.as_ref().map_or_else(Whose::key, Whose::key)
    }
}

impl Whose for Message {
    fn is_of(&self, asked: &Asked) -> bool {
        self.turn.conversation.is_of(asked)
    }

    fn key(&self) -> String {
        self.turn.conversation.key()
    }
}

impl Whose for (TurnRecord, Vec<TurnEvent>) {
    fn is_of(&self, asked: &Asked) -> bool {
        asked.has_turn(&self.0.turn)
    }

    fn key(&self) -> String {
        self.0.turn.conversation.key()
    }
}

impl Whose for TurnKey {
    fn is_of(&self, asked: &Asked) -> bool {
        asked.has_turn(self)
    }

    fn key(&self) -> String {
        self.conversation.key()
    }
}

impl Whose for Job {
    fn is_of(&self, asked: &Asked) -> bool {
        asked.has_turn(&self.turn)
    }

    fn key(&self) -> String {
        self.turn.conversation.key()
    }
}

impl Whose for Record {
    fn is_of(&self, asked: &Asked) -> bool {
        asked.has_record(&self.at)
    }

    fn key(&self) -> String {
        self.at.to_string()
    }
}

/// Types of arguments that name nothing, and of answers that hold nothing of anybody.
macro_rules! plain {
    (names: $($argument:ty),*; own: $($answer:ty),*) => {
        $(impl Names for $argument {})*
        $(impl Own for $answer {
            fn own(self, _: &Asked) -> Self {
                self
            }
        })*
    };
}

plain! {
    names: usize, Timestamp, Edit, Conversation, Admission, Checkpoint, Writer, Finish, Job,
        Outcome, Expect, Account;
    own: (), bool, Admitted, Written<()>, Written<Stop>, Option<TurnState>, Erased, Binding
}

/// Makes a function of each method of the store of conversations.
macro_rules! functions {
    ({} $port:ident { $(
        $(#[$_attribute:meta])*
        async fn $method:ident(&self $(, $arg:ident: $type:ty)* $(,)?) -> $answer:ty;
    )* }) => { $(
        #[doc = concat!("Asks [`", stringify!($port), "::", stringify!($method), "`].")]
        pub async fn $method(store: &dyn $port $(, $arg: $type)*) -> $answer {
            let mut asked = Asked::default();
            $( $arg.names(&mut asked); )*
            let answer = store.$method($($arg),*).await?;
            Ok(answer.own(&asked))
        }
    )* };
}

message_store_methods! { functions {} }

/// A store of records of which nothing is believed but what was asked for.
#[derive(Clone)]
pub struct Records(Arc<dyn RecordStore>);

/// Makes a method of [`Records`] of each method of the store.
macro_rules! methods {
    ({} $port:ident { $(
        $(#[$_attribute:meta])*
        async fn $method:ident(&self $(, $arg:ident: $type:ty)* $(,)?) -> $answer:ty;
    )* }) => {
        impl Records {
            /// Asks this store.
            pub fn new(store: Arc<dyn $port>) -> Self {
                Self(store)
            }

            $(
                #[doc = concat!("Asks [`", stringify!($port), "::", stringify!($method), "`].")]
                pub async fn $method(&self $(, $arg: $type)*) -> $answer {
                    let mut asked = Asked::default();
                    $( $arg.names(&mut asked); )*
                    let answer = self.0.$method($($arg),*).await?;
                    Ok(answer.own(&asked))
                }
            )*
        }
    };
}

record_store_methods! { methods {} }

#[cfg(test)]
mod tests {
    use super::*;

    fn turn([user, coach, conversation, turn]: [&str; 4]) -> TurnKey {
        TurnKey {
            conversation: ConversationKey {
                user: UserScope::stored(user.parse().unwrap()),
                coach: coach.parse().unwrap(),
                conversation: conversation.parse().unwrap(),
            },
            turn: turn.parse().unwrap(),
        }
    }

    fn record(owner: &str, kind: Kind, id: &str) -> RecordKey {
        RecordKey {
            owner: UserScope::stored(owner.parse().unwrap()),
            kind,
            id: id.parse().unwrap(),
        }
    }

    fn asked(arguments: &[&dyn Names]) -> Asked {
        let mut asked = Asked::default();
        for argument in arguments {
            argument.names(&mut asked);
        }
        asked
    }

    #[test]
    fn what_is_found_in_another_place_than_was_named_is_not_what_was_asked_for() {
        let named = turn(["ann", "c", "v", "t"]);
        let ConversationKey { user, coach, .. } = &named.conversation;
        for (at, other) in [
            ["bob", "c", "v", "t"],
            ["ann", "d", "v", "t"],
            ["ann", "c", "w", "t"],
            ["ann", "c", "v", "u"],
        ]
        .into_iter()
        .enumerate()
        {
            let other = turn(other);
            assert!(!asked(&[&named]).has_turn(&other), "{other:?}");
            let of = &other.conversation;
            assert_eq!(asked(&[&named.conversation]).has_conversation(of), at == 3);
            assert_eq!(asked(&[user, coach]).has_conversation(of), at > 1);
            assert_eq!(asked(&[user]).has_conversation(of), at > 0);
        }
        assert!(asked(&[&named]).has_turn(&named) && asked(&[]).has_turn(&named));
    }

    #[test]
    fn a_record_of_another_user_kind_or_id_is_not_what_was_asked_for() {
        let named = record("ann", Kind::Memory, "m");
        for other in [
            record("bob", Kind::Memory, "m"),
            record("ann", Kind::Workout, "m"),
            record("ann", Kind::Memory, "n"),
        ] {
            assert!(!asked(&[&named]).has_record(&other), "{other}");
            let is_listed = other.owner == named.owner && other.kind == named.kind;
            let list = asked(&[&named.owner, &named.kind]);
            assert_eq!(list.has_record(&other), is_listed, "{other}");
        }
        assert!(asked(&[&named]).has_record(&named));
    }
}
