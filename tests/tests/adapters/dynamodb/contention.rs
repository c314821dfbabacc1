//! Writes that meet others at their item, and claims that fail on the way.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::conversation::Edit;
use domain::{ConversationKey, Fault, Finish, JobKind, TurnKey};
use peers::dynamodb::refusals;
use peers::{Proxy, Trouble};
use ports::{
    Admitted, Expect, JobsOf, Kind, MessageStore, RecordKey, RecordStore, Stop, Writer, Written,
};

use super::scenes::{NOW, admission, checkpoint, empty, finish, key, words};
use super::setup::{behind_proxy, operation};

fn refusal(name: &str) -> Trouble {
    refusals()
        .into_iter()
        .find(|(known, _)| *known == name)
        .unwrap()
        .1
}

/// Has each kind of write of one item meet a transaction once; what has met one so far.
fn conflicts(proxy: &Proxy) -> Arc<Mutex<HashSet<String>>> {
    let met = Arc::new(Mutex::new(HashSet::new()));
    let so_far = met.clone();
    proxy.judge(move |_, headers, _| {
        let is_single = matches!(operation(headers), "PutItem" | "UpdateItem" | "DeleteItem");
        let is_first = is_single && so_far.lock().unwrap().insert(operation(headers).to_owned());
        is_first.then(|| refusal("conflict"))
    });
    met
}

#[tokio::test]
async fn a_write_of_one_item_that_meets_a_transaction_is_made_all_the_same() {
    let (proxy, table) = behind_proxy().await;
    let (store, records, key) = (table.messages(), table.records(), key("user", "v"));
    let met = |proxy: &Proxy, expected: &[&str]| {
        let met = conflicts(proxy);
        let expected: HashSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
        move || assert_eq!(*met.lock().unwrap(), expected)
    };

    // A conversation is made by a transaction, which is judged again by itself.
    let each = met(&proxy, &[]);
    store.create_conversation(&empty(&key)).await.unwrap();
    each();
    let a = admission(&key, "t1");
    let Admitted::New(begun) = store.admit(&a).await.unwrap() else {
        panic!("not admitted")
    };

    let each = met(&proxy, &["UpdateItem"]);
    assert!(store.ask_stop(&a.turn).await.unwrap().is_some());
    each();
    let each = met(&proxy, &["UpdateItem"]);
    let edit = Edit {
        title: Some("Squats".into()),
        tags: None,
    };
    assert!(store.edit_conversation(&key, &edit).await.unwrap());
    each();
    let each = met(&proxy, &["PutItem", "UpdateItem"]);
    let c = checkpoint(&a, begun.fence, 0, words(&["x"]));
    assert_eq!(
        store.checkpoint(&c).await.unwrap(),
        Written::Done(Stop::Asked)
    );
    each();
    let each = met(&proxy, &["UpdateItem", "DeleteItem"]);
    let at = RecordKey {
        owner: key.user.clone(),
        kind: Kind::Memory,
        id: "r".parse().unwrap(),
    };
    assert!(
        records
            .put(&at, b"one", None, Expect::Absent)
            .await
            .unwrap()
    );
    let over = records.put(&at, b"two", None, Expect::Version(1));
    assert!(over.await.unwrap());
    assert!(records.delete(&at).await.unwrap());
    each();

    proxy.calm();
    assert_eq!(
        store.conversation(&key).await.unwrap().unwrap().title,
        "Squats"
    );
    assert_eq!(
        store.turn(&a.turn, 0).await.unwrap().unwrap().1,
        words(&["x"])
    );
}

#[tokio::test]
async fn a_transaction_that_only_met_another_is_not_judged_again_and_one_whose_condition_fails_is()
{
    let (proxy, table) = behind_proxy().await;
    let (store, key) = (table.messages(), key("user", "v"));
    store.create_conversation(&empty(&key)).await.unwrap();
    let Trouble::Answer {
        status,
        headers,
        body,
    } = refusal("cancelled")
    else {
        panic!("not an answer")
    };
    let failed = Trouble::Answer {
        status,
        headers,
        body: body.replace("None", "ConditionalCheckFailed"),
    };
    for (turn, (cancelled, looks)) in [(refusal("cancelled"), 1), (failed, 2)]
        .into_iter()
        .enumerate()
    {
        let a = admission(&key, &format!("t{turn}"));
        let (looked, mut cancelled) = (Arc::new(Mutex::new(0)), Some(cancelled));
        let counted = looked.clone();
        proxy.judge(move |_, headers, _| {
            *counted.lock().unwrap() += i32::from(operation(headers) == "BatchGetItem");
            cancelled.take_if(|_| operation(headers) == "TransactWriteItems")
        });
        let Admitted::New(begun) = store.admit(&a).await.unwrap() else {
            panic!("not admitted")
        };
        assert_eq!(*looked.lock().unwrap(), looks);
        store
            .finish(
                &a.turn,
                Writer::Holder(begun.fence),
                &finish(&a, begun.number, words(&["x"]), vec![]),
            )
            .await
            .unwrap();
    }
}

/// Turns of a conversation that have ended so many seconds later, with a job each.
async fn left(store: &dyn MessageStore, key: &ConversationKey, turns: &[(&str, u64)]) {
    store.create_conversation(&empty(key)).await.unwrap();
    for (turn, seconds) in turns {
        let a = admission(key, turn);
        let Admitted::New(begun) = store.admit(&a).await.unwrap() else {
            panic!("not admitted")
        };
        let end = finish(&a, begun.number, words(&["x"]), vec![JobKind::Workout]);
        let closing = domain::Closing {
            at: NOW + Duration::from_secs(*seconds),
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
    }
}

#[tokio::test]
async fn what_was_claimed_before_a_claim_fails_is_held_and_told() {
    let (proxy, table) = behind_proxy().await;
    let (store, key) = (table.messages(), key("user", "v"));
    left(&store, &key, &[("t1", 1), ("t2", 2), ("t3", 3)]).await;
    let of = JobsOf::User(key.user.clone());
    let (now, until) = (NOW + Duration::from_secs(9), NOW + Duration::from_secs(69));
    let fails_after = |passed: usize| {
        let mut seen = 0;
        proxy.judge(move |_, headers, _| {
            seen += usize::from(operation(headers) == "UpdateItem");
            (seen > passed).then_some(Trouble::Cut)
        });
    };
    fails_after(0);
    assert_eq!(
        store
            .claim_jobs(&of, now, until, 8)
            .await
            .unwrap_err()
            .fault,
        Fault::Unavailable
    );
    fails_after(2);
    let held = store.claim_jobs(&of, now, until, 8).await.unwrap();
    assert_eq!(
        held.iter()
            .map(|job| job.turn.turn.as_str())
            .collect::<Vec<_>>(),
        ["t1", "t2"]
    );
    proxy.calm();
    let rest = store.claim_jobs(&of, now, until, 8).await.unwrap();
    assert_eq!(
        rest.iter()
            .map(|job| job.turn.turn.as_str())
            .collect::<Vec<_>>(),
        ["t3"]
    );
}

#[tokio::test]
async fn of_everybody_s_jobs_the_oldest_are_claimed_and_no_more_than_asked_for() {
    let (_proxy, table) = behind_proxy().await;
    let store = table.messages();
    left(
        &store,
        &key("one", "v"),
        &[("t1", 5), ("t2", 2), ("t3", 7), ("t4", 9)],
    )
    .await;
    left(
        &store,
        &key("two", "v"),
        &[("t5", 6), ("t6", 3), ("t7", 4), ("t8", 1)],
    )
    .await;
    let (now, until) = (NOW + Duration::from_secs(8), NOW + Duration::from_secs(68));
    for expected in [&["t8", "t2", "t6"][..], &["t7", "t1", "t5"], &["t3"], &[]] {
        let claimed = store
            .claim_jobs(&JobsOf::Anyone, now, until, 3)
            .await
            .unwrap();
        let turns: Vec<TurnKey> = claimed.into_iter().map(|job| job.turn).collect();
        assert_eq!(
            turns
                .iter()
                .map(|turn| turn.turn.as_str())
                .collect::<Vec<_>>(),
            expected
        );
    }
}
