//! What all users find and none writes, such as a methodology.

use std::collections::BTreeSet;

use ports::{Bill, IndexEntry, Result};
use serde::Deserialize;

use crate::map::{Realm, vector_id};
use crate::{Failure, Pinecone};

/// How many entries are made vectors of, and sent, at once: what an interrupted load does again.
const BATCH: usize = 16;
/// How many ids are removed at once; the index takes 1,000.
const REMOVED: usize = 500;
/// How many ids a page of the index's list has, which is the most.
const PAGE: &str = "100";

/// How far a load is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many entries are in the index.
    pub done: usize,
    /// Of how many.
    pub of: usize,
}

/// What a load did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shared {
    /// Entries that were there already.
    pub kept: usize,
    /// Entries that were made vectors of and written.
    pub added: usize,
    /// Entries that nobody shares any more.
    pub removed: usize,
}

impl Pinecone {
    /// Lets every user find these entries, and no others that were shared before.
    ///
    /// An entry that is there is not written again, so its id must name its content. A load that
    /// broke off goes on where it ended when it is done again. What is no longer shared is removed
    /// last. It is nobody's bill.
    pub async fn share(
        &self,
        entries: &[IndexEntry],
        mut told: impl FnMut(Progress),
    ) -> Result<Shared> {
        let there = self.listed().await?;
        let wanted: BTreeSet<String> = entries
            .iter()
            .map(|entry| vector_id(entry.kind, &entry.id))
            .collect();
        let missing: Vec<&IndexEntry> = entries
            .iter()
            .filter(|entry| !there.contains(&vector_id(entry.kind, &entry.id)))
            .collect();
        let gone: Vec<String> = there.difference(&wanted).cloned().collect();

        let kept = entries.len() - missing.len();
        let mut progress = Progress {
            done: kept,
            of: entries.len(),
        };
        told(progress);
        for batch in missing.chunks(BATCH) {
            self.put(Realm::Everybody, batch, &Bill::default()).await?;
            progress.done += batch.len();
            told(progress);
        }
        for ids in gone.chunks(REMOVED) {
            self.remove(Realm::Everybody, ids).await?;
        }
        Ok(Shared {
            kept,
            added: missing.len(),
            removed: gone.len(),
        })
    }

    /// Returns the ids of all that is shared.
    async fn listed(&self) -> Result<BTreeSet<String>> {
        let (mut ids, mut next) = (BTreeSet::new(), None::<String>);
        loop {
            let mut query = vec![("namespace", Realm::SHARED), ("limit", PAGE)];
            query.extend(next.as_deref().map(|token| ("paginationToken", token)));
            let page: Page = match self.client.get("vectors/list", &query).await {
                Err(failure) if failure.is_of_nothing() => return Ok(ids),
                page => page?,
            };
            ids.extend(page.vectors.into_iter().map(|listed| listed.id));
            let token = match page.pagination.and_then(|pagination| pagination.next) {
                Some(token) if !token.is_empty() => Some(token),
                _ => None,
            };
            if token.is_none() {
                return Ok(ids);
            }
            if token == next {
                return Err(Failure::Pages.into());
            }
            next = token;
        }
    }
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    vectors: Vec<Listed>,
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
}

#[derive(Deserialize)]
struct Pagination {
    next: Option<String>,
}
