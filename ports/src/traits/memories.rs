use async_trait::async_trait;
use domain::memory::RecalledKind;
use domain::{CoachId, Recalled, Timestamp, UserScope};
use macro_rules_attribute::apply;

use super::port::port;
use super::{Bill, Result};

#[apply(port)]
#[methods(memory_index_methods)]
/// Finds what is worth recalling.
///
/// - *Owned.* A search sees the caller's own entries and what is shared by all, and nothing else.
///   An adapter checks the owner of every hit again, and drops the ones that are not the caller's.
/// - *Repeatable.* An entry is its key: writing it again replaces it, removing it again is no
///   error.
/// - *Exact.* What is found is told as it was written: its kind, its id, whose it is, and its text
///   up to the length that the adapter can keep.
/// - *Eventual.* What was written may take a while to be found; what was removed may take as long
///   to be gone. Whoever promised that something is gone asks until it is.
/// - *Billed.* Every model call that a search or a writing takes is on the bill from the moment
///   that it is made, also when the rest fails or is given up.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait MemoryIndex: Send + Sync {
    /// Returns at most `search.limit` matches that reach the adapter's own threshold, the best
    /// first. Their scores compare within this answer only.
    async fn search(&self, search: &Search, bill: &Bill) -> Result<Vec<Recalled>>;

    /// Adds an entry of this user, or replaces the one of the same kind and id, and all of it: what
    /// it says, and for which coach it is.
    async fn upsert(&self, owner: &UserScope, entry: &IndexEntry, bill: &Bill) -> Result<()>;

    /// Removes an entry of this user; one that is not there is no error.
    async fn delete(&self, owner: &UserScope, kind: RecalledKind, id: &str) -> Result<()>;

    /// Removes all entries of this user, and nothing of what is shared. It leaves no mark: an entry
    /// that is written later is there again, so whoever erases a user sees to it that nobody writes
    /// one any more, and asks again then.
    async fn erase(&self, owner: &UserScope) -> Result<()>;
}

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Who is looking.
    pub owner: UserScope,
    /// For whom: entries of another coach are not found.
    pub coach: CoachId,
    /// What it is about.
    pub text: String,
    /// What kinds of record; none for all kinds.
    pub kinds: Vec<RecalledKind>,
    /// How many at most.
    pub limit: usize,
}

/// Something to find again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexEntry {
    /// What kind of record it is; with `id` its key.
    pub kind: RecalledKind,
    /// The record's id.
    pub id: String,
    /// `None` for every coach of this user.
    pub coach: Option<CoachId>,
    /// Its text.
    pub text: String,
    /// When the record was made.
    pub created: Timestamp,
    /// To find it by.
    pub tags: Vec<String>,
}
