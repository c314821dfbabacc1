//! One thing that is to be forgotten, as what must be in a memory of it.

use super::phrases::{ALL, LIGHT, OVER, SORTS, TWO, concepts};
use crate::memory::fact::{Fact, Marks, Token, stems_of, tokens};

/// One thing that is to be forgotten.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    /// What must be in the memory.
    pub(super) words: Vec<Term>,
    /// What need not be in it.
    pub(super) light: Vec<Term>,
    pub(super) marks: Marks,
    /// It says that something is so: "that I like burpees", "my allergy to nuts".
    pub(super) is_statement: bool,
    /// It means every memory that fits.
    pub(super) means_all: bool,
    /// It names several of a thing, which means every one that has its words.
    pub(super) is_plural: bool,
}

/// A word of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// As it is written, folded.
    pub(super) written: String,
    /// Without its ending.
    pub(super) stem: String,
    /// What it means, if other words mean it, too.
    pub(super) concept: Option<&'static str>,
    /// It only names a sort of thing.
    pub(super) is_sort: bool,
}

impl Part {
    pub(super) fn of(text: &str) -> Self {
        let words = tokens(text);
        let fact = Fact::of(text);
        let mut part = Self {
            marks: fact.marks.clone(),
            means_all: means_all(&words),
            ..Self::default()
        };
        let begins = |token: &&Token| !POLITE.contains(&&*token.folded);
        let first = words.iter().find(begins);
        part.is_statement = first.is_some_and(|token| STATES.contains(&&*token.folded));
        if part.means_all {
            part.marks
                .numbers
                .retain(|number| number.value != "2" || number.unit.is_some());
        }
        for (place, token) in words.iter().enumerate() {
            for stem in stems_of(token)
                .into_iter()
                .filter(|stem| fact.stems().contains(stem))
            {
                part.take(token, stem);
            }
            // "My day shifts" are not those of the night.
            let is_of_next = words
                .get(place + 1)
                .is_some_and(|next| !is_light(&next.folded));
            if let Some(term) = part.words.last_mut().filter(|_| is_of_next) {
                term.is_sort &= term.written != "day";
            }
        }
        if part.words.is_empty() {
            let means = |term: &mut Term| term.concept.is_some();
            part.words.extend(part.light.extract_if(.., means));
        }
        let names_one = |token: &Token| THINGS.contains(&&*token.folded);
        let is_own = |token: &Token| OWN.contains(&&*token.folded);
        part.is_plural &= words.iter().any(is_own) && !words.iter().any(names_one);
        part
    }

    fn take(&mut self, token: &Token, stem: String) {
        let term = Term {
            concept: concepts(&token.folded).first().copied(),
            is_sort: SORTS.has(&token.folded),
            written: token.folded.clone(),
            stem,
        };
        if is_light(&token.folded) {
            self.light.push(term);
        } else {
            self.is_plural = is_plural(&token.folded);
            self.words.push(term);
        }
    }

    /// Of a text that tells why something is to be forgotten: "my elbow is fine now".
    pub(super) fn of_reason(text: &str) -> Self {
        let mut part = Self::of(text);
        let is_over = |term: &mut Term| OVER.has_exactly(&term.written);
        part.light.extend(part.words.extract_if(.., is_over));
        part.marks.denies = false;
        part.is_statement = false;
        part
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty() && self.marks.is_empty()
    }
}

/// Returns whether every one that fits is meant: "both", "all of them", "everything about".
fn means_all(words: &[Token]) -> bool {
    let is = |list: &[&str], token: &Token| list.contains(&&*token.folded);
    let both = |token: &Token| is(&BOTH, token);
    let mut pairs = words.windows(2);
    let two = |pair: &[Token]| matches!(pair, [of, two] if is(&TWO, two) && is(&OF_TWO, of));
    let all_of = |pair: &[Token]| matches!(pair, [all, of] if is(&ALL, all) && of.folded == "of");
    words.iter().any(both)
        || pairs.any(|pair| two(pair) || all_of(pair))
        || words.iter().take(2).any(|token| is(&ALL, token))
        || words.last().is_some_and(|token| is(&ALL, token))
}

/// Returns whether the word names several of a thing.
fn is_plural(folded: &str) -> bool {
    let is_one = folded.ends_with("ss") || folded.ends_with("us") || folded.ends_with("is");
    folded.len() > 2 && folded.ends_with('s') && !is_one
}

fn is_light(word: &str) -> bool {
    ALL.contains(&word) || LIGHT.has(word)
}

const BOTH: [&str; 6] = ["both", "beide", "beiden", "ambos", "ambas", "ambdos"];

/// Before a "two" that means all of them.
#[rustfmt::skip]
const OF_TWO: [&str; 16] = [
    "the", "my", "las", "los", "mis", "mes", "les", "os", "as", "meus", "minhas", "die", "meine",
    "those", "these", "tous",
];

/// What begins a statement.
#[rustfmt::skip]
pub(super) const STATES: [&str; 12] = [
    "that", "dass", "que", "i", "ich", "yo", "je", "eu", "dasss", "daß", "im", "ive",
];

#[rustfmt::skip]
const POLITE: [&str; 10] = [
    "please", "pls", "ok", "coach", "bitte", "mal", "wieder", "por", "favor", "stp",
];

/// Before several of a thing that are all meant.
#[rustfmt::skip]
pub(super) const OWN: [&str; 19] = [
    "my", "the", "both", "mis", "las", "los", "mes", "les", "meus", "minhas", "os", "as", "meine",
    "die",
    "meiner", "meinen", "all", "todas", "todos",
];

#[rustfmt::skip]
const THINGS: [&str; 10] = [
    "thing", "stuff", "bit", "cosa", "sache", "ding", "truc", "chose", "histoire", "coisa",
];
