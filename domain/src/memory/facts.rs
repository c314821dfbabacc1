//! What a prompt tells of what an athlete's safety depends on: all of it, or how much is missing.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::fact::Fact;
use super::stem::stem;
use super::{Memory, words};
use crate::prompt::{Room, data, one_line};
use crate::router::answer::cut;
use crate::{MemoryId, SafetyKind};

/// The safety facts of an athlete, as far as they could be read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SafetyFacts {
    /// In any order.
    pub facts: Vec<Memory>,
    /// There may be more: something could not be read.
    pub is_missing_some: bool,
}

/// What of them is in a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SafetyReport {
    /// The memories that are told in full, what matters most first.
    pub told: Vec<String>,
    /// How many are told in two words each.
    pub named: usize,
    /// How many are only counted.
    pub counted: usize,
    /// Whether the prompt says that some could not be read.
    pub is_missing_some: bool,
}

// In tokens: of the 1,200 in all the last are for the names.
const IN_FULL: u64 = 1_000;
const NAMES: u64 = 150;

/// In characters.
const LONGEST: usize = 500;

const MISSING: &str = "Not all of what the athlete's safety depends on could be read just now: \
    say so, and ask before you prescribe anything.";

impl SafetyFacts {
    /// Adds those of these memories that tell a safety fact: older ones were kept before anybody
    /// looked for them.
    pub(crate) fn join(&mut self, memories: &[Memory]) {
        let known: BTreeSet<_> = self.facts.iter().map(|fact| fact.id.clone()).collect();
        let is_new = |memory: &&Memory| !known.contains(&memory.id) && memory.safety().is_some();
        self.facts.extend(memories.iter().filter(is_new).cloned());
    }

    /// Returns what the prompt tells, and a report of it; nothing if there is nothing to tell.
    pub(crate) fn told(&self) -> (Option<String>, SafetyReport) {
        let (mut full, mut names) = (Room(IN_FULL), Room(NAMES));
        let (mut lines, mut short) = (Vec::new(), Vec::new());
        let mut report = SafetyReport {
            is_missing_some: self.is_missing_some,
            ..SafetyReport::default()
        };
        for (kind, fact) in self.ordered() {
            let line = format!("- {}: {}", kind.in_words(), in_full(fact));
            let name = format!("{}; ", in_two_words(fact));
            if full.takes(&line) {
                report.told.push(fact.id.to_string());
                lines.push(line);
            } else if names.takes(&name) {
                short.push(in_two_words(fact));
            } else {
                report.counted += 1;
            }
        }
        report.named = short.len();
        lines.extend((!short.is_empty()).then(|| format!("- In short: {}", short.join("; "))));
        let more = report.counted;
        lines.extend((more > 0).then(|| format!("- And {more} more, for which there is no room.")));
        lines.extend(self.is_missing_some.then(|| MISSING.to_owned()));
        let told = (!lines.is_empty()).then(|| data("safety", &lines.join("\n")));
        (told, report)
    }

    /// Returns those that hold: what matters most first, then the newest. What a model took for the
    /// same as another stands beside it, if it has a word that the other lacks: it may be wrong.
    fn ordered(&self) -> Vec<(SafetyKind, &Memory)> {
        let mut holding = Vec::new();
        for fact in &self.facts {
            if let Some(kind) = fact.safety().filter(|_| fact.superseded_by.is_none()) {
                holding.push((kind, fact));
            }
        }
        let first_of = |fact: &Memory| {
            let first = fact.same_as.as_ref()?;
            holding.iter().find(|(_, other)| other.id == *first)
        };
        let is_told_by_it =
            |fact: &Memory| first_of(fact).is_some_and(|(_, first)| fact.adds_nothing_to(first));
        let all = holding.iter().map(|(_, fact)| *fact);
        let told_by_another: BTreeSet<&MemoryId> = all
            .filter(|fact| is_told_by_it(fact))
            .map(|fact| &fact.id)
            .collect();
        holding.retain(|(_, fact)| !told_by_another.contains(&fact.id));
        holding.sort_by_key(|(kind, fact)| (*kind, Reverse(fact.said_at()), &fact.id));
        holding.dedup_by(|(_, one), (_, other)| one.id == other.id);
        holding
    }
}

impl Memory {
    fn adds_nothing_to(&self, other: &Self) -> bool {
        let (own, known) = (Fact::of(&self.content), Fact::of(&other.content));
        let is_there = |word: &String| known.stems().contains(word) || SORTS.contains(word);
        own.stems().iter().all(is_there)
    }
}

/// What says of which sort a safety fact is, and not which it is.
static SORTS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let words = "allergy allergic intolerant intolerance severe severely bad badly \
        allergie allergisch unvertraglichkeit vertrage alergia alergico alergica intolerante \
        intolerancia allergique intolerant intolerante alergias allergies intolerancias";
    words.split_whitespace().map(stem).collect()
});

impl SafetyKind {
    fn in_words(self) -> &'static str {
        match self {
            Self::Allergy => "Allergy",
            Self::Medicine => "Medicine",
            Self::Pregnancy => "Pregnancy",
            Self::Illness => "Illness",
            Self::Injury => "Injury",
        }
    }
}

fn in_full(fact: &Memory) -> String {
    cut(&one_line(&fact.content), LONGEST).to_owned()
}

/// Returns the words that name it, or its first letters where no words are told apart.
fn in_two_words(fact: &Memory) -> String {
    let content = one_line(&fact.content);
    let named: Vec<String> = words(&content).take(2).collect();
    cut(&named.join(" "), 30).to_owned()
}

#[cfg(test)]
mod tests;
