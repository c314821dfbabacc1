//! What the item of a user's allowances holds.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Ending, Fault, TurnKey};
use futures::future::join_all;
use ports::{Admission, Admitted, Allowance, Hold, MessageStore, Writer};

use super::scenes::{NOW, admission, empty, finish, key, words};
use super::setup::{client, named, stored};

/// An allowance with these holds, put there without the adapter.
async fn held(table: &str, user: &str, holds: impl Iterator<Item = (String, AttributeValue)>) {
    let put = client()
        .put_item()
        .table_name(table)
        .item("pk", AttributeValue::S(format!("U#{user}")));
    let put = put
        .item("sk", AttributeValue::S("A#holds".to_owned()))
        .item("taken", AttributeValue::N("1".to_owned()));
    holds
        .fold(put, |put, (name, hold)| put.item(name, hold))
        .send()
        .await
        .unwrap();
}

fn with_hold(admission: Admission) -> Admission {
    Admission {
        holds: vec![Hold {
            of: Allowance::Turns,
            amount: 1,
            limit: 1,
            until: NOW + Duration::from_secs(120),
        }],
        ..admission
    }
}

#[tokio::test]
async fn holds_that_ran_out_long_ago_are_cleared_away_a_hundred_at_a_time() {
    let (_proxy, table) = named("allowance-stale").await;
    let (store, key) = (table.messages(), key("user", "v"));
    store.create_conversation(&empty(&key)).await.unwrap();
    let old = AttributeValue::L(
        ["5", "1"]
            .map(|number| AttributeValue::N(number.to_owned()))
            .to_vec(),
    );
    held(
        "allowance-stale",
        "user",
        (0..130).map(|number| (format!("hold:old-{number}"), old.clone())),
    )
    .await;
    assert!(matches!(
        store
            .admit(&with_hold(admission(&key, "t1")))
            .await
            .unwrap(),
        Admitted::New(_)
    ));
    let allowance = stored("allowance-stale", &key.user, "A#").await.remove(0);
    assert_eq!(
        allowance
            .keys()
            .filter(|name| name.starts_with("hold:"))
            .count(),
        31
    );
    assert!(allowance.contains_key("v"));
}

fn n(number: &str) -> AttributeValue {
    AttributeValue::N(number.to_owned())
}

fn pair(amount: &str, until: &str) -> AttributeValue {
    AttributeValue::L(vec![n(amount), n(until)])
}

fn hold(of: Allowance, amount: u64, limit: u64) -> Hold {
    let until = NOW + Duration::from_secs(120);
    Hold {
        of,
        amount,
        limit,
        until,
    }
}

/// The attributes that are amounts, by their names.
async fn amounts(table: &str, user: &domain::UserScope) -> BTreeMap<String, AttributeValue> {
    let item = stored(table, user, "A#").await.remove(0);
    item.into_iter()
        .filter(|(name, _)| name.contains(':'))
        .collect()
}

#[tokio::test]
async fn each_hold_is_an_attribute_and_what_was_spent_until_an_end_is_one() {
    let name = "allowance-form";
    let (_proxy, table) = named(name).await;
    let (store, key) = (table.messages(), key("user", "v"));
    store.create_conversation(&empty(&key)).await.unwrap();
    let mut a = admission(&key, "t1");
    a.holds = vec![
        hold(Allowance::Turns, 1, 8),
        hold(Allowance::Tokens, 50, 100),
        hold(Allowance::Money, 7, 9),
    ];
    store.admit(&a).await.unwrap();
    let held = [
        ("hold:t1".to_owned(), pair("1", "2000000120000")),
        ("money:t1".to_owned(), pair("7", "2000000120000")),
        ("tokens:t1".to_owned(), pair("50", "2000000120000")),
    ];
    assert_eq!(amounts(name, &key.user).await, BTreeMap::from(held.clone()));
    let spent = [(Allowance::Tokens, 60)];
    store.settle_hold(&a.turn, &spent).await.unwrap();
    let [turns, money, _] = held;
    let spent = ("spent:tokens:2000000120000".to_owned(), n("60"));
    let settled = BTreeMap::from([turns, money, spent]);
    assert_eq!(amounts(name, &key.user).await, settled);
}

#[tokio::test]
async fn a_hold_that_was_stored_when_there_was_no_other_allowance_is_one_of_turns() {
    let name = "allowance-first-form";
    let (_proxy, table) = named(name).await;
    let (store, key) = (table.messages(), key("user", "v"));
    store.create_conversation(&empty(&key)).await.unwrap();
    let old = ("hold:t0".to_owned(), pair("1", "2000000060000"));
    held(name, "user", [old].into_iter()).await;
    let with = |holds: &[Hold]| Admission {
        holds: holds.to_vec(),
        ..admission(&key, "t1")
    };
    let tokens = hold(Allowance::Tokens, 1, 1);
    let second = with(&[tokens, hold(Allowance::Turns, 1, 1)]);
    let over = Admitted::OverLimit {
        of: Allowance::Turns,
        until: NOW + Duration::from_secs(60),
    };
    assert_eq!(store.admit(&second).await.unwrap(), over);
    let second = with(&[tokens, hold(Allowance::Turns, 1, 2)]);
    assert!(matches!(
        store.admit(&second).await.unwrap(),
        Admitted::New(_)
    ));
}

#[tokio::test]
async fn a_hold_that_cannot_be_read_is_an_error_and_not_nothing() {
    let name = "allowance-unreadable";
    let (_proxy, table) = named(name).await;
    let store = table.messages();
    let no_end = AttributeValue::L(vec![n("1")]);
    let texts = AttributeValue::L(vec![AttributeValue::S("1".to_owned()); 2]);
    for (number, (attribute, value)) in [
        ("hold:t0", no_end.clone()),
        ("tokens:t0", no_end),
        ("money:t0", texts),
        ("money:t0", n("1")),
        ("gems:t0", pair("1", "1")),
        ("spent:tokens:5", AttributeValue::S("1".to_owned())),
        ("spent:tokens:5", n("-1")),
        ("spent:tokens:soon", n("1")),
        ("spent:5", n("1")),
    ]
    .into_iter()
    .enumerate()
    {
        let user = format!("user-{number}");
        let key = key(&user, "v");
        store.create_conversation(&empty(&key)).await.unwrap();
        let unreadable = [(attribute.to_owned(), value)];
        held(name, &user, unreadable.into_iter()).await;
        let a = with_hold(admission(&key, "t1"));
        let refused = store.admit(&a).await.unwrap_err();
        assert_eq!(refused.fault, Fault::Rejected, "{attribute}");
        let spent = [(Allowance::Tokens, 1)];
        let refused = store.settle_hold(&a.turn, &spent).await.unwrap_err();
        assert_eq!(refused.fault, Fault::Rejected, "{attribute}");
    }
}

#[tokio::test]
async fn what_turns_have_spent_grows_with_their_ends_and_not_with_the_turns() {
    let name = "allowance-bounded";
    let (_proxy, table) = named(name).await;
    let (store, key) = (table.messages(), key("user", "v"));
    store.create_conversation(&empty(&key)).await.unwrap();
    let day = Duration::from_hours(24);
    let ended = async |number: u32, now, until| {
        let mut a = admission(&key, &format!("t{number}"));
        (a.now, a.holds) = (
            now,
            vec![Hold {
                until,
                ..hold(Allowance::Tokens, 10, 1_000)
            }],
        );
        let Admitted::New(begun) = store.admit(&a).await.unwrap() else {
            panic!("{number} was not admitted")
        };
        let end = finish(&a, begun.number, words(&["x"]), vec![]);
        assert_eq!(end.closing.ending, Ending::Finished);
        let writer = Writer::Holder(begun.fence);
        store.finish(&a.turn, writer, &end).await.unwrap();
        let spent = [(Allowance::Tokens, 3)];
        store.settle_hold(&a.turn, &spent).await.unwrap();
    };
    for number in 0..20 {
        ended(number, NOW, NOW + day * (1 + number % 2)).await;
    }
    let sums = amounts(name, &key.user).await;
    assert_eq!(sums.into_values().collect::<Vec<_>>(), [n("30"), n("30")]);
    // A day after they have ended they are cleared away.
    ended(20, NOW + day * 3, NOW + day * 9).await;
    let sums = amounts(name, &key.user).await;
    assert_eq!(sums.into_values().collect::<Vec<_>>(), [n("3")]);
}

#[tokio::test]
async fn what_is_settled_at_once_all_counts() {
    let name = "allowance-at-once";
    let (_proxy, table) = named(name).await;
    let store = table.messages();
    let mut turns: Vec<TurnKey> = Vec::new();
    for number in 0..6 {
        let key = key("user", &format!("v{number}"));
        store.create_conversation(&empty(&key)).await.unwrap();
        let mut a = admission(&key, "t");
        a.turn.turn = format!("t{number}").parse().unwrap();
        a.holds = vec![hold(Allowance::Money, 1, 100)];
        store.admit(&a).await.unwrap();
        turns.push(a.turn);
    }
    let settling = turns
        .iter()
        .map(|turn| store.settle_hold(turn, &[(Allowance::Money, 5)]));
    for settled in join_all(settling).await {
        settled.unwrap();
    }
    let sums = amounts(name, &turns[0].conversation.user).await;
    assert_eq!(sums.into_values().collect::<Vec<_>>(), [n("30")]);
}
