//! Which memories a request to forget is about.
//!
//! What cannot be undone is done only where the words leave no doubt: all that could be meant is in
//! the memory, and nothing sets it apart. Anything else is asked, or left as it is.

mod choice;
mod clause;
mod keep;
mod part;
mod phrases;
mod request;

use std::collections::BTreeSet;

use super::Memory;
use super::fact::{Fact, Number, tokens};
use crate::MemoryId;

use super::stem::stem;
pub use choice::{Chosen, choose};
pub(crate) use keep::kept;
use part::{Part, Term};
use phrases::{OF_SEVERAL, TAKES, concepts};
use request::Request;

/// A request that is longer names nothing, in characters.
const LONGEST: usize = 1_000;
/// How many are named of several that may be meant.
const NAMED: usize = 5;

/// What a request to forget comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meant {
    /// These are meant without a doubt.
    pub forget: Vec<MemoryId>,
    /// Of these the athlete is to choose.
    pub choices: Vec<MemoryId>,
    /// Some of it is in none of the memories.
    pub is_unknown: bool,
    /// Where nothing is meant: what is nearest.
    pub nearest: Vec<MemoryId>,
    /// All that is known of the athlete is meant, which is no matter of memories.
    pub is_everything: bool,
}

/// Returns whether it asks that something is not to be forgotten: then it is to be remembered.
pub fn asks_to_keep(text: &str) -> bool {
    clause::keeps(text)
}

/// Returns what a request to forget is about.
///
/// "That", "it" and nothing at all mean the memory saved last. Otherwise the words around it are
/// cut, and what is coordinated is judged each alone. One memory that has every word, and that
/// nothing sets apart, is meant. Of several the athlete chooses, unless the request says that it
/// means all of them. If a word is in no memory, or if the request takes something back or only
/// tells of what was forgotten, none is meant without asking. What is longer than 1,000 characters
/// names nothing.
pub fn meant(request: &str, memories: &[Memory], last: Option<&MemoryId>) -> Meant {
    if request.chars().nth(LONGEST).is_some() {
        return Meant {
            is_unknown: true,
            ..Meant::default()
        };
    }
    let request = Request::of(request);
    if request.is_everything {
        return Meant {
            is_everything: true,
            ..Meant::default()
        };
    }
    let known: Vec<Known<'_>> = memories.iter().map(Known::of).collect();
    if request.points && !request.is_doubtful {
        let is_there = |id: &&MemoryId| memories.iter().any(|memory| memory.id == **id);
        let forget: Vec<MemoryId> = last.filter(is_there).cloned().into_iter().collect();
        return Meant {
            is_unknown: forget.is_empty(),
            forget,
            ..Meant::default()
        };
    }
    let mut meant = Meant::default();
    let mut is_doubtful = request.is_doubtful;
    let whole = judged(&request.whole, &known);
    if !whole.fits.is_empty() || request.parts.is_empty() {
        meant.take(whole, &request.whole);
    } else {
        for part in &request.parts {
            meant.take(judged(part, &known), part);
        }
        is_doubtful |= request.is_either;
    }
    if is_doubtful {
        let doubtful = std::mem::take(&mut meant.forget);
        meant.choices.splice(0..0, doubtful);
    }
    for part in &request.kept {
        let kept = judged(part, &known);
        let is_kept = |id: &MemoryId| kept.fits.contains(id) || kept.doubtful.contains(id);
        meant.forget.retain(|id| !is_kept(id));
        meant.choices.retain(|id| !is_kept(id));
    }
    meant.tidied()
}

impl Meant {
    fn take(&mut self, judged: Judged, part: &Part) {
        match judged.fits.as_slice() {
            [] => {
                self.is_unknown = true;
                self.choices.extend(judged.doubtful);
                self.nearest.extend(judged.nearest);
            }
            [_] if judged.doubtful.is_empty() => self.forget.extend(judged.fits),
            [_] => {
                self.choices.extend(judged.fits);
                self.choices.extend(judged.doubtful);
            }
            _ if part.means_all || judged.are_all => self.forget.extend(judged.fits),
            _ => self.choices.extend(judged.fits),
        }
    }

    fn tidied(mut self) -> Self {
        let mut seen: BTreeSet<MemoryId> = BTreeSet::new();
        for list in [&mut self.forget, &mut self.choices, &mut self.nearest] {
            list.retain(|id| seen.insert(id.clone()));
        }
        self.choices.truncate(NAMED);
        self.nearest.truncate(NAMED);
        if !self.forget.is_empty() || !self.choices.is_empty() {
            self.nearest.clear();
        }
        self
    }
}

/// A memory, taken apart.
struct Known<'a> {
    memory: &'a Memory,
    fact: Fact,
    /// What its words mean that may be said in others, too.
    concepts: BTreeSet<&'static str>,
    /// The words that no other words stand for.
    said: BTreeSet<String>,
    /// As they are written, folded.
    words: BTreeSet<String>,
    /// What it says first, if it says several things.
    first: Option<Fact>,
    /// What it says then belongs to that.
    takes: bool,
}

impl<'a> Known<'a> {
    fn of(memory: &'a Memory) -> Self {
        let words = tokens(&memory.content);
        let first = memory.content.split_once([',', ';']);
        let fact = Fact::of(&memory.content);
        let mut said = fact.stems().clone();
        for token in words
            .iter()
            .filter(|token| !concepts(&token.folded).is_empty())
        {
            said.remove(&stem(&token.folded));
        }
        Self {
            memory,
            said,
            fact,
            concepts: words
                .iter()
                .flat_map(|token| concepts(&token.folded).iter().copied())
                .collect(),
            first: first.map(|(first, _)| Fact::of(first)),
            words: words.iter().map(|token| token.folded.clone()).collect(),
            takes: words.iter().any(|token| TAKES.contains(&&*token.folded)),
        }
    }

    /// Returns whether it has this very word; of a name every letter counts.
    fn has_word(&self, term: &Term) -> bool {
        let is_other_name = |name: &String| {
            let is_owner = term
                .written
                .strip_suffix('s')
                .is_some_and(|owner| owner == name);
            stem(name) == term.stem && *name != term.written && !is_owner
        };
        self.fact.stems().contains(&term.stem) && !self.fact.marks.names.iter().any(is_other_name)
    }

    fn has(&self, term: &Term) -> bool {
        let means = |concept: &str| self.concepts.contains(concept);
        self.has_word(term) || term.concept.is_some_and(means)
    }

    /// Returns whether it holds more than what is named, so that not all of it may be meant: a day
    /// or a side more, half of it, something else that it says first, or the contrary.
    fn holds_more(&self, part: &Part) -> bool {
        let (own, named) = (&self.fact.marks, &part.marks);
        let is_more = |named: &BTreeSet<&str>, own: &BTreeSet<&str>| {
            !named.is_empty() && own.len() > named.len()
        };
        let begins_otherwise = self.first.as_ref().is_some_and(|first| {
            let is_first = |term: &Term| first.stems().contains(&term.stem);
            !part.words.is_empty() && self.takes && !part.words.iter().any(is_first)
        });
        let names = &self.fact.marks.names;
        let is_by_name = part.words.iter().any(|term| names.contains(&term.written));
        let is_of_several = |stem: &&&str| {
            let is_named = |term: &Term| term.written == **stem;
            self.words.contains(**stem) && !part.words.iter().any(is_named) && !is_by_name
        };
        let is_asserted = part.is_statement || part.words.iter().any(|term| term.is_sort);
        let is_half = |number: &Number| number.value == "1/2";
        let is_half_of = own.numbers.iter().any(is_half) && !named.numbers.iter().any(is_half);
        is_more(&named.days, &own.days)
            || (is_half_of && !part.words.is_empty() && !named.is_empty())
            || is_more(&named.sides, &own.sides)
            || begins_otherwise
            || OF_SEVERAL.iter().any(|word| is_of_several(&word))
            || (is_asserted && own.denies && !named.denies && !named.dislikes)
    }

    /// Returns whether a name that is asked for may be short for one in it.
    fn may_be_meant_in_short(&self, part: &Part) -> bool {
        let names = &self.fact.marks.names;
        let is_short = |term: &Term, name: &String| {
            term.written.len() > 2 && name.starts_with(&term.written) && *name != term.written
        };
        let has_longer = |term: &Term| names.iter().any(|name| is_short(term, name));
        let fits = |term: &Term| {
            self.has(term) || names.iter().any(|name| name.starts_with(&term.written))
        };
        !names.is_empty()
            && part.words.iter().any(has_longer)
            && part.words.iter().all(fits)
            && part.marks.is_within(&self.fact.marks)
    }

    fn is_of_the_sort_of(&self, other: &Self) -> bool {
        self.said.intersection(&other.said).next().is_some()
    }

    fn id(&self) -> MemoryId {
        self.memory.id.clone()
    }
}

/// What one part of a request may mean.
#[derive(Debug, Default)]
struct Judged {
    fits: Vec<MemoryId>,
    /// They would fit, if a word that no memory has were not there.
    doubtful: Vec<MemoryId>,
    nearest: Vec<MemoryId>,
    /// Several are named, and each has the very words.
    are_all: bool,
}

fn judged(part: &Part, known: &[Known<'_>]) -> Judged {
    let is_known = |term: &&Term| known.iter().any(|memory| memory.has(term));
    let (words, unknown): (Vec<&Term>, Vec<&Term>) = part.words.iter().partition(is_known);
    let is_doubtful = unknown.iter().any(|term| !term.is_sort);
    let means_something = !words.is_empty() || !part.marks.is_empty();
    let mut fitting: Vec<&Known<'_>> = Vec::new();
    for memory in known.iter().filter(|_| means_something) {
        let has_all = words.iter().all(|term| memory.has(term));
        if has_all && part.marks.is_within(&memory.fact.marks) {
            fitting.push(memory);
        }
    }
    prefer(&mut fitting, |memory| memory.memory.superseded_by.is_none());
    prefer(&mut fitting, |memory| {
        words.iter().all(|term| memory.has_word(term))
    });
    let are_all = part.is_plural
        && words
            .iter()
            .all(|term| fitting.iter().all(|memory| memory.has_word(term)));
    if !part.means_all && !are_all {
        narrow(part, &mut fitting);
    }
    let in_short = known
        .iter()
        .filter(|other| other.may_be_meant_in_short(part));
    let in_short: Vec<&Known<'_>> = in_short.collect();
    let is_in_doubt = |memory: &&Known<'_>| {
        let is_short = in_short.iter().any(|other| memory.is_of_the_sort_of(other));
        is_doubtful || is_short || memory.holds_more(part)
    };
    let (doubtful, fits): (Vec<&Known<'_>>, Vec<&Known<'_>>) =
        fitting.into_iter().partition(is_in_doubt);
    let ids = |known: Vec<&Known<'_>>| known.into_iter().map(Known::id).collect();
    Judged {
        fits: ids(fits),
        doubtful: ids(doubtful),
        nearest: nearest(part, known),
        are_all,
    }
}

/// Keeps those of which this is true, if there are any.
fn prefer<'a>(fitting: &mut Vec<&'a Known<'a>>, is_better: impl Fn(&Known<'_>) -> bool) {
    if fitting.iter().any(|memory| is_better(memory)) {
        fitting.retain(|memory| is_better(memory));
    }
}

/// Of several that fit, keeps those that say nothing else; or those that have the words, too, that
/// need not be there. What says the same as another goes with it.
fn narrow<'a>(part: &Part, fitting: &mut Vec<&'a Known<'a>>) {
    let says_no_more = |memory: &Known<'_>| {
        let mut words = memory.fact.stems().iter();
        let mut marks = memory.fact.marks.clone();
        // How much it was is what is said of it.
        marks.numbers.retain(|number| number.value == "1/2");
        let named = |word: &String| {
            let mut terms = part.words.iter().chain(&part.light);
            terms.any(|term| term.stem == *word)
        };
        words.all(named) && marks.is_within(&part.marks)
    };
    prefer(fitting, says_no_more);
    let light = |memory: &Known<'_>| part.light.iter().filter(|term| memory.has(term)).count();
    let most = fitting
        .iter()
        .map(|memory| light(memory))
        .max()
        .unwrap_or(0);
    fitting.retain(|memory| light(memory) == most);
    let mut seen: BTreeSet<String> = BTreeSet::new();
    fitting.retain(|memory| seen.insert(memory.fact.whole()));
}

/// Returns those that share most with what was asked.
fn nearest(part: &Part, known: &[Known<'_>]) -> Vec<MemoryId> {
    let mut near: Vec<(usize, &Known<'_>)> = Vec::new();
    for memory in known {
        let words = part.words.iter().filter(|term| memory.has(term)).count();
        if words > 0 && memory.memory.superseded_by.is_none() {
            near.push((words, memory));
        }
    }
    let most = near.iter().map(|(words, _)| *words).max().unwrap_or(0);
    near.retain(|(words, _)| *words == most);
    near.iter().map(|(_, memory)| memory.id()).collect()
}

#[cfg(test)]
mod tests;
