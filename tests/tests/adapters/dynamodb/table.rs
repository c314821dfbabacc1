//! The table itself: making it, checking it, and what becomes of errors.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    TimeToLiveSpecification,
};
use domain::{Fault, Limits};
use futures::TryStreamExt;
use peers::Trouble;
use peers::dynamodb::refusals;
use ports::{Admitted, Expect, Kind, MessageStore, RecordKey, RecordStore, Writer};

use super::scenes::{admission, checkpoint, empty, finish, key, words};
use super::setup::{behind_proxy, client, fresh, operation, peer, table};

#[tokio::test]
async fn a_table_is_made_once_and_has_nothing_wrong() {
    let table = fresh().await;
    table.create().await.unwrap();
    assert_eq!(table.check().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_table_that_may_not_be_looked_at_is_told_so_and_not_waited_for() {
    let (proxy, table) = behind_proxy().await;
    let denied = Trouble::aws(
        400,
        "com.amazonaws.dynamodb.v20120810#AccessDeniedException",
        "not yours",
    );
    proxy.judge(move |_, headers, _| {
        (operation(headers) == "DescribeTable").then(|| denied.clone())
    });
    assert_eq!(table.create().await.unwrap_err().fault, Fault::Rejected);
}

#[tokio::test]
async fn what_is_wrong_with_a_table_is_told_in_sentences() {
    let missing = table(peer(), "missing").check().await;
    assert_eq!(
        missing,
        ["There is no table missing in this region: make it with `coach-server table create`."]
    );

    let attribute = AttributeDefinition::builder()
        .attribute_name("id")
        .attribute_type(ScalarAttributeType::S);
    let element = KeySchemaElement::builder()
        .attribute_name("id")
        .key_type(KeyType::Hash);
    let client = client();
    let create = client
        .create_table()
        .table_name("foreign")
        .billing_mode(BillingMode::PayPerRequest);
    let create = create
        .attribute_definitions(attribute.build().unwrap())
        .key_schema(element.build().unwrap());
    create.send().await.unwrap();
    let told = table(peer(), "foreign").check().await;
    assert_eq!(told.len(), 4, "{told:?}");
    let ttl = TimeToLiveSpecification::builder()
        .enabled(true)
        .attribute_name("other")
        .build()
        .unwrap();
    client
        .update_time_to_live()
        .table_name("foreign")
        .time_to_live_specification(ttl)
        .send()
        .await
        .unwrap();
    assert!(
        table(peer(), "foreign")
            .check()
            .await
            .iter()
            .any(|flaw| flaw.contains("time to live"))
    );

    let nobody = table("http://127.0.0.1:1", "coach").check().await;
    assert!(
        matches!(nobody.as_slice(), [only] if only.contains("unavailable")),
        "{nobody:?}"
    );
}

#[tokio::test]
async fn each_refusal_is_the_fault_that_it_means_and_quotes_nothing() {
    let (proxy, table) = behind_proxy().await;
    let at = RecordKey {
        owner: key("user", "v").user,
        kind: Kind::Memory,
        id: "r".parse().unwrap(),
    };
    let faults = [
        Fault::Throttled,
        Fault::Throttled,
        Fault::Unavailable,
        Fault::Throttled,
    ];
    let more = [
        ("cut", Trouble::Cut),
        ("lost", Trouble::LostAnswer),
        ("silence", Trouble::Silence),
    ];
    let expected =
        faults
            .into_iter()
            .chain([Fault::Unavailable, Fault::Unavailable, Fault::TimedOut]);
    let troubles = refusals().into_iter().take(4).chain(more);
    for ((name, trouble), fault) in troubles.zip(expected) {
        // More often than the SDK tries.
        (0..3).for_each(|_| proxy.trouble(trouble.clone()));
        let error = table
            .records()
            .put(&at, b"secret", None, Expect::Anything)
            .await
            .unwrap_err();
        proxy.calm();
        assert_eq!(error.fault, fault, "{name}: {error:?}");
        assert!(
            !format!("{error:?}").contains("a bad day") && !format!("{error:?}").contains("secret"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_throttled_or_conflicting_write_is_tried_again_without_the_caller() {
    let (proxy, table) = behind_proxy().await;
    let (store, key) = (table.messages(), key("user", "v"));
    store.create_conversation(&empty(&key)).await.unwrap();
    for (number, (name, trouble)) in refusals()
        .into_iter()
        .enumerate()
        .filter(|(_, (name, _))| *name != "conflict")
    {
        let a = admission(&key, &format!("t{number}"));
        // The first request reads what is there; the second is the write.
        let mut requests = 0;
        proxy.judge(move |_, _, _| {
            requests += 1;
            (requests == 2).then(|| trouble.clone())
        });
        let answer = store.admit(&a).await.unwrap();
        proxy.calm();
        let Admitted::New(begun) = answer else {
            panic!("{name}: {answer:?}")
        };
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

#[tokio::test]
async fn the_longest_message_and_reply_fit_however_they_are_cut() {
    let (store, key) = (
        fresh().await.messages(),
        key(&"u".repeat(64), &"v".repeat(64)),
    );
    store.create_conversation(&empty(&key)).await.unwrap();
    let text: String = "💪".repeat(32_000);
    let a = ports::Admission {
        text: text.as_str().into(),
        ..admission(&key, &"t".repeat(64)[..40])
    };
    let Admitted::New(begun) = store.admit(&a).await.unwrap() else {
        panic!("not admitted")
    };
    let events = words(&vec!["\u{1}"; Limits::default().reply_bytes]);
    store
        .checkpoint(&checkpoint(&a, begun.fence, 0, events.clone()))
        .await
        .unwrap();
    assert_eq!(store.turn(&a.turn, 0).await.unwrap().unwrap().1, events);
    store
        .finish(
            &a.turn,
            Writer::Holder(begun.fence),
            &finish(&a, begun.number, events.clone(), vec![]),
        )
        .await
        .unwrap();
    let (record, kept) = store.turn(&a.turn, 0).await.unwrap().unwrap();
    assert_eq!(
        (record.kept, &kept[..events.len()]),
        (events.len() + 1, events.as_slice())
    );
    let newest = store.messages(&key, None, 2).await.unwrap();
    assert_eq!(
        newest
            .iter()
            .map(|message| message.number)
            .collect::<Vec<_>>(),
        [2, 1]
    );
    assert_eq!(newest[1].content(), text);
}

#[tokio::test]
async fn more_than_an_item_holds_is_too_long() {
    let records = fresh().await.records();
    let at = RecordKey {
        owner: key("user", "v").user,
        kind: Kind::Memory,
        id: "r".parse().unwrap(),
    };
    let error = records
        .put(&at, &vec![b'x'; 400 * 1024], None, Expect::Anything)
        .await
        .unwrap_err();
    assert_eq!(error.fault, Fault::TooLong);
    assert!(
        records
            .put(&at, &vec![b'x'; 390 * 1024], None, Expect::Anything)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_page_of_a_megabyte_cuts_off_nothing_that_was_asked_for() {
    let (store, key) = (fresh().await.messages(), key("user", "v"));
    store.create_conversation(&empty(&key)).await.unwrap();
    let long = "x".repeat(120 * 1024);
    for turn in 0..12 {
        let a = admission(&key, &format!("t{turn}"));
        let Admitted::New(begun) = store.admit(&a).await.unwrap() else {
            panic!("not admitted")
        };
        store
            .finish(
                &a.turn,
                Writer::Holder(begun.fence),
                &finish(&a, begun.number, words(&[&long]), vec![]),
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
    assert_eq!(numbers(None, 3).await, [24, 23, 22]);
    let all = ports::pages(&store, &key, None, 100)
        .try_concat()
        .await
        .unwrap();
    let all: Vec<u64> = all.iter().map(|message| message.number).collect();
    assert_eq!(
        all,
        (1..=24).rev().collect::<Vec<_>>(),
        "page by page, as a page of ours ends, too"
    );
}
