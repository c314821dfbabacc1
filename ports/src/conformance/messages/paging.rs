//! How messages are read.

use domain::Ending;
use futures::TryStreamExt;
use macro_rules_attribute::apply;

use super::{admission, begun, conversation, finish, words};
use crate::{Admission, Begun, MessageStore, Writer, pages};

#[apply(clause)]
/// Returns at most `limit` messages with a number below `before`, or the newest of all without it,
/// the newest first
pub async fn messages_are_read_from_the_newest_back(store: &dyn MessageStore) {
    let key = conversation(store).await;
    for turn in ["t1", "t2", "t3"] {
        let a = admission(&key, turn);
        let Begun { fence, number } = begun(store, &a).await;
        store
            .finish(
                &a.turn,
                Writer::Holder(fence),
                &finish(&a, number, Ending::Finished, words(&[turn]), vec![]),
            )
            .await
            .unwrap();
    }
    let numbers = async |before, limit| {
        let page = store.messages(&key, before, limit).await.unwrap();
        page.iter()
            .map(|message| message.number)
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers(None, 10).await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(numbers(None, 2).await, [6, 5]);
    assert_eq!(numbers(Some(5), 2).await, [4, 3]);
    assert!(numbers(Some(1), 2).await.is_empty());
}

#[apply(clause)]
/// The list ends early at the message with which the texts reach `PAGE` bytes
pub async fn a_page_of_messages_ends_once_its_texts_have_reached_a_mebibyte(
    store: &dyn MessageStore,
) {
    let key = conversation(store).await;
    let text = "x".repeat(120 * 1024);
    for turn in 0..6 {
        let a = Admission {
            text: text.as_str().into(),
            ..admission(&key, &format!("t{turn}"))
        };
        let Begun { fence, number } = begun(store, &a).await;
        store
            .finish(
                &a.turn,
                Writer::Holder(fence),
                &finish(&a, number, Ending::Finished, words(&[&text]), vec![]),
            )
            .await
            .unwrap();
    }
    let numbers = async |before, limit| {
        let page = store.messages(&key, before, limit).await.unwrap();
        page.iter()
            .map(|message| message.number)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        numbers(None, 100).await,
        [12, 11, 10, 9, 8, 7, 6, 5, 4],
        "the ninth reaches it"
    );
    assert_eq!(numbers(None, 2).await, [12, 11]);
    assert_eq!(numbers(Some(4), 100).await, [3, 2, 1]);
    let all = pages(store, &key, None, 100).try_concat().await.unwrap();
    assert_eq!(
        all.iter().map(|message| message.number).collect::<Vec<_>>(),
        (1..=12).rev().collect::<Vec<_>>()
    );
    let some = pages(store, &key, Some(12), 10).try_concat().await.unwrap();
    assert_eq!(
        some.iter()
            .map(|message| message.number)
            .collect::<Vec<_>>(),
        (2..=11).rev().collect::<Vec<_>>()
    );
}
