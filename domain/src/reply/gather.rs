//! What is looked up for a reply, and what is chosen of it.

use crate::memory::{Importance, Memory, RecalledKind, one_of_each, ranked};
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
        workouts: WORKOUTS,
    }
}

impl Gathered {
    /// Of what was looked up, what this coach is told: of the memories the few that matter most,
    /// and those that the index has found.
    pub(crate) fn chosen(mut self, coach: &CoachId, now: Timestamp) -> Self {
        let shown = one_of_each(
            self.memories
                .iter()
                .filter(|memory| memory.holds_for(coach)),
        );
        let holding = || shown.iter().copied();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{MemoryKind, Recalled};

    fn memory(id: &str, importance: Importance, coach: Option<&str>) -> Memory {
        Memory {
            kind: MemoryKind::Preference,
            importance,
            coach: coach.map(|coach| coach.parse().unwrap()),
            ..Memory::given(id, &format!("what {id} says"))
        }
    }

    fn hit(kind: RecalledKind, id: &str) -> Recalled {
        Recalled {
            kind,
            id: id.to_owned(),
            owner: None,
            text: "what the index has kept".to_owned(),
            score: 1.0,
        }
    }

    #[test]
    fn the_four_newest_that_matter_are_told_and_those_that_were_found_as_they_are_stored() {
        let high = (1..=6).map(|n| memory(&format!("high{n}"), Importance::High, None));
        let others = [
            memory("found", Importance::Low, None),
            memory("unfound", Importance::Medium, None),
            memory("anothers", Importance::High, Some("endurance")),
        ];
        let gathered = Gathered {
            memories: high.chain(others).collect(),
            recalled: vec![
                hit(RecalledKind::Memory, "found"),
                hit(RecalledKind::Memory, "anothers"),
                hit(RecalledKind::Memory, "gone"),
                hit(RecalledKind::Workout, "unfound"),
            ],
            ..Gathered::default()
        };
        let chosen = gathered.chosen(&"strength".parse().unwrap(), Timestamp(0));
        let ids: Vec<&str> = chosen
            .memories
            .iter()
            .map(|memory| memory.id.as_str())
            .collect();
        assert_eq!(ids, ["high1", "high2", "high3", "high4", "found"]);
        assert_eq!(chosen.recalled, [hit(RecalledKind::Workout, "unfound")]);
    }
}
