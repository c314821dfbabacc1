//! Items that cannot be read: each costs what it holds, and nothing beside it.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use coach_tests::scenes::{self, QUESTION};
use coach_tests::{Calls, Client, Site, saying, work_off};
use domain::{
    Body, ConversationKey, Fault, Fence, JobKind, JobState, MessageStatus, Timestamp, TurnEvent,
};
use dynamodb::Table;
use ports::{
    Admission, Admitted, Begun, Expect, JobsOf, Kind, MessageStore, RecordKey, RecordStore,
    Records, TurnState, Writer,
};
use ports::{forgotten, records, tombstones};
use rehearsal::Scene;
use serde_json::Value;

use super::parallel::ports;
use super::scenes::{NOW, admission, checkpoint, empty, finish, key, words};
use super::setup::{client, named, stored};

/// The ways in which an attribute can be something else than what was written.
fn garbled() -> [Option<AttributeValue>; 4] {
    let bytes = |bytes: &[u8]| Some(AttributeValue::B(Blob::new(bytes)));
    [
        None,
        Some(AttributeValue::S("secret".to_owned())),
        bytes(b""),
        bytes(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
    ]
}

/// Has an attribute of the first item of a user, whose key begins like this, be something else.
async fn spoil(
    table: &str,
    key: &ConversationKey,
    sort: &str,
    name: &str,
    value: Option<AttributeValue>,
) {
    let mut item: HashMap<_, _> = stored(table, &key.user, sort).await.remove(0);
    assert!(item.remove(name).is_some(), "no {name} in {item:?}");
    item.extend(value.map(|value| (name.to_owned(), value)));
    client()
        .put_item()
        .table_name(table)
        .set_item(Some(item))
        .send()
        .await
        .unwrap();
}

/// A conversation with a turn that has ended.
async fn with_turn(
    store: &dyn MessageStore,
    key: &ConversationKey,
    turn: &str,
    jobs: Vec<JobKind>,
) -> Admission {
    store.create_conversation(&empty(key)).await.unwrap();
    let a = admission(key, turn);
    let begun = begin(store, &a).await;
    store
        .finish(
            &a.turn,
            Writer::Holder(begun.fence),
            &finish(&a, begun.number, words(&["Well ", "done"]), jobs),
        )
        .await
        .unwrap();
    a
}

async fn begin(store: &dyn MessageStore, a: &Admission) -> Begun {
    let answer = store.admit(a).await.unwrap();
    let Admitted::New(begun) = answer else {
        panic!("{answer:?}")
    };
    begun
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_in_its_place_without_its_words() {
    let (_proxy, table) = named("unreadable-message").await;
    let (store, key) = (table.messages(), key("user", "v"));
    for turn in ["t1", "t2"] {
        with_turn(&store, &key, turn, vec![]).await;
    }
    let whole = store.messages(&key, None, 10).await.unwrap();
    for value in garbled() {
        spoil(
            "unreadable-message",
            &key,
            "M#coach#v#0000000000000002",
            "message",
            value.clone(),
        )
        .await;
        let read = store.messages(&key, None, 10).await.unwrap();
        assert_eq!(
            read.iter()
                .map(|message| message.number)
                .collect::<Vec<_>>(),
            [4, 3, 2, 1],
            "{value:?}"
        );
        assert_eq!((&read[..2], &read[3]), (&whole[..2], &whole[3]));
        assert_eq!(
            (&read[2].body, read[2].status()),
            (&Body::Unreadable, MessageStatus::Unreadable)
        );
        assert_eq!(
            store.messages(&key, Some(3), 1).await.unwrap(),
            read[2..3],
            "a page of it alone"
        );
        if value.is_none() {
            // Missing from now on: there is nothing left to spoil.
            spoil_with(
                &key,
                "unreadable-message",
                "message",
                AttributeValue::Bool(true),
            )
            .await;
        }
    }
}

/// Gives the second message an attribute.
async fn spoil_with(key: &ConversationKey, table: &str, name: &str, value: AttributeValue) {
    let mut item = stored(table, &key.user, "M#coach#v#0000000000000002")
        .await
        .remove(0);
    item.insert(name.to_owned(), value);
    client()
        .put_item()
        .table_name(table)
        .set_item(Some(item))
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_turn_whose_reply_cannot_be_read_is_told_as_begun_and_ended() {
    let (_proxy, table) = named("unreadable-reply").await;
    let (store, key) = (table.messages(), key("user", "v"));
    let a = with_turn(&store, &key, "t1", vec![]).await;
    spoil(
        "unreadable-reply",
        &key,
        "M#coach#v#0000000000000002",
        "message",
        None,
    )
    .await;
    let (record, events) = store.turn(&a.turn, 0).await.unwrap().unwrap();
    let TurnState::Ended(closing) = &record.state else {
        panic!("it runs")
    };
    let ending = TurnEvent::Ended(closing.clone());
    assert_eq!(
        (events, record.kept),
        (vec![TurnEvent::Started, ending.clone()], 2)
    );
    assert_eq!(
        store.turn(&a.turn, 1).await.unwrap().unwrap().1,
        std::slice::from_ref(&ending)
    );
    assert_eq!(
        store.turn(&a.turn, 3).await.unwrap().unwrap().1,
        [ending],
        "who has all but the ending"
    );
    let (record, events) = store.turn(&a.turn, 2).await.unwrap().unwrap();
    assert_eq!(
        (events.len(), record.kept),
        (0, 2),
        "who has more than is kept"
    );
}

#[tokio::test]
async fn of_a_running_turn_what_comes_before_a_segment_that_cannot_be_read_is_kept() {
    let (_proxy, table) = named("unreadable-segment").await;
    let (store, key) = (table.messages(), key("user", "v"));
    store.create_conversation(&empty(&key)).await.unwrap();
    let a = admission(&key, "t1");
    let begun = begin(&store, &a).await;
    let all = words(&["one ", "two ", "three ", "four"]);
    for (from, through) in [(0, 2), (2, 4), (4, 5)] {
        store
            .checkpoint(&checkpoint(
                &a,
                begun.fence,
                from,
                all[from..through].to_vec(),
            ))
            .await
            .unwrap();
    }
    spoil(
        "unreadable-segment",
        &key,
        "E#coach#v#t1#00000004",
        "events",
        Some(AttributeValue::Null(true)),
    )
    .await;
    let (record, events) = store.turn(&a.turn, 0).await.unwrap().unwrap();
    assert_eq!((events.as_slice(), record.kept), (&all[..2], 2));
    assert_eq!(
        store.turn(&a.turn, 4).await.unwrap().unwrap().1,
        all[4..],
        "who has it already misses nothing"
    );
    // Its holder knows it all.
    let last = checkpoint(&a, begun.fence, 5, vec![]);
    store.checkpoint(&last).await.unwrap();
    store
        .finish(
            &a.turn,
            Writer::Holder(begun.fence),
            &finish(&a, begun.number, all.clone(), vec![]),
        )
        .await
        .unwrap();
    assert_eq!(store.turn(&a.turn, 0).await.unwrap().unwrap().1[..5], all);
}

async fn titles(
    store: &impl MessageStore,
    of: &ConversationKey,
    size: usize,
) -> Vec<(String, String)> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store
            .conversations(&of.user, &of.coach, after, size)
            .await
            .unwrap();
        let heads = page.items.into_iter();
        seen.extend(heads.map(|head| (head.key.conversation.to_string(), head.title)));
        after = page.next;
        if after.is_none() {
            return seen;
        }
    }
}

#[tokio::test]
async fn a_conversation_that_cannot_be_read_is_not_listed_and_one_without_its_title_is() {
    let (_proxy, table) = named("unreadable-head").await;
    let store = table.messages();
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        let new = domain::Conversation::new(key("user", name), "Squats".to_owned(), NOW);
        store.create_conversation(&new).await.unwrap();
    }
    let of = |name: &str| (key("user", name), format!("C#coach#{name}"));
    for (name, attribute) in [("d", "created"), ("c", "messages")] {
        let (key, sort) = of(name);
        spoil(
            "unreadable-head",
            &key,
            &sort,
            attribute,
            Some(AttributeValue::S("secret".to_owned())),
        )
        .await;
    }
    let (untitled, sort) = of("b");
    for attribute in ["title", "tags"] {
        spoil(
            "unreadable-head",
            &untitled,
            &sort,
            attribute,
            Some(AttributeValue::Bool(true)),
        )
        .await;
    }
    for size in [1, 2, 10] {
        let seen = titles(&store, &untitled, size).await;
        let named = |name: &str, title: &str| (name.to_owned(), title.to_owned());
        assert_eq!(
            seen,
            [named("e", "Squats"), named("b", ""), named("a", "Squats")],
            "{size} at a time"
        );
    }
    assert_eq!(
        store.conversation(&untitled).await.unwrap().unwrap().title,
        ""
    );
    begin(&store, &admission(&untitled, "t1")).await;
    assert_eq!(
        store.conversation(&of("d").0).await.unwrap_err().fault,
        Fault::Rejected
    );
}

#[tokio::test]
async fn a_key_whose_record_cannot_be_read_is_a_new_key() {
    let (_proxy, table) = named("unreadable-key").await;
    let store = table.messages();
    for (number, name) in ["turn", "body", "until", "fence", "number"]
        .into_iter()
        .enumerate()
    {
        let key = key("user", &format!("v{number}"));
        let a = with_turn(&store, &key, "t1", vec![]).await;
        let sort = format!("K#coach#v{number}#");
        spoil(
            "unreadable-key",
            &key,
            &sort,
            name,
            Some(AttributeValue::Bool(true)),
        )
        .await;
        let again = Admission {
            key: a.key.clone(),
            ..admission(&key, "t2")
        };
        begin(&store, &again).await;
        assert_eq!(
            begin(&store, &again).await,
            Begun {
                fence: Fence(2),
                number: 3
            },
            "and stands for its turn from then on"
        );
        let other = Admission {
            key: a.key.clone(),
            ..admission(&key, "t3")
        };
        assert_eq!(
            store.admit(&other).await.unwrap(),
            Admitted::Existing(again.turn.turn.clone()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn jobs_that_cannot_be_read_are_left_out_and_keep_nobody_from_the_others() {
    let (_proxy, table) = named("unreadable-jobs").await;
    let (store, key) = (table.messages(), key("user", "v"));
    for turn in ["t1", "t2", "t3", "t4", "t5"] {
        with_turn(&store, &key, turn, vec![JobKind::Workout]).await;
    }
    for (turn, name) in [("t1", "state"), ("t2", "calls"), ("t3", "attempts")] {
        let sort = format!("J#coach#v#{turn}#");
        spoil(
            "unreadable-jobs",
            &key,
            &sort,
            name,
            Some(AttributeValue::S("secret".to_owned())),
        )
        .await;
    }
    let (at, until) = (Timestamp(NOW.0 + 60_000), Timestamp(NOW.0 + 120_000));
    let of = JobsOf::User(key.user.clone());
    let turns = |jobs: Vec<domain::Job>| {
        jobs.iter()
            .map(|job| job.turn.turn.to_string())
            .collect::<Vec<_>>()
    };
    for each in [of.clone(), JobsOf::Conversation(key.clone())] {
        assert_eq!(
            turns(store.jobs(&each).await.unwrap()),
            ["t4", "t5"],
            "{each:?}"
        );
    }
    assert_eq!(
        turns(store.claim_jobs(&of, at, until, 1).await.unwrap()),
        ["t4"]
    );
    assert_eq!(
        turns(
            store
                .claim_jobs(&JobsOf::Anyone, at, until, 1)
                .await
                .unwrap()
        ),
        ["t5"]
    );
}

#[tokio::test]
async fn a_job_whose_message_cannot_be_read_is_dead_for_that_and_asks_no_model() {
    let (_proxy, table) = named("unreadable-text").await;
    let (store, ports) = (table.messages(), ports(&table));
    for (name, kind) in [("a", JobKind::Workout), ("b", JobKind::Forget)] {
        let key = key(name, "v");
        store.create_conversation(&empty(&key)).await.unwrap();
        let a = admission(&key, "t1");
        let begun = begin(&store, &a).await;
        let end = finish(&a, begun.number, words(&["x"]), vec![kind]);
        let closing = domain::Closing {
            at: Timestamp(1),
            ..(*end.closing).clone()
        };
        let end = domain::Finish {
            closing: Arc::new(closing),
            ..end
        };
        store
            .finish(&a.turn, Writer::Holder(begun.fence), &end)
            .await
            .unwrap();
        spoil(
            "unreadable-text",
            &key,
            "M#coach#v#0000000000000001",
            "message",
            None,
        )
        .await;
        assert_eq!(work_off(&ports, &a.turn).await, None);
        let jobs = store.jobs(&JobsOf::Turn(a.turn)).await.unwrap();
        assert_eq!(
            jobs[0].state,
            JobState::Dead("its message cannot be read".to_owned()),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_there_for_whoever_must_know_and_hides_no_other() {
    let (_proxy, table) = named("unreadable-record").await;
    let (store, ports, key) = (table.records(), ports(&table), key("user", "v"));
    let at = |kind, id: &str| RecordKey {
        owner: key.user.clone(),
        kind,
        id: id.parse().unwrap(),
    };
    for (kind, id) in [
        (Kind::Memory, "m1"),
        (Kind::Memory, "m2"),
        (Kind::Tombstone, "t1"),
    ] {
        assert!(
            store
                .put(&at(kind, id), b"[1]", None, Expect::Absent)
                .await
                .unwrap()
        );
    }
    spoil("unreadable-record", &key, "R#memory#m1", "body", None).await;
    spoil(
        "unreadable-record",
        &key,
        "R#tombstone#t1",
        "body",
        Some(AttributeValue::Bool(true)),
    )
    .await;
    let page = store
        .list(&key.user, Kind::Memory, None, None, 10)
        .await
        .unwrap();
    assert_eq!(
        page.items
            .iter()
            .filter_map(records::readable::<Value>)
            .count(),
        1
    );
    assert_eq!(
        (page.items.len(), page.items[0].body.as_slice()),
        (2, &b"[1]"[..])
    );
    assert!(store.get(&at(Kind::Memory, "m1")).await.unwrap().is_some());
    assert_eq!(
        forgotten(&ports, &key.user).await.unwrap_err().fault,
        Fault::Rejected
    );
    assert_eq!(tombstones(&ports, &key.user).await.unwrap().len(), 0);
    assert!(store.delete(&at(Kind::Memory, "m1")).await.unwrap());
}

/// A server over this table; what its model was asked is the site's.
fn over(table: &Table, site: &Site) -> Client {
    let mut app = site.app.clone();
    app.ports.messages = Arc::new(table.messages());
    app.ports.records = Records::new(Arc::new(table.records()));
    app.feeds = Arc::default();
    Client::new(http_adapter::router(app), Some("ada"), site.clock)
}

#[tokio::test]
async fn a_conversation_with_a_message_that_cannot_be_read_goes_on_without_it() {
    let (_proxy, table) = named("unreadable-http").await;
    let site = Site::new(|model| {
        model
            .route(scenes::route(&[]))
            .reply(Scene::saying("Sit deep."))
    });
    let (here, there) = (over(&table, &site), over(&table, &site));
    let made = here
        .post(
            "/users/ada/coaches/strength/conversations",
            &serde_json::json!({}),
        )
        .await;
    let path = made.header("location").to_owned();
    let say = async |client: &Client, text: &str| {
        let events = client
            .stream(&format!("{path}/stream"), &[], &saying(text))
            .await
            .rest()
            .await;
        site.settled().await;
        events
    };
    let first = say(&here, "secret-canary: how do I squat?").await;
    let id = path.rsplit('/').next().unwrap();
    let key = coach_tests::conversation_key(&path);
    for number in [1, 2] {
        let sort = format!("M#strength#{id}#{number:016x}");
        spoil(
            "unreadable-http",
            &key,
            &sort,
            "message",
            Some(AttributeValue::B(Blob::new(b"\x01"))),
        )
        .await;
    }
    let second = say(&there, QUESTION).await;
    assert_eq!(second.last().unwrap().kind(), "complete", "{second:?}");
    let calls = site.model.inside().calls();
    assert!(
        calls
            .iter()
            .rev()
            .take(2)
            .all(|call| !call.prompt.text().contains("canary"))
    );
    assert_eq!(Calls::of(&calls).replies, 2);

    tells_of_two_that_cannot_be_read(&there, &path).await;

    can_be_followed_to_its_end(&there, &path, first[0].text("turnId")).await;
}

/// Whoever follows the first turn comes to its end.
async fn can_be_followed_to_its_end(client: &Client, path: &str, turn: &str) {
    for after in [0, 2, 9] {
        let address = format!("{path}/stream?turnId={turn}&after={after}");
        let events = client.follow(&address, &[]).await.rest().await;
        let last = events.last().unwrap();
        assert_eq!(
            (last.kind(), &last.json["aiMessage"]),
            ("complete", &Value::Null),
            "{after}: {events:?}"
        );
        assert!(events.len() <= 4, "{events:?}");
    }
    assert_eq!(
        client.get(&format!("{path}/turns/{turn}")).await.json()["state"],
        "completed"
    );
}

async fn tells_of_two_that_cannot_be_read(client: &Client, path: &str) {
    let messages = client.get(&format!("{path}/messages")).await.json();
    let told: Vec<_> = messages["messages"].as_array().unwrap().iter().collect();
    let of = |field: &str| {
        told.iter()
            .map(|message| message[field].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("number"), [1, 2, 3, 4]);
    assert_eq!(
        of("status"),
        ["unreadable", "unreadable", "complete", "complete"]
    );
    assert_eq!(of("role"), ["unknown", "unknown", "user", "assistant"]);
    assert_eq!(
        (&told[0]["content"], &told[0]["parts"]),
        (&serde_json::json!(""), &serde_json::json!([]))
    );
}
