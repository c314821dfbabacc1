//! What something new may be to what is known: the same in other words, or in place of it.
//!
//! Likeness finds what is looked at. What decides is a model's word, and only where nothing here
//! speaks against it: unsure, both are kept.

use super::Memory;
use super::fact::{Fact, tokens};
use crate::router::names_harm;

/// How many memories a decision looks at.
pub const CANDIDATES: usize = 12;

/// Returns the memories that share most words with a text, the nearest first; of equals the newer,
/// which stand first in what is given. Those that share none are left out, and those that were
/// superseded.
pub fn candidates<'a>(
    text: &str,
    memories: impl IntoIterator<Item = &'a Memory>,
) -> Vec<&'a Memory> {
    let said = Fact::of(text);
    let mut near: Vec<(usize, &Memory)> = Vec::new();
    for memory in memories {
        let shared = said.shared(&Fact::of(&memory.content));
        if shared > 0 && memory.superseded_by.is_none() {
            near.push((shared, memory));
        }
    }
    near.sort_by_key(|(shared, _)| std::cmp::Reverse(*shared));
    near.truncate(CANDIDATES);
    near.into_iter().map(|(_, memory)| memory).collect()
}

impl Memory {
    /// Returns whether it is about what training must respect, so that nothing but the athlete's
    /// own word may change it.
    pub fn is_safety(&self) -> bool {
        names_harm(&self.content)
    }

    /// Returns whether a model may take the other for the same in other words.
    pub(super) fn may_be(&self, other: &Self) -> bool {
        self.id != other.id && Fact::of(&self.content).may_be(&Fact::of(&other.content))
    }

    /// Returns whether it may hold in place of another, by a message that says so: with a word of
    /// change and none of addition. Both are about the same thing, and neither is about safety.
    pub(super) fn may_replace(&self, old: &Self, message: &str) -> bool {
        !self.is_safety()
            && !old.is_safety()
            && self.id != old.id
            && says_change(message)
            && Fact::of(&self.content).has_subject_of(&Fact::of(&old.content))
    }
}

fn says_change(message: &str) -> bool {
    let words: Vec<String> = tokens(message)
        .into_iter()
        .map(|token| token.folded)
        .collect();
    let says = |phrases: &[&str]| {
        phrases.iter().any(|phrase| {
            let phrase: Vec<&str> = phrase.split(' ').collect();
            words
                .windows(phrase.len())
                .any(|said| said == phrase.as_slice())
        })
    };
    says(&CHANGE) && !says(&ADDITION)
}

#[rustfmt::skip]
const CHANGE: [&str; 58] = [
    "now", "nowadays", "these days", "instead", "anymore", "any more", "no longer", "changed",
    "change", "changing", "switched", "switch", "switching", "moved", "actually", "correction",
    "correct", "rather than", "used to", "from now on", "update", "updated", "new", "replaced",
    "became", "become", "wrong", "mistake", "meant", "not any longer", "since",
    "jetzt", "nun", "stattdessen", "statt", "anstatt", "nicht mehr", "kein mehr", "inzwischen",
    "mittlerweile", "gewechselt", "geandert", "eigentlich", "ab sofort", "neuerdings",
    "ahora", "ya no", "en vez", "en lugar", "cambie", "actualmente",
    "maintenant", "desormais", "au lieu", "finalement",
    "agora", "em vez", "ja nao",
];

#[rustfmt::skip]
const ADDITION: [&str; 22] = [
    "too", "also", "as well", "additionally", "in addition", "besides", "on top", "another",
    "still", "both", "auch", "zusatzlich", "ausserdem", "tambien", "ademas", "aussi", "en plus",
    "egalement", "tambem", "alem disso", "alem", "plus",
];

#[cfg(test)]
mod tests;
