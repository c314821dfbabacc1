//! Conversations and turns as the tests here need them.

use std::time::Duration;

use domain::conversation::{PartKind, Said};
use domain::{
    Closing, Conversation, ConversationKey, Ending, Fence, Finish, JobKind, Report, Timestamp,
    TurnEvent, TurnKey, UserScope,
};
use ports::{Admission, Checkpoint};

/// Later than today, for what has expired is thrown away by the peer, too.
pub(super) const NOW: Timestamp = Timestamp(2_000_000_000_000);

pub(super) fn key(user: &str, conversation: &str) -> ConversationKey {
    ConversationKey {
        user: UserScope::stored(user.parse().unwrap()),
        coach: "coach".parse().unwrap(),
        conversation: conversation.parse().unwrap(),
    }
}

pub(super) fn empty(key: &ConversationKey) -> Conversation {
    Conversation::new(key.clone(), String::new(), NOW)
}

pub(super) fn admission(conversation: &ConversationKey, id: &str) -> Admission {
    Admission {
        turn: TurnKey {
            conversation: conversation.clone(),
            turn: id.parse().unwrap(),
        },
        key: format!("key-{id}").parse().unwrap(),
        body: [7; 32],
        user_message: format!("user-{id}").parse().unwrap(),
        assistant_message: format!("assistant-{id}").parse().unwrap(),
        text: format!("message of {id}").into(),
        sent: None,
        zone: None,
        now: NOW,
        lease_until: NOW + Duration::from_secs(15),
        over_by: NOW + Duration::from_secs(150),
        kept_until: NOW + Duration::from_hours(25),
        holds: Vec::new(),
    }
}

pub(super) fn words(words: &[&str]) -> Vec<TurnEvent> {
    let said = |word: &&str| {
        TurnEvent::Said(Said {
            kind: PartKind::Reply,
            stage: None,
            text: (*word).into(),
        })
    };
    [TurnEvent::Started]
        .into_iter()
        .chain(words.iter().map(said))
        .collect()
}

pub(super) fn checkpoint(
    a: &Admission,
    fence: Fence,
    from: usize,
    events: Vec<TurnEvent>,
) -> Checkpoint {
    Checkpoint {
        turn: a.turn.clone(),
        fence,
        from,
        events,
        lease_until: a.lease_until,
    }
}

/// The end of the turn whose message got this number.
pub(super) fn finish(
    a: &Admission,
    number: u64,
    events: Vec<TurnEvent>,
    jobs: Vec<JobKind>,
) -> Finish {
    let report = Report {
        route: Some(domain::router::fallback("squats")),
        ..Report::default()
    };
    let closing = Closing {
        ending: Ending::Finished,
        at: NOW + Duration::from_secs(20),
        jobs,
        report,
    };
    Finish::of(a.opening(number).place(), closing, events, None)
}
