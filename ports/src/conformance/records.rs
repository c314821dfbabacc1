//! The clauses of [`RecordStore`].

mod alike;
mod bindings;
mod erasing;
mod exact;
mod versions;

use domain::{GroupId, RecordId, Timestamp, UserScope};
use futures::future::join_all;
use macro_rules_attribute::apply;

pub use alike::*;
pub use bindings::*;
pub use erasing::*;
pub use exact::*;
pub use versions::*;

use super::somebody;
use crate::{Account, Binding, Expect, Kind, Record, RecordKey, RecordStore, Term};

fn at(owner: &UserScope, kind: Kind, id: &str) -> RecordKey {
    RecordKey {
        owner: owner.clone(),
        kind,
        id: id.parse().unwrap(),
    }
}

async fn ids(store: &dyn RecordStore, owner: &UserScope, kind: Kind, limit: usize) -> Vec<String> {
    let page = store.list(owner, kind, None, None, limit).await.unwrap();
    page.items
        .iter()
        .map(|record| record.at.id.to_string())
        .collect()
}

#[apply(clause)]
/// The bytes that were put.
pub async fn a_record_is_read_as_it_was_written(store: &dyn RecordStore) {
    let key = at(&somebody(), Kind::Workout, "w1");
    assert!(
        store
            .put(&key, b"\0one\xff", None, Expect::Anything)
            .await
            .unwrap()
    );
    let record = store.get(&key).await.unwrap().expect("it was written");
    assert_eq!(
        (record.at, record.body.as_slice()),
        (key, &b"\0one\xff"[..])
    );
}

#[apply(clause)]
/// Returns one record; `None` if there is none. … Returns `false` if there was none.
pub async fn an_absent_record_is_nothing(store: &dyn RecordStore) {
    let key = at(&somebody(), Kind::Workout, "w1");
    assert_eq!(store.get(&key).await.unwrap(), None);
    assert!(!store.delete(&key).await.unwrap());
}

#[apply(clause)]
/// Writes one record if it is in the state that `expect` says; if not, returns `false` and changes
/// nothing.
pub async fn a_write_that_expects_absence_is_taken_once(store: &dyn RecordStore) {
    let key = at(&somebody(), Kind::Coach, "c");
    assert!(store.put(&key, b"one", None, Expect::Absent).await.unwrap());
    assert!(!store.put(&key, b"two", None, Expect::Absent).await.unwrap());
    assert_eq!(store.get(&key).await.unwrap().unwrap().body, b"one");
}

#[apply(clause)]
/// Two writes with the same bytes and the same end are one write.
pub async fn a_write_of_the_same_bytes_is_no_second_write(store: &dyn RecordStore) {
    let key = at(&somebody(), Kind::Coach, "c");
    assert!(store.put(&key, b"one", None, Expect::Absent).await.unwrap());
    let first = store.get(&key).await.unwrap().unwrap();
    assert!(store.put(&key, b"one", None, Expect::Absent).await.unwrap());
    assert_eq!(
        store.get(&key).await.unwrap().unwrap().version,
        first.version
    );
}

#[apply(clause)]
/// The record as it was read at this version.
pub async fn a_write_that_expects_a_version_is_taken_at_that_version(store: &dyn RecordStore) {
    let key = at(&somebody(), Kind::Summary, "v");
    assert!(
        store
            .put(&key, b"one", None, Expect::Anything)
            .await
            .unwrap()
    );
    let first = store.get(&key).await.unwrap().unwrap().version;
    assert!(
        store
            .put(&key, b"two", None, Expect::Version(first))
            .await
            .unwrap()
    );
    assert!(
        !store
            .put(&key, b"three", None, Expect::Version(first))
            .await
            .unwrap()
    );
    assert_eq!(store.get(&key).await.unwrap().unwrap().body, b"two");
}

#[apply(clause)]
/// Returns `true` if the record already holds these very bytes
pub async fn a_write_is_told_from_another_at_the_same_version_by_its_bytes(
    store: &dyn RecordStore,
) {
    let key = at(&somebody(), Kind::Usage, "d");
    assert!(store.put(&key, b"0", None, Expect::Absent).await.unwrap());
    let seen = Expect::Version(store.get(&key).await.unwrap().unwrap().version);
    for (body, is_taken) in [(b"1 by a", true), (b"1 by b", false), (b"1 by a", true)] {
        assert_eq!(store.put(&key, body, None, seen).await.unwrap(), is_taken);
    }
    let found = store.get(&key).await.unwrap().unwrap();
    assert_eq!(found.body, b"1 by a");
    // The first asks again after the second has written on top of it: it is not told that it was
    // taken.
    assert!(
        store
            .put(&key, b"2 by b", None, Expect::Version(found.version))
            .await
            .unwrap()
    );
    assert!(!store.put(&key, b"1 by a", None, seen).await.unwrap());
}

#[apply(clause)]
/// Returns at most `limit` of a user's records of a kind as they are now, the newest first
pub async fn records_are_listed_with_the_newest_first(store: &dyn RecordStore) {
    let owner = somebody();
    for id in ["a2", "a1", "a3"] {
        store
            .put(
                &at(&owner, Kind::Workout, id),
                id.as_bytes(),
                None,
                Expect::Anything,
            )
            .await
            .unwrap();
    }
    assert_eq!(
        ids(store, &owner, Kind::Workout, 10).await,
        ["a3", "a2", "a1"]
    );
    assert_eq!(ids(store, &owner, Kind::Workout, 2).await, ["a3", "a2"]);
}

#[apply(clause)]
/// from behind `after`, which an earlier page of the same list has given as its `next`
pub async fn a_list_goes_on_where_it_ended(store: &dyn RecordStore) {
    let owner = somebody();
    for id in ["a1", "a2", "a3", "a4", "a5"] {
        store
            .put(
                &at(&owner, Kind::Workout, id),
                id.as_bytes(),
                None,
                Expect::Anything,
            )
            .await
            .unwrap();
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store
            .list(&owner, Kind::Workout, None, after, 2)
            .await
            .unwrap();
        seen.extend(page.items.iter().map(|record| record.at.id.to_string()));
        after = page.next;
        if after.is_none() {
            break;
        }
        assert!(seen.len() <= 5, "the list does not end");
    }
    assert_eq!(seen, ["a5", "a4", "a3", "a2", "a1"]);
}

#[apply(clause)]
/// The page ends early at the record with which the bodies reach `PAGE` bytes.
pub async fn a_page_of_records_ends_once_their_bodies_have_reached_a_mebibyte(
    store: &dyn RecordStore,
) {
    let owner = somebody();
    for id in ["a1", "a2", "a3", "a4", "a5", "a6", "a7"] {
        let body = id.repeat(180 * 1024);
        store
            .put(
                &at(&owner, Kind::Workout, id),
                body.as_bytes(),
                None,
                Expect::Anything,
            )
            .await
            .unwrap();
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store
            .list(&owner, Kind::Workout, None, after, 100)
            .await
            .unwrap();
        seen.push(
            page.items
                .iter()
                .map(|record| record.at.id.to_string())
                .collect::<Vec<_>>(),
        );
        after = page.next;
        if after.is_none() {
            break;
        }
        assert!(seen.len() <= 7, "the list does not end");
    }
    assert_eq!(
        seen,
        [vec!["a7", "a6", "a5"], vec!["a4", "a3", "a2"], vec!["a1"]]
    );
}

#[apply(clause)]
/// a user's records of a kind
pub async fn kinds_do_not_mix(store: &dyn RecordStore) {
    let owner = somebody();
    store
        .put(
            &at(&owner, Kind::Workout, "x"),
            b"workout",
            None,
            Expect::Anything,
        )
        .await
        .unwrap();
    store
        .put(
            &at(&owner, Kind::Memory, "x"),
            b"memory",
            None,
            Expect::Anything,
        )
        .await
        .unwrap();
    assert_eq!(
        store
            .get(&at(&owner, Kind::Workout, "x"))
            .await
            .unwrap()
            .unwrap()
            .body,
        b"workout"
    );
    assert_eq!(ids(store, &owner, Kind::Memory, 10).await, ["x"]);
    assert!(ids(store, &owner, Kind::Tombstone, 10).await.is_empty());
}

#[apply(clause)]
/// *All or nothing, repeatable, current, owned
pub async fn nothing_of_another_user_is_seen(store: &dyn RecordStore) {
    let (one, other) = (somebody(), somebody());
    store
        .put(&at(&one, Kind::Memory, "x"), b"one", None, Expect::Anything)
        .await
        .unwrap();
    assert_eq!(
        store.get(&at(&other, Kind::Memory, "x")).await.unwrap(),
        None
    );
    assert!(ids(store, &other, Kind::Memory, 10).await.is_empty());
    assert!(!store.delete(&at(&other, Kind::Memory, "x")).await.unwrap());
    assert!(
        store
            .get(&at(&one, Kind::Memory, "x"))
            .await
            .unwrap()
            .is_some()
    );
}

#[apply(clause)]
/// Removes one record.
pub async fn a_deleted_record_is_gone(store: &dyn RecordStore) {
    let owner = somebody();
    let key = at(&owner, Kind::Memory, "x");
    store
        .put(&key, b"one", None, Expect::Anything)
        .await
        .unwrap();
    assert!(store.delete(&key).await.unwrap());
    assert_eq!(store.get(&key).await.unwrap(), None);
    assert!(ids(store, &owner, Kind::Memory, 10).await.is_empty());
}

async fn pages_of_two(
    store: &dyn RecordStore,
    owner: &UserScope,
    group: &GroupId,
) -> Vec<Vec<RecordKey>> {
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let within = Some(group.clone());
        let page = store
            .list(owner, Kind::PersonalRecord, within, after, 2)
            .await
            .unwrap();
        pages.push(page.items.into_iter().map(|record| record.at).collect());
        after = page.next;
        if after.is_none() {
            return pages;
        }
        assert!(pages.len() < 3, "the list does not end");
    }
}

#[apply(clause)]
/// With `within`, returns only those of that group, whatever else the kind holds
pub async fn a_group_is_listed_by_itself_in_pages_with_the_newest_first(store: &dyn RecordStore) {
    let owner = somebody();
    let of = |group: &str| group.parse::<GroupId>().unwrap();
    let named = |group: &str, id: &str| RecordKey {
        owner: owner.clone(),
        kind: Kind::PersonalRecord,
        id: RecordId::within(&of(group), id.parse::<RecordId>().unwrap()),
    };
    // Names that begin alike, or sort right beside each other.
    let groups = "squa squat squat- squat-jump squat0 squat_ squats Squat";
    let groups: Vec<&str> = groups.split(' ').collect();
    for group in &groups {
        for id in ["a2", "a1", "a3"] {
            let key = named(group, id);
            assert!(store.put(&key, b"r", None, Expect::Absent).await.unwrap());
        }
    }
    let ungrouped = at(&owner, Kind::PersonalRecord, "squat");
    assert!(
        store
            .put(&ungrouped, b"r", None, Expect::Absent)
            .await
            .unwrap()
    );
    let elsewhere = RecordKey {
        kind: Kind::Memory,
        ..named("squat", "a4")
    };
    assert!(
        store
            .put(&elsewhere, b"r", None, Expect::Absent)
            .await
            .unwrap()
    );
    for group in &groups {
        let pages = pages_of_two(store, &owner, &of(group)).await;
        let [newest, middle, oldest] = ["a3", "a2", "a1"].map(|id| named(group, id));
        assert_eq!(pages, [vec![newest, middle], vec![oldest]]);
    }
    let none = store
        .list(&owner, Kind::PersonalRecord, Some(of("bench")), None, 2)
        .await
        .unwrap();
    assert!(none.items.is_empty() && none.next.is_none());
    let all = ids(store, &owner, Kind::PersonalRecord, 100).await;
    assert_eq!(all.len(), 3 * groups.len() + 1);
    assert!(all.is_sorted_by(|one, next| one > next), "{all:?}");
}

/// The first of two times, of which nothing but a store's own clock knows anything.
const THEN: Timestamp = Timestamp(4_000_000_000_000);
const LATER: Timestamp = Timestamp(4_000_000_060_000);

fn ending(from: Timestamp, until: Timestamp) -> Option<Term> {
    Some(Term { from, until })
}

/// Has the store hear again and again that it is later.
async fn go_on(store: &dyn RecordStore, owner: &UserScope) {
    let even_later = Timestamp(LATER.0 + 1);
    for number in 0..20 {
        let key = at(owner, Kind::Usage, &format!("d{number}"));
        let term = ending(LATER, even_later);
        assert!(
            store
                .put(&key, b"a day", term, Expect::Absent)
                .await
                .unwrap()
        );
    }
}

#[apply(clause)]
/// From when on a store may forget it; `None` if it is kept.
pub async fn a_record_that_ends_is_read_with_its_end(store: &dyn RecordStore) {
    let owner = somebody();
    let (kept, ends) = (at(&owner, Kind::Memory, "a"), at(&owner, Kind::Memory, "b"));
    let term = ending(THEN, LATER);
    assert!(store.put(&kept, b"x", None, Expect::Absent).await.unwrap());
    assert!(store.put(&ends, b"x", term, Expect::Absent).await.unwrap());
    let until = |record: Option<Record>| record.unwrap().until;
    assert_eq!(until(store.get(&kept).await.unwrap()), None);
    assert_eq!(until(store.get(&ends).await.unwrap()), Some(LATER));
    let page = store
        .list(&owner, Kind::Memory, None, None, 10)
        .await
        .unwrap();
    let listed: Vec<_> = page.items.iter().map(|record| record.until).collect();
    assert_eq!(listed, [Some(LATER), None]);
}

#[apply(clause)]
/// Two writes with the same bytes and the same end are one write.
pub async fn the_end_of_a_record_is_part_of_what_was_written(store: &dyn RecordStore) {
    let key = at(&somebody(), Kind::Memory, "x");
    let before = Timestamp(THEN.0 - 1);
    let [forever, soon, late] = [None, ending(before, THEN), ending(before, LATER)];
    let mut version = None;
    for (term, changes) in [
        (forever, true),
        (soon, true),
        (soon, false),
        (late, true),
        (forever, true),
    ] {
        assert!(store.put(&key, b"x", term, Expect::Anything).await.unwrap());
        let found = store.get(&key).await.unwrap().unwrap();
        assert_eq!(found.until, term.map(|term| term.until));
        assert_eq!(version != Some(found.version), changes, "{term:?}");
        version = Some(found.version);
    }
    let seen = Expect::Version(version.unwrap());
    for (term, is_taken) in [(late, true), (late, true), (soon, false), (forever, false)] {
        assert_eq!(
            store.put(&key, b"x", term, seen).await.unwrap(),
            is_taken,
            "{term:?}"
        );
    }
    assert!(store.put(&key, b"x", late, Expect::Absent).await.unwrap());
    assert!(!store.put(&key, b"x", soon, Expect::Absent).await.unwrap());
    assert!(
        !store
            .put(&key, b"x", forever, Expect::Absent)
            .await
            .unwrap()
    );
}

#[apply(clause)]
/// a store may forget it from its end on, and answers with it until it has
pub async fn a_record_past_its_end_is_whole_or_gone(store: &dyn RecordStore) {
    let owner = somebody();
    let key = |number: usize| at(&owner, Kind::Workout, &format!("w{number}"));
    for number in 0..20 {
        let term = ending(THEN, LATER);
        assert!(
            store
                .put(&key(number), b"w", term, Expect::Absent)
                .await
                .unwrap()
        );
    }
    go_on(store, &owner).await;
    for number in 0..20 {
        let found = store.get(&key(number)).await.unwrap();
        let told = found
            .as_ref()
            .map(|record| (record.body.as_slice(), record.until));
        assert!(
            told.is_none_or(|told| told == (&b"w"[..], Some(LATER))),
            "{told:?}"
        );
        let seen = Expect::Version(found.as_ref().map_or(1, |record| record.version));
        let is_restored = store.put(&key(number), b"w", None, seen).await.unwrap();
        assert_eq!(is_restored, found.is_some());
        assert_eq!(
            store.get(&key(number)).await.unwrap().is_some(),
            is_restored
        );
    }
}

#[apply(clause)]
/// A write without a term takes the end away.
pub async fn what_was_restored_is_not_forgotten(store: &dyn RecordStore) {
    let owner = somebody();
    let key = at(&owner, Kind::Workout, "w");
    assert!(
        store
            .put(&key, b"w", ending(THEN, LATER), Expect::Absent)
            .await
            .unwrap()
    );
    let seen = store.get(&key).await.unwrap().unwrap().version;
    assert!(
        store
            .put(&key, b"w", None, Expect::Version(seen))
            .await
            .unwrap()
    );
    go_on(store, &owner).await;
    let found = store.get(&key).await.unwrap().unwrap();
    assert_eq!((found.body.as_slice(), found.until), (&b"w"[..], None));
}

#[apply(clause)]
/// that write is refused if the store has forgotten the record meanwhile
pub async fn what_was_forgotten_meanwhile_is_not_restored(store: &dyn RecordStore) {
    let key = at(&somebody(), Kind::Workout, "w");
    assert!(
        store
            .put(&key, b"w", ending(THEN, LATER), Expect::Absent)
            .await
            .unwrap()
    );
    let seen = store.get(&key).await.unwrap().unwrap().version;
    // As the store itself does it in its own time.
    assert!(store.delete(&key).await.unwrap());
    assert!(
        !store
            .put(&key, b"w", None, Expect::Version(seen))
            .await
            .unwrap()
    );
    assert_eq!(store.get(&key).await.unwrap(), None);
}
