//! What texts are compared by: words, and parts of words.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use domain::memory::{pairs_of, words};

use crate::{IndexEntry, Pace};

/// A word or a part of one, as a number: two that differ have the same one time in 2^64.
pub type Term = u64;

/// Which reading of texts this is. A store that keeps terms keeps it beside them, and reads a text
/// again that was read otherwise. Whoever changes what a text is taken apart into counts it up.
pub const READING: u32 = 1;

/// How many steps it takes to count a term, as [`Pace`] counts them.
const STEPS: usize = 8;

/// How many letters of a word are read for its parts: as many as a sentence has that is written
/// without spaces, and more.
const LONGEST: usize = 512;

/// How many different words of a question are looked at.
const MOST_READ: usize = 1_024;

/// How often something has each of its terms.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted {
    pub(super) times: BTreeMap<Term, f32>,
    /// How many terms it has, each as often as it is there.
    pub(super) length: f32,
}

impl Counted {
    /// Stands for so many terms, whichever they are.
    pub(super) fn long(length: f32) -> Self {
        let times = BTreeMap::new();
        Self { times, length }
    }

    pub(super) fn add(&mut self, term: Term, times: f32) {
        *self.times.entry(term).or_default() += times;
        self.length += times;
    }
}

/// The terms of a text that is to be found.
#[derive(Debug, Default)]
pub struct Read {
    pub(super) words: Counted,
    pub(super) parts: Counted,
}

impl Read {
    /// Reads a text in one go: for those that hold nobody up.
    pub fn at_once(entry: &IndexEntry) -> Self {
        let mut read = Self::default();
        spoken(&text_of(entry)).for_each(|word| _ = read.take(&word));
        read
    }

    /// Reads a text, and gives way in between.
    pub async fn in_stretches(entry: &IndexEntry) -> Self {
        let (mut read, mut pace) = (Self::default(), Pace::default());
        for word in spoken(&text_of(entry)) {
            pace.did(read.take(&word)).await;
        }
        read
    }

    /// Adds a word and its parts; how many steps that took.
    fn take(&mut self, word: &str) -> usize {
        self.words.add(term(word), 1.0);
        let parts = parts(word);
        let steps = (parts.len() + 1) * STEPS;
        parts.into_iter().for_each(|part| self.parts.add(part, 1.0));
        steps
    }
}

/// The distinct words of a question in their order, and how often it has each.
#[derive(Debug, Default)]
pub struct Asked {
    pub(super) words: Vec<(String, f32)>,
}

impl Asked {
    /// Reads a question, and gives way in between.
    pub async fn of(text: &str) -> Self {
        Self::up_to(MOST_READ, text, &mut Pace::default()).await
    }

    /// Reads no further than the word after the last of so many different ones.
    async fn up_to(most: usize, text: &str, pace: &mut Pace) -> Self {
        let (mut asked, mut places) = (Self::default(), BTreeMap::new());
        pace.did(text.len()).await;
        for word in spoken(text) {
            pace.did(word.len() + STEPS).await;
            let place = *places.entry(term(&word)).or_insert(asked.words.len());
            if let Some((_, times)) = asked.words.get_mut(place) {
                *times += 1.0;
            } else if asked.words.len() < most {
                asked.words.push((word, 1.0));
            } else {
                break;
            }
        }
        asked
    }

    /// Returns its words: each as a term, and as it is written.
    pub fn words(&self) -> impl Iterator<Item = (Term, &str)> {
        self.words
            .iter()
            .map(|(word, _)| (term(word), word.as_str()))
    }

    /// Returns the parts of its words: each as a term, and as it is written.
    pub fn parts(&self) -> BTreeMap<Term, String> {
        let mut parts = BTreeMap::new();
        for (word, _) in &self.words {
            for_each_part(word, |part| {
                _ = parts.insert(numbered(part), part.iter().collect())
            });
        }
        parts
    }
}

/// The terms of a text that is to be found as they are written, and how often it has each: for
/// stores in which they are to be found by them.
#[derive(Debug, Default)]
pub struct Spelled {
    /// The words.
    pub words: BTreeMap<String, u32>,
    /// The parts of the words.
    pub parts: BTreeMap<String, u32>,
}

impl Spelled {
    /// Reads a text, and gives way in between.
    pub async fn of(entry: &IndexEntry) -> Self {
        let (mut spelled, mut pace) = (Self::default(), Pace::default());
        for word in spoken(&text_of(entry)) {
            let mut steps = STEPS;
            for_each_part(&word, |part| {
                *spelled.parts.entry(part.iter().collect()).or_default() += 1;
                steps += STEPS;
            });
            *spelled.words.entry(word).or_default() += 1;
            pace.did(steps).await;
        }
        spelled
    }
}

/// Returns the words of a text as they are compared: where a script has no spaces, pairs of
/// letters.
fn spoken(text: &str) -> impl Iterator<Item = String> {
    words(text).flat_map(|word| {
        let pairs = pairs_of(&word);
        if pairs.is_empty() { vec![word] } else { pairs }
    })
}

/// A word as a term.
pub(super) fn term(word: &str) -> Term {
    numbered(word)
}

/// Returns the parts of a word.
pub(super) fn parts(word: &str) -> Vec<Term> {
    let mut parts = Vec::new();
    for_each_part(word, |part| parts.push(numbered(part)));
    parts
}

/// Tells each stretch of 3 and 4 letters, the word's beginning and its end counted as letters.
fn for_each_part(word: &str, mut tell: impl FnMut(&[char])) {
    let letters = word.chars().take(LONGEST);
    let marked: Vec<char> = ['^'].into_iter().chain(letters).chain(['$']).collect();
    for length in [3, 4] {
        marked.windows(length).for_each(&mut tell);
    }
}

/// Returns what an entry is found by.
fn text_of(entry: &IndexEntry) -> String {
    format!("{} {}", entry.text, entry.tags.join(" "))
}

fn numbered<T: Hash + ?Sized>(term: &T) -> Term {
    let mut hasher = DefaultHasher::new();
    term.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use domain::memory::RecalledKind;
    use futures::FutureExt;

    use super::*;

    #[test]
    fn a_text_is_taken_apart_as_ever_or_it_is_another_reading() {
        let entry = IndexEntry {
            kind: RecalledKind::Memory,
            id: "m".to_owned(),
            coach: None,
            text: "The left knee, the LEFT one: 我的膝盖".to_owned(),
            created: Timestamp(1),
            tags: vec!["É5".to_owned()],
        };
        let spelled = Spelled::of(&entry).now_or_never().unwrap();
        let told = |terms: &BTreeMap<String, u32>| {
            let one = |(term, times): (&String, &u32)| format!("{term}{times}");
            terms.iter().map(one).collect::<Vec<_>>().join(" ")
        };
        let (words, parts) = (told(&spelled.words), told(&spelled.parts));
        let expected = "knee1 left2 one1 é51 我的1 的膝1 膝盖1";
        assert_eq!((READING, words.as_str()), (1, expected));
        let expected = "^kn1 ^kne1 ^le2 ^lef2 ^on1 ^one1 ^é51 ^é5$1 ^我的1 ^我的$1 ^的膝1 ^的膝$1 ^膝盖1 \
            ^膝盖$1 ee$1 eft2 eft$2 ft$2 kne1 knee1 lef2 left2 ne$1 nee1 nee$1 \
            one1 one$1 é5$1 我的$1 的膝$1 膝盖$1";
        assert_eq!((READING, parts.as_str()), (1, expected));
    }
}
