use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::{RecordId, UserScope};
use ports::{Cursor, Expect, Kind, Page, Record, RecordKey, RecordStore, Result, cut};

/// Records in maps: one for each kind that a user has, so that nobody's list looks at others.
#[derive(Debug, Default)]
pub struct InMemoryRecords(Mutex<Rows>);

type Rows = BTreeMap<(UserScope, Kind), BTreeMap<RecordId, Record>>;

impl InMemoryRecords {
    /// Everything in it, for tests that compare stores.
    pub fn dump(&self) -> Vec<Record> {
        self.rows().values().flat_map(BTreeMap::values).cloned().collect()
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl RecordStore for InMemoryRecords {
    async fn get(&self, at: &RecordKey) -> Result<Option<Record>> {
        Ok(self.rows().get(&place(at)).and_then(|rows| rows.get(&at.id)).cloned())
    }

    async fn list(&self, owner: &UserScope, kind: Kind, after: Option<Cursor>, limit: usize) -> Result<Page<Record>> {
        let older = |record: &&Record| after.as_ref().is_none_or(|after| record.at.id.as_str() < after.as_str());
        let mut items: Vec<Record> = {
            let rows = self.rows();
            let mine = rows.get(&(owner.clone(), kind)).into_iter().flat_map(|rows| rows.values().rev());
            mine.filter(older).take(limit.saturating_add(1)).cloned().collect()
        };
        let found = items.len();
        items.truncate(limit);
        let items = cut(items, |record| record.body.len());
        let next = items.last().filter(|_| items.len() < found).map(|last| last.at.id.to_string());
        Ok(Page { items, next })
    }

    async fn put(&self, at: &RecordKey, body: &[u8], expect: Expect) -> Result<bool> {
        let mut rows = self.rows();
        let rows = rows.entry(place(at)).or_default();
        let known = rows.get(&at.id);
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
            rows.insert(at.id.clone(), Record { at: at.clone(), body: body.to_vec(), version });
        }
        Ok(may)
    }

    async fn delete(&self, at: &RecordKey) -> Result<bool> {
        Ok(self.rows().get_mut(&place(at)).and_then(|rows| rows.remove(&at.id)).is_some())
    }
}

fn place(at: &RecordKey) -> (UserScope, Kind) {
    (at.owner.clone(), at.kind)
}
