//! Remembering, changing and using memories, in the store and in the index.

use domain::memory::{
    self, Graveyard, KNOWN, MemoryEdit, Provenance, RecalledKind, Saving, Tombstone, Unsaveable,
};
use domain::router::ProposedMemory;
use domain::{CoachId, Memory, MemoryId, Recalled, RecordId, UserScope};
use tracing::warn;

use crate::{
    Bill, Expect, IndexEntry, Kind, Pace, Ports, Record, RecordKey, Result, Search, newest, records,
};

/// How many steps it takes to compare a letter of a memory, as [`Pace`] counts them.
pub(crate) const STEPS: usize = 4;

/// How many entries a text is compared with.
const NEAREST: usize = 6;

/// What has become of something that was to be remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// It is a memory of its own.
    New(Memory),
    /// It is one, and holds in place of another.
    Corrected(Memory, MemoryId),
    /// This said it already.
    Reinforced(MemoryId),
    /// It is not remembered.
    Refused(Unsaveable),
}

/// Remembers something; reinforces what says it already, corrects what it contradicts, or refuses
/// it. A second try under the same id saves nothing twice.
pub async fn remember(
    ports: &Ports,
    owner: &UserScope,
    proposed: &ProposedMemory,
    from: &Provenance<'_>,
    bill: &Bill,
) -> Result<Saved> {
    let now = ports.clock.now();
    let tombstones = forgotten(ports, owner).await?;
    let memories: Vec<Memory> = newest(ports, owner, Kind::Memory, KNOWN).await?;
    let memories = remembered(memories, &tombstones).await;
    let saved = match memory::decide(proposed, from, &memories, &tombstones, now) {
        Saving::New(new) => {
            keep(ports, owner, &new, bill).await?;
            Saved::New(new)
        }
        Saving::Reinforce(id) => {
            // What a turn makes is named after it.
            let turn = from.message.and_then(|_| from.id.as_str().parse().ok());
            let (importance, safety) = (proposed.importance, proposed.safety);
            let said = |known: Option<Memory>| {
                known?.reinforced(importance, safety, from.said_at, turn.as_ref())
            };
            if let Some(known) = records::amend(ports, &key(owner, &id), said).await? {
                keep_as_fact(ports, owner, &known).await?;
            }
            // Whoever made it may not have come as far as the index.
            if let Some(known) = self::memory(ports, owner, &id).await? {
                index(ports, owner, &known, bill).await?;
            }
            Saved::Reinforced(id)
        }
        Saving::Supersede { old, new } => {
            // The new one first: should this end in between, both are known, and the next try
            // finds what is left to do. The other way round, neither would be.
            keep(ports, owner, &new, bill).await?;
            // What says the same in other words holds no more, either; the one that was named goes
            // last, so that a later try finds what is left to do.
            let others = memory::linked(&memories, &old);
            for outdated in others.iter().chain([&old]).filter(|id| **id != new.id) {
                supersede(ports, owner, outdated, &new.id).await?;
            }
            Saved::Corrected(new, old)
        }
        Saving::Refused(reason) => {
            // An earlier try may have come between the erasing of the store and of the index.
            if reason == Unsaveable::Forgotten {
                take_back(ports, owner, from.id).await?;
            }
            Saved::Refused(reason)
        }
    };
    Ok(saved)
}

async fn supersede(ports: &Ports, owner: &UserScope, old: &MemoryId, by: &MemoryId) -> Result<()> {
    let outdated = |known: Option<Memory>| Some(known?.superseded(by));
    if let Some(known) = records::amend(ports, &key(owner, old), outdated).await? {
        keep_as_fact(ports, owner, &known).await?;
    }
    let gone = ports
        .index
        .delete(owner, RecalledKind::Memory, old.as_str());
    ports.clock.answered(gone).await
}

/// Changes a memory as its owner wants it. Returns what it is now, or why it cannot be so; `None`
/// if there is no such memory.
pub async fn edit(
    ports: &Ports,
    owner: &UserScope,
    id: &MemoryId,
    edit: &MemoryEdit,
    bill: &Bill,
) -> Result<Option<std::result::Result<Memory, Unsaveable>>> {
    let now = ports.clock.now();
    let Some(known) = memory(ports, owner, id).await? else {
        return Ok(None);
    };
    // Asked of what was read, so that a refusal has a reason: `amend` can only leave a record as it
    // is.
    if let Err(reason) = known.edited(edit, now) {
        return Ok(Some(Err(reason)));
    }
    if edit
        .content
        .as_ref()
        .is_some_and(|content| content.trim() != known.content)
    {
        unlink(ports, owner, id).await?;
    }
    let edited = |known: Option<Memory>| known?.edited(edit, now).ok();
    let Some(edited) = records::amend(ports, &key(owner, id), edited).await? else {
        return Ok(None);
    };
    if known.safety().is_some() || edited.safety().is_some() {
        follow_as_fact(ports, owner, id).await?;
    }
    index(ports, owner, &edited, bill).await?;
    Ok(Some(Ok(edited)))
}

/// Lets what was the same as this memory stand by itself: it says something else from now on.
/// First, so that it is never hidden by what it does not say.
async fn unlink(ports: &Ports, owner: &UserScope, id: &MemoryId) -> Result<()> {
    let memories = records::all::<Memory>(ports, owner, Kind::Memory).await?;
    for linked in memories.into_iter().flatten() {
        if linked.same_as.as_ref() == Some(id) {
            let alone = |known: Option<Memory>| {
                Some(Memory {
                    same_as: None,
                    ..known?
                })
            };
            records::amend(ports, &key(owner, &linked.id), alone).await?;
        }
    }
    Ok(())
}

/// Lets a memory hold again that another was in place of. Returns what it is now, or that none is;
/// `None` if there is no such memory.
pub async fn restore(
    ports: &Ports,
    owner: &UserScope,
    id: &MemoryId,
    bill: &Bill,
) -> Result<Option<Restored>> {
    let Some(known) = memory(ports, owner, id).await? else {
        return Ok(None);
    };
    if known.superseded_by.is_none() {
        return Ok(Some(Restored::Holds));
    }
    let restored = |known: Option<Memory>| known?.restored();
    let Some(restored) = records::amend(ports, &key(owner, id), restored).await? else {
        return Ok(None);
    };
    keep_as_fact(ports, owner, &restored).await?;
    index(ports, owner, &restored, bill).await?;
    Ok(Some(Restored::Now(Box::new(restored))))
}

/// What has become of a memory that was to hold again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restored {
    /// It does, from now on.
    Now(Box<Memory>),
    /// It did, and nothing is in place of it.
    Holds,
}

/// Returns a memory for its owner; `None` if there is none, if it is being forgotten, or if it
/// cannot be read.
pub async fn memory(ports: &Ports, owner: &UserScope, id: &MemoryId) -> Result<Option<Memory>> {
    let at = key(owner, id);
    let Some(record) = ports.clock.answered(ports.records.get(&at)).await? else {
        return Ok(None);
    };
    let Some(memory) = records::readable(&record) else {
        return Ok(None);
    };
    let tombstones = tombstones(ports, owner).await?;
    Ok(memory::remembered(vec![memory], &tombstones).pop())
}

/// Counts that memories were in a prompt, each at most once a day.
///
/// Never stands in the way of a turn: leaves out a use that cannot be counted.
pub async fn count_uses(ports: &Ports, owner: &UserScope, memories: &[String]) {
    let now = ports.clock.now();
    for id in memories.iter().filter_map(|id| id.parse::<MemoryId>().ok()) {
        let used = |known: Option<Memory>| known?.used(now);
        if let Err(error) = records::amend(ports, &key(owner, &id), used).await {
            warn!(
                error = &error as &dyn std::error::Error,
                "the use of a memory could not be counted"
            );
        }
    }
}

/// Returns what a user wanted forgotten, the newest first: all of it, or an error. Whatever a model
/// is told, and whatever is learnt, has passed this; so a tombstone that cannot be read is an
/// error, since nobody knows what it stands for.
pub async fn forgotten(ports: &Ports, owner: &UserScope) -> Result<Vec<Tombstone>> {
    let found = records::newest_records(ports, owner, Kind::Tombstone, KNOWN).await?;
    found.iter().map(records::read).collect()
}

/// Returns the same without what cannot be read: for what the owner is shown, and for erasing what
/// can be erased.
pub async fn tombstones(ports: &Ports, owner: &UserScope) -> Result<Vec<Tombstone>> {
    newest(ports, owner, Kind::Tombstone, KNOWN).await
}

/// Returns the memories that none of these tombstones covers.
pub(crate) async fn remembered(memories: Vec<Memory>, tombstones: &[Tombstone]) -> Vec<Memory> {
    let graveyard = Graveyard::of(tombstones);
    let (mut remembered, mut pace) = (Vec::new(), Pace::default());
    for memory in memories {
        pace.did(STEPS * memory.content.len()).await;
        if !graveyard.covers(&memory) {
            remembered.push(memory);
        }
    }
    remembered
}

/// Returns what the index knows that is like this text, for this coach or for all.
pub(crate) async fn nearest(
    ports: &Ports,
    owner: &UserScope,
    coach: Option<&CoachId>,
    text: &str,
    bill: &Bill,
) -> Result<Vec<Recalled>> {
    // A search is always for some coach; every one finds what is for all.
    let Some(coach) = coach.cloned().or_else(|| "any".parse().ok()) else {
        return Ok(Vec::new());
    };
    let (text, kinds) = (text.to_owned(), vec![RecalledKind::Memory]);
    let search = Search {
        owner: owner.clone(),
        coach,
        text,
        kinds,
        limit: NEAREST,
    };
    ports
        .clock
        .answered(ports.index.search(&search, bill))
        .await
}

/// Returns whether a hit is the entry of this memory.
pub(crate) fn is_of(hit: &Recalled, memory: &MemoryId) -> bool {
    hit.kind == RecalledKind::Memory && hit.id == memory.as_str()
}

/// Returns where a memory is kept.
pub(crate) fn key(owner: &UserScope, id: &MemoryId) -> RecordKey {
    RecordKey {
        owner: owner.clone(),
        kind: Kind::Memory,
        id: RecordId::from(id),
    }
}

/// Stores a new memory, unless an earlier try has, and lets it be found.
async fn keep(ports: &Ports, owner: &UserScope, new: &Memory, bill: &Bill) -> Result<()> {
    let (at, body) = (key(owner, &new.id), records::body(new)?);
    let put = ports.records.put(&at, &body, None, Expect::Absent);
    let is_new = ports.clock.answered(put).await?;
    keep_as_fact(ports, owner, new).await?;
    if is_new {
        return index(ports, owner, new, bill).await;
    }
    // It may have been edited or superseded since that try: what it is now is what is to be found.
    match ports.clock.answered(ports.records.get(&at)).await? {
        Some(earlier) => index(ports, owner, &records::read(&earlier)?, bill).await,
        None => Ok(()),
    }
}

/// Lets a memory be found, and takes it back if it was superseded or forgotten meanwhile: whoever
/// did that may have been at the index before us.
async fn index(ports: &Ports, owner: &UserScope, memory: &Memory, bill: &Bill) -> Result<()> {
    if memory.superseded_by.is_some() {
        return Ok(());
    }
    let entry = IndexEntry {
        kind: RecalledKind::Memory,
        id: memory.id.to_string(),
        coach: memory.coach.clone(),
        text: memory.content.clone(),
        created: memory.created_at,
        tags: memory.tags.clone(),
    };
    ports
        .clock
        .answered(ports.index.upsert(owner, &entry, bill))
        .await?;
    take_back(ports, owner, &memory.id).await
}

/// Removes what is left of a memory that was forgotten while it was made, and lets one that was
/// superseded be found no more.
async fn take_back(ports: &Ports, owner: &UserScope, id: &MemoryId) -> Result<()> {
    let at = key(owner, id);
    let found = match ports.clock.answered(ports.records.get(&at)).await? {
        Some(record) => vec![records::read::<Memory>(&record)?],
        None => Vec::new(),
    };
    // Tombstones are read after the memory was written: one that came later finds the memory
    // itself, and one that came earlier is seen here.
    let tombstones = forgotten(ports, owner).await?;
    let known = memory::remembered(found, &tombstones).pop();
    let is_to_be_found = match &known {
        Some(known) => known.superseded_by.is_none(),
        None => false,
    };
    if !is_to_be_found {
        let gone = ports.index.delete(owner, RecalledKind::Memory, id.as_str());
        ports.clock.answered(gone).await?;
    }
    if known.is_none() {
        drop_fact(ports, owner, id).await?;
        ports.clock.answered(ports.records.delete(&at)).await?;
    }
    Ok(())
}

/// Returns where a memory that tells a safety fact is kept once more, so that all of them can be
/// read, whatever else is remembered.
fn fact_key(owner: &UserScope, id: &MemoryId) -> RecordKey {
    RecordKey {
        kind: Kind::Safety,
        ..key(owner, id)
    }
}

/// Keeps a memory among the safety facts, if it tells one.
async fn keep_as_fact(ports: &Ports, owner: &UserScope, memory: &Memory) -> Result<()> {
    if memory.safety().is_some() {
        follow_as_fact(ports, owner, &memory.id).await?;
    }
    Ok(())
}

/// Makes what is kept among the safety facts what the memory is now. Looks again afterwards: who
/// has changed the memory meanwhile may have been here before us.
async fn follow_as_fact(ports: &Ports, owner: &UserScope, id: &MemoryId) -> Result<()> {
    let (at, fact) = (key(owner, id), fact_key(owner, id));
    let read = || ports.clock.answered(ports.records.get(&at));
    let mut seen = read().await?;
    loop {
        let memory: Option<Memory> = seen.as_ref().map(records::read).transpose()?;
        match memory.filter(|memory| memory.safety().is_some()) {
            Some(memory) => {
                let body = records::body(&memory)?;
                let put = ports.records.put(&fact, &body, None, Expect::Anything);
                ports.clock.answered(put).await?;
            }
            None => drop_fact(ports, owner, id).await?,
        }
        let now = read().await?;
        let version = |record: &Option<Record>| record.as_ref().map(|record| record.version);
        if version(&now) == version(&seen) {
            return Ok(());
        }
        seen = now;
    }
}

/// Takes a memory that is being erased from among the safety facts.
pub(crate) async fn drop_fact(ports: &Ports, owner: &UserScope, id: &MemoryId) -> Result<()> {
    let fact = fact_key(owner, id);
    ports.clock.answered(ports.records.delete(&fact)).await?;
    Ok(())
}
