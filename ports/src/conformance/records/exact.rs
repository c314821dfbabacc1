//! The clauses on what is read, record by record and in lists.

use super::*;
use crate::{Cursor, Page};

/// The latest time that is written with four digits of a year.
const LATEST: Timestamp = Timestamp(253_402_300_799_999);

#[apply(clause)]
/// The bytes that were put.
pub async fn every_byte_is_read_as_it_was_put_and_listed_so(store: &dyn RecordStore) {
    let owner = somebody();
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let bodies = [
        Vec::new(),
        vec![0],
        b"\r\n{\"a\": 1}\0".to_vec(),
        all.clone(),
        all.repeat(1_200),
    ];
    for (number, body) in bodies.into_iter().enumerate() {
        for (name, term) in [("a", None), ("b", ending(THEN, LATEST))] {
            let group: GroupId = format!("{name:_<62}{number}-").parse().unwrap();
            let id = RecordId::within(&group, format!("{name:-<64}").parse::<RecordId>().unwrap());
            for kind in Kind::ALL {
                let id = id.clone();
                let key = RecordKey {
                    id,
                    ..at(&owner, kind, "x")
                };
                assert!(store.put(&key, &body, term, Expect::Absent).await.unwrap());
                let found = store.get(&key).await.unwrap().unwrap();
                let until = term.map(|term| term.until);
                assert_eq!((&found.at, found.until), (&key, until));
                assert!(found.body == body, "{} bytes were put", body.len());
                let within = Some(group.clone());
                let page = store.list(&owner, kind, within, None, 10).await.unwrap();
                assert!(page.items == [found] && page.next.is_none());
            }
        }
    }
}

#[apply(clause)]
/// Where the list goes on; `None` at its end, also if the page is just full there.
pub async fn a_page_that_is_just_full_at_the_end_is_the_last(store: &dyn RecordStore) {
    let owner = somebody();
    let group: GroupId = "g".parse().unwrap();
    let page = async |within: Option<&GroupId>, limit| -> Page<Record> {
        let page = store.list(&owner, Kind::Memory, within.cloned(), None, limit);
        page.await.unwrap()
    };
    for within in [None, Some(&group)] {
        let none = page(within, 10).await;
        assert_eq!((none.items.len(), none.next), (0, None));
    }
    for id in ["a", "b", "c"] {
        let id = RecordId::within(&group, id.parse::<RecordId>().unwrap());
        let key = RecordKey {
            id,
            ..at(&owner, Kind::Memory, "x")
        };
        assert!(store.put(&key, b"x", None, Expect::Absent).await.unwrap());
    }
    for within in [None, Some(&group)] {
        let whole = page(within, 3).await;
        assert_eq!((whole.items.len(), whole.next), (3, None));
        let some = page(within, 2).await;
        assert_eq!((some.items.len(), some.next.is_some()), (2, true));
    }
}

#[apply(clause)]
/// What a store makes of any other is up to it, but no error, and nothing of another user.
pub async fn a_cursor_of_another_list_is_no_error(store: &dyn RecordStore) {
    let (owner, other) = (somebody(), somebody());
    let group: GroupId = "g".parse().unwrap();
    let mut given: Vec<Option<Cursor>> = Vec::new();
    for user in [&owner, &other] {
        for kind in [Kind::Memory, Kind::Workout] {
            for id in ["a", "b", "c"] {
                let own = id.parse::<RecordId>().unwrap();
                for id in [own.clone(), RecordId::within(&group, own)] {
                    let key = RecordKey {
                        id,
                        ..at(user, kind, "x")
                    };
                    assert!(store.put(&key, b"x", None, Expect::Absent).await.unwrap());
                }
            }
            for within in [None, Some(group.clone())] {
                let page = store.list(user, kind, within, None, 1).await.unwrap();
                given.push(page.next);
            }
        }
    }
    let long = "x".repeat(1_000);
    let made_up = [
        "",
        "~",
        "a",
        "g",
        "g.",
        "0",
        "%",
        "\0",
        "\u{10ffff}",
        long.as_str(),
    ];
    let made_up = made_up.into_iter().map(str::to_owned);
    for cursor in made_up.chain(given.into_iter().flatten()) {
        for within in [None, Some(group.clone())] {
            let after = Some(cursor.clone());
            let page = store
                .list(&owner, Kind::Memory, within.clone(), after, 2)
                .await;
            let page = page.unwrap_or_else(|error| panic!("{cursor:?}: {error:?}"));
            let is_own = |record: &Record| {
                let is_within = record.at.id.as_str().starts_with(&group.prefix());
                let is_of_kind = record.at.kind == Kind::Memory;
                record.at.owner == owner && is_of_kind && (within.is_none() || is_within)
            };
            assert!(page.items.iter().all(is_own), "{cursor:?}");
            assert!(page.items.len() <= 2, "{cursor:?}");
        }
    }
}

#[apply(clause)]
/// Returns at most `limit` of a user's records of a kind as they are now
pub async fn a_list_tells_what_was_written_last(store: &dyn RecordStore) {
    let owner = somebody();
    let key = at(&owner, Kind::Memory, "m");
    let listed = async || {
        let page = store.list(&owner, Kind::Memory, None, None, 10).await;
        page.unwrap().items
    };
    for (body, term) in [
        (&b"one"[..], None),
        (b"two", ending(THEN, LATER)),
        (b"two", None),
    ] {
        assert!(store.put(&key, body, term, Expect::Anything).await.unwrap());
        let found = store.get(&key).await.unwrap().unwrap();
        assert_eq!(found.body, body);
        assert_eq!(listed().await, [found]);
    }
    assert!(store.delete(&key).await.unwrap());
    assert_eq!(listed().await, []);
}
