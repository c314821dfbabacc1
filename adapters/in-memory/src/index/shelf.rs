//! Entries, and where each term stands among them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::memory::RecalledKind;
use ports::IndexEntry;

use super::terms::{Counted, Read, Term};

/// What belongs to one owner. A copy shares all that was not changed since.
#[derive(Debug, Clone, Default)]
pub(super) struct Shelf {
    places: BTreeMap<(RecalledKind, String), usize>,
    entries: Vec<Option<Arc<Entry>>>,
    /// Places that are empty.
    free: Vec<usize>,
    pub(super) words: Postings,
    pub(super) parts: Postings,
}

/// Something to find, and the terms that it is found by.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) told: IndexEntry,
    pub(super) read: Read,
}

impl Shelf {
    /// Adds or replaces an entry.
    pub(super) fn put(&mut self, entry: Entry) {
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

    pub(super) fn remove(&mut self, key: &(RecalledKind, String)) {
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
    pub(super) fn entries(&self) -> &[Option<Arc<Entry>>] {
        &self.entries
    }
}

/// Which entries have a term, by their places, and how often.
#[derive(Debug, Clone, Default)]
pub(super) struct Postings(HashMap<Term, Arc<Vec<Posting>>>);

#[derive(Debug, Clone, Copy)]
pub(super) struct Posting {
    pub(super) place: usize,
    pub(super) times: f32,
}

impl Postings {
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
