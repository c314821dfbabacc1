//! What texts are compared by: words, and parts of words.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use domain::memory::words;
use ports::{IndexEntry, Pace};

/// A word or a part of one, as a number: two that differ have the same one time in 2^64.
pub(super) type Term = u64;

/// How many steps it takes to count a term, as [`Pace`] counts them.
const STEPS: usize = 8;

/// How many letters of a word are read for its parts: as many as a sentence has that is written
/// without spaces, and more.
const LONGEST: usize = 512;

/// How often something has each of its terms.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted {
    pub(super) times: BTreeMap<Term, f32>,
    /// How many terms it has, each as often as it is there.
    pub(super) length: f32,
}

impl Counted {
    pub(super) fn add(&mut self, term: Term, times: f32) {
        *self.times.entry(term).or_default() += times;
        self.length += times;
    }
}

/// The terms of a text that is to be found.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) words: Counted,
    pub(super) parts: Counted,
}

impl Read {
    /// Reads a text in one go: for those that hold nobody up.
    pub(super) fn at_once(entry: &IndexEntry) -> Self {
        let mut read = Self::default();
        words(&text_of(entry)).for_each(|word| _ = read.take(&word));
        read
    }

    /// Reads a text, and gives way in between.
    pub(super) async fn in_stretches(entry: &IndexEntry) -> Self {
        let (mut read, mut pace) = (Self::default(), Pace::default());
        for word in words(&text_of(entry)) {
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
pub(super) struct Asked {
    pub(super) words: Vec<(String, f32)>,
}

impl Asked {
    /// Reads no further than the word after the last of so many different ones.
    pub(super) async fn of(text: &str, most: usize, pace: &mut Pace) -> Self {
        let (mut asked, mut places) = (Self::default(), BTreeMap::new());
        pace.did(text.len()).await;
        for word in words(text) {
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
}

/// A word as a term.
pub(super) fn term(word: &str) -> Term {
    numbered(word)
}

/// Each stretch of 3 and 4 letters, the word's beginning and its end counted as letters.
pub(super) fn parts(word: &str) -> Vec<Term> {
    let letters = word.chars().take(LONGEST);
    let marked: Vec<char> = ['^'].into_iter().chain(letters).chain(['$']).collect();
    [3, 4]
        .into_iter()
        .flat_map(|length| marked.windows(length).map(numbered))
        .collect()
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
