//! Names that look alike, and limits at their ends.

use super::*;
use crate::conformance::alike;

#[apply(clause)]
/// *All or nothing, repeatable, current, owned
pub async fn users_and_records_that_look_alike_are_different(store: &dyn RecordStore) {
    let users = alike();
    let names = ["m", "M", "m-", "m0", "-m"];
    for user in &users {
        for name in names {
            let key = at(user, Kind::Memory, name);
            let body = format!("{user} {name}");
            let put = store.put(&key, body.as_bytes(), None, Expect::Absent);
            assert!(put.await.unwrap(), "{key}");
        }
    }
    let mut newest_first = names;
    newest_first.sort_unstable();
    newest_first.reverse();
    for user in &users {
        assert_eq!(ids(store, user, Kind::Memory, 10).await, newest_first);
        for name in names {
            let found = store.get(&at(user, Kind::Memory, name)).await.unwrap();
            assert_eq!(found.unwrap().body, format!("{user} {name}").as_bytes());
        }
    }
    let [first, others @ ..] = users.as_slice() else {
        panic!("there are some")
    };
    for _ in 0..100 {
        let now = Timestamp(2_000_000_000_000);
        if store.erase(first, now, 50).await.unwrap().is_complete {
            break;
        }
    }
    assert!(ids(store, first, Kind::Memory, 10).await.is_empty());
    for user in others {
        assert_eq!(ids(store, user, Kind::Memory, 10).await, newest_first);
    }
}

#[apply(clause)]
/// Returns at most `limit` of a user's records of a kind as they are now
pub async fn a_limit_may_be_none_or_more_than_there_is(store: &dyn RecordStore) {
    let owner = somebody();
    for id in ["a", "b"] {
        let key = at(&owner, Kind::Memory, id);
        assert!(store.put(&key, b"x", None, Expect::Absent).await.unwrap());
    }
    assert!(ids(store, &owner, Kind::Memory, 0).await.is_empty());
    assert_eq!(
        ids(store, &owner, Kind::Memory, usize::MAX).await,
        ["b", "a"]
    );
}

#[apply(clause)]
/// from behind `after`, which an earlier page of the same list has given as its `next`
pub async fn a_long_list_is_read_whole_in_pages_of_any_size(store: &dyn RecordStore) {
    let owner = somebody();
    let name = |number: usize| format!("w{number:03}");
    for number in 0..70 {
        let key = at(&owner, Kind::Workout, &name(number));
        assert!(store.put(&key, b"x", None, Expect::Absent).await.unwrap());
    }
    let all: Vec<_> = (0..70).rev().map(name).collect();
    for size in [7, 25, 69, 70, 100] {
        let (mut seen, mut after) = (Vec::new(), None);
        for _ in 0..=all.len() {
            let page = store.list(&owner, Kind::Workout, None, after, size).await;
            let page = page.unwrap();
            seen.extend(page.items.into_iter().map(|found| found.at.id.to_string()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, all, "in pages of {size}");
    }
}
