//! Deleting a conversation with all that belongs to it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::config::{AsyncSleep, Sleep};
use domain::JobKind;
use dynamodb::Settings;
use peers::{Proxy, Trouble};
use ports::{Admitted, MessageStore, Writer, Written};
use serde_json::{Value, json};

use super::scenes::{admission, checkpoint, empty, finish, key, words};
use super::setup::{behind_proxy, named, operation, peer, queries, sdk, stored};

/// How many turns, with four items each and a job: there are more messages than are looked for at
/// once.
const TURNS: usize = 60;

/// A conversation of that many turns.
async fn long(store: &dyn MessageStore, key: &domain::ConversationKey) {
    store.create_conversation(&empty(key)).await.unwrap();
    for turn in 0..TURNS {
        let a = admission(key, &format!("t{turn}"));
        let Admitted::New(begun) = store.admit(&a).await.unwrap() else {
            panic!("not admitted")
        };
        let end = finish(&a, begun.number, words(&["x"]), vec![JobKind::Workout]);
        store
            .finish(&a.turn, Writer::Holder(begun.fence), &end)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_long_conversation_is_looked_for_in_parts_by_its_keys_alone_and_all_of_it_goes() {
    let (proxy, table) = named("deletion-long").await;
    let (store, [key, other]) = (
        table.messages(),
        ["v", "other"].map(|name| key("user", name)),
    );
    long(&store, &key).await;
    store.create_conversation(&empty(&other)).await.unwrap();
    let looks = queries(&proxy);
    assert!(store.delete_conversation(&key).await.unwrap());
    let left = stored("deletion-long", &key.user, "").await;
    let left: Vec<&String> = left.iter().map(|item| item["sk"].as_s().unwrap()).collect();
    assert_eq!(left, ["C#coach#other", "C#coach#v"]);
    let looks = looks.lock().unwrap();
    assert!(looks.iter().all(
        |look| look["Limit"].as_u64() <= Some(100) && look["ProjectionExpression"] == "pk, sk"
    ));
}

#[tokio::test]
async fn a_deletion_that_fails_on_the_way_has_gone_that_far() {
    let (proxy, table) = named("deletion-far").await;
    let (store, key) = (table.messages(), key("user", "v"));
    long(&store, &key).await;
    let before = stored("deletion-far", &key.user, "").await.len();
    let mut passed = 0;
    proxy.judge(move |_, headers, _| {
        passed += usize::from(operation(headers) == "BatchWriteItem");
        (passed > 4).then_some(Trouble::Cut)
    });
    assert!(store.delete_conversation(&key).await.is_err());
    proxy.calm();
    // All jobs, 25 at a time, and the first turns.
    assert_eq!(
        stored("deletion-far", &key.user, "").await.len(),
        before - TURNS - 25
    );
    assert!(store.delete_conversation(&key).await.unwrap());
    assert_eq!(stored("deletion-far", &key.user, "").await.len(), 1);
}

/// Notes for how long it was asked to sleep.
#[derive(Debug, Clone, Default)]
struct Sleeper(Arc<Mutex<Vec<Duration>>>);

impl AsyncSleep for Sleeper {
    fn sleep(&self, duration: Duration) -> Sleep {
        self.0.lock().unwrap().push(duration);
        #[expect(clippy::disallowed_methods, reason = "the SDK's own time")]
        Sleep::new(tokio::time::sleep(duration))
    }
}

#[tokio::test]
async fn what_was_left_undone_is_asked_for_again_after_pauses_that_grow() {
    let name = "deletion-undone";
    named(name).await;
    let (proxy, sleeper) = (Proxy::before(peer()).await.unwrap(), Sleeper::default());
    let sdk = sdk(name).into_builder().sleep_impl(sleeper.clone()).build();
    let (pause, endpoint) = (Duration::from_millis(3), Some(proxy.url()));
    let table = Settings {
        table: name.to_owned(),
        endpoint,
        pause,
        ..Settings::default()
    }
    .open(&sdk);
    let (store, key) = (table.messages(), key("user", "v"));
    long(&store, &key).await;
    let running = admission(&key, "running");
    // The first three of each: nothing is done, and all is told to be left.
    let (mut writes, mut reads) = (0, 0);
    proxy.judge(move |_, headers, body| {
        let (so_far, what) = match operation(headers) {
            "BatchWriteItem" => (&mut writes, "UnprocessedItems"),
            "BatchGetItem" => (&mut reads, "UnprocessedKeys"),
            _ => return None,
        };
        *so_far += 1;
        let asked: Value = serde_json::from_slice(body).unwrap();
        let body = json!({ "Responses": {}, what: asked["RequestItems"] }).to_string();
        (*so_far <= 3).then_some(Trouble::Answer {
            status: 200,
            headers: Vec::new(),
            body,
        })
    });
    assert!(matches!(
        store.admit(&running).await.unwrap(),
        Admitted::New(_)
    ));
    assert!(store.delete_conversation(&key).await.unwrap());
    assert_eq!(stored(name, &key.user, "").await.len(), 1);
    let slept = sleeper.0.lock().unwrap();
    // The SDK itself has some of 100 ms and of 800 ms.
    let pauses: Vec<Duration> = slept
        .iter()
        .copied()
        .filter(|time| *time < Duration::from_millis(100))
        .collect();
    assert_eq!(pauses, [3, 6, 12, 3, 6, 12].map(Duration::from_millis));
}

#[tokio::test]
async fn a_deletion_that_was_cut_short_is_gone_at_once_and_goes_on_when_it_is_asked_again() {
    let (proxy, table) = behind_proxy().await;
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
    proxy.judge(|_, headers, _| (operation(headers) == "BatchWriteItem").then_some(Trouble::Cut));
    assert!(store.delete_conversation(&key).await.is_err());
    assert_eq!(store.conversation(&key).await.unwrap(), None);
    assert!(store.messages(&key, None, 10).await.unwrap().is_empty());
    assert_eq!(store.turn(&a.turn, 0).await.unwrap(), None);
    let late = store
        .checkpoint(&checkpoint(&a, begun.fence, 0, vec![]))
        .await
        .unwrap();
    assert_eq!(late, Written::LeaseLost);
    proxy.calm();
    assert!(store.delete_conversation(&key).await.unwrap());
    assert!(!store.delete_conversation(&key).await.unwrap());
}
