//! What the coach remembers, and what an index finds.

use serde::{Deserialize, Serialize};

use crate::{CoachId, MemoryId, MessageId, Timestamp, UserScope};

/// Something about the athlete that is worth knowing next time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is what it says")]
pub struct Memory {
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
    #[serde(rename = "sourceMessageId")]
    pub source: Option<MessageId>,
    #[serde(rename = "createdAt")]
    pub created: Timestamp,
}

/// What sort of thing is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is what it says")]
pub enum MemoryKind {
    Preference,
    Goal,
    Constraint,
    Instruction,
    Context,
}

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is what it says")]
pub enum Importance {
    Low,
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

/// The kinds of thing that an index holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is what it says")]
pub enum RecalledKind {
    Memory,
    Workout,
    Summary,
    Methodology,
}
