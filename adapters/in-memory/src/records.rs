use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::UserScope;
use ports::{Cursor, Expect, Kind, Page, Record, RecordKey, RecordStore, Result};

/// Records in a map.
#[derive(Debug, Default)]
pub struct InMemoryRecords(Mutex<BTreeMap<RecordKey, Record>>);

impl InMemoryRecords {
    /// Everything in it, for tests that compare stores.
    pub fn dump(&self) -> Vec<Record> {
        self.rows().values().cloned().collect()
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<RecordKey, Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl RecordStore for InMemoryRecords {
    async fn get(&self, at: &RecordKey) -> Result<Option<Record>> {
        Ok(self.rows().get(at).cloned())
    }

    async fn list(&self, owner: &UserScope, kind: Kind, after: Option<Cursor>, limit: usize) -> Result<Page<Record>> {
        let rows = self.rows();
        let older = |record: &&Record| after.as_ref().is_none_or(|after| record.at.id.as_str() < after.as_str());
        let mine = rows.values().rev().filter(|record| record.at.owner == *owner && record.at.kind == kind);
        let mut items: Vec<Record> = mine.filter(older).take(limit.saturating_add(1)).cloned().collect();
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| last.at.id.to_string());
        Ok(Page { items, next })
    }

    async fn put(&self, at: &RecordKey, body: &[u8], expect: Expect) -> Result<bool> {
        let mut rows = self.rows();
        let known = rows.get(at);
        if known.is_some_and(|known| known.body == body) {
            return Ok(true);
        }
        let version = known.map(|known| known.version);
        let may = match expect {
            Expect::Anything => true,
            Expect::Absent => version.is_none(),
            Expect::Version(expected) => version == Some(expected),
        };
        if may {
            let version = version.unwrap_or_default() + 1;
            rows.insert(at.clone(), Record { at: at.clone(), body: body.to_vec(), version });
        }
        Ok(may)
    }

    async fn delete(&self, at: &RecordKey) -> Result<bool> {
        Ok(self.rows().remove(at).is_some())
    }
}
