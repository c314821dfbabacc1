use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use domain::memory::RecalledKind;
use domain::{Recalled, UserScope};
use in_memory::LexicalIndex;
use ports::{Bill, IndexEntry, MemoryIndex, Result, Search};

/// An index that goes on finding what was removed, until it was asked to remove something often
/// enough.
pub struct Lagging {
    index: LexicalIndex,
    still_deaf: AtomicUsize,
}

impl Lagging {
    /// One that does not hear so many removals.
    pub fn after(removals: usize) -> Self {
        Self {
            index: LexicalIndex::default(),
            still_deaf: AtomicUsize::new(removals),
        }
    }
}

#[async_trait]
impl MemoryIndex for Lagging {
    async fn search(&self, search: &Search, bill: &Bill) -> Result<Vec<Recalled>> {
        self.index.search(search, bill).await
    }

    async fn upsert(&self, owner: &UserScope, entry: &IndexEntry, bill: &Bill) -> Result<()> {
        self.index.upsert(owner, entry, bill).await
    }

    async fn delete(&self, owner: &UserScope, kind: RecalledKind, id: &str) -> Result<()> {
        let fewer = |deaf: usize| deaf.checked_sub(1);
        if self
            .still_deaf
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer)
            .is_ok()
        {
            return Ok(());
        }
        self.index.delete(owner, kind, id).await
    }
}
