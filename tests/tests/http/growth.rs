//! What the beginning of a turn costs in a store that has seen many.
//!
//! `cargo test -p coach-tests --test http growth -- --nocapture` prints how long it takes.

use coach_tests::{WallTime, conversation_key};
use domain::{
    Closing, Conversation, ConversationKey, Ending, Finish, JobKind, Report, Timestamp, TurnEvent,
    TurnKey,
};
use in_memory::InMemoryMessages;
use ports::{Admission, Admitted, Allowance, Hold, JobsOf, MessageStore, Writer};

const NOW: Timestamp = Timestamp(2_000_000_000_000);
const TURNS: usize = 3_000;
const STARTS: usize = 500;

fn admission(key: &ConversationKey, turn: &str) -> Admission {
    let later = |ms: u64| Timestamp(NOW.0 + ms);
    Admission {
        turn: TurnKey {
            conversation: key.clone(),
            turn: turn.parse().unwrap(),
        },
        key: format!("key-{turn}").parse().unwrap(),
        body: [7; 32],
        user_message: format!("user-{turn}").parse().unwrap(),
        assistant_message: format!("assistant-{turn}").parse().unwrap(),
        text: "How do I squat deeper?".into(),
        sent: None,
        zone: None,
        now: NOW,
        lease_until: later(15_000),
        over_by: later(150_000),
        kept_until: later(90_000_000),
        holds: vec![Hold {
            of: Allowance::Turns,
            amount: 1,
            limit: 3,
            until: later(150_000),
        }],
    }
}

/// Begins a turn, ends it with a job that stays open, and looks for jobs that are left over.
async fn turn(store: &InMemoryMessages, key: &ConversationKey, turn: &str) {
    let a = admission(key, turn);
    let Admitted::New(begun) = store.admit(&a).await.unwrap() else {
        panic!("{turn} was not admitted")
    };
    let at = Timestamp(NOW.0 + 1_000_000_000);
    let closing = Closing {
        ending: Ending::Finished,
        at,
        jobs: vec![JobKind::Memory],
        report: Report::default(),
    };
    let place = a.opening(begun.number).place();
    let finish = Finish::of(place, closing, vec![TurnEvent::Started], None);
    store
        .finish(&a.turn, Writer::Holder(begun.fence), &finish)
        .await
        .unwrap();
    let of = JobsOf::User(key.user.clone());
    assert!(store.claim_jobs(&of, NOW, at, 3).await.unwrap().is_empty());
}

async fn empty(store: &InMemoryMessages, name: &str) -> ConversationKey {
    let key = conversation_key(name);
    store
        .create_conversation(&Conversation::new(key.clone(), String::new(), NOW))
        .await
        .unwrap();
    key
}

#[tokio::test]
async fn a_store_that_has_seen_three_thousand_turns_begins_the_next_like_the_first() {
    let (fresh, used) = (InMemoryMessages::default(), InMemoryMessages::default());
    for conversation in 0..TURNS / 10 {
        let key = empty(&used, &format!("v{conversation}")).await;
        for number in 0..10 {
            turn(&used, &key, &format!("t{conversation}-{number}")).await;
        }
    }
    for (store, what) in [
        (&fresh, "500 turns of an empty store"),
        (&used, "500 turns more, after 3,000"),
    ] {
        let key = empty(store, "next").await;
        let _time = WallTime::of(what);
        for number in 0..STARTS {
            turn(store, &key, &format!("next-{number}")).await;
        }
    }
    let jobs = used
        .jobs(&JobsOf::User(conversation_key("next").user))
        .await
        .unwrap();
    assert_eq!(jobs.len(), TURNS + STARTS);
}
