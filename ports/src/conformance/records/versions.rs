//! The clauses on what a write expects.

use super::bindings::some_account;
use super::*;
use crate::conformance::{AT_ONCE, ROUNDS, dropped};

#[apply(clause)]
/// Writes one record if it is in the state that `expect` says; if not, returns `false` and changes
/// nothing. … A record that is gone has none, so nothing is written at one
pub async fn nothing_is_written_at_a_version_of_what_is_not_there(store: &dyn RecordStore) {
    let key = at(&somebody(), Kind::Summary, "v");
    for version in [0, 1, 2, u64::MAX] {
        let put = store.put(&key, b"x", None, Expect::Version(version));
        assert!(!put.await.unwrap(), "at {version}");
        assert_eq!(store.get(&key).await.unwrap(), None, "at {version}");
    }
    assert!(ids(store, &key.owner, Kind::Summary, 10).await.is_empty());
}

#[apply(clause)]
/// Returns `true` if the record already holds these very bytes and ends when this one is to end,
/// whatever `expect` says
pub async fn bytes_that_are_there_are_written_whatever_is_expected(store: &dyn RecordStore) {
    let key = at(&somebody(), Kind::Coach, "c");
    assert!(store.put(&key, b"one", None, Expect::Absent).await.unwrap());
    let found = store.get(&key).await.unwrap().unwrap();
    let version = found.version;
    for expect in [
        Expect::Absent,
        Expect::Anything,
        Expect::Version(version),
        Expect::Version(version + 7),
    ] {
        let put = store.put(&key, b"one", None, expect);
        assert!(put.await.unwrap(), "{expect:?}");
        assert_eq!(store.get(&key).await.unwrap().as_ref(), Some(&found));
    }
}

#[apply(clause)]
/// if not, returns `false` and changes nothing
pub async fn a_write_that_is_refused_changes_nothing(store: &dyn RecordStore) {
    let key = at(&somebody(), Kind::Memory, "m");
    let term = ending(THEN, LATER);
    assert!(store.put(&key, b"one", term, Expect::Absent).await.unwrap());
    let found = store.get(&key).await.unwrap().unwrap();
    for expect in [Expect::Absent, Expect::Version(found.version + 1)] {
        for (body, term) in [
            (&b"two"[..], term),
            (b"two", None),
            (b"one", None),
            (b"", term),
        ] {
            assert!(!store.put(&key, body, term, expect).await.unwrap());
            assert_eq!(store.get(&key).await.unwrap().as_ref(), Some(&found));
        }
    }
}

#[apply(clause)]
/// every write that changes the record changes it, to none that it has had
pub async fn every_change_of_a_record_has_a_version_of_its_own(store: &dyn RecordStore) {
    let key = at(&somebody(), Kind::Usage, "d");
    let mut versions: Vec<u64> = Vec::new();
    let long = [7; 3_000];
    let bodies = [&b"one"[..], b"two", b"one", b"", &long, b"one"];
    for (number, body) in bodies.into_iter().enumerate() {
        let expect = match versions.last() {
            Some(version) if number % 2 == 0 => Expect::Version(*version),
            _ => Expect::Anything,
        };
        for term in [None, ending(THEN, LATER)] {
            // The second is a write of the end alone, at whatever version there is.
            let expect = if term.is_none() {
                expect
            } else {
                Expect::Anything
            };
            assert!(store.put(&key, body, term, expect).await.unwrap());
            let found = store.get(&key).await.unwrap().unwrap();
            assert_eq!(found.body, body);
            assert!(!versions.contains(&found.version), "{versions:?}");
            versions.push(found.version);
        }
    }
    for stale in versions.iter().rev().skip(1) {
        let put = store.put(&key, b"late", None, Expect::Version(*stale));
        assert!(!put.await.unwrap(), "at {stale} of {versions:?}");
    }
}

#[apply(clause)]
/// A record that is gone has none, so nothing is written at one; if it is made anew, it counts
/// anew.
pub async fn a_deleted_record_has_no_version_and_can_be_made_anew(store: &dyn RecordStore) {
    let key = at(&somebody(), Kind::Workout, "w");
    assert!(store.put(&key, b"one", None, Expect::Absent).await.unwrap());
    let seen = store.get(&key).await.unwrap().unwrap().version;
    assert!(store.delete(&key).await.unwrap());
    assert!(!store.delete(&key).await.unwrap());
    for body in [&b"one"[..], b"two"] {
        let put = store.put(&key, body, None, Expect::Version(seen));
        assert!(!put.await.unwrap());
        assert_eq!(store.get(&key).await.unwrap(), None);
    }
    assert!(store.put(&key, b"two", None, Expect::Absent).await.unwrap());
    let found = store.get(&key).await.unwrap().unwrap();
    assert_eq!((found.body.as_slice(), found.until), (&b"two"[..], None));
    let anew = Expect::Version(found.version);
    assert!(store.put(&key, b"three", None, anew).await.unwrap());
    assert!(!store.put(&key, b"four", None, anew).await.unwrap());
}

#[apply(clause)]
/// Removes one record. Returns `false` if there was none.
pub async fn a_deletion_removes_one_record_and_no_other(store: &dyn RecordStore) {
    let owner = somebody();
    let in_group = RecordId::within(&"w".parse().unwrap(), "w".parse::<RecordId>().unwrap());
    let others = [
        at(&owner, Kind::Workout, "w-"),
        at(&owner, Kind::Workout, "W"),
        at(&owner, Kind::Memory, "w"),
        at(&somebody(), Kind::Workout, "w"),
        RecordKey {
            id: in_group,
            ..at(&owner, Kind::Workout, "w")
        },
    ];
    let key = at(&owner, Kind::Workout, "w");
    for key in others.iter().chain([&key]) {
        assert!(store.put(key, b"x", None, Expect::Absent).await.unwrap());
    }
    assert!(store.delete(&key).await.unwrap());
    for other in &others {
        let found = store.get(other).await.unwrap();
        assert_eq!(found.map(|record| record.at).as_ref(), Some(other));
    }
    let listed = ids(store, &owner, Kind::Workout, 10).await;
    assert_eq!(listed, ["w.w", "w-", "W"]);
}

#[apply(clause)]
/// Writes one record if it is in the state that `expect` says
pub async fn of_writes_at_once_that_expect_the_same_one_is_taken(store: &dyn RecordStore) {
    for round in 0..ROUNDS {
        let key = at(&somebody(), Kind::Usage, "d");
        let mut expect = Expect::Absent;
        if round % 2 == 0 {
            assert!(store.put(&key, b"first", None, expect).await.unwrap());
            expect = Expect::Version(store.get(&key).await.unwrap().unwrap().version);
        }
        let bodies: Vec<_> = (0..AT_ONCE).map(|number| format!("by {number}")).collect();
        let puts = bodies
            .iter()
            .map(|body| store.put(&key, body.as_bytes(), None, expect));
        let taken: Vec<_> = join_all(puts)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        let count = taken.iter().filter(|taken| **taken).count();
        assert_eq!(count, 1, "{taken:?}");
        let place = taken.iter().position(|taken| *taken).unwrap();
        let found = store.get(&key).await.unwrap().unwrap();
        assert_eq!(found.body, bodies.get(place).unwrap().as_bytes());
    }
}

#[apply(clause)]
/// *All or nothing, repeatable, current, owned, timeless, exact, patient* and *lasting* hold
pub async fn a_write_that_was_dropped_is_done_or_not_and_can_be_asked_again(
    store: &dyn RecordStore,
) {
    for polls in [1, 2, 3, 5, 9] {
        let (owner, account) = (somebody(), some_account());
        let key = at(&owner, Kind::Memory, "m");
        dropped(store.put(&key, b"one", None, Expect::Absent), polls).await;
        assert!(store.put(&key, b"one", None, Expect::Absent).await.unwrap());
        dropped(store.bind(&account, &owner), polls).await;
        assert_eq!(store.bind(&account, &owner).await.unwrap(), Binding::Bound);
        let found = store.get(&key).await.unwrap().unwrap();
        let two = Expect::Version(found.version);
        dropped(store.put(&key, b"two", None, two), polls).await;
        assert!(store.put(&key, b"two", None, two).await.unwrap());
        assert_eq!(store.get(&key).await.unwrap().unwrap().body, b"two");
        dropped(store.delete(&key), polls).await;
        store.delete(&key).await.unwrap();
        assert_eq!(store.get(&key).await.unwrap(), None);
    }
}
