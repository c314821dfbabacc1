//! Clauses on erasing a user.

use super::*;
use crate::Erased;

const NOW: Timestamp = Timestamp(2_000_000_000_000);

/// More calls than it takes to erase what a clause has made, an item at a time.
const CALLS: usize = 200;

async fn erased(store: &dyn RecordStore, owner: &UserScope, limit: usize) -> u64 {
    let mut removed = 0;
    for _ in 0..CALLS {
        let erased = store.erase(owner, NOW, limit).await.unwrap();
        removed += erased.removed;
        if erased.is_complete {
            return removed;
        }
    }
    panic!("the erasing does not end")
}

fn account_of(user: &UserScope) -> Account {
    Account {
        issuer: "https://issuer.example".to_owned(),
        subject: user.to_string(),
    }
}

/// A user with two records of each kind, one of them in a group and with an end, and an account.
async fn known(store: &dyn RecordStore) -> UserScope {
    let owner = somebody();
    let term = Term {
        from: NOW,
        until: Timestamp(NOW.0 + 1_000),
    };
    for kind in Kind::ALL {
        for (id, term) in [("one", None), ("group.two", Some(term))] {
            let at = RecordKey {
                owner: owner.clone(),
                kind,
                id: RecordId::stored(id).unwrap(),
            };
            let put = store.put(&at, id.as_bytes(), term, Expect::Absent);
            assert!(put.await.unwrap());
        }
    }
    let bound = store.bind(&account_of(&owner), &owner).await.unwrap();
    assert_eq!(bound, Binding::Bound);
    owner
}

async fn everything(store: &dyn RecordStore, owner: &UserScope) -> Vec<Record> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        all.extend(store.list(owner, kind, None, None, 10).await.unwrap().items);
    }
    all
}

#[apply(clause)]
/// removes about `limit` items of what the user has, readable or not
pub async fn an_erased_user_has_no_records_and_another_has_all(store: &dyn RecordStore) {
    for limit in [1, 3, 1000] {
        let (owner, other) = (known(store).await, known(store).await);
        let before = everything(store, &other).await;
        assert_eq!(before.len(), 2 * Kind::ALL.len());
        assert!(erased(store, &owner, limit).await > 2 * Kind::ALL.len() as u64);
        assert!(everything(store, &owner).await.is_empty());
        assert_eq!(everything(store, &other).await, before);
        let bound = store.bind(&account_of(&other), &other).await.unwrap();
        assert_eq!(bound, Binding::Bound);
    }
}

#[apply(clause)]
/// leaves the mark, with the time `at` if there is none yet
pub async fn the_mark_of_an_erased_user_has_the_time_of_the_first_call(store: &dyn RecordStore) {
    let owner = known(store).await;
    let first = store.erase(&owner, NOW, 0).await.unwrap();
    let nothing_yet = Erased {
        since: NOW,
        removed: 0,
        is_complete: false,
    };
    assert_eq!(first, nothing_yet);
    erased(store, &owner, 5).await;
    let again = store.erase(&owner, Timestamp(NOW.0 + 1), 5).await.unwrap();
    let done = Erased {
        is_complete: true,
        ..nothing_yet
    };
    assert_eq!(again, done);
}

#[apply(clause)]
/// Tombstones go last
pub async fn tombstones_are_erased_after_all_other_records(store: &dyn RecordStore) {
    let owner = known(store).await;
    let mut left = everything(store, &owner).await.len();
    for _ in 0..CALLS {
        store.erase(&owner, NOW, 1).await.unwrap();
        let all = everything(store, &owner).await;
        let is_tombstone = |record: &&Record| record.at.kind == Kind::Tombstone;
        let tombstones = all.iter().filter(is_tombstone).count();
        assert!(tombstones == 2 || tombstones == all.len());
        assert!(all.len() <= left, "something has come back");
        left = all.len();
    }
    assert_eq!(left, 0, "the erasing does not end");
}

#[apply(clause)]
/// Of a user who was erased none is made
pub async fn of_an_erased_user_no_record_is_made(store: &dyn RecordStore) {
    let owner = known(store).await;
    let version = everything(store, &owner).await.first().unwrap().version;
    for limit in [0, 1000] {
        store.erase(&owner, NOW, limit).await.unwrap();
        for id in ["one", "new"] {
            for expect in [Expect::Absent, Expect::Anything] {
                let at = at(&owner, Kind::Memory, id);
                let error = store.put(&at, b"late", None, expect).await.unwrap_err();
                assert_eq!(error.fault, domain::Fault::Rejected);
            }
        }
    }
    erased(store, &owner, 1000).await;
    let late = at(&owner, Kind::Memory, "one");
    let put = store.put(&late, b"late", None, Expect::Version(version));
    assert!(!put.await.unwrap());
    assert!(!store.delete(&late).await.unwrap());
    assert_eq!(erased(store, &owner, 1000).await, 0, "something was made");
}

#[apply(clause)]
/// First the binding goes, both sides, so that the account is free for another user.
pub async fn an_erased_user_is_bound_no_more_and_the_account_is_free(store: &dyn RecordStore) {
    let (owner, next) = (known(store).await, somebody());
    let account = account_of(&owner);
    store.erase(&owner, NOW, 0).await.unwrap();
    let again = store.bind(&account, &owner).await.unwrap();
    assert_eq!(again, Binding::UserIsErased);
    erased(store, &owner, 1).await;
    assert_eq!(store.bind(&account, &next).await.unwrap(), Binding::Bound);
    let late = store.bind(&account, &owner).await.unwrap();
    assert_eq!(late, Binding::UserIsErased);
    // Whoever erases again leaves the account to its new user.
    assert_eq!(erased(store, &owner, 1000).await, 0);
    let third = store.bind(&account, &somebody()).await.unwrap();
    assert_eq!(third, Binding::AccountIsAnothers);
    assert_eq!(store.bind(&account, &next).await.unwrap(), Binding::Bound);
}
