//! Many turns at once, through the driver.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::{Coach, ConversationKey, Ending, Limits, Task, TurnEvent, TurnKey, coach};
use dynamodb::Table;
use in_memory::LexicalIndex;
use ports::{
    Admission, Admitting, Allowance, Clock, Feed, Hold, IfBusy, Ports, Records, Refusal, TurnState,
    admit, drive,
};
use rehearsal::{Pace, Rehearsal};
use system_clock::SystemClock;
use tokio::task::JoinSet;

use super::scenes::{admission, empty, key};
use super::setup::fresh;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_conversations_have_a_turn_each_at_the_same_time() {
    let ports = ports(&fresh().await);
    let mut turns = JoinSet::new();
    for number in 0..200 {
        let key = key(&format!("user-{}", number / 4), &format!("v{number}"));
        ports
            .messages
            .create_conversation(&empty(&key))
            .await
            .unwrap();
        turns.spawn(say(ports.clone(), key, format!("t{number}")));
    }
    let mut told = 0;
    while let Some(turn) = turns.join_next().await {
        let (turn, events) = turn.unwrap();
        let (record, kept) = ports.messages.turn(&turn, 0).await.unwrap().unwrap();
        assert!(
            matches!(record.state, TurnState::Ended(closing) if closing.ending == Ending::Finished)
        );
        assert_eq!(kept, events, "{turn:?}");
        let messages = ports
            .messages
            .messages(&turn.conversation, None, 10)
            .await
            .unwrap();
        assert_eq!(
            messages
                .iter()
                .map(|message| message.number)
                .collect::<Vec<_>>(),
            [2, 1]
        );
        told += events.len();
    }
    println!("200 turns on 200 conversations: {told} events told, and as many kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_turns_on_one_conversation_take_their_turns() {
    let ports = ports(&fresh().await);
    let key = key("user", "v");
    ports
        .messages
        .create_conversation(&empty(&key))
        .await
        .unwrap();
    let mut turns = JoinSet::new();
    for number in 0..50 {
        turns.spawn(say(ports.clone(), key.clone(), format!("t{number}")));
    }
    let mut said = BTreeSet::new();
    while let Some(turn) = turns.join_next().await {
        said.insert(turn.unwrap().0);
    }
    let mut messages = ports.messages.messages(&key, None, 1_000).await.unwrap();
    messages.reverse();
    assert_eq!(
        messages
            .iter()
            .map(|message| message.number)
            .collect::<Vec<_>>(),
        (1..=100).collect::<Vec<_>>()
    );
    // Were there ever two at a time, their messages would be among each other.
    let turns: Vec<_> = messages
        .chunks(2)
        .map(|pair| (&pair[0].turn, &pair[1].turn))
        .collect();
    assert!(
        turns.iter().all(|(asked, answered)| asked == answered),
        "{turns:?}"
    );
    assert_eq!(
        turns
            .into_iter()
            .map(|(turn, _)| turn.clone())
            .collect::<BTreeSet<_>>(),
        said
    );
    println!("50 turns on one conversation: 100 messages, one turn after the other");
}

pub(super) fn ports(table: &Table) -> Ports {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let llm = Rehearsal::new(
        clock.clone(),
        Pace {
            per_word: Duration::from_millis(1),
        },
        1,
    );
    Ports {
        llm: Arc::new(llm),
        messages: Arc::new(table.messages()),
        records: Records::new(Arc::new(table.records())),
        index: Arc::new(LexicalIndex::default()),
        clock,
    }
}

/// Has something said to the coach, as soon as the conversation is free, and the turn driven to its
/// end; what was told.
async fn say(ports: Ports, key: ConversationKey, id: String) -> (TurnKey, Vec<TurnEvent>) {
    let clock = &*ports.clock;
    let coach: Arc<Coach> = Arc::new(coach::shipped().remove(0));
    loop {
        let now = clock.now();
        let (lease_until, kept_until) = (
            now + Duration::from_secs(15),
            now + Duration::from_hours(25),
        );
        let holds = vec![Hold {
            of: Allowance::Turns,
            amount: 1,
            limit: 8,
            until: now + Duration::from_secs(120),
        }];
        let a = Admission {
            text: "thanks!".into(),
            now,
            lease_until,
            kept_until,
            holds: holds.clone(),
            ..admission(&key, &id)
        };
        match admit(&*ports.messages, clock, &a, IfBusy::Reject).await {
            Ok(Admitting::Begin(begun)) => {
                let opening = a.opening(begun.number);
                let feed = Feed::new(opening.clone());
                let deadline = now + Duration::from_secs(60);
                let task = Task {
                    opening,
                    coach,
                    seed: 1,
                    asked: now,
                    deadline,
                };
                drive(task, begun.fence, Limits::default(), &ports, &feed).await;
                return (a.turn, feed.events());
            }
            Err(Refusal::Busy(_) | Refusal::Store(_)) => {
                clock
                    .sleep_until(clock.now() + Duration::from_millis(20))
                    .await
            }
            other => panic!("{id} was answered {other:?}"),
        }
    }
}
