//! Which memories a request to forget is about.
//!
//! What cannot be undone is done only where the words leave no doubt: all that could be meant is in
//! the memory, and nothing sets it apart. Anything else is asked, or left as it is.

mod choice;
mod phrases;
mod request;

use std::collections::BTreeSet;

use super::Memory;
use super::fact::Fact;
use crate::MemoryId;

pub use choice::{Chosen, choose};
use request::{Part, Request};

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
    request::keeps(text)
}

/// Returns what a request to forget is about.
///
/// "That", "it" and nothing at all mean the memory saved last. Otherwise the words around it are
/// cut, and what is coordinated is judged each alone. One memory that has every word, and that
/// nothing sets apart, is meant. Of several the athlete chooses, unless the request says that it
/// means all of them. If a word is in no memory, none is meant without asking.
pub fn meant(request: &str, memories: &[Memory], last: Option<&MemoryId>) -> Meant {
    let request = Request::of(request);
    if request.is_everything {
        return Meant {
            is_everything: true,
            ..Meant::default()
        };
    }
    let known: Vec<Known<'_>> = memories.iter().map(Known::of).collect();
    if request.points {
        let is_there = |id: &&MemoryId| memories.iter().any(|memory| memory.id == **id);
        let forget: Vec<MemoryId> = last.filter(is_there).cloned().into_iter().collect();
        return Meant {
            is_unknown: forget.is_empty(),
            forget,
            ..Meant::default()
        };
    }
    let mut meant = Meant::default();
    let whole = judged(&request.whole, &known);
    let is_whole = !whole.fits.is_empty() || request.parts.len() < 2;
    let judgements = if is_whole {
        vec![whole]
    } else {
        request
            .parts
            .iter()
            .map(|part| judged(part, &known))
            .collect()
    };
    for judged in judgements {
        meant.take(judged, request.means_all);
    }
    meant.tidied()
}

impl Meant {
    fn take(&mut self, judged: Judged, means_all: bool) {
        match judged.fits.as_slice() {
            [] => {
                self.is_unknown = true;
                self.choices.extend(judged.doubtful);
                self.nearest.extend(judged.nearest);
            }
            [_] => self.forget.extend(judged.fits),
            _ if means_all => self.forget.extend(judged.fits),
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
}

impl<'a> Known<'a> {
    fn of(memory: &'a Memory) -> Self {
        let fact = Fact::of(&memory.content);
        Self { memory, fact }
    }

    fn has(&self, word: &str) -> bool {
        self.fact.stems().contains(word)
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
}

fn judged(part: &Part, known: &[Known<'_>]) -> Judged {
    let is_known = |word: &str| known.iter().any(|memory| memory.has(word));
    let (words, unknown): (Vec<&String>, Vec<&String>) =
        part.words.iter().partition(|word| is_known(word));
    let is_doubtful = unknown.iter().any(|word| !part.sorts.contains(*word));
    let fits = |memory: &&Known<'_>| {
        let has_all = words.iter().all(|word| memory.has(word));
        has_all && part.marks.is_within(&memory.fact.marks)
    };
    let means_something = !words.is_empty() || !part.marks.is_empty();
    let fitting: Vec<&Known<'_>> = known
        .iter()
        .filter(|_| means_something)
        .filter(fits)
        .collect();
    let holding = |memory: &&&Known<'_>| memory.memory.superseded_by.is_none();
    let still: Vec<&Known<'_>> = fitting.iter().filter(holding).copied().collect();
    let fitting = if still.is_empty() { fitting } else { still };
    let fitting = narrowed(part, fitting);
    let ids: Vec<MemoryId> = fitting.iter().map(|memory| memory.id()).collect();
    if is_doubtful {
        Judged {
            nearest: nearest(part, known),
            doubtful: ids,
            ..Judged::default()
        }
    } else {
        Judged {
            nearest: nearest(part, known),
            fits: ids,
            ..Judged::default()
        }
    }
}

/// Of several that fit, returns those that say nothing else; or those that have the words, too, that
/// need not be there. What says the same as another goes with it.
fn narrowed<'a>(part: &Part, mut fitting: Vec<&'a Known<'a>>) -> Vec<&'a Known<'a>> {
    let says_no_more = |memory: &&&Known<'_>| {
        let mut words = memory.fact.stems().iter();
        words.all(|word| part.words.contains(word) || part.light.contains(word))
            && memory.fact.marks.is_within(&part.marks)
    };
    let whole: Vec<&Known<'_>> = fitting.iter().filter(says_no_more).copied().collect();
    if !whole.is_empty() {
        fitting = whole;
    }
    let light = |memory: &&Known<'_>| {
        let words = part.light.iter();
        words.filter(|word| memory.has(word)).count()
    };
    let most = fitting
        .iter()
        .map(|memory| light(memory))
        .max()
        .unwrap_or(0);
    fitting.retain(|memory| light(memory) == most);
    let mut seen: BTreeSet<String> = BTreeSet::new();
    fitting.retain(|memory| seen.insert(memory.fact.whole()));
    fitting
}

/// Returns those that share most with what was asked.
fn nearest(part: &Part, known: &[Known<'_>]) -> Vec<MemoryId> {
    let mut near: Vec<(usize, &Known<'_>)> = Vec::new();
    for memory in known {
        let words = part.words.iter().filter(|word| memory.has(word)).count();
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
