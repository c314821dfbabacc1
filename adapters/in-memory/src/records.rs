use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::{Fault, GroupId, Timestamp, UserScope};
use ports::{
    Account, Binding, Cursor, Erased, Expect, Kind, Page, PortError, Record, RecordKey,
    RecordStore, Result, Term, cut,
};

/// How many records that have ended one write lets go of: more than it adds.
const SWEPT: usize = 8;

/// Sorts after all that can be in an id.
const LAST: &str = "~";

/// Records in maps, one for each kind of each user.
#[derive(Debug, Default)]
pub struct InMemoryRecords(Mutex<Shelves>);

/// What is kept, and when it ends; who is bound to whom; and who was erased.
#[derive(Debug, Default, Clone)]
struct Shelves {
    /// By id, as the text that it is.
    rows: BTreeMap<(UserScope, Kind), BTreeMap<String, Record>>,
    ending: BTreeSet<(Timestamp, RecordKey)>,
    bindings: Bindings,
    /// Who was erased, and when that began.
    erased: BTreeMap<UserScope, Timestamp>,
}

impl Shelves {
    fn get(&self, at: &RecordKey) -> Option<&Record> {
        self.rows.get(&of(at))?.get(at.id.as_str())
    }

    fn keep(&mut self, record: Record) {
        self.remove(&record.at);
        if let Some(until) = record.until {
            self.ending.insert((until, record.at.clone()));
        }
        let rows = self.rows.entry(of(&record.at)).or_default();
        rows.insert(record.at.id.to_string(), record);
    }

    fn remove(&mut self, at: &RecordKey) -> bool {
        let rows = self.rows.get_mut(&of(at));
        let Some(gone) = rows.and_then(|rows| rows.remove(at.id.as_str())) else {
            return false;
        };
        if let Some(until) = gone.until {
            self.ending.remove(&(until, gone.at));
        }
        true
    }

    /// Some record of a user, of the kind that is erased first.
    fn first(&self, owner: &UserScope) -> Option<RecordKey> {
        let rows = |kind| self.rows.get(&(owner.clone(), kind));
        let mut kinds = Kind::ALL.into_iter().filter_map(rows);
        let record = kinds.find_map(|rows| rows.values().next())?;
        Some(record.at.clone())
    }

    /// Removes up to `limit` of what a user has.
    fn erase(&mut self, owner: &UserScope, limit: usize) -> usize {
        let mut removed = 0;
        if limit > 0
            && let Some(account) = self.bindings.accounts.remove(owner)
        {
            self.bindings.users.remove(&account);
            removed += 1;
        }
        while removed < limit
            && let Some(at) = self.first(owner)
        {
            self.remove(&at);
            removed += 1;
        }
        removed
    }

    /// Lets go of some of what has ended.
    fn sweep(&mut self, now: Timestamp) {
        for _ in 0..SWEPT {
            let Some((_, at)) = self
                .ending
                .first()
                .filter(|(until, _)| *until <= now)
                .cloned()
            else {
                return;
            };
            self.remove(&at);
        }
    }
}

/// Whose account it is, and which account a user has.
#[derive(Debug, Default, Clone)]
struct Bindings {
    users: HashMap<Account, UserScope>,
    accounts: HashMap<UserScope, Account>,
}

impl InMemoryRecords {
    /// Returns everything in it, for tests that compare stores.
    pub fn dump(&self) -> Vec<Record> {
        self.shelves()
            .rows
            .values()
            .flat_map(BTreeMap::values)
            .cloned()
            .collect()
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl RecordStore for InMemoryRecords {
    async fn get(&self, at: &RecordKey) -> Result<Option<Record>> {
        Ok(self.shelves().get(at).cloned())
    }

    async fn list(
        &self,
        owner: &UserScope,
        kind: Kind,
        within: Option<GroupId>,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Record>> {
        let first = within.map_or_else(String::new, |group| group.prefix());
        let end = format!("{first}{}", after.as_deref().unwrap_or(LAST));
        let range = (
            Bound::Included(first.as_str()),
            Bound::Excluded(end.as_str()),
        );
        let mut items: Vec<Record> = {
            let shelves = self.shelves();
            let Some(rows) = shelves.rows.get(&(owner.clone(), kind)) else {
                return Ok(Page {
                    items: Vec::new(),
                    next: None,
                });
            };
            let newest_first = rows.range::<str, _>(range).rev();
            // One more than wanted shows whether there are more.
            let some = newest_first.take(limit.saturating_add(1));
            some.map(|(_, record)| record.clone()).collect()
        };
        let found = items.len();
        items.truncate(limit);
        let items = cut(items, |record| record.body.len());
        let next = match items.last() {
            Some(last) if items.len() < found => last.at.id.as_str().strip_prefix(&first),
            _ => None,
        };
        let next = next.map(str::to_owned);
        Ok(Page { items, next })
    }

    async fn put(
        &self,
        at: &RecordKey,
        body: &[u8],
        term: Option<Term>,
        expect: Expect,
    ) -> Result<bool> {
        let until = term.map(|term| term.until);
        let mut shelves = self.shelves();
        let may_make = !matches!(expect, Expect::Version(_));
        if may_make && shelves.erased.contains_key(&at.owner) {
            return Err(PortError::new("in-memory", Fault::Rejected));
        }
        let known = shelves.get(at);
        if known.is_some_and(|known| known.body == body && known.until == until) {
            return Ok(true);
        }
        let version = known.map(|known| known.version);
        let may = match expect {
            Expect::Anything => true,
            Expect::Absent => version.is_none(),
            Expect::Version(expected) => version == Some(expected),
        };
        if may {
            shelves.keep(Record {
                at: at.clone(),
                body: body.to_vec(),
                version: version.unwrap_or_default() + 1,
                until,
            });
            if let Some(term) = term {
                shelves.sweep(term.from);
            }
        }
        Ok(may)
    }

    async fn delete(&self, at: &RecordKey) -> Result<bool> {
        Ok(self.shelves().remove(at))
    }

    async fn bind(&self, account: &Account, user: &UserScope) -> Result<Binding> {
        let shelves = &mut *self.shelves();
        if shelves.erased.contains_key(user) {
            return Ok(Binding::UserIsErased);
        }
        let bindings = &mut shelves.bindings;
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

    async fn erase(&self, owner: &UserScope, at: Timestamp, limit: usize) -> Result<Erased> {
        let mut shelves = self.shelves();
        let since = *shelves.erased.entry(owner.clone()).or_insert(at);
        let removed = shelves.erase(owner, limit);
        let is_bound = shelves.bindings.accounts.contains_key(owner);
        let is_complete = !is_bound && shelves.first(owner).is_none();
        if is_complete {
            for kind in Kind::ALL {
                shelves.rows.remove(&(owner.clone(), kind));
            }
        }
        Ok(Erased {
            since,
            removed: u64::try_from(removed).unwrap_or(u64::MAX),
            is_complete,
        })
    }
}

/// Returns whose record it is, and of which kind.
fn of(at: &RecordKey) -> (UserScope, Kind) {
    (at.owner.clone(), at.kind)
}

#[cfg(test)]
mod careless;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_write_that_ends_lets_go_of_more_that_has_ended_than_it_adds() {
        let store = InMemoryRecords::default();
        let at = |id: usize| RecordKey {
            owner: UserScope::stored("ann".parse().unwrap()),
            kind: Kind::Workout,
            id: format!("w-{id:03}").parse().unwrap(),
        };
        let (from, until) = (Timestamp(1_000), Timestamp(2_000));
        let put = async |id, term| {
            store
                .put(&at(id), b"w", term, Expect::Absent)
                .await
                .unwrap()
        };
        assert!(put(0, None).await);
        for id in 1..=20 {
            assert!(put(id, Some(Term { from, until })).await);
        }
        let late = Term {
            from: until,
            until: Timestamp(3_000),
        };
        let just_before = Term {
            from: Timestamp(1_999),
            ..late
        };
        let mut kept = Vec::new();
        for (id, term) in [
            (21, just_before),
            (22, late),
            (23, late),
            (24, late),
            (25, late),
        ] {
            assert!(put(id, Some(term)).await);
            kept.push(store.dump().len());
        }
        assert_eq!(kept, [22, 15, 8, 5, 6]);
        assert!(store.get(&at(0)).await.unwrap().is_some(), "it has no end");
        assert_eq!(store.shelves().ending.len(), 5);
    }
}
