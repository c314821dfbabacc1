use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::memory::{RecalledKind, words};
use domain::{Recalled, UserScope};
use ports::{Bill, IndexEntry, MemoryIndex, Result, Search};

/// An index that compares words and parts of words, and knows nothing of what they mean.
///
/// It is lexical: "my knee" finds "knee pain", "squatting" finds "squats", and "joint trouble" finds neither. A score is
/// BM25 of words and, for a third, of their parts of 3 and 4 letters, as a share of what the searched text itself would
/// get: 1 is as good as the same text.
#[derive(Debug, Default)]
pub struct LexicalIndex(Mutex<BTreeMap<Key, IndexEntry>>);

/// Without an owner it is for all.
type Key = (Option<UserScope>, RecalledKind, String);

/// Less than this in common is nothing in common.
const THRESHOLD: f32 = 0.1;

/// How much the parts of words count, beside the words.
const PARTS: f32 = 1.0 / 3.0;

impl LexicalIndex {
    /// Adds what every user finds and nobody changes, such as a methodology.
    #[must_use]
    pub fn with_shared(self, entries: impl IntoIterator<Item = IndexEntry>) -> Self {
        self.entries().extend(entries.into_iter().map(|entry| ((None, entry.kind, entry.id.clone()), entry)));
        self
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<Key, IndexEntry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl MemoryIndex for LexicalIndex {
    async fn search(&self, search: &Search, _: &Bill) -> Result<Vec<Recalled>> {
        let entries = self.entries();
        let visible = entries.iter().filter(|((owner, kind, _), entry)| {
            owner.as_ref().is_none_or(|owner| *owner == search.owner)
                && entry.coach.as_ref().is_none_or(|coach| *coach == search.coach)
                && (search.kinds.is_empty() || search.kinds.contains(kind))
        });
        let visible: Vec<_> = visible.collect();
        let texts: Vec<String> = visible.iter().map(|(_, entry)| text_of(entry)).collect();
        let by_words = Ranking::new(words, &search.text, &texts).scores();
        let by_parts = Ranking::new(parts, &search.text, &texts).scores();
        let scores = by_words.into_iter().zip(by_parts).map(|(words, parts)| words * (1.0 - PARTS) + parts * PARTS);
        let hits = visible.iter().zip(scores).filter(|(_, score)| *score >= THRESHOLD);
        let mut hits: Vec<Recalled> = hits
            .map(|(((owner, kind, id), entry), score)| Recalled {
                kind: *kind,
                id: id.clone(),
                owner: owner.clone(),
                text: entry.text.clone(),
                score,
            })
            .collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score));
        hits.truncate(search.limit);
        Ok(hits)
    }

    async fn upsert(&self, owner: &UserScope, entry: &IndexEntry, _: &Bill) -> Result<()> {
        self.entries().insert((Some(owner.clone()), entry.kind, entry.id.clone()), entry.clone());
        Ok(())
    }

    async fn delete(&self, owner: &UserScope, kind: RecalledKind, id: &str) -> Result<()> {
        self.entries().remove(&(Some(owner.clone()), kind, id.to_owned()));
        Ok(())
    }
}

/// What an entry is found by.
fn text_of(entry: &IndexEntry) -> String {
    format!("{} {}", entry.text, entry.tags.join(" "))
}

/// Each word's stretches of 3 and 4 letters, its beginning and its end counted as letters.
fn parts(text: &str) -> impl Iterator<Item = String> + use<> {
    let marked = words(text).map(|word| format!("^{word}$").chars().collect::<Vec<char>>());
    marked.flat_map(|word| {
        let parts = [3, 4].into_iter().flat_map(|length| word.windows(length).map(String::from_iter));
        parts.collect::<Vec<_>>()
    })
}

/// How well texts answer one query, by BM25 over terms of some sort.
struct Ranking {
    /// The query as if it were a text.
    itself: BTreeMap<String, f32>,
    /// What each of its terms is worth: the rarer, the more; but the least if no text has it.
    worth: BTreeMap<String, f32>,
    texts: Vec<BTreeMap<String, f32>>,
    /// How many terms a text has on average.
    average: f32,
}

impl Ranking {
    fn new<T: Iterator<Item = String>>(terms: impl Fn(&str) -> T, query: &str, texts: &[String]) -> Self {
        let texts: Vec<BTreeMap<String, f32>> = texts.iter().map(|text| counted(terms(text))).collect();
        let all = texts.len() as f32;
        let worth = |term: &String| {
            let with = texts.iter().filter(|text| text.contains_key(term)).count() as f32;
            let rarity = ((all - with + 0.5) / (with + 0.5)).ln_1p();
            (term.clone(), if with > 0.0 { 1.0 + rarity } else { 1.0 })
        };
        let itself = counted(terms(query));
        let worth = itself.keys().map(worth).collect();
        let average = texts.iter().map(length).sum::<f32>() / all.max(1.0);
        Self { itself, worth, texts, average: average.max(1.0) }
    }

    /// For each text, as a share of what the query itself would get.
    fn scores(&self) -> Vec<f32> {
        let most = self.score(&self.itself);
        self.texts.iter().map(|text| if most > 0.0 { (self.score(text) / most).min(1.0) } else { 0.0 }).collect()
    }

    fn score(&self, text: &BTreeMap<String, f32>) -> f32 {
        let long = 1.0 - LENGTH + LENGTH * length(text) / self.average;
        let of = |(term, worth): (&String, &f32)| {
            text.get(term).map_or(0.0, |times| worth * times * (SATURATION + 1.0) / (times + SATURATION * long))
        };
        self.worth.iter().map(of).sum()
    }
}

/// How soon more of the same term stops to count.
const SATURATION: f32 = 1.2;
/// How much a long text must have more.
const LENGTH: f32 = 0.75;

fn counted(terms: impl Iterator<Item = String>) -> BTreeMap<String, f32> {
    let mut counted = BTreeMap::new();
    for term in terms {
        *counted.entry(term).or_default() += 1.0;
    }
    counted
}

fn length(text: &BTreeMap<String, f32>) -> f32 {
    text.values().sum()
}

#[cfg(test)]
mod tests;
