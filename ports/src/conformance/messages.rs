//! The clauses of [`MessageStore`].

mod admission;
mod conversations;
mod ending;
mod erasing;
mod holds;
mod jobs;
mod paging;
mod running;

use std::time::Duration;

use domain::conversation::{PartKind, Said};
use domain::{
    Closing, Conversation, ConversationKey, Ending, Fence, Finish, JobKind, Report, Timestamp,
    TurnEvent, TurnKey, UserScope,
};

pub use admission::*;
pub use conversations::*;
pub use ending::*;
pub use erasing::*;
pub use holds::*;
pub use jobs::*;
pub use paging::*;
pub use running::*;

use super::somebody;
use crate::{Admission, Admitted, Begun, Checkpoint, MessageStore};

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
    let key = key(&somebody(), "v");
    store
        .create_conversation(&empty(key.clone(), NOW))
        .await
        .unwrap();
    key
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
