//! A sweep over a table.

use std::sync::Arc;
use std::time::Duration;

use coach_tests::{Counted, scenes};
use domain::{Ending, JobKind, Prices, TurnError};
use dynamodb::Table;
use in_memory::{LexicalIndex, ManualClock};
use ports::{
    Admission, Admitted, Clock, JobsOf, MessageStore, Ports, Records, Swept, TurnState, Writer,
    sweep,
};
use rehearsal::Scripted;

use super::scenes::{NOW, admission, empty, finish, key, words};
use super::setup::{fresh, named, stored};

/// How many users have a turn that has left a job, and how many one that nobody drives.
const USERS: usize = 12;

/// A process over a table, an hour after all that is in there, by a clock that is so far off: two
/// that end a turn in the very same millisecond cannot tell which of them has.
fn process(table: &Table, ms: u64) -> (Ports, Arc<Counted<Scripted>>) {
    let now = NOW + Duration::from_hours(1) + Duration::from_millis(ms);
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(now));
    let model = Scripted::new(clock.clone()).extract(scenes::workout());
    let model = Arc::new(Counted::new(model));
    let ports = Ports {
        llm: model.clone(),
        messages: Arc::new(table.messages()),
        records: Records::new(Arc::new(table.records())),
        index: Arc::new(LexicalIndex::default()),
        clock,
    };
    (ports, model)
}

async fn begun(store: &impl MessageStore, user: usize, conversation: &str) -> (Admission, Writer) {
    let key = key(&format!("user-{user}"), conversation);
    store.create_conversation(&empty(&key)).await.unwrap();
    let a = Admission {
        text: "I did 2x5 back squats at 100 kg today".into(),
        ..admission(&key, &format!("t-{user}-{conversation}"))
    };
    let Admitted::New(begun) = store.admit(&a).await.unwrap() else {
        panic!("not admitted")
    };
    (a, Writer::Holder(begun.fence))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sweeps_at_once_do_each_job_once_and_end_each_lost_turn_once() {
    let table = fresh().await;
    let store = table.messages();
    let mut lost = Vec::new();
    for user in 0..USERS {
        let (a, writer) = begun(&store, user, "done").await;
        let end = finish(&a, 1, words(&["x"]), vec![JobKind::Workout]);
        store.finish(&a.turn, writer, &end).await.unwrap();
        lost.push(begun(&store, user, "lost").await.0.turn);
    }
    let processes = [process(&table, 0), process(&table, 1)];
    let sweeps = processes.each_ref().map(|(ports, _)| {
        let until = ports.clock.now() + Duration::from_mins(5);
        async move { sweep(ports, &Prices::default(), &(), until).await }
    });
    let [one, other] = sweeps;
    let (one, other) = tokio::join!(one, other);
    let expected = Swept {
        turns: USERS,
        done: USERS,
        ..Swept::default()
    };
    assert_eq!(one + other, expected, "{one:?} {other:?}");
    let asked: usize = processes
        .iter()
        .map(|(_, model)| model.calls().extractions)
        .sum();
    assert_eq!(asked, USERS);
    for turn in &lost {
        let (record, _) = store.turn(turn, 0).await.unwrap().unwrap();
        let TurnState::Ended(closing) = record.state else {
            panic!("{} still runs", turn.turn)
        };
        assert_eq!(closing.ending, Ending::Failed(TurnError::ProducerLost));
    }
    let jobs = store.jobs(&JobsOf::Anyone).await.unwrap();
    assert!(jobs.iter().all(|job| job.attempts == 1), "{jobs:?}");
    let (ports, _) = &processes[0];
    let until = ports.clock.now() + Duration::from_mins(5);
    let again = sweep(ports, &Prices::default(), &(), until).await;
    assert_eq!(again, Swept::default());
}

#[tokio::test]
async fn a_conversation_stands_in_the_index_of_what_is_due_only_while_a_turn_runs_in_it() {
    let name = "sweep-index";
    let (_proxy, table) = named(name).await;
    let store = table.messages();
    for conversation in ["ended", "deleted"] {
        let (a, writer) = begun(&store, 1, conversation).await;
        let sort = format!("C#coach#{conversation}");
        let item = async || {
            stored(name, &a.turn.conversation.user, &sort)
                .await
                .remove(0)
        };
        let running = item().await;
        let shard = running["shard"].as_s().unwrap();
        assert!(shard.starts_with("T#"), "{shard}");
        let over_by = a.over_by.0.to_string();
        assert_eq!(running["over_by"].as_n().unwrap(), &over_by);
        if conversation == "ended" {
            let end = finish(&a, 1, words(&["x"]), vec![]);
            store.finish(&a.turn, writer, &end).await.unwrap();
        } else {
            store
                .delete_conversation(&a.turn.conversation)
                .await
                .unwrap();
        }
        let after = item().await;
        assert!(!after.contains_key("shard") && !after.contains_key("over_by"));
        assert_eq!(after.contains_key("time"), conversation == "ended");
    }
}
