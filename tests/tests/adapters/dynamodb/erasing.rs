//! Erasing a user: what is left, whatever stands in the way.

use std::thread;

use domain::{JobKind, Timestamp, UserScope};
use dynamodb::Table;
use peers::{Proxy, Trouble};
use ports::{
    Account, Admission, Admitted, Allowance, Begun, Binding, Expect, Hold, Kind, MessageStore,
    RecordKey, RecordStore, Result, Writer, Written,
};
use tokio::runtime::Builder;

use super::scenes::{NOW, admission, checkpoint, empty, finish, key, words};
use super::setup::{named, operation, peer, stored, table};

fn account(user: &UserScope) -> Account {
    Account {
        issuer: "https://issuer.example".to_owned(),
        subject: user.to_string(),
    }
}

fn record(user: &UserScope, kind: Kind, id: &str) -> RecordKey {
    RecordKey {
        owner: user.clone(),
        kind,
        id: id.parse().unwrap(),
    }
}

/// A user with every sort of item: a turn that has ended and its job, one that runs, a deleted
/// conversation, records of every kind, and an account. The running turn.
async fn everything(table: &Table, user: &str) -> (Admission, Begun) {
    let (store, records) = (table.messages(), table.records());
    let [done, open, gone] = ["done", "open", "gone"].map(|name| key(user, name));
    for key in [&done, &open, &gone] {
        store.create_conversation(&empty(key)).await.unwrap();
    }
    assert!(store.delete_conversation(&gone).await.unwrap());
    let hold = |of| Hold {
        of,
        amount: 1,
        limit: 10,
        until: NOW + std::time::Duration::from_secs(120),
    };
    let mut begun = Vec::new();
    for (key, turn) in [(&done, "t1"), (&open, "t2")] {
        let holds = vec![hold(Allowance::Turns), hold(Allowance::Tokens)];
        let a = Admission {
            holds,
            ..admission(key, turn)
        };
        let Admitted::New(new) = store.admit(&a).await.unwrap() else {
            panic!("not admitted")
        };
        begun.push((a, new));
    }
    let (running, ended) = (begun.pop().unwrap(), begun.pop().unwrap());
    let end = finish(&ended.0, 1, words(&["x"]), vec![JobKind::Workout]);
    let holder = Writer::Holder(ended.1.fence);
    store.finish(&ended.0.turn, holder, &end).await.unwrap();
    let kept = checkpoint(&running.0, running.1.fence, 0, words(&["y"]));
    store.checkpoint(&kept).await.unwrap();
    for kind in Kind::ALL {
        let at = record(&done.user, kind, "r");
        assert!(records.put(&at, b"r", None, Expect::Absent).await.unwrap());
    }
    let bound = records
        .bind(&account(&done.user), &done.user)
        .await
        .unwrap();
    assert_eq!(bound, Binding::Bound);
    running
}

/// Erases a user from both stores, so many items at a time.
async fn erase(table: &Table, user: &UserScope, limit: usize) -> Result<()> {
    while !table.messages().erase(user, NOW, limit).await?.is_complete {}
    while !table.records().erase(user, NOW, limit).await?.is_complete {}
    Ok(())
}

/// The sort keys of all that is there of a user.
async fn left(name: &str, user: &UserScope) -> Vec<String> {
    let items = stored(name, user, "").await;
    let keys = items.iter().map(|item| item["sk"].as_s().unwrap().clone());
    keys.collect()
}

async fn account_items(name: &str, user: &UserScope) -> usize {
    let scan = super::setup::client().scan().table_name(name).send();
    let items = scan.await.unwrap().items.unwrap_or_default();
    let names = aws_sdk_dynamodb::types::AttributeValue::S(user.to_string());
    items
        .iter()
        .filter(|item| item.get("user") == Some(&names))
        .count()
}

#[tokio::test]
async fn killed_at_any_request_and_begun_again_by_another_process_it_leaves_the_mark_alone() {
    let name = "erasing-killed";
    let (proxy, behind) = named(name).await;
    let direct = table(peer(), name);
    let (other, _) = everything(&direct, "other").await;
    let other = other.turn.conversation.user;
    let before = stored(name, &other, "").await;
    let mut is_through = false;
    for allowed in 0..100 {
        if is_through {
            break;
        }
        let (a, _) = everything(&direct, &format!("user-{allowed}")).await;
        let user = &a.turn.conversation.user;
        assert_eq!(account_items(name, user).await, 1);
        let mut passed = 0;
        proxy.judge(move |_, _, _| {
            passed += 1;
            (passed > allowed).then_some(Trouble::Cut)
        });
        is_through = erase(&behind, user, 4).await.is_ok();
        proxy.calm();
        let later = Timestamp(NOW.0 + 1);
        direct.messages().erase(user, later, 3).await.unwrap();
        erase(&direct, user, 3).await.unwrap();
        assert_eq!(left(name, user).await, ["X#erased"], "after {allowed}");
        assert_eq!(account_items(name, user).await, 0);
    }
    assert!(is_through);
    assert_eq!(stored(name, &other, "").await, before);
    assert_eq!(account_items(name, &other).await, 1);
}

/// Erases the user, all at once, when the next request of this sort is on its way.
fn meanwhile(proxy: &Proxy, name: &'static str, sort: &'static str, user: &UserScope) {
    let mut user = Some(user.clone());
    proxy.judge(move |_, headers, _| {
        if operation(headers) == sort
            && let Some(user) = user.take()
        {
            let erase = move || {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                let direct = table(peer(), name);
                runtime.block_on(erase(&direct, &user, 1000)).unwrap();
            };
            thread::spawn(erase).join().unwrap();
        }
        None
    });
}

/// The writes that are on their way, and the sort of request that each is held back in.
const LATE: [(&str, &str); 11] = [
    ("create", "TransactWriteItems"),
    ("admit", "TransactWriteItems"),
    ("checkpoint", "UpdateItem"),
    ("segment", "PutItem"),
    ("finish", "TransactWriteItems"),
    ("settle", "UpdateItem"),
    ("delete", "TransactWriteItems"),
    ("clean", "UpdateItem"),
    ("make", "TransactWriteItems"),
    ("over", "UpdateItem"),
    ("bind", "TransactWriteItems"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_was_on_its_way_while_all_was_erased_makes_nothing() {
    let name = "erasing-late";
    let (proxy, behind) = named(name).await;
    let direct = table(peer(), name);
    for (number, (what, sort)) in LATE.into_iter().enumerate() {
        let (a, begun) = everything(&direct, &format!("user-{number}")).await;
        let user = &a.turn.conversation.user;
        meanwhile(&proxy, name, sort, user);
        match what {
            "make" | "over" => put_late(&behind, user, what).await,
            "bind" => bind_late(&proxy, &behind, name, user).await,
            _ => write_late(&behind, &a, begun, what).await,
        }
        if what == "bind" {
            erase(&direct, user, 1000).await.unwrap();
        }
        proxy.calm();
        assert_eq!(left(name, user).await, ["X#erased"], "{what}");
    }
}

async fn write_late(behind: &Table, a: &Admission, begun: Begun, what: &str) {
    let store = behind.messages();
    let conversation = &a.turn.conversation;
    let user = &conversation.user;
    let late = checkpoint(a, begun.fence, 2, words(&["late"]));
    match what {
        "create" => {
            let new = empty(&key(&user.to_string(), "new"));
            store.create_conversation(&new).await.unwrap();
        }
        "admit" => {
            let next = admission(&key(&user.to_string(), "done"), "t3");
            assert_eq!(store.admit(&next).await.unwrap(), Admitted::Unknown);
        }
        "checkpoint" | "segment" => {
            let answer = store.checkpoint(&late).await.unwrap();
            assert_eq!(answer, Written::LeaseLost);
        }
        "finish" => {
            let end = finish(a, begun.number, words(&["z"]), vec![JobKind::Memory]);
            let holder = Writer::Holder(begun.fence);
            let answer = store.finish(&a.turn, holder, &end).await.unwrap();
            assert_eq!(answer, Written::LeaseLost);
        }
        "settle" => {
            let spent = [(Allowance::Tokens, 1)];
            store.settle_hold(&a.turn, &spent).await.unwrap();
        }
        "delete" => assert!(!store.delete_conversation(conversation).await.unwrap()),
        // The conversation is gone, and only its mark is still to be told that all of it is.
        "clean" => assert!(store.delete_conversation(conversation).await.unwrap()),
        _ => unreachable!("{what}"),
    }
}

async fn put_late(behind: &Table, user: &UserScope, what: &str) {
    let records = behind.records();
    match what {
        "make" => {
            let at = record(user, Kind::Memory, "late");
            let put = records.put(&at, b"late", None, Expect::Absent).await;
            assert_eq!(put.unwrap_err().fault, domain::Fault::Rejected);
        }
        "over" => {
            let at = record(user, Kind::Memory, "r");
            let put = records.put(&at, b"late", None, Expect::Version(1)).await;
            assert!(!put.unwrap());
        }
        _ => unreachable!("{what}"),
    }
}

async fn bind_late(proxy: &Proxy, behind: &Table, name: &'static str, user: &UserScope) {
    let fresh = Account {
        issuer: "https://another.example".to_owned(),
        subject: user.to_string(),
    };
    // Unbound for a moment, so that there is something to write.
    let unbound = key(&format!("unbound-{user}"), "v").user;
    meanwhile(proxy, name, "TransactWriteItems", &unbound);
    let answer = behind.records().bind(&fresh, &unbound).await.unwrap();
    assert_eq!(answer, Binding::UserIsErased);
    assert_eq!(left(name, &unbound).await, ["X#erased"]);
    assert_eq!(account_items(name, &unbound).await, 0);
}

#[tokio::test]
async fn what_cannot_be_read_is_erased_like_everything_else() {
    let name = "erasing-unreadable";
    let (_proxy, behind) = named(name).await;
    let (a, _) = everything(&behind, "user").await;
    let user = &a.turn.conversation.user;
    for item in stored(name, user, "").await {
        let mut bare = item.clone();
        bare.retain(|name, _| ["pk", "sk", "time", "shard"].contains(&name.as_str()));
        let put = super::setup::client().put_item().table_name(name);
        put.set_item(Some(bare)).send().await.unwrap();
    }
    erase(&behind, user, 5).await.unwrap();
    assert_eq!(left(name, user).await, ["X#erased"]);
}

#[tokio::test]
async fn the_conversations_of_a_user_are_all_listed_also_those_that_cannot_be_read() {
    let name = "erasing-listed";
    let (_proxy, behind) = named(name).await;
    let store = behind.messages();
    let [fine, broken] = ["fine", "broken"].map(|name| key("user", name));
    for key in [&fine, &broken] {
        store.create_conversation(&empty(key)).await.unwrap();
    }
    let update = super::setup::client().update_item().table_name(name);
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    let update = update
        .key("pk", text("U#user"))
        .key("sk", text("C#coach#broken"))
        .update_expression("REMOVE created");
    update.send().await.unwrap();
    let page = store.all_conversations(&fine.user, None, 10).await.unwrap();
    assert_eq!(page.items, [Err(broken), Ok(empty(&fine))]);
}
