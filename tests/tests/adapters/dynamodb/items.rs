//! What the items hold, beside what they are read for.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use coach_tests::work_off;
use domain::{Fence, Finish, JobKind, JobState, Timestamp};
use ports::{
    Account, Admitted, Binding, Expect, JobsOf, Kind, MessageStore, RecordKey, RecordStore, Term,
    Writer, Written,
};

use super::parallel::ports;
use super::scenes::{NOW, admission, checkpoint, empty, finish, key, words};
use super::setup::{client, named, queries, stored};

const DAY: u64 = 24 * 3_600;

/// When an item may be thrown away, in seconds.
fn ttl(item: &HashMap<String, AttributeValue>) -> Option<u64> {
    item.get("ttl")
        .map(|at| at.as_n().unwrap().parse().unwrap())
}

#[tokio::test]
async fn a_running_turn_is_kept_for_ever_and_an_ended_one_as_long_as_anybody_needs_it() {
    let (_proxy, table) = named("items-ttl").await;
    let (store, key) = (table.messages(), key("user", "v"));
    store.create_conversation(&empty(&key)).await.unwrap();
    for (turn, jobs, days) in [("t1", vec![], 1), ("t2", vec![JobKind::Workout], 90)] {
        let a = admission(&key, turn);
        let Admitted::New(begun) = store.admit(&a).await.unwrap() else {
            panic!("not admitted")
        };
        store
            .checkpoint(&checkpoint(&a, begun.fence, 0, words(&["x"])))
            .await
            .unwrap();
        let item = async || {
            stored("items-ttl", &key.user, &format!("T#coach#v#{turn}"))
                .await
                .remove(0)
        };
        assert_eq!(ttl(&item().await), None);
        store
            .finish(
                &a.turn,
                Writer::Holder(begun.fence),
                &finish(&a, begun.number, words(&["x"]), jobs),
            )
            .await
            .unwrap();
        assert_eq!(
            ttl(&item().await),
            Some(a.kept_until.0 / 1_000 + days * DAY)
        );
    }
}

#[tokio::test]
async fn a_job_whose_turn_was_thrown_away_is_dead_for_that_and_for_no_other_reason() {
    let (_proxy, table) = named("items-turnless").await;
    let (store, ports) = (table.messages(), ports(&table));
    for (name, is_deleted) in [("kept", false), ("deleted", true)] {
        let key = key(name, "v");
        store.create_conversation(&empty(&key)).await.unwrap();
        let a = admission(&key, "t1");
        let Admitted::New(begun) = store.admit(&a).await.unwrap() else {
            panic!("not admitted")
        };
        let end = finish(&a, begun.number, words(&["x"]), vec![JobKind::Workout]);
        let closing = domain::Closing {
            at: Timestamp(1),
            ..(*end.closing).clone()
        };
        let end = Finish {
            closing: closing.into(),
            ..end
        };
        store
            .finish(&a.turn, Writer::Holder(begun.fence), &end)
            .await
            .unwrap();
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let pk = text(&format!("U#{name}"));
        if is_deleted {
            // The mark of a deletion that got no further.
            let mark = client()
                .update_item()
                .table_name("items-turnless")
                .key("pk", pk)
                .key("sk", text("C#coach#v"));
            let mark = mark
                .update_expression("SET gone = :left")
                .expression_attribute_values(":left", text("left"));
            mark.send().await.unwrap();
        } else {
            let turn = client()
                .delete_item()
                .table_name("items-turnless")
                .key("pk", pk);
            turn.key("sk", text("T#coach#v#t1")).send().await.unwrap();
        }
        assert_eq!(work_off(&ports, &a.turn).await, None);
        let jobs = store.jobs(&JobsOf::Turn(a.turn)).await.unwrap();
        let expected = if is_deleted {
            JobState::Refused("the conversation was deleted".to_owned())
        } else {
            JobState::Dead("its turn is no longer kept".to_owned())
        };
        assert_eq!(
            jobs.into_iter().map(|job| job.state).collect::<Vec<_>>(),
            [expected]
        );
    }
}

#[tokio::test]
async fn the_segment_of_a_checkpoint_that_is_refused_is_removed() {
    let (_proxy, table) = named("items-segment").await;
    let (store, key) = (table.messages(), key("user", "v"));
    store.create_conversation(&empty(&key)).await.unwrap();
    let a = admission(&key, "t1");
    let Admitted::New(begun) = store.admit(&a).await.unwrap() else {
        panic!("not admitted")
    };
    store
        .checkpoint(&checkpoint(&a, begun.fence, 0, words(&["x"])))
        .await
        .unwrap();
    let late = checkpoint(&a, Fence(begun.fence.0 - 1), 0, words(&["late"]));
    assert_eq!(store.checkpoint(&late).await.unwrap(), Written::LeaseLost);
    assert_eq!(stored("items-segment", &key.user, "E#").await.len(), 1);
}

#[tokio::test]
async fn records_are_listed_as_they_are_now() {
    let (proxy, table) = named("items-records").await;
    let looks = queries(&proxy);
    table
        .records()
        .list(&key("user", "v").user, Kind::Tombstone, None, None, 100)
        .await
        .unwrap();
    assert!(matches!(looks.lock().unwrap().as_slice(), [look] if look["ConsistentRead"] == true));
}

#[tokio::test]
async fn a_record_that_has_ended_is_thrown_away_a_day_later_unless_it_was_restored() {
    let (_proxy, table) = named("items-ending").await;
    let records = table.records();
    let at = RecordKey {
        owner: key("user", "v").user,
        kind: Kind::Workout,
        id: "w".parse().unwrap(),
    };
    let until = NOW + Duration::from_secs(30 * DAY);
    let term = Some(Term { from: NOW, until });
    for (term, thrown_away) in [
        (None, None),
        (term, Some(until.0 / 1_000 + DAY)),
        (None, None),
    ] {
        assert!(
            records
                .put(&at, b"w", term, Expect::Anything)
                .await
                .unwrap()
        );
        let item = stored("items-ending", &at.owner, "R#workout#w")
            .await
            .remove(0);
        assert_eq!(ttl(&item), thrown_away);
        assert_eq!(item.contains_key("until"), term.is_some());
    }
}

#[tokio::test]
async fn a_binding_says_no_more_of_an_account_than_it_takes_to_know_it_again() {
    let (_proxy, table) = named("items-binding").await;
    let (issuer, subject) = (
        "https://issuer.example".to_owned(),
        "ann@example.org".to_owned(),
    );
    let account = Account { issuer, subject };
    let user = key("user", "v").user;
    let bound = table.records().bind(&account, &user).await.unwrap();
    assert_eq!(bound, Binding::Bound);
    let of_user = stored("items-binding", &user, "I#").await.remove(0);
    let pk = format!("I#{}", of_user["account"].as_s().unwrap());
    let get = client()
        .get_item()
        .table_name("items-binding")
        .key("pk", AttributeValue::S(pk))
        .key("sk", AttributeValue::S("I#user".to_owned()));
    let of_account = get.send().await.unwrap().item.unwrap();
    assert_eq!(of_account["user"].as_s().unwrap(), "user");
    assert!(!format!("{of_user:?}{of_account:?}").contains("ann@"));
}
