//! What is known about a user, as versioned records.

use async_trait::async_trait;
use domain::{Fault, RecordId, UserScope};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Cursor, Page, PortError, Ports, Result, stored};

/// How many records are read at once.
const PAGE: usize = 100;

/// How often a change is tried again that another process has come before.
const TRIES: usize = 8;

/// What is known about a user: coaches, memories and their tombstones, workouts, personal records,
/// summaries, usage, the pin of their identity.
///
/// One contract for all kinds; [`read`] and [`body`] give records their types. Ids sort by
/// creation, so a list is in that order.
///
/// - *All or nothing, repeatable, current, owned, timeless*, as for
///   [`MessageStore`](crate::MessageStore); lists, too: what was forgotten must be so in the very next turn.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait RecordStore: Send + Sync {
    /// Reads one record.
    async fn get(&self, at: &RecordKey) -> Result<Option<Record>>;

    /// A user's records of a kind as they are now, the newest first, at most `limit` of them, and
    /// none behind the one with which their bodies have reached [`PAGE`](crate::PAGE).
    async fn list(&self, owner: &UserScope, kind: Kind, after: Option<Cursor>, limit: usize) -> Result<Page<Record>>;

    /// Writes one record if it is in the state that `expect` says. `Ok(false)`, and nothing changed,
    /// if not. A record that already holds these very bytes was written by an earlier try: `Ok(true)`.
    async fn put(&self, at: &RecordKey, body: &[u8], expect: Expect) -> Result<bool>;

    /// Removes one record; `false` if there was none.
    async fn delete(&self, at: &RecordKey) -> Result<bool>;
}

/// Whose record, of which kind, and which.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is what it says")]
pub struct RecordKey {
    pub owner: UserScope,
    pub kind: Kind,
    pub id: RecordId,
}

/// The kinds of record; the name is part of the stored key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is what it says")]
pub enum Kind {
    Coach,
    Memory,
    Tombstone,
    Workout,
    PersonalRecord,
    Summary,
    Usage,
    Identity,
}

impl Kind {
    /// Its name in stored keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Coach => "coach",
            Self::Memory => "memory",
            Self::Tombstone => "tombstone",
            Self::Workout => "workout",
            Self::PersonalRecord => "personal-record",
            Self::Summary => "summary",
            Self::Usage => "usage",
            Self::Identity => "identity",
        }
    }
}

/// A stored record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what it says")]
pub struct Record {
    pub at: RecordKey,
    pub body: Vec<u8>,
    pub version: u64,
}

/// What a record must be for a write to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what it says")]
pub enum Expect {
    Anything,
    Absent,
    Version(u64),
}

/// A user's newest records of a kind, without those that can no longer be read.
pub async fn newest<T: DeserializeOwned>(ports: &Ports, owner: &UserScope, kind: Kind, most: usize) -> Result<Vec<T>> {
    let found = newest_records(ports, owner, kind, most).await?;
    Ok(found.iter().map(read).filter_map(Result::ok).collect())
}

/// A user's newest records of a kind.
pub async fn newest_records(ports: &Ports, owner: &UserScope, kind: Kind, most: usize) -> Result<Vec<Record>> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = ports.clock.answered(ports.records.list(owner, kind, after, PAGE.min(most - found.len()))).await?;
        found.extend(page.items);
        after = page.next;
        if after.is_none() || found.len() >= most {
            return Ok(found);
        }
    }
}

/// Makes a record what `change` makes of it, however many change it at once: what it is now, or `None` if `change`
/// has left it as it was.
pub async fn amend<T, F>(ports: &Ports, at: &RecordKey, change: F) -> Result<Option<T>>
where
    T: Serialize + DeserializeOwned,
    F: Fn(Option<T>) -> Option<T>,
{
    for _ in 0..TRIES {
        let known = ports.clock.answered(ports.records.get(at)).await?;
        let expect = known.as_ref().map_or(Expect::Absent, |record| Expect::Version(record.version));
        let Some(changed) = change(known.as_ref().map(read).transpose()?) else { return Ok(None) };
        if ports.clock.answered(ports.records.put(at, &body(&changed)?, expect)).await? {
            return Ok(Some(changed));
        }
    }
    Err(PortError::new("records", Fault::Unavailable))
}

/// Reads a record's body as what it was written as.
pub fn read<T: DeserializeOwned>(record: &Record) -> Result<T> {
    stored::read_json(&record.body)
}

/// The bytes of a record's body.
pub fn body<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    stored::json(value).map(String::into_bytes)
}
