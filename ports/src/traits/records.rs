use std::fmt;

use async_trait::async_trait;
use domain::{ConversationKey, GroupId, RecordId, Timestamp, UserScope};
use macro_rules_attribute::apply;

use super::port::port;
use super::{Account, Cursor, Erased, Page, Result};

#[apply(port)]
#[methods(record_store_methods)]
/// What is known about a user: coaches, memories and their tombstones, safety facts, workouts,
/// personal records, summaries, usage; and which account is theirs.
///
/// One contract for all kinds; [`records::read`](crate::records::read) and
/// [`records::body`](crate::records::body) give records their types. A list is in the
/// order of the [ids](RecordId), the last first.
///
/// *All or nothing, repeatable, current, owned, timeless, exact, patient* and *lasting* hold as for
/// [`MessageStore`](crate::MessageStore), also for lists: what was forgotten must be so in the very
/// next turn. Only [`bind`](Self::bind) is not *owned*: an account belongs to nobody before it is
/// bound. Not repeatable are [`delete`](Self::delete), which says `false` the second time, and
/// [`erase`](Self::erase).
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait RecordStore: Send + Sync {
    /// Returns one record; `None` if there is none. A record whose body cannot be read is returned
    /// all the same, with a body that nobody can read: the caller decides what follows from that.
    async fn get(&self, at: &RecordKey) -> Result<Option<Record>>;

    /// Returns at most `limit` of a user's records of a kind as they are now, the newest first:
    /// from the beginning, or from behind `after`, which an earlier page of the same list has given
    /// as its `next`. The page ends early at the record with which the bodies reach
    /// [`PAGE`](crate::PAGE) bytes. With `within`, returns only those of that
    /// [group](RecordId::within), whatever else the kind holds; without, all of them, a group's
    /// next to each other. A body that cannot be read is as in [`get`](Self::get).
    async fn list(
        &self,
        owner: &UserScope,
        kind: Kind,
        within: Option<GroupId>,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Record>>;

    /// Writes one record if it is in the state that `expect` says; if not, returns `false` and
    /// changes nothing. Returns `true` if the record already holds these very bytes and ends when
    /// this one is to end, whatever `expect` says: an earlier try has written it. A body that is
    /// longer than the store can hold is the error [`TooLong`](domain::Fault::TooLong), and nothing
    /// is changed.
    ///
    /// A record with a `term` ends by itself: a store may forget it from its end on, and answers
    /// with it until it has. A write without a term takes the end away. So what was put away can be
    /// restored for a time, by a write at the version that was seen; that write is refused if the
    /// store has forgotten the record meanwhile.
    ///
    /// Two writes with the same bytes and the same end are one write. A write that must count
    /// beside an equal one of somebody else, such as a counter's, carries something in its bytes
    /// that no other has, as [`records::amend`](crate::records::amend) does.
    ///
    /// Of a user who was [erased](Self::erase) none is made: what expects
    /// [`Anything`](Expect::Anything) or [`Absent`](Expect::Absent) is
    /// [`Rejected`](domain::Fault::Rejected), for asking again will not help.
    async fn put(
        &self,
        at: &RecordKey,
        body: &[u8],
        term: Option<Term>,
        expect: Expect,
    ) -> Result<bool>;

    /// Removes one record. Returns `false` if there was none.
    async fn delete(&self, at: &RecordKey) -> Result<bool>;

    /// Binds an account and a user to each other, unless one of them is bound already; the first
    /// binding of either stays. Binds both sides or none. The same two again are
    /// [`Bound`](Binding::Bound) again, and nothing is changed by any other answer.
    async fn bind(&self, account: &Account, user: &UserScope) -> Result<Binding>;

    /// Erases a user: leaves the mark, with the time `at` if there is none yet, and removes about
    /// `limit` items of what the user has, readable or not. [`Erased`] says how far that has come,
    /// and what may still be written meanwhile.
    ///
    /// First the binding goes, both sides, so that the account is free for another user. Tombstones
    /// go last: what was to be forgotten must not come back while a memory of it is still there.
    async fn erase(&self, owner: &UserScope, at: Timestamp, limit: usize) -> Result<Erased>;
}

/// Whether an account and a user belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Binding {
    /// They do, and neither belongs to anybody else.
    Bound,
    /// The account is another user's; so it is answered also if the user is another account's.
    AccountIsAnothers,
    /// The user is another account's.
    UserIsAnothers,
    /// The user was [erased](RecordStore::erase), and is nobody's any more, whatever the account
    /// is.
    UserIsErased,
}

/// Whose record, of which kind, and which.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordKey {
    /// Whose record it is.
    pub owner: UserScope,
    /// Of which kind.
    pub kind: Kind,
    /// Which of that kind.
    pub id: RecordId,
}

impl RecordKey {
    /// Returns where the summary of a conversation is kept.
    pub fn summary_of(of: &ConversationKey) -> Self {
        let id = RecordId::of_conversation(&of.coach, &of.conversation);
        Self {
            owner: of.user.clone(),
            kind: Kind::Summary,
            id,
        }
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.owner, self.kind.name(), self.id)
    }
}

/// The kinds of record; the name is part of the stored key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A coach that the user has made.
    Coach,
    /// Something about the athlete that is worth knowing next time.
    Memory,
    /// What the athlete wanted forgotten, without a word of it.
    Tombstone,
    /// What the athlete did in one session.
    Workout,
    /// A best that the athlete has reached. Nobody writes one yet: workouts hold their own.
    PersonalRecord,
    /// What a conversation has been about.
    Summary,
    /// What the model calls of one day have cost.
    Usage,
    /// What may hurt the athlete if it is not known, such as an allergy: a copy of the memory that
    /// tells it, under its id. It has a kind of its own, so that all of it can be read however much
    /// else there is.
    Safety,
}

impl Kind {
    /// All of them; tombstones last, as they are erased.
    pub const ALL: [Self; 8] = [
        Self::Coach,
        Self::Memory,
        Self::Safety,
        Self::Workout,
        Self::PersonalRecord,
        Self::Summary,
        Self::Usage,
        Self::Tombstone,
    ];

    /// Returns the one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns its name in stored keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Coach => "coach",
            Self::Memory => "memory",
            Self::Tombstone => "tombstone",
            Self::Workout => "workout",
            Self::PersonalRecord => "personal-record",
            Self::Summary => "summary",
            Self::Usage => "usage",
            Self::Safety => "safety",
        }
    }
}

/// A stored record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Whose it is, and which.
    pub at: RecordKey,
    /// The bytes that were put.
    pub body: Vec<u8>,
    /// For [`Expect::Version`]: every write that changes the record changes it, to none that it has
    /// had. A record that is gone has none, so nothing is written at one; if it is made anew, it
    /// counts anew.
    pub version: u64,
    /// From when on a store may forget it; `None` if it is kept. One that is past its end and is
    /// still there is for the caller to judge.
    pub until: Option<Timestamp>,
}

/// How long a record is kept that ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// The time by the writer's clock: for it a store may forget what had ended by then.
    pub from: Timestamp,
    /// The end.
    pub until: Timestamp,
}

/// What a record must be for a write to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Whatever is there, or nothing.
    Anything,
    /// No record.
    Absent,
    /// The record as it was read at this version.
    Version(u64),
}
