//! The clauses of [`MessageStore`].

mod admission;
mod again;
mod alike;
mod conversations;
mod deleting;
mod ending;
mod erasing;
mod exact;
mod holds;
mod jobs;
mod lists;
mod paging;
mod races;
mod refusals;
mod running;
mod stopping;

use std::time::Duration;

use domain::conversation::{PartKind, Said};
use domain::{
    Closing, Conversation, ConversationKey, Ending, Fence, Finish, JobKind, Report, Timestamp,
    TurnEvent, TurnKey, UserScope,
};

pub use admission::*;
pub use again::*;
pub use alike::*;
pub use conversations::*;
pub use deleting::*;
pub use ending::*;
pub use erasing::*;
pub use exact::*;
pub use holds::*;
pub use jobs::*;
pub use lists::*;
pub use paging::*;
pub use races::*;
pub use refusals::*;
pub use running::*;
pub use stopping::*;

use super::somebody;
use crate::{
    Admission, Admitted, Allowance, Begun, Checkpoint, Hold, JobsOf, MessageStore, Writer, Written,
};

/// Later than today: a store may throw away what has expired long ago.
const NOW: Timestamp = Timestamp(2_000_000_000_000);
const SECOND: Duration = Duration::from_secs(1);

fn key(user: &UserScope, conversation: &str) -> ConversationKey {
    let (coach, conversation) = ("c".parse().unwrap(), conversation.parse().unwrap());
    ConversationKey {
        user: user.clone(),
        coach,
        conversation,
    }
}

fn empty(key: ConversationKey, active: Timestamp) -> Conversation {
    let (title, tags) = (String::new(), Vec::new());
    Conversation {
        key,
        title,
        tags,
        created: NOW,
        last_activity: active,
        messages: 0,
        active: None,
    }
}

async fn conversation(store: &dyn MessageStore) -> ConversationKey {
    created(store, key(&somebody(), "v")).await
}

/// An empty conversation.
async fn created(store: &dyn MessageStore, key: ConversationKey) -> ConversationKey {
    let new = empty(key.clone(), NOW);
    store.create_conversation(&new).await.unwrap();
    key
}

/// Fences that are not this one. A first fence may be 0.
fn others(fence: Fence) -> impl Iterator<Item = Fence> {
    let earlier = fence.0.checked_sub(1).map(Fence);
    earlier.into_iter().chain([Fence(fence.0 + 1)])
}

fn hold(of: Allowance, amount: u64, limit: u64, seconds: u32) -> Hold {
    let until = NOW + seconds * SECOND;
    Hold {
        of,
        amount,
        limit,
        until,
    }
}

/// All that can be read of the conversations of these admissions, their turns and their user.
async fn seen(store: &dyn MessageStore, of: &[&Admission]) -> String {
    let mut all = Vec::new();
    for a in of {
        let key = &a.turn.conversation;
        let found = store.conversation(key).await.unwrap();
        all.push(format!("{found:?}"));
        let messages = store.messages(key, None, 100).await.unwrap();
        all.push(format!("{messages:?}"));
        let turn = store.turn(&a.turn, 0).await.unwrap();
        all.push(format!("{turn:?}"));
        let jobs = JobsOf::User(key.user.clone());
        let jobs = store.jobs(&jobs).await.unwrap();
        all.push(format!("{jobs:?}"));
        let listed = store.all_conversations(&key.user, None, 100).await;
        let mut listed: Vec<_> = listed.unwrap().items.into_iter().collect();
        listed.sort_by_key(|found| format!("{found:?}"));
        all.push(format!("{listed:?}"));
        let later = NOW + 9_999 * SECOND;
        all.push(format!("{:?}", overdue(store, &key.user, later).await));
    }
    all.join("\n")
}

/// Ends a turn as its holder does, with one word.
async fn ended(store: &dyn MessageStore, a: &Admission, begun: Begun, jobs: Vec<JobKind>) {
    let end = finish(a, begun.number, Ending::Finished, words(&["x"]), jobs);
    let writer = Writer::Holder(begun.fence);
    let answer = store.finish(&a.turn, writer, &end).await.unwrap();
    assert_eq!(answer, Written::Done(()));
}

fn admission(conversation: &ConversationKey, turn: &str) -> Admission {
    Admission {
        turn: TurnKey {
            conversation: conversation.clone(),
            turn: turn.parse().unwrap(),
        },
        key: format!("key-{turn}").parse().unwrap(),
        body: [7; 32],
        user_message: format!("user-{turn}").parse().unwrap(),
        assistant_message: format!("assistant-{turn}").parse().unwrap(),
        text: format!("message of {turn}").into(),
        sent: None,
        zone: None,
        now: NOW,
        lease_until: NOW + 15 * SECOND,
        over_by: NOW + 150 * SECOND,
        kept_until: NOW + 90_000 * SECOND,
        holds: Vec::new(),
    }
}

async fn begun(store: &dyn MessageStore, admission: &Admission) -> Begun {
    let answer = store.admit(admission).await.unwrap();
    let Admitted::New(begun) = answer else {
        panic!("expected a new turn, not {answer:?}")
    };
    begun
}

/// A conversation with a running turn.
async fn running(store: &dyn MessageStore) -> (Admission, Fence) {
    let admission = admission(&conversation(store).await, "t1");
    let fence = begun(store, &admission).await.fence;
    (admission, fence)
}

fn said(kind: PartKind, text: &str) -> TurnEvent {
    TurnEvent::Said(Said {
        kind,
        stage: None,
        text: text.into(),
    })
}

fn words(words: &[&str]) -> Vec<TurnEvent> {
    let replies = words.iter().map(|word| said(PartKind::Reply, word));
    [TurnEvent::Started].into_iter().chain(replies).collect()
}

/// The end of the turn whose message got this number.
fn finish(
    a: &Admission,
    number: u64,
    ending: Ending,
    events: Vec<TurnEvent>,
    jobs: Vec<JobKind>,
) -> Finish {
    let closing = Closing {
        ending,
        at: NOW + 3 * SECOND,
        jobs,
        report: Report::default(),
    };
    Finish::of(a.opening(number).place(), closing, events, None)
}

fn checkpoint(a: &Admission, fence: Fence, from: usize, events: &[TurnEvent]) -> Checkpoint {
    let (turn, lease_until) = (a.turn.clone(), NOW + 20 * SECOND);
    Checkpoint {
        turn,
        fence,
        from,
        events: events.to_vec(),
        lease_until,
    }
}
