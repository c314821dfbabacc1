//! What the coach remembers, and what an index finds.
//!
//! A memory is saved by [`decide`], brought back by [`ranked`], and found by [`meant`] when
//! the athlete wants it gone. All of it looks at records only; whoever calls reads and writes them.

mod decision;
mod fact;
mod facts;
mod forget;
mod forgotten;
mod graveyard;
mod instruction;
mod lexicon;
mod recall;
mod relation;
mod save;
mod stem;
mod tombstone;
mod trace;
mod words;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    CoachId, ConversationId, MemoryId, MessageId, SafetyKind, Timestamp, TurnId, UserScope,
};

pub(crate) use decision::{Known, Settled};
pub use facts::{SafetyFacts, SafetyReport};
pub(crate) use forget::kept;
pub use forget::{Chosen, Meant, asks_to_keep, choose, meant};
pub(crate) use forgotten::silent;
pub use forgotten::{
    FORGOTTEN, is_forgotten, logged, recallable, remembered, shortened, still_told, told,
};
pub use graveyard::Graveyard;
pub use instruction::is_instruction;
pub use recall::ranked;
pub use relation::{CANDIDATES, RELATING, candidates, question, related};
pub use save::{MemoryEdit, Provenance, Saving, Unsaveable, decide, promised};
pub use tombstone::Tombstone;
pub use trace::Trace;
pub use words::{normalised, pairs_of, similarity, words};

/// The longest memory, in characters.
pub const LONGEST: usize = 500;
/// How many memories, and how many tombstones, are looked at: the newest.
pub const KNOWN: usize = 200;
/// How many tags a memory has at most, and how long each is, in characters.
pub const TAGS: (usize, usize) = (5, 40);

/// Something about the athlete that is worth knowing next time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Memory {
    /// Named after its turn, which makes at most one.
    #[serde(rename = "memoryId")]
    pub id: MemoryId,
    pub content: String,
    #[serde(rename = "type")]
    pub kind: MemoryKind,
    pub importance: Importance,
    /// `None` for every coach of this user.
    #[serde(rename = "coachId")]
    pub coach: Option<CoachId>,
    pub tags: Vec<String>,
    /// How it came to be known.
    pub source: MemorySource,
    /// The message that it is from.
    pub source_message_id: Option<MessageId>,
    /// The conversation of that message.
    pub conversation_id: Option<ConversationId>,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    /// When it was said again, or in other words.
    #[serde(default)]
    pub last_said_at: Option<Timestamp>,
    /// In how many prompts it was, counted once a day, and how often it was said again.
    pub times_used: u32,
    /// The memory that holds in its place. It is kept, but not recalled.
    pub superseded_by: Option<MemoryId>,
    /// What safety fact it tells, by whoever saved it. The words themselves may tell more.
    #[serde(default)]
    pub safety: Option<SafetyKind>,
    /// An earlier memory that says the same in other words. Both are kept, one of them is shown.
    #[serde(default)]
    pub same_as: Option<MemoryId>,
    /// The turn in which it was said again last.
    #[serde(default)]
    pub last_said_in: Option<TurnId>,
}

impl Memory {
    /// Returns what safety fact it tells, by the model's word or by its own words.
    pub fn safety(&self) -> Option<SafetyKind> {
        let kinds = [self.safety, SafetyKind::floor(&self.content)];
        kinds.into_iter().flatten().min()
    }

    /// Returns when it was said last, as far as that is known.
    pub(crate) fn said_at(&self) -> Timestamp {
        self.last_said_at
            .map_or(self.created_at, |last| last.max(self.created_at))
    }

    /// Returns whether it still holds, for this coach.
    pub fn holds_for(&self, coach: &CoachId) -> bool {
        self.superseded_by.is_none() && self.coach.as_ref().is_none_or(|own| own == coach)
    }

    /// Returns the same, used once more; `None` if its use was counted within the last day.
    pub fn used(&self, now: Timestamp) -> Option<Self> {
        let is_counted = self.last_used_at.is_some_and(|last| now.since(last) < DAY);
        (!is_counted).then(|| Self {
            times_used: self.times_used.saturating_add(1),
            last_used_at: Some(now),
            ..self.clone()
        })
    }

    /// Returns the same, said once more: it matters at least as much as is said now. `None` if that
    /// was counted.
    pub fn reinforced(
        &self,
        importance: Importance,
        safety: Option<SafetyKind>,
        said_at: Timestamp,
        said_in: Option<&TurnId>,
    ) -> Option<Self> {
        let is_counted = self.last_said_at.is_some_and(|last| last >= said_at);
        (!is_counted).then(|| Self {
            importance: self.importance.max(importance),
            safety: [self.safety, safety].into_iter().flatten().min(),
            times_used: self.times_used.saturating_add(1),
            last_said_at: Some(said_at),
            last_said_in: said_in.cloned().or_else(|| self.last_said_in.clone()),
            ..self.clone()
        })
    }

    /// Returns the same, with another in its place from now on.
    pub fn superseded(&self, by: &MemoryId) -> Self {
        Self {
            superseded_by: Some(by.clone()),
            ..self.clone()
        }
    }
}

impl Memory {
    /// Returns the same, as it was before another held in its place; `None` if none does.
    pub fn restored(&self) -> Option<Self> {
        self.superseded_by.as_ref()?;
        Some(Self {
            superseded_by: None,
            ..self.clone()
        })
    }

    /// Returns the turn in which it was said last, as far as it was in one.
    fn turn(&self) -> Option<TurnId> {
        let made_in = || self.id.as_str().parse().ok();
        self.last_said_in.clone().or_else(made_in)
    }
}

/// Returns the memories of which one is shown for all that say the same: without those whose
/// earlier one is there, too, and holds.
pub fn one_of_each<'a>(memories: impl IntoIterator<Item = &'a Memory>) -> Vec<&'a Memory> {
    let mut shown: Vec<&Memory> = memories.into_iter().collect();
    let holding: BTreeSet<&MemoryId> = shown
        .iter()
        .filter(|memory| memory.superseded_by.is_none())
        .map(|memory| &memory.id)
        .collect();
    let is_shown = |memory: &&Memory| match &memory.same_as {
        Some(first) => !holding.contains(first),
        None => true,
    };
    shown.retain(is_shown);
    shown
}

/// Returns the others that say the same as this one in other words.
pub fn linked(memories: &[Memory], id: &MemoryId) -> Vec<MemoryId> {
    let first = memories.iter().find(|memory| memory.id == *id);
    let first = first
        .and_then(|memory| memory.same_as.as_ref())
        .unwrap_or(id);
    let is_linked = |memory: &&Memory| {
        memory.id != *id && (memory.id == *first || memory.same_as.as_ref() == Some(first))
    };
    let linked = memories.iter().filter(is_linked);
    linked.map(|memory| memory.id.clone()).collect()
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How a memory came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MemorySource {
    /// It was said in passing.
    Conversation,
    /// The athlete asked for it to be remembered.
    ExplicitRequest,
}

/// What sort of thing is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MemoryKind {
    Preference,
    Goal,
    Constraint,
    Instruction,
    Context,
}

/// How much it matters.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Importance {
    Low,
    #[default]
    Medium,
    High,
}

/// Something that an index found.
#[derive(Debug, Clone, PartialEq)]
pub struct Recalled {
    /// What kind of record it is.
    pub kind: RecalledKind,
    /// The record's id.
    pub id: String,
    /// Whose it is; `None` in what is shared by all.
    pub owner: Option<UserScope>,
    /// Its text.
    pub text: String,
    /// How well it fits: higher is better, comparable within one answer only.
    pub score: f32,
}

impl Recalled {
    /// Returns what a client knows it by: a summary by its conversation, anything else by its
    /// record.
    pub fn named(&self) -> &str {
        let (conversation, _) = self.id.split_once('.').unwrap_or((&self.id, ""));
        if self.kind == RecalledKind::Summary {
            conversation
        } else {
            &self.id
        }
    }
}

/// The kinds of thing that an index holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RecalledKind {
    Memory,
    Workout,
    Summary,
    Methodology,
}

#[cfg(test)]
mod given;
#[cfg(test)]
mod labelled;
#[cfg(test)]
mod tests;
