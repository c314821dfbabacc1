//! What is looked up for a reply, and what is chosen of it.

use crate::memory::{Importance, KNOWN, Memory, RecalledKind, ranked};
use crate::turn::{Gathered, Opening, Wanted};
use crate::{CoachId, Timestamp};

const HITS: usize = 6;
const WORKOUTS: usize = 14;

/// How many memories of high importance are told whatever the message is about.
const IMPORTANT: usize = 4;

/// What the memories may take of a prompt, in tokens.
pub(super) const MEMORY_TOKENS: u64 = 600;

/// Whatever the reply may need to know.
pub(crate) fn wanted(opening: &Opening) -> Wanted {
    Wanted {
        text: opening.text().to_owned(),
        hits: HITS,
        memories: KNOWN,
        workouts: WORKOUTS,
    }
}

impl Gathered {
    /// Of what was looked up, what this coach is told: of the memories the few that matter most,
    /// and those that the index has found.
    pub(crate) fn chosen(mut self, coach: &CoachId, now: Timestamp) -> Self {
        let holding = || {
            self.memories
                .iter()
                .filter(|memory| memory.holds_for(coach))
        };
        let important = holding().filter(|memory| memory.importance == Importance::High);
        let is_found = |memory: &&Memory| {
            let is_it = |id: &str| id == memory.id.as_str();
            let mut hits = self.recalled.iter();
            hits.any(|hit| hit.kind == RecalledKind::Memory && is_it(&hit.id))
        };
        let candidates = important.take(IMPORTANT).chain(holding().filter(is_found));
        let memories = ranked(candidates, now, MEMORY_TOKENS);
        self.memories = memories.into_iter().cloned().collect();
        // A memory that was found is told as it is stored, or not at all.
        self.recalled.retain(|hit| hit.kind != RecalledKind::Memory);
        self
    }
}
