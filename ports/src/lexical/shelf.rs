//! Entries, and where each term stands among them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::IndexEntry;
use domain::memory::RecalledKind;

use super::terms::{Counted, Read, Term};

/// What belongs to one owner. A copy shares all that was not changed since.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    places: BTreeMap<(RecalledKind, String), usize>,
    entries: Vec<Option<Arc<Entry>>>,
    /// Places that are empty.
    free: Vec<usize>,
    pub(super) words: Postings,
    pub(super) parts: Postings,
}

/// Something to find, and the terms that it is found by.
#[derive(Debug)]
pub struct Entry {
    /// What it is.
    pub told: IndexEntry,
    /// The terms that it is found by.
    pub read: Read,
}

impl Shelf {
    /// Holds entries of which only so much is known: of each its length in words and in parts of
    /// them, by their places, and of the terms that are asked for where they are. Nothing is put
    /// on it, or removed.
    pub fn known(
        entries: impl IntoIterator<Item = (IndexEntry, [f32; 2])>,
        words: Postings,
        parts: Postings,
    ) -> Self {
        let entry = |(told, [words, parts]): (IndexEntry, [f32; 2])| {
            let read = Read {
                words: Counted::long(words),
                parts: Counted::long(parts),
            };
            Some(Arc::new(Entry { told, read }))
        };
        Self {
            entries: entries.into_iter().map(entry).collect(),
            words,
            parts,
            ..Self::default()
        }
    }

    /// Adds or replaces an entry.
    pub fn put(&mut self, entry: Entry) {
        let key = (entry.told.kind, entry.told.id.clone());
        self.remove(&key);
        let place = self.free.pop().unwrap_or(self.entries.len());
        self.words.add(place, &entry.read.words);
        self.parts.add(place, &entry.read.parts);
        self.places.insert(key, place);
        let entry = Some(Arc::new(entry));
        match self.entries.get_mut(place) {
            Some(empty) => *empty = entry,
            None => self.entries.push(entry),
        }
    }

    /// Removes an entry; one that is not there is no error.
    pub fn remove(&mut self, key: &(RecalledKind, String)) {
        let Some(place) = self.places.remove(key) else {
            return;
        };
        let Some(entry) = self.entries.get_mut(place).and_then(Option::take) else {
            return;
        };
        self.words.remove(place, &entry.read.words);
        self.parts.remove(place, &entry.read.parts);
        self.free.push(place);
    }

    /// Returns the entries by their places.
    pub fn entries(&self) -> &[Option<Arc<Entry>>] {
        &self.entries
    }
}

/// Which entries have a term, by their places, and how often.
#[derive(Debug, Clone, Default)]
pub struct Postings(HashMap<Term, Arc<Vec<Posting>>>);

#[derive(Debug, Clone, Copy)]
pub struct Posting {
    /// The place of the entry on its shelf.
    pub place: usize,
    /// How often it has the term.
    pub times: f32,
}

impl Postings {
    /// Tells where a term is: in the order of the places, and each once.
    pub fn tell(&mut self, term: Term, found: Vec<Posting>) {
        if !found.is_empty() {
            self.0.insert(term, Arc::new(found));
        }
    }

    /// Returns where a term is.
    pub(super) fn of(&self, term: Term) -> &[Posting] {
        self.0.get(&term).map_or(&[], |found| found.as_slice())
    }

    fn add(&mut self, place: usize, counted: &Counted) {
        for (term, times) in &counted.times {
            let found = Arc::make_mut(self.0.entry(*term).or_default());
            let at = found.partition_point(|posting| posting.place < place);
            found.insert(
                at,
                Posting {
                    place,
                    times: *times,
                },
            );
        }
    }

    fn remove(&mut self, place: usize, counted: &Counted) {
        for term in counted.times.keys() {
            let Some(found) = self.0.get_mut(term) else {
                continue;
            };
            let found = Arc::make_mut(found);
            if let Ok(at) = found.binary_search_by_key(&place, |posting| posting.place) {
                found.remove(at);
            }
            if found.is_empty() {
                self.0.remove(term);
            }
        }
    }
}
