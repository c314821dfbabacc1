//! What a request to forget says, without the words that only ask.

use std::collections::BTreeSet;

use super::phrases::{ABOUT_ME, ALL, AND, KEEPING, LIGHT, NEGATIONS, POINTERS, SORTS, VERBS};
use crate::memory::fact::{Fact, Marks, Token, stems_of, tokens};
use crate::memory::lexicon::{Sense, sense};
use crate::memory::stem::{folded, stem};
use crate::router::Command;

/// A request to forget, taken apart.
#[derive(Debug)]
pub(super) struct Request {
    /// It means what was saved last.
    pub(super) points: bool,
    /// It means all that is known of the athlete.
    pub(super) is_everything: bool,
    /// It means every memory that fits.
    pub(super) means_all: bool,
    pub(super) whole: Part,
    /// What is coordinated; one if nothing is.
    pub(super) parts: Vec<Part>,
}

/// One thing that is to be forgotten.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    /// What must be in the memory.
    pub(super) words: BTreeSet<String>,
    /// Those of them that only name a sort of thing.
    pub(super) sorts: BTreeSet<String>,
    /// What need not be in it.
    pub(super) light: BTreeSet<String>,
    pub(super) marks: Marks,
}

impl Part {
    pub(super) fn of(text: &str) -> Self {
        let fact = Fact::of(text);
        let mut part = Self {
            marks: fact.marks.clone(),
            ..Self::default()
        };
        for token in tokens(text) {
            for word in stems_of(&token.folded) {
                if !fact.stems().contains(&word) {
                    continue;
                }
                if is_light(&token.folded) {
                    part.light.insert(word);
                    continue;
                }
                if is_one_of(SORTS, &token.folded) {
                    part.sorts.insert(word.clone());
                }
                part.words.insert(word);
            }
        }
        part
    }

    fn is_empty(&self) -> bool {
        self.words.is_empty() && self.marks.is_empty()
    }
}

impl Request {
    pub(super) fn of(request: &str) -> Self {
        let rest = match Command::parse(request) {
            Some((Command::Forget, rest)) => rest,
            Some((Command::LogWorkout | Command::SaveMemory | Command::Help, _)) | None => request,
        };
        let text = Clause::of(rest);
        let words: Vec<Token> = tokens(&text.behind);
        let whole = Part::of(&text.behind);
        let is = |list: &[&str], token: &Token| list.contains(&&*token.folded);
        let means_all = words
            .iter()
            .take(2)
            .chain(words.last())
            .any(|token| is(&ALL, token));
        let is_bare = whole.is_empty();
        let before = Part::of(&text.before);
        // "I hate that plan. Forget it": what was said before it says what "it" is.
        let (whole, behind) = if is_bare && !means_all && !before.is_empty() {
            (before, text.before)
        } else {
            (whole, text.behind)
        };
        let about_me = words.is_empty() || words.iter().any(|token| is(&ABOUT_ME, token));
        let is_everything = is_bare && means_all && (about_me || words.len() < 3);
        let points = whole.is_empty()
            && !is_everything
            && (words.is_empty() || words.iter().any(|token| is(&POINTERS, token)));
        Self {
            points,
            is_everything,
            means_all,
            whole,
            parts: parts(&behind),
        }
    }
}

/// What stands around the verb that asks.
struct Clause {
    before: String,
    behind: String,
}

impl Clause {
    /// Of the first sentence that has such a verb; all of it if none has.
    fn of(text: &str) -> Self {
        let mut before = String::new();
        for sentence in sentences(text) {
            let sentence = Sentence::of(&sentence);
            let Some(at) = (0..sentence.words.len()).find(|at| sentence.asks(*at)) else {
                before.push_str(&sentence.words.join(" "));
                before.push('\n');
                continue;
            };
            let (ahead, rest) = sentence.words.split_at(at);
            let (ahead, rest) = (ahead.join(" "), rest.get(1..).unwrap_or_default().join(" "));
            // "Kannst du mein Knie vergessen": what is meant stands before the verb.
            let is_turned = tokens(&rest).is_empty() && !Part::of(&ahead).is_empty();
            return if is_turned {
                Self {
                    before,
                    behind: ahead,
                }
            } else {
                before.push_str(&ahead);
                Self {
                    before,
                    behind: rest,
                }
            };
        }
        Self {
            before: String::new(),
            behind: text.to_owned(),
        }
    }
}

/// Returns the sentences of a text, with "n'oublie" in two words.
fn sentences(text: &str) -> Vec<String> {
    let lines = text.split(['\n', '!', '?', ';', '…']);
    let sentences = lines.flat_map(|line| line.split(". "));
    let apart = |sentence: &str| {
        let words = sentence.split_whitespace().map(|word| {
            let elided = ["n'", "N'", "n’", "N’"].iter();
            match elided.filter_map(|short| word.strip_prefix(short)).next() {
                Some(rest) => format!("ne {rest}"),
                None => word.to_owned(),
            }
        });
        words.collect::<Vec<_>>().join(" ")
    };
    sentences
        .map(apart)
        .filter(|sentence| !sentence.is_empty())
        .collect()
}

/// The words of a sentence, as they stand and folded.
struct Sentence<'a> {
    words: Vec<&'a str>,
    folded: Vec<String>,
}

impl<'a> Sentence<'a> {
    fn of(text: &'a str) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        let bare = |word: &&str| {
            folded(word.trim_matches(|c: char| !c.is_alphanumeric())).replace('’', "'")
        };
        Self {
            folded: words.iter().map(bare).collect(),
            words,
        }
    }

    fn is(&self, at: usize, list: &[&str]) -> bool {
        self.folded
            .get(at)
            .is_some_and(|word| list.contains(&word.as_str()))
    }

    /// Returns whether the word at this place asks for something to be forgotten: "forget", but not
    /// "don't forget"; "don't remember", but not "remember".
    fn asks(&self, at: usize) -> bool {
        let is_denied = self.is_denied(at);
        (self.is(at, &VERBS) && !is_denied) || (self.is(at, &KEEPING) && is_denied)
    }

    /// Returns whether a "not" belongs to the word at this place: one of the five words before it,
    /// unless a comma parts them, or one right behind it.
    fn is_denied(&self, at: usize) -> bool {
        let is_not = |at: &usize| {
            self.is(*at, &NEGATIONS)
                || self
                    .folded
                    .get(*at)
                    .is_some_and(|word| word.ends_with("n't"))
        };
        let is_parted = |at: &usize| self.words.get(*at).is_some_and(|word| word.ends_with(','));
        let before = (at.saturating_sub(5)..at)
            .rev()
            .take_while(|at| !is_parted(at));
        // "Vergiss nicht", "vergiss das nicht".
        let is_german = self
            .folded
            .get(at)
            .is_some_and(|word| word.starts_with("verg"));
        let reach = if is_german { 3 } else { 0 };
        before.into_iter().any(|at| is_not(&at))
            || (at + 1..=at + reach).any(|at| self.is(at, &["nicht", "nie"]))
    }
}

/// Returns whether every verb of forgetting in it is denied, and there is one.
pub(super) fn keeps(text: &str) -> bool {
    let mut is_denied = false;
    for sentence in sentences(text) {
        let sentence = Sentence::of(&sentence);
        for at in (0..sentence.words.len()).filter(|at| sentence.is(*at, &VERBS)) {
            if !sentence.is_denied(at) {
                return false;
            }
            is_denied = true;
        }
    }
    is_denied
}

/// Takes apart what is coordinated. A part of sides, numbers and the like alone is of what the next
/// one names: "my left and my right knee".
fn parts(text: &str) -> Vec<Part> {
    let mut texts: Vec<String> = Vec::new();
    for piece in text.split([',', ';', '&', '\n']) {
        let mut current: Vec<&str> = Vec::new();
        for word in piece.split_whitespace() {
            if AND.contains(&&*folded(word)) {
                texts.push(current.join(" "));
                current.clear();
            } else {
                current.push(word);
            }
        }
        texts.push(current.join(" "));
    }
    let mut parts: Vec<Part> = texts.iter().map(|text| Part::of(text)).collect();
    parts.retain(|part| !part.is_empty());
    let mut words: BTreeSet<String> = BTreeSet::new();
    for part in parts.iter_mut().rev() {
        if part.words.is_empty() {
            part.words.clone_from(&words);
        }
        words.clone_from(&part.words);
    }
    parts
}

fn is_light(word: &str) -> bool {
    ALL.contains(&word) || is_one_of(LIGHT, word) || sense(word) == Some(Sense::Function)
}

fn is_one_of(list: &str, word: &str) -> bool {
    let stemmed = stem(word);
    let mut known = list.split(' ');
    known.any(|known| known == word || (word.len() > 4 && stem(known) == stemmed))
}
