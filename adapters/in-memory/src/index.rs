#[cfg(test)]
mod careless;
#[cfg(test)]
mod reference;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::memory::RecalledKind;
use domain::{Recalled, UserScope};
use ports::lexical::{self, Asked, Entry, Read, Shelf};
use ports::{Bill, IndexEntry, MemoryIndex, Result, Search};

/// An index that compares words and parts of words, and knows nothing of what they mean.
///
/// It is [lexical]: "my knee" finds "knee pain", "squatting" finds "squats", and "joint trouble"
/// finds neither. What it costs to search grows with what is found, and a search gives way to
/// others on the way; no lock is held meanwhile. Who adds something waits for its own owner alone:
/// a shelf that is being searched is copied for it.
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
        let asked = Asked::of(&search.text).await;
        Ok(lexical::search(&shared, &own, &asked, search).await)
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

#[cfg(test)]
mod tests;
