use async_trait::async_trait;
use domain::memory::{RecalledKind, Tombstone};
use domain::{CoachId, Memory, Opening, Recalled, RecordId, Timestamp, UserScope};

use crate::{Expect, Kind, Ports, RecordKey, Result, records};

/// How many entries a turn's text is compared with.
const NEAREST: usize = 6;

/// Finds what is worth recalling.
///
/// - *Owned.* A search sees the caller's own entries and what is shared by all, and nothing else.
///   An adapter checks the owner of every hit again, and drops the ones that are not the caller's.
/// - *Repeatable.* An entry is its key: writing it again replaces it, removing it again is no error.
/// - *Eventual.* What was written may take a while to be found; what was removed may take as long to
///   be gone. Whoever promised that something is gone asks until it is.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait MemoryIndex: Send + Sync {
    /// The best matches above the adapter's own threshold, best first, at most `search.limit`.
    async fn search(&self, search: &Search) -> Result<Vec<Recalled>>;

    /// Adds or replaces an entry of this user.
    async fn upsert(&self, owner: &UserScope, entry: &IndexEntry) -> Result<()>;

    /// Removes an entry of this user.
    async fn delete(&self, owner: &UserScope, kind: RecalledKind, id: &str) -> Result<()>;
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

/// What the index knows that is like this text, for the coach of this conversation.
pub(crate) async fn search(ports: &Ports, opening: &Opening, text: &str) -> Result<Vec<Recalled>> {
    let conversation = &opening.turn.conversation;
    let search = Search {
        owner: conversation.user.clone(),
        coach: conversation.coach.clone(),
        text: text.to_owned(),
        kinds: vec![RecalledKind::Memory],
        limit: NEAREST,
    };
    ports.clock.answered(ports.index.search(&search)).await
}

/// Stores a memory, and lets it be found. `false` if it is not in the state that `expect` says.
pub async fn keep(ports: &Ports, owner: &UserScope, memory: &Memory, expect: Expect) -> Result<bool> {
    let kept = put(ports, owner, memory, expect).await?;
    let entry = IndexEntry {
        kind: RecalledKind::Memory,
        id: memory.id.to_string(),
        coach: memory.coach.clone(),
        text: memory.content.clone(),
        created: memory.created_at,
        tags: memory.tags.clone(),
    };
    if kept {
        ports.clock.answered(ports.index.upsert(owner, &entry)).await?;
    }
    Ok(kept)
}

/// Stores a memory without a word to the index.
pub(crate) async fn put(ports: &Ports, owner: &UserScope, memory: &Memory, expect: Expect) -> Result<bool> {
    let at = RecordKey { owner: owner.clone(), kind: Kind::Memory, id: RecordId::from(&memory.id) };
    ports.clock.answered(ports.records.put(&at, &records::body(memory)?, expect)).await
}

/// Forgets a memory: first a tombstone, from which on it is not recalled; then its record and its
/// entry in the index. Whether the index no longer finds it.
pub async fn forget(ports: &Ports, owner: &UserScope, id: &RecordId, tombstone: &Tombstone) -> Result<bool> {
    let (clock, memory) = (&*ports.clock, &tombstone.memory_id);
    let at = |kind, id: &RecordId| RecordKey { owner: owner.clone(), kind, id: id.clone() };
    clock.answered(ports.records.put(&at(Kind::Tombstone, id), &records::body(tombstone)?, Expect::Anything)).await?;
    let record = at(Kind::Memory, &RecordId::from(memory));
    let coach = match clock.answered(ports.records.get(&record)).await? {
        Some(known) => records::read::<Memory>(&known)?.coach,
        None => None,
    };
    clock.answered(ports.index.delete(owner, RecalledKind::Memory, memory.as_str())).await?;
    if let Some(coach) = coach.or_else(|| "any".parse().ok()) {
        let (text, kinds) = (tombstone.text.clone(), vec![RecalledKind::Memory]);
        let search = Search { owner: owner.clone(), coach, text, kinds, limit: NEAREST };
        let hits = clock.answered(ports.index.search(&search)).await?;
        if hits.iter().any(|hit| hit.kind == RecalledKind::Memory && hit.id == memory.as_str()) {
            return Ok(false);
        }
    }
    clock.answered(ports.records.delete(&record)).await?;
    Ok(true)
}
