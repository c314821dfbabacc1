//! The store of records, as the application asks it: whoever asks is answered with their own.

use std::sync::Arc;

use domain::{GroupId, Timestamp, UserScope};
use tracing::error;

use crate::{Cursor, Erased, Expect, Kind, Page, Record, RecordKey, RecordStore, Result, Term};

/// A store of records of which nothing is believed but what it says is the caller's: a record of
/// another user is left out, whatever an adapter has mixed up, and an error names its key.
#[derive(Clone)]
pub struct Records(Arc<dyn RecordStore>);

impl Records {
    /// Asks this store.
    pub fn new(store: Arc<dyn RecordStore>) -> Self {
        Self(store)
    }

    /// As [`RecordStore::get`].
    pub async fn get(&self, at: &RecordKey) -> Result<Option<Record>> {
        let found = self.0.get(at).await?;
        Ok(found.filter(|record| is_own(record.at == *at, &record.at, &at.owner)))
    }

    /// As [`RecordStore::list`].
    pub async fn list(
        &self,
        owner: &UserScope,
        kind: Kind,
        within: Option<GroupId>,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Record>> {
        let mut page = self.0.list(owner, kind, within, after, limit).await?;
        page.items.retain(|Record { at, .. }| {
            let is_one = at.owner == *owner && at.kind == kind;
            is_own(is_one, at, owner)
        });
        Ok(page)
    }

    /// As [`RecordStore::put`].
    pub async fn put(
        &self,
        at: &RecordKey,
        body: &[u8],
        term: Option<Term>,
        expect: Expect,
    ) -> Result<bool> {
        self.0.put(at, body, term, expect).await
    }

    /// As [`RecordStore::delete`].
    pub async fn delete(&self, at: &RecordKey) -> Result<bool> {
        self.0.delete(at).await
    }

    /// As [`RecordStore::erase`].
    pub async fn erase(&self, owner: &UserScope, at: Timestamp, limit: usize) -> Result<Erased> {
        self.0.erase(owner, at, limit).await
    }
}

/// Tells the log of what is not.
fn is_own(is_own: bool, key: &RecordKey, owner: &UserScope) -> bool {
    if !is_own {
        let alarm = "foreign_answer";
        error!(alarm, %owner, %key, "a store has answered with another record");
    }
    is_own
}
