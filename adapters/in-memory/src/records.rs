use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::UserScope;
use ports::{
    Account, Binding, Cursor, Expect, Kind, Page, Record, RecordKey, RecordStore, Result, cut,
};

/// Records in maps, one for each kind of each user.
#[derive(Debug, Default)]
pub struct InMemoryRecords {
    rows: Mutex<Rows>,
    bindings: Mutex<Bindings>,
}

/// Whose account it is, and which account a user has.
#[derive(Debug, Default)]
struct Bindings {
    users: HashMap<Account, UserScope>,
    accounts: HashMap<UserScope, Account>,
}

/// By id, as the text that it is.
type Rows = BTreeMap<(UserScope, Kind), BTreeMap<String, Record>>;

impl InMemoryRecords {
    /// Everything in it, for tests that compare stores.
    pub fn dump(&self) -> Vec<Record> {
        self.rows()
            .values()
            .flat_map(BTreeMap::values)
            .cloned()
            .collect()
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl RecordStore for InMemoryRecords {
    async fn get(&self, at: &RecordKey) -> Result<Option<Record>> {
        let rows = self.rows();
        Ok(rows
            .get(&of(at))
            .and_then(|rows| rows.get(at.id.as_str()))
            .cloned())
    }

    async fn list(
        &self,
        owner: &UserScope,
        kind: Kind,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Record>> {
        let end = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut items: Vec<Record> = {
            let rows = self.rows();
            let mine = rows.get(&(owner.clone(), kind)).into_iter();
            let older = mine.flat_map(|rows| rows.range::<str, _>((Bound::Unbounded, end)).rev());
            older
                .map(|(_, record)| record)
                .take(limit.saturating_add(1))
                .cloned()
                .collect()
        };
        let found = items.len();
        items.truncate(limit);
        let items = cut(items, |record| record.body.len());
        let next = items
            .last()
            .filter(|_| items.len() < found)
            .map(|last| last.at.id.to_string());
        Ok(Page { items, next })
    }

    async fn put(&self, at: &RecordKey, body: &[u8], expect: Expect) -> Result<bool> {
        let mut rows = self.rows();
        let known = rows.get(&of(at)).and_then(|rows| rows.get(at.id.as_str()));
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
            let record = Record {
                at: at.clone(),
                body: body.to_vec(),
                version,
            };
            rows.entry(of(at))
                .or_default()
                .insert(at.id.to_string(), record);
        }
        Ok(may)
    }

    async fn delete(&self, at: &RecordKey) -> Result<bool> {
        Ok(self
            .rows()
            .get_mut(&of(at))
            .is_some_and(|rows| rows.remove(at.id.as_str()).is_some()))
    }

    async fn bind(&self, account: &Account, user: &UserScope) -> Result<Binding> {
        let mut bindings = self.bindings.lock().unwrap_or_else(PoisonError::into_inner);
        if bindings
            .users
            .get(account)
            .is_some_and(|known| known != user)
        {
            return Ok(Binding::AccountIsAnothers);
        }
        if bindings
            .accounts
            .get(user)
            .is_some_and(|known| known != account)
        {
            return Ok(Binding::UserIsAnothers);
        }
        bindings.users.insert(account.clone(), user.clone());
        bindings.accounts.insert(user.clone(), account.clone());
        Ok(Binding::Bound)
    }
}

/// Whose record it is, and of which kind.
fn of(at: &RecordKey) -> (UserScope, Kind) {
    (at.owner.clone(), at.kind)
}
