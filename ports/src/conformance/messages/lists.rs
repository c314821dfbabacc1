//! What the lists of conversations tell, and how they go on.

use std::slice;

use macro_rules_attribute::apply;

use super::*;
use crate::conformance::TRIES;
use crate::{Cursor, Page};

/// The conversations of a user with a coach, asked for until the list has caught up.
async fn list(
    store: &dyn MessageStore,
    of: &ConversationKey,
    size: usize,
    expected: &[Conversation],
) {
    let mut seen = Vec::new();
    for _ in 0..TRIES {
        seen.clear();
        let mut after = None;
        loop {
            let page = store.conversations(&of.user, &of.coach, after, size).await;
            let page = page.unwrap();
            let count = page.items.len();
            assert!(count <= size, "{count} of {size}");
            seen.extend(page.items);
            after = page.next;
            if after.is_none() || seen.len() > expected.len() {
                break;
            }
        }
        if seen == expected {
            return;
        }
    }
    assert_eq!(seen, expected, "in pages of {size}");
}

#[apply(clause)]
/// Returns at most `limit` of a user's conversations with a coach, the last active first … in one
/// write
pub async fn admissions_and_endings_put_a_conversation_first(store: &dyn MessageStore) {
    let user = somebody();
    let mut made = Vec::new();
    for (name, seconds) in [("a", 1), ("b", 2), ("c", 3)] {
        let key = key(&user, name);
        let new = empty(key.clone(), NOW + seconds * SECOND);
        store.create_conversation(&new).await.unwrap();
        made.push(key);
    }
    let read = async |key: &ConversationKey| store.conversation(key).await.unwrap().unwrap();
    let [a, b, c] = made.as_slice() else {
        panic!("there are three")
    };
    let of = async |keys: [&ConversationKey; 3]| {
        let [first, second, third] = keys;
        [read(first).await, read(second).await, read(third).await]
    };
    for size in [1, 2, 3, 10] {
        list(store, a, size, &of([c, b, a]).await).await;
    }
    let first = Admission {
        now: NOW + 4 * SECOND,
        ..admission(a, "t1")
    };
    let begun_in_a = begun(store, &first).await;
    list(store, a, 2, &of([a, c, b]).await).await;
    let second = Admission {
        now: NOW + 5 * SECOND,
        ..admission(b, "t2")
    };
    begun(store, &second).await;
    list(store, a, 2, &of([b, a, c]).await).await;
    let mut end = finish(&first, 1, Ending::Finished, words(&["x"]), vec![]);
    let closing = Closing {
        at: NOW + 6 * SECOND,
        ..Closing::clone(&end.closing)
    };
    end.closing = closing.into();
    let writer = Writer::Holder(begun_in_a.fence);
    store.finish(&first.turn, writer, &end).await.unwrap();
    for size in [1, 2, 3, 10] {
        list(store, a, size, &of([a, b, c]).await).await;
    }
}

#[apply(clause)]
/// Returns at most `limit` of a user's conversations with a coach
pub async fn conversations_with_another_coach_are_not_listed(store: &dyn MessageStore) {
    let user = somebody();
    let mut of_coach = Vec::new();
    for coach in ["c", "c-", "c0", "C", "cc"] {
        let mut key = key(&user, "v");
        key.coach = coach.parse().unwrap();
        of_coach.push(empty(created(store, key).await, NOW));
    }
    created(store, key(&somebody(), "theirs")).await;
    for expected in of_coach {
        for size in [1, 10] {
            list(store, &expected.key, size, slice::from_ref(&expected)).await;
        }
    }
}

#[apply(clause)]
/// Titles, tags and times are as `new` says; there are no messages and no turn yet.
pub async fn a_conversation_is_as_it_was_made_wherever_it_is_read(store: &dyn MessageStore) {
    let user = somebody();
    for (number, text) in crate::conformance::odd_texts().into_iter().enumerate() {
        let mut key = key(&user, &format!("v{number}"));
        key.coach = format!("c{number}").parse().unwrap();
        let new = Conversation {
            title: text.clone(),
            tags: vec![text.clone(), "legs".into(), text],
            created: NOW + SECOND,
            last_activity: NOW + 2 * SECOND,
            ..empty(key.clone(), NOW)
        };
        store.create_conversation(&new).await.unwrap();
        let found = store.conversation(&key).await.unwrap();
        assert_eq!(found, Some(new.clone()));
        list(store, &key, 10, slice::from_ref(&new)).await;
        let all = store.all_conversations(&user, None, 100).await.unwrap();
        assert!(all.items.contains(&Ok(new.clone())), "{all:?}");
    }
}

/// Reads a list with a page that is just as large as it is.
async fn ends<T>(what: &str, count: usize, page: impl AsyncFn(usize) -> Page<T>) {
    for _ in 0..TRIES {
        let whole = page(count).await;
        if whole.items.len() == count {
            assert_eq!(whole.next, None, "{what}: a page of all {count}");
            let some = page(count - 1).await;
            assert!(some.next.is_some(), "{what}: a page of all but one");
            return;
        }
    }
    panic!("{what}: not all of {count} were listed")
}

#[apply(clause)]
/// Where the list goes on; `None` at its end, also if the page is just full there.
pub async fn a_page_that_is_just_full_at_the_end_is_the_last(store: &dyn MessageStore) {
    let user = somebody();
    let coach = "c".parse().unwrap();
    let of_nobody = store.conversations(&user, &coach, None, 10).await.unwrap();
    assert_eq!((of_nobody.items.len(), of_nobody.next), (0, None));
    let of_nobody = store.all_conversations(&user, None, 10).await.unwrap();
    assert_eq!((of_nobody.items.len(), of_nobody.next), (0, None));
    for name in ["a", "b", "c"] {
        created(store, key(&user, name)).await;
    }
    let page = async |size| {
        store
            .conversations(&user, &coach, None, size)
            .await
            .unwrap()
    };
    ends("of a coach", 3, page).await;
    let page = async |size| store.all_conversations(&user, None, size).await.unwrap();
    ends("of all", 3, page).await;
}

/// What no list of these has given, but perhaps another list or another store.
fn foreign(given: &[Option<Cursor>]) -> Vec<Cursor> {
    let made_up = [
        "",
        "~",
        "a",
        "0",
        "-1",
        "a.b",
        "c#v",
        "a.b.c",
        "%",
        "\0",
        "\u{10ffff}",
    ];
    let long = "x".repeat(1_000);
    let made_up = made_up.into_iter().chain([long.as_str()]);
    let made_up = made_up.map(str::to_owned);
    made_up.chain(given.iter().flatten().cloned()).collect()
}

#[apply(clause)]
/// What a store makes of any other is up to it, but no error, and nothing of another user.
pub async fn a_cursor_of_another_list_is_no_error(store: &dyn MessageStore) {
    let (user, other) = (somebody(), somebody());
    let mut given = Vec::new();
    for user in [&user, &other] {
        for (coach, name) in [("c", "a"), ("c", "b"), ("d", "a"), ("d", "b")] {
            let mut key = key(user, name);
            key.coach = coach.parse().unwrap();
            created(store, key).await;
        }
        for coach in ["c", "d"] {
            let coach = coach.parse().unwrap();
            let page = store.conversations(user, &coach, None, 1).await.unwrap();
            given.push(page.next);
        }
        let all = store.all_conversations(user, None, 1).await.unwrap();
        given.push(all.next);
    }
    let coach = "c".parse().unwrap();
    for cursor in foreign(&given) {
        let page = store
            .conversations(&user, &coach, Some(cursor.clone()), 1)
            .await;
        let page = page.unwrap_or_else(|error| panic!("{cursor:?}: {error:?}"));
        let is_own = |key: &ConversationKey| key.user == user && key.coach == coach;
        assert!(page.items.iter().all(|found| is_own(&found.key)));
        assert!(page.items.len() <= 1);
        let page = store
            .all_conversations(&user, Some(cursor.clone()), 1)
            .await;
        let page = page.unwrap_or_else(|error| panic!("{cursor:?}: {error:?}"));
        let is_own = |found: &Conversation| found.key.user == user;
        assert!(page.items.iter().flatten().all(is_own), "{cursor:?}");
        assert!(page.items.len() <= 1);
    }
}
