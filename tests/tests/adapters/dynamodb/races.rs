//! What happens between a look and the write that follows from it.

use std::thread;

use domain::{Ending, Finish};
use dynamodb::{DynamoMessages, Table};
use peers::Proxy;
use ports::{
    Admission, Admitted, Allowance, Checkpoint, Hold, MessageStore, Result, Writer, Written,
};
use tokio::runtime::Builder;

use super::scenes::{NOW, admission, checkpoint, empty, finish, key, words};
use super::setup::{operation, peer, table};

/// A store behind a proxy, and the same one without.
async fn store(name: &str) -> (Proxy, DynamoMessages, Table) {
    let proxy = Proxy::before(peer()).await.unwrap();
    let direct = table(peer(), name);
    direct.create().await.unwrap();
    let store = table(&proxy.url(), name).messages();
    (proxy, store, direct)
}

/// Has this done when the next transaction is on its way, before it arrives.
fn meanwhile<T: 'static, F>(
    proxy: &Proxy,
    name: &'static str,
    act: impl FnOnce(DynamoMessages) -> F + Send + 'static,
) where
    F: Future<Output = Result<T>>,
{
    let mut act = Some(act);
    proxy.judge(move |_, headers, _| {
        if operation(headers) == "TransactWriteItems"
            && let Some(act) = act.take()
        {
            let runtime = move || {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    act(table(peer(), name).messages()).await.map(drop).unwrap()
                });
            };
            thread::spawn(runtime).join().unwrap();
        }
        None
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_deleted_while_a_message_is_taken_in_does_not_come_back() {
    let (proxy, store, direct) = store("race-delete").await;
    let key = key("user", "v");
    store.create_conversation(&empty(&key)).await.unwrap();
    let (a, gone) = (admission(&key, "t1"), key.clone());
    meanwhile(&proxy, "race-delete", async move |store| {
        store.delete_conversation(&gone).await
    });
    assert_eq!(store.admit(&a).await.unwrap(), Admitted::Unknown);
    assert_eq!(direct.messages().conversation(&key).await.unwrap(), None);
    assert_eq!(direct.messages().turn(&a.turn, 0).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_turns_of_a_user_that_begin_at_once_only_one_gets_the_last_of_the_allowance() {
    let (proxy, store, direct) = store("race-hold").await;
    let holds = vec![Hold {
        of: Allowance::Turns,
        amount: 1,
        limit: 1,
        until: NOW + std::time::Duration::from_secs(120),
    }];
    let [mine, theirs] = ["v1", "v2"].map(|name| Admission {
        holds: holds.clone(),
        ..admission(&key("user", name), name)
    });
    for a in [&mine, &theirs] {
        store
            .create_conversation(&empty(&a.turn.conversation))
            .await
            .unwrap();
    }
    let other = theirs.clone();
    meanwhile(&proxy, "race-hold", async move |store| {
        store.admit(&other).await
    });
    let over = Admitted::OverLimit {
        of: Allowance::Turns,
        until: holds[0].until,
    };
    assert_eq!(store.admit(&mine).await.unwrap(), over);
    assert!(
        direct
            .messages()
            .turn(&theirs.turn, 0)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(direct.messages().turn(&mine.turn, 0).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_equal_requests_at_once_one_follows_the_other() {
    let (proxy, store, _) = store("race-equal").await;
    let key = key("user", "v");
    store.create_conversation(&empty(&key)).await.unwrap();
    let first = admission(&key, "t1");
    let second = ports::Admission {
        key: first.key.clone(),
        ..admission(&key, "t2")
    };
    let sent = first.clone();
    meanwhile(&proxy, "race-equal", async move |store| {
        store.admit(&sent).await
    });
    assert_eq!(
        store.admit(&second).await.unwrap(),
        Admitted::Existing(first.turn.turn)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_turns_at_once_one_is_told_that_the_other_runs() {
    let (proxy, store, _) = store("race-busy").await;
    let key = key("user", "v");
    store.create_conversation(&empty(&key)).await.unwrap();
    let (first, second) = (admission(&key, "t1"), admission(&key, "t2"));
    let sent = first.clone();
    meanwhile(&proxy, "race-busy", async move |store| {
        store.admit(&sent).await
    });
    assert_eq!(
        store.admit(&second).await.unwrap(),
        Admitted::Busy(first.turn.turn)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaper_loses_against_a_holder_that_lives_after_all() {
    let (proxy, store, direct) = store("race-lease").await;
    let key = key("user", "v");
    store.create_conversation(&empty(&key)).await.unwrap();
    let a = admission(&key, "t1");
    let Admitted::New(begun) = store.admit(&a).await.unwrap() else {
        panic!("not admitted")
    };
    let alive = checkpoint(&a, begun.fence, 0, words(&["alive"]));
    let alive = Checkpoint {
        lease_until: NOW + std::time::Duration::from_secs(40),
        ..alive
    };
    meanwhile(&proxy, "race-lease", async move |store| {
        store.checkpoint(&alive).await
    });
    let reaper = Writer::Reaper {
        fence: begun.fence,
        lease_until: a.lease_until,
    };
    assert_eq!(
        store
            .finish(
                &a.turn,
                reaper,
                &finish(&a, begun.number, words(&[]), vec![])
            )
            .await
            .unwrap(),
        Written::LeaseLost
    );
    assert_eq!(
        direct
            .messages()
            .turn(&a.turn, 0)
            .await
            .unwrap()
            .unwrap()
            .0
            .kept,
        2
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_is_ended_from_two_sides_ends_once() {
    let (proxy, store, direct) = store("race-end").await;
    let key = key("user", "v");
    store.create_conversation(&empty(&key)).await.unwrap();
    let a = admission(&key, "t1");
    let Admitted::New(begun) = store.admit(&a).await.unwrap() else {
        panic!("not admitted")
    };
    let mine = finish(&a, begun.number, words(&["mine"]), vec![]);
    let theirs = domain::Closing {
        ending: Ending::Stopped,
        ..(*mine.closing).clone()
    };
    let place = a.opening(begun.number).place();
    let theirs = Finish::of(place, theirs, words(&["theirs"]), None);
    let (turn, reaper) = (
        a.turn.clone(),
        Writer::Reaper {
            fence: begun.fence,
            lease_until: a.lease_until,
        },
    );
    meanwhile(&proxy, "race-end", async move |store| {
        store.finish(&turn, reaper, &theirs).await
    });
    let answer = store
        .finish(&a.turn, Writer::Holder(begun.fence), &mine)
        .await
        .unwrap();
    assert_eq!(answer, Written::LeaseLost);
    let messages = direct.messages().messages(&key, None, 10).await.unwrap();
    assert_eq!(messages[0].content(), "theirs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_begins_while_another_is_settled_is_judged_by_what_that_has_spent() {
    let (proxy, store, _) = store("race-settle").await;
    let holds = vec![Hold {
        of: Allowance::Tokens,
        amount: 50,
        limit: 100,
        until: NOW + std::time::Duration::from_secs(120),
    }];
    let [mine, theirs] = ["v1", "v2"].map(|name| Admission {
        holds: holds.clone(),
        ..admission(&key("user", name), name)
    });
    for a in [&mine, &theirs] {
        store
            .create_conversation(&empty(&a.turn.conversation))
            .await
            .unwrap();
    }
    store.admit(&theirs).await.unwrap();
    meanwhile(&proxy, "race-settle", async move |store| {
        store
            .settle_hold(&theirs.turn, &[(Allowance::Tokens, 51)])
            .await
    });
    let over = Admitted::OverLimit {
        of: Allowance::Tokens,
        until: holds[0].until,
    };
    assert_eq!(store.admit(&mine).await.unwrap(), over);
}
