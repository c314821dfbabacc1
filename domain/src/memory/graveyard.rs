//! All that somebody wanted forgotten, side by side, so that a text is looked through once for all
//! of it.

use super::trace::Trace;
use super::words::stem_numbers;
use super::{Memory, Tombstone};
use crate::{MemoryId, Timestamp};

/// The tombstones of a user, to be found by their words.
#[derive(Debug)]
pub struct Graveyard<'a> {
    tombstones: Vec<&'a Tombstone>,
    /// Each word with the number of a tombstone that has it, sorted.
    by_word: Vec<(u32, usize)>,
}

impl<'a> Graveyard<'a> {
    /// Of these tombstones.
    pub fn of(tombstones: impl IntoIterator<Item = &'a Tombstone>) -> Self {
        let tombstones: Vec<&Tombstone> = tombstones.into_iter().collect();
        let words = |(number, tombstone): (usize, &&'a Tombstone)| {
            let words = tombstone.trace.words();
            words.map(|word| (word, number)).collect::<Vec<_>>()
        };
        let mut by_word: Vec<(u32, usize)> =
            tombstones.iter().enumerate().flat_map(words).collect();
        by_word.sort_unstable();
        Self {
            tombstones,
            by_word,
        }
    }

    /// Returns whether a memory goes with one of them: see [`Tombstone::covers`].
    pub fn covers(&self, memory: &Memory) -> bool {
        self.blocks(&memory.id, &memory.content, memory.said_at())
    }

    /// Returns whether one of them stands for this memory, or for a text that was said before it:
    /// see [`Tombstone::blocks`].
    pub(super) fn blocks(&self, id: &MemoryId, text: &str, said_at: Timestamp) -> bool {
        if self
            .tombstones
            .iter()
            .any(|tombstone| tombstone.memory_id == *id)
        {
            return true;
        }
        let is_younger = |tombstone: &Tombstone| tombstone.forgotten_at > said_at;
        if !self
            .tombstones
            .iter()
            .any(|tombstone| is_younger(tombstone))
        {
            return false;
        }
        let trace = Trace::of_memory(text);
        let mut tombstones = self.tombstones.iter();
        tombstones.any(|tombstone| is_younger(tombstone) && tombstone.trace.is_equal(&trace))
    }

    /// Returns whether one of the sentences of a text has at least this share of the words of a
    /// tombstone that is meant, by these words and by the sentence.
    pub(super) fn is_said(
        &self,
        text: &str,
        least: f32,
        is_meant: impl Fn(&Tombstone, &str) -> bool,
    ) -> bool {
        let says_something = |sentence: &&str| sentence.contains(char::is_alphanumeric);
        sentences(text).filter(says_something).any(|sentence| {
            let shared = self.shared(stem_numbers(sentence));
            let mut shared = shared.into_iter();
            shared.any(|(tombstone, shared)| {
                tombstone.trace.share(shared) >= least && is_meant(tombstone, sentence)
            })
        })
    }

    /// Returns whether somebody said then what was to be forgotten later: a sentence that nothing
    /// sets apart from it.
    pub(super) fn is_said_before(&self, text: &str, said_at: Timestamp, least: f32) -> bool {
        let is_younger = |tombstone: &Tombstone| tombstone.forgotten_at >= said_at;
        if !self
            .tombstones
            .iter()
            .any(|tombstone| is_younger(tombstone))
        {
            return false;
        }
        self.is_said(text, least, |tombstone, sentence| {
            let is_apart = |trace: &Trace| trace.is_apart(&Trace::of(about(sentence, trace)));
            is_younger(tombstone) && !is_apart(&tombstone.trace)
        })
    }

    /// Returns the tombstones that have some of these words, and how many of them each has.
    fn shared(&self, words: impl IntoIterator<Item = u32>) -> Vec<(&'a Tombstone, usize)> {
        let mut words: Vec<u32> = words.into_iter().collect();
        words.sort_unstable();
        words.dedup();
        let found = words.into_iter().flat_map(|word| {
            let (_, from) = self
                .by_word
                .split_at(self.by_word.partition_point(|(known, _)| *known < word));
            from.iter()
                .take_while(move |(known, _)| *known == word)
                .map(|(_, number)| *number)
        });
        let mut found: Vec<usize> = found.collect();
        found.sort_unstable();
        let runs = found.chunk_by(|a, b| a == b);
        runs.filter_map(|run| Some((*self.tombstones.get(*run.first()?)?, run.len())))
            .collect()
    }
}

/// Returns the part of a sentence that is about something: from two words before the first word
/// that it shares to the word behind the last. A "not" elsewhere denies something else.
fn about<'a>(sentence: &'a str, trace: &Trace) -> &'a str {
    let words = words_with_places(sentence);
    let is_shared = |(_, word): &(usize, &str)| {
        let stems = stem_numbers(word);
        trace.words().any(|known| stems.contains(&known))
    };
    let (Some(first), Some(last)) = (
        words.iter().position(is_shared),
        words.iter().rposition(is_shared),
    ) else {
        return sentence;
    };
    let from = words.get(first.saturating_sub(2)).map_or(0, |(at, _)| *at);
    let to = words.get(last + 1).or(words.last());
    let to = to.map_or(sentence.len(), |(at, word)| at + word.len());
    sentence.get(from..to).unwrap_or(sentence)
}

fn words_with_places(sentence: &str) -> Vec<(usize, &str)> {
    let (mut words, mut at) = (Vec::new(), 0);
    for word in sentence.split(' ') {
        if !word.is_empty() {
            words.push((at, word));
        }
        at += word.len() + 1;
    }
    words
}

/// Full stops within numbers end nothing.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split(ENDS).flat_map(|line| line.split(". "))
}

/// Returns the beginning of a text: so many characters, and on to the end of the sentence.
pub(super) fn beginning(text: &str, characters: usize) -> &str {
    let Some((cut, _)) = text.char_indices().nth(characters) else {
        return text;
    };
    // A full stop and a space that lie on both sides of the cut end a sentence, too.
    let (from, rest) = (
        text.floor_char_boundary(cut.saturating_sub(1)),
        text.split_at(cut).1,
    );
    let mark = rest.find(ENDS).map(|at| cut + at);
    let stop = text
        .split_at(from)
        .1
        .find(". ")
        .map(|at| (from + at).max(cut));
    let end = [mark, stop]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(text.len());
    text.split_at(end).0
}

const ENDS: [char; 9] = ['\n', ';', '!', '?', '…', '。', '！', '？', '；'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graveyard_knows_what_each_of_its_tombstones_knows() {
        let things = [
            "left knee hurts",
            "vegan",
            "runs 5 km on Sundays",
            "runs 6 km on Sundays",
            "",
            "讨厌波比跳",
        ];
        let lead = ["", "User ", "I am ", "not "];
        let texts: Vec<String> = things
            .iter()
            .flat_map(|thing| lead.iter().map(move |lead| format!("{lead}{thing}")))
            .collect();
        let memory = |n: usize, text: &str| {
            let memory = serde_json::json!({
                "memoryId": format!("m{n}"), "content": text, "type": "context",
                "importance": "low", "coachId": null,
                "tags": [], "source": "conversation", "sourceMessageId": null,
                "conversationId": null,
                "createdAt": Timestamp(n as u64 * 7 % 10), "lastUsedAt": null, "timesUsed": 0,
                "supersededBy": null,
            });
            serde_json::from_value::<Memory>(memory).unwrap()
        };
        let memories: Vec<Memory> = texts
            .iter()
            .enumerate()
            .map(|(n, text)| memory(n, text))
            .collect();
        let buried = memories.iter().enumerate().map(|(n, memory)| {
            let other = Memory {
                id: format!("gone{n}").parse().unwrap(),
                ..memory.clone()
            };
            Tombstone::of(
                if n % 5 == 0 { memory } else { &other },
                Timestamp(n as u64 % 10),
            )
        });
        let tombstones: Vec<Tombstone> = buried.collect();
        let mut covered = 0;
        for some in [&tombstones[..], &tombstones[..3], &tombstones[9..10], &[]] {
            let graveyard = Graveyard::of(some);
            for memory in &memories {
                let expected = some.iter().any(|tombstone| tombstone.covers(memory));
                assert_eq!(graveyard.covers(memory), expected, "{}", memory.content);
                covered += usize::from(expected);
            }
        }
        assert!(covered > 10, "{covered}");
    }

    #[test]
    fn a_beginning_ends_with_a_sentence() {
        for (text, characters, expected) in [
            ("One. Two! Three", 2, "One"),
            ("One. Two! Three", 4, "One."),
            ("One. Two! Three", 5, "One. Two"),
            ("One. Two! Three", 9, "One. Two! Three"),
            ("5.5 km", 2, "5.5 km"),
            ("é。é", 1, "é"),
            ("", 0, ""),
            ("One", 9, "One"),
        ] {
            assert_eq!(
                beginning(text, characters),
                expected,
                "{text} / {characters}"
            );
        }
    }
}
