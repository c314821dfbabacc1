//! What a turn costs, in the units that DynamoDB charges for, as the peer counts them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use domain::conversation::PartKind;
use domain::{ConversationKey, JobKind, Outcome, Said, TurnEvent};
use ports::{
    Admission, Admitted, Allowance, Expect, Hold, JobsOf, Kind, MessageStore, RecordKey,
    RecordStore, Writer,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::scenes::{NOW, admission, checkpoint, empty, finish, key};
use super::setup::{operation, peer, table};

/// Stands before the peer, asks it what each request has cost, and adds it up.
#[derive(Clone, Default)]
struct Meter(Arc<Mutex<Units>>);

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Units {
    read: f64,
    write: f64,
}

impl Meter {
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let meter = self.clone();
        let forward = move |headers: HeaderMap, body: Bytes| async move {
            meter.forward(headers, body).await
        };
        let router = Router::new().fallback(forward);
        #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    async fn forward(self, mut headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
        let mut asked: Value = serde_json::from_slice(&body).unwrap();
        let operation = operation(&headers).to_owned();
        if operation.contains("Item") || operation == "Query" {
            asked["ReturnConsumedCapacity"] = json!("INDEXES");
        }
        headers.remove("content-length");
        let request = reqwest::Client::new()
            .post(peer())
            .headers(headers)
            .body(asked.to_string());
        let answer = request.send().await.unwrap();
        let (status, answered) = (answer.status(), answer.text().await.unwrap());
        let told: Value = serde_json::from_str(&answered).unwrap_or_default();
        let consumed = &told["ConsumedCapacity"];
        let consumed = consumed
            .as_array()
            .cloned()
            .unwrap_or_else(|| vec![consumed.clone()]);
        let units: f64 = consumed
            .iter()
            .filter_map(|one| one["CapacityUnits"].as_f64())
            .sum();
        let mut sum = self.0.lock().unwrap();
        match operation.as_str() {
            "GetItem" | "BatchGetItem" | "Query" => sum.read += units,
            _ => sum.write += units,
        }
        (status, answered)
    }

    /// What was used since it was last asked.
    fn read_off(&self) -> Units {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A turn of 20 s: a message of 200 characters, 3 KiB of reply, a checkpoint every half second, a
/// workout that is logged, as driver and jobs ask for it.
#[tokio::test]
async fn a_turn_costs_what_the_documentation_says() {
    let meter = Meter::default();
    let table = table(&meter.start().await, "capacity");
    table.create().await.unwrap();
    let (store, records) = (table.messages(), table.records());
    let key = key("0190d1f2-user", "0190d1f2-7d7b-7f3a-9c61-3f3c5a4be001");
    store.create_conversation(&empty(&key)).await.unwrap();
    past_turns(&store, &key).await;
    let record = |kind, id: &str| RecordKey {
        owner: key.user.clone(),
        kind,
        id: id.parse().unwrap(),
    };
    past_records(&records, record).await;
    meter.read_off();

    let mut bill: BTreeMap<&str, Units> = BTreeMap::new();
    let a = told_workout(&key);
    let Admitted::New(begun) = store.admit(&a).await.unwrap() else {
        panic!("not admitted")
    };
    bill.insert("1 admit", meter.read_off());

    load_and_gather(&store, &records, &key, begun.number).await;
    bill.insert("2 load and gather", meter.read_off());

    let events = reply(40);
    for place in 0..events.len() {
        let part = events.get(place..=place).unwrap().to_vec();
        store
            .checkpoint(&checkpoint(&a, begun.fence, place, part))
            .await
            .unwrap();
    }
    let checkpoints = meter.read_off();
    bill.insert("3 checkpoints", checkpoints);

    let end = finish(&a, begun.number, events.clone(), vec![JobKind::Workout]);
    store
        .finish(&a.turn, Writer::Holder(begun.fence), &end)
        .await
        .unwrap();
    bill.insert("4 finish", meter.read_off());

    let of = JobsOf::Turn(a.turn.clone());
    log_the_workout(&store, &records, &of, begun.number + 1).await;
    store.jobs(&of).await.unwrap();
    bill.insert("5 job", meter.read_off());

    for used in ["1", "2"] {
        amend(&records, record(Kind::Usage, "2033-05-18"), used).await;
    }
    bill.insert("6 ledger, twice", meter.read_off());
    for used in ["r-1", "r-2", "r-3"] {
        amend(&records, record(Kind::Memory, used), "y").await;
    }
    bill.insert("7 uses of memories", meter.read_off());

    println!("{} events, {} checkpoints", events.len(), events.len());
    let all = printed(&bill);

    let writes = |what| bill[what].write;
    assert!(writes("1 admit") + writes("4 finish") <= 36.0);
    assert!(checkpoints.write <= 2.0 * events.len() as f64);
    assert!(writes("5 job") <= 13.0);
    let (read, write) = (36.0, 136.0);
    assert_eq!(all, Units { read, write });

    print_what_looking_costs(&store, &a, &meter).await;
}

/// A message of 200 characters that tells of a workout.
fn told_workout(key: &ConversationKey) -> Admission {
    let hold = Hold {
        of: Allowance::Turns,
        amount: 1,
        limit: 8,
        until: NOW + Duration::from_secs(120),
    };
    Admission {
        holds: vec![hold],
        text: "I did five sets of five squats today, ".repeat(5).into(),
        ..admission(key, "0190d1f2-7d7b-7f3a-9c61-3f3c5a4be002")
    }
}

async fn print_what_looking_costs(store: &impl MessageStore, a: &Admission, meter: &Meter) {
    let read = |what: &str| println!("  {what:<18} {:>6.1} read", meter.read_off().read);
    store.turn(&a.turn, 0).await.unwrap();
    read("replay");
    store.turn(&a.turn, usize::MAX).await.unwrap();
    read("look");
    let ConversationKey { user, coach, .. } = &a.turn.conversation;
    store.conversations(user, coach, None, 20).await.unwrap();
    read("list");
}

async fn past_turns(store: &impl MessageStore, key: &ConversationKey) {
    for old in 0..10 {
        let a = admission(key, &format!("0190d1f2-7d7b-7f3a-9c61-3f3c5a4b{old:04}"));
        let Admitted::New(begun) = store.admit(&a).await.unwrap() else {
            panic!("{old} was not admitted")
        };
        store
            .finish(
                &a.turn,
                Writer::Holder(begun.fence),
                &finish(&a, begun.number, reply(40), vec![]),
            )
            .await
            .unwrap();
    }
}

async fn past_records(records: &impl RecordStore, record: impl Fn(Kind, &str) -> RecordKey) {
    for (kind, count, bytes) in [
        (Kind::Memory, 20, 400),
        (Kind::Tombstone, 2, 200),
        (Kind::Workout, 14, 600),
    ] {
        for number in 0..count {
            let body = vec![b'x'; bytes];
            records
                .put(
                    &record(kind, &format!("r-{number}")),
                    &body,
                    None,
                    Expect::Absent,
                )
                .await
                .unwrap();
        }
    }
}

async fn load_and_gather(
    store: &impl MessageStore,
    records: &impl RecordStore,
    key: &ConversationKey,
    number: u64,
) {
    let summary = RecordKey {
        owner: key.user.clone(),
        kind: Kind::Summary,
        id: key.conversation.as_str().parse().unwrap(),
    };
    store
        .messages(key, Some(number), domain::prompt::LONGEST_HISTORY)
        .await
        .unwrap();
    records.get(&summary).await.unwrap();
    for (kind, most) in [
        (Kind::Tombstone, 100),
        (Kind::Memory, 100),
        (Kind::Workout, 14),
    ] {
        records
            .list(&key.user, kind, None, None, most)
            .await
            .unwrap();
    }
}

/// Does the job of a turn, as the application would.
async fn log_the_workout(
    store: &impl MessageStore,
    records: &impl RecordStore,
    of: &JobsOf,
    before: u64,
) {
    let at = NOW + Duration::from_secs(21);
    let JobsOf::Turn(turn) = of else {
        panic!("of no turn")
    };
    let key = &turn.conversation;
    for job in store
        .claim_jobs(of, at, at + Duration::from_secs(60), 8)
        .await
        .unwrap()
    {
        store.turn(&job.turn, usize::MAX).await.unwrap();
        store.messages(key, Some(before), 1).await.unwrap();
        records
            .list(&key.user, Kind::Workout, None, None, 100)
            .await
            .unwrap();
        let id = (&job.turn.turn).into();
        let log = RecordKey {
            owner: key.user.clone(),
            kind: Kind::Workout,
            id,
        };
        records
            .put(&log, &[b'x'; 600], None, Expect::Absent)
            .await
            .unwrap();
        store
            .settle_job(&job, &Outcome::Done(json!({ "workout": "fran" })))
            .await
            .unwrap();
    }
    store
        .claim_jobs(
            &JobsOf::User(key.user.clone()),
            at,
            at + Duration::from_secs(60),
            3,
        )
        .await
        .unwrap();
}

async fn amend(records: &impl RecordStore, at: RecordKey, body: &str) {
    let seen = records
        .get(&at)
        .await
        .unwrap()
        .map(|seen| Expect::Version(seen.version));
    records
        .put(
            &at,
            body.repeat(400).as_bytes(),
            None,
            seen.unwrap_or(Expect::Absent),
        )
        .await
        .unwrap();
}

/// Prints what each step has cost; returns what all of them have.
fn printed(bill: &BTreeMap<&str, Units>) -> Units {
    let mut all = Units::default();
    for (what, units) in bill {
        println!(
            "  {what:<18} {:>6.1} read {:>6.1} write",
            units.read, units.write
        );
        all = Units {
            read: all.read + units.read,
            write: all.write + units.write,
        };
    }
    println!(
        "  {:<18} {:>6.1} read {:>6.1} write",
        "all", all.read, all.write
    );
    all
}

#[tokio::test]
async fn settling_a_turn_costs_a_read_and_a_write_and_nothing_more_if_it_holds_nothing() {
    let meter = Meter::default();
    let table = table(&meter.start().await, "capacity-settling");
    table.create().await.unwrap();
    let (store, key) = (table.messages(), key("user", "v"));
    store.create_conversation(&empty(&key)).await.unwrap();
    let mut a = admission(&key, "t1");
    a.holds = vec![Hold {
        of: Allowance::Tokens,
        amount: 1,
        limit: 8,
        until: NOW + Duration::from_secs(120),
    }];
    store.admit(&a).await.unwrap();
    meter.read_off();
    for write in [1.0, 0.0] {
        let spent = [(Allowance::Tokens, 5)];
        store.settle_hold(&a.turn, &spent).await.unwrap();
        assert_eq!(meter.read_off(), Units { read: 1.0, write });
    }
}

/// A reply of 3 KiB in so many pieces.
fn reply(pieces: usize) -> Vec<TurnEvent> {
    let text = "Well done. ".repeat(3 * 1024 / 11 / pieces);
    let said = || {
        TurnEvent::Said(Said {
            kind: PartKind::Reply,
            stage: None,
            text: text.as_str().into(),
        })
    };
    [TurnEvent::Started]
        .into_iter()
        .chain((0..pieces).map(|_| said()))
        .collect()
}
