#[cfg(test)]
mod careless;
mod ranking;
#[cfg(test)]
mod reference;
mod shelf;
mod terms;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::memory::RecalledKind;
use domain::{Recalled, UserScope};
use ports::{Bill, IndexEntry, MemoryIndex, Pace, Result, Search};

use ranking::Stand;
use shelf::{Entry, Shelf};
use terms::{Asked, Read, Term};

/// An index that compares words and parts of words, and knows nothing of what they mean.
///
/// It is lexical: "my knee" finds "knee pain", "squatting" finds "squats", and "joint trouble"
/// finds neither. A score is BM25 of words and, for a third, of their parts of 3 and 4 letters, as
/// a share of what the searched text itself would get: 1 is as good as the same text.
///
/// Of a long text, the 64 words that tell the most are looked for: those that the fewest entries
/// have. What it costs to search grows with what is found, and a search gives way to others on the
/// way; no lock is held meanwhile. Who adds something waits for its own owner alone: a shelf that
/// is being searched is copied for it.
#[derive(Debug, Default)]
pub struct LexicalIndex(Mutex<Shelves>);

/// A search works on what they were when it began.
#[derive(Debug, Default)]
struct Shelves {
    /// For all.
    shared: Arc<Shelf>,
    own: HashMap<UserScope, Arc<Own>>,
}

/// What belongs to one user.
#[derive(Debug, Default)]
struct Own(Mutex<Arc<Shelf>>);

impl Own {
    fn shelf(&self) -> MutexGuard<'_, Arc<Shelf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Less than this in common is nothing in common.
const THRESHOLD: f32 = 0.1;

/// How much the parts of words count, beside the words.
const PARTS: f32 = 1.0 / 3.0;

/// How many different words of a text are looked at.
const MOST_READ: usize = 1_024;
/// For how many of them it is searched, and in how many places they may be.
const MOST_WORDS: (usize, usize) = (64, 100_000);
/// The same of the parts that they have.
const MOST_PARTS: (usize, usize) = (1_024, 200_000);

impl LexicalIndex {
    /// Adds what every user finds and nobody changes, such as a methodology.
    #[must_use]
    pub fn with_shared(self, entries: impl IntoIterator<Item = IndexEntry>) -> Self {
        let mut shelves = self.shelves();
        let shared = Arc::make_mut(&mut shelves.shared);
        for told in entries {
            shared.put(Entry {
                read: Read::at_once(&told),
                told,
            });
        }
        drop(shelves);
        self
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl MemoryIndex for LexicalIndex {
    async fn search(&self, search: &Search, _: &Bill) -> Result<Vec<Recalled>> {
        let (shared, own) = {
            let shelves = self.shelves();
            (
                shelves.shared.clone(),
                shelves.own.get(&search.owner).cloned(),
            )
        };
        let own = own.map(|own| own.shelf().clone()).unwrap_or_default();
        let mut pace = Pace::default();
        let asked = Asked::of(&search.text, MOST_READ, &mut pace).await;
        // Those that are not visible keep their places, by which terms know entries.
        let mut visible: Vec<Option<&Entry>> = Vec::new();
        for entry in shared.entries().iter().chain(own.entries()) {
            let entry = entry.as_deref();
            visible.push(entry.filter(|entry| is_visible(&entry.told, search)));
        }
        pace.did(visible.len()).await;
        let scores = scores([&shared, &own], &visible, &asked, &mut pace).await;
        let mut found: Vec<(f32, bool, &IndexEntry)> = Vec::new();
        for (place, (entry, score)) in visible.iter().zip(scores).enumerate() {
            if let Some(entry) = entry
                && score >= THRESHOLD
            {
                let is_own = place >= shared.entries().len();
                found.push((score, is_own, &entry.told));
            }
        }
        found.sort_by(|(one, a_is_own, a), (other, b_is_own, b)| {
            let by_key = || (a_is_own, a.kind, &a.id).cmp(&(b_is_own, b.kind, &b.id));
            other.total_cmp(one).then_with(by_key)
        });
        found.truncate(search.limit);
        let hit = |(score, is_own, told): (f32, bool, &IndexEntry)| Recalled {
            kind: told.kind,
            id: told.id.clone(),
            owner: is_own.then(|| search.owner.clone()),
            text: told.text.clone(),
            score,
        };
        Ok(found.into_iter().map(hit).collect())
    }

    async fn upsert(&self, owner: &UserScope, entry: &IndexEntry, _: &Bill) -> Result<()> {
        let entry = Entry {
            read: Read::in_stretches(entry).await,
            told: entry.clone(),
        };
        let own = self.shelves().own.entry(owner.clone()).or_default().clone();
        Arc::make_mut(&mut own.shelf()).put(entry);
        Ok(())
    }

    async fn delete(&self, owner: &UserScope, kind: RecalledKind, id: &str) -> Result<()> {
        let own = self.shelves().own.get(owner).cloned();
        if let Some(own) = own {
            Arc::make_mut(&mut own.shelf()).remove(&(kind, id.to_owned()));
        }
        Ok(())
    }

    async fn erase(&self, owner: &UserScope) -> Result<()> {
        self.shelves().own.remove(owner);
        Ok(())
    }
}

fn is_visible(entry: &IndexEntry, search: &Search) -> bool {
    entry
        .coach
        .as_ref()
        .is_none_or(|coach| *coach == search.coach)
        && (search.kinds.is_empty() || search.kinds.contains(&entry.kind))
}

/// For each place of both shelves, how well its entry answers what is asked.
async fn scores(
    [shared, own]: [&Shelf; 2],
    visible: &[Option<&Entry>],
    asked: &Asked,
    pace: &mut Pace,
) -> Vec<f32> {
    let first = shared.entries().len();
    let by_words = Stand::new(
        vec![(&shared.words, 0), (&own.words, first)],
        visible,
        |entry| &entry.read.words,
    );
    let by_parts = Stand::new(
        vec![(&shared.parts, 0), (&own.parts, first)],
        visible,
        |entry| &entry.read.parts,
    );

    let words = asked
        .words
        .iter()
        .map(|(word, times)| (terms::term(word), *times))
        .collect();
    let words = by_words.choose(&words, MOST_WORDS, pace).await;
    let chosen: BTreeSet<Term> = words.iter().map(|(word, _)| *word).collect();
    let mut parts: BTreeMap<Term, f32> = BTreeMap::new();
    for (word, times) in &asked.words {
        if !chosen.contains(&terms::term(word)) {
            continue;
        }
        for part in terms::parts(word) {
            *parts.entry(part).or_default() += times;
        }
        pace.did(word.len() * 16).await;
    }
    let parts = by_parts.choose(&parts, MOST_PARTS, pace).await;

    let (by_words, by_parts) = (
        by_words.scores(&words, pace).await,
        by_parts.scores(&parts, pace).await,
    );
    by_words
        .into_iter()
        .zip(by_parts)
        .map(|(words, parts)| words * (1.0 - PARTS) + parts * PARTS)
        .collect()
}

#[cfg(test)]
mod tests;
