use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::memory::RecalledKind;
use domain::{Recalled, UserScope};
use ports::{IndexEntry, MemoryIndex, Result, Search};

/// An index that compares words and knows nothing of what they mean.
#[derive(Debug, Default)]
pub struct LexicalIndex(Mutex<BTreeMap<Key, IndexEntry>>);

type Key = (UserScope, RecalledKind, String);

/// Less than this in common is nothing in common.
const THRESHOLD: f32 = 0.1;

impl LexicalIndex {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<Key, IndexEntry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl MemoryIndex for LexicalIndex {
    async fn search(&self, search: &Search) -> Result<Vec<Recalled>> {
        let wanted: BTreeSet<String> = tokens(&search.text).collect();
        let entries = self.entries();
        let mine = entries.iter().filter(|((owner, ..), entry)| {
            *owner == search.owner && entry.coach.as_ref().is_none_or(|coach| *coach == search.coach)
        });
        let mut hits: Vec<Recalled> = mine
            .map(|((owner, kind, id), entry)| Recalled {
                kind: *kind,
                id: id.clone(),
                owner: Some(owner.clone()),
                text: entry.text.clone(),
                score: similarity(&wanted, &tokens(&entry.text).collect()),
            })
            .filter(|hit| hit.score >= THRESHOLD)
            .collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score));
        hits.truncate(search.limit);
        Ok(hits)
    }

    async fn upsert(&self, owner: &UserScope, entry: &IndexEntry) -> Result<()> {
        self.entries().insert((owner.clone(), entry.kind, entry.id.clone()), entry.clone());
        Ok(())
    }

    async fn delete(&self, owner: &UserScope, kind: RecalledKind, id: &str) -> Result<()> {
        self.entries().remove(&(owner.clone(), kind, id.to_owned()));
        Ok(())
    }
}

/// The cosine between two sets of words.
fn similarity(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f32 {
    let shared = a.intersection(b).count() as f32;
    let size = (a.len() as f32 * b.len() as f32).sqrt();
    if size == 0.0 { 0.0 } else { shared / size }
}

/// The words of a text, in lower case, without the shortest.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 2);
    words.map(str::to_lowercase)
}
