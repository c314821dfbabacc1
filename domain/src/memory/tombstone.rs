//! What is left of a memory that was forgotten.

use serde::{Deserialize, Serialize};

use super::Memory;
use super::trace::Trace;
use crate::{MemoryId, Timestamp, TurnId};

/// What is left of a memory that was forgotten: enough to know it again, so that it is not learnt
/// from old messages once more and prompts no longer say it, and not a word that could be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tombstone {
    /// The memory that it stands for.
    pub memory_id: MemoryId,
    /// Its text, as far as that may be kept.
    pub trace: Trace,
    /// When it was to be forgotten.
    pub forgotten_at: Timestamp,
}

impl Tombstone {
    /// For this memory.
    pub fn of(memory: &Memory, now: Timestamp) -> Self {
        Self {
            memory_id: memory.id.clone(),
            trace: Trace::of_memory(&memory.content),
            forgotten_at: now,
        }
    }

    /// Returns whether a text that was said then is one that was to be forgotten later, in the same
    /// words. Who says it again afterwards has changed their mind.
    pub fn blocks(&self, text: &str, said_at: Timestamp) -> bool {
        self.forgotten_at > said_at && self.trace.is_equal(&Trace::of_memory(text))
    }

    /// Returns whether this memory goes with it: the one that it stands for, and those that said
    /// the same and were not said since.
    pub fn covers(&self, memory: &Memory) -> bool {
        self.memory_id == memory.id || self.blocks(&memory.content, memory.said_at())
    }

    /// Returns whether the memory was made in this turn: a model may have put it into words that
    /// the athlete did not use.
    pub(super) fn is_from(&self, turn: &TurnId) -> bool {
        self.memory_id.as_str() == turn.as_str()
    }
}
