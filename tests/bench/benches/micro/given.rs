//! What is measured upon: an athlete who has talked for long.

use std::sync::Arc;

use domain::memory::RecalledKind;
use domain::{
    Body, Conversation, ConversationKey, Ending, Loaded, Message, Opening, PartKind, Said, Task,
    Timestamp, TurnEvent, TurnKey, UserId, UserScope, coach,
};
use ports::{Admission, Allowance, Hold, IndexEntry};

pub(crate) const NOW: Timestamp = Timestamp(2_000_000_000_000);

/// Says something that a rule decides on, so that the turn is load, reply and finish.
const WORDS: &str = "thanks!";

pub(crate) fn athlete() -> UserScope {
    UserScope::verified("ada".parse::<UserId>().unwrap())
}

pub(crate) fn conversation() -> ConversationKey {
    ConversationKey {
        user: athlete(),
        coach: "strength".parse().unwrap(),
        conversation: "first".parse().unwrap(),
    }
}

pub(crate) fn empty() -> Conversation {
    Conversation::new(conversation(), String::new(), NOW)
}

/// A request to begin the turn of this number.
pub(crate) fn admission(number: u64) -> Admission {
    Admission {
        turn: TurnKey {
            conversation: conversation(),
            turn: format!("turn-{number}").parse().unwrap(),
        },
        key: format!("key-{number}").parse().unwrap(),
        body: [7; 32],
        user_message: format!("user-{number}").parse().unwrap(),
        assistant_message: format!("assistant-{number}").parse().unwrap(),
        text: WORDS.into(),
        sent: None,
        zone: None,
        now: NOW,
        lease_until: Timestamp(NOW.0 + 15_000),
        over_by: Timestamp(NOW.0 + 150_000),
        kept_until: Timestamp(NOW.0 + 90_000_000),
        holds: vec![Hold {
            of: Allowance::Turns,
            amount: 1,
            limit: 8,
            until: Timestamp(NOW.0 + 120_000),
        }],
    }
}

pub(crate) fn opening(number: u64) -> Opening {
    admission(number).opening(number)
}

pub(crate) fn task() -> Task {
    Task {
        opening: opening(61),
        coach: Arc::new(coach::shipped().swap_remove(0)),
        seed: 7,
        asked: NOW,
        deadline: Timestamp(NOW.0 + 120_000),
    }
}

/// So many pieces of a reply.
pub(crate) fn pieces(number: usize) -> Vec<Said> {
    let words = ["Sit ", "between ", "your ", "hips, ", "and ", "breathe. "];
    let words = words.iter().cycle().take(number);
    let said = words.map(|word| Said {
        kind: PartKind::Reply,
        stage: None,
        text: (*word).into(),
    });
    said.collect()
}

/// The events of a turn that has told so many pieces.
pub(crate) fn events(number: usize) -> Vec<TurnEvent> {
    let said = pieces(number).into_iter().map(TurnEvent::Said);
    [TurnEvent::Started].into_iter().chain(said).collect()
}

/// A message of the coach of so many pieces.
pub(crate) fn reply(number: u64, said: usize) -> Message {
    let (ending, said) = (Ending::Finished, pieces(said).into());
    Message {
        body: Body::Assistant { ending, said },
        ..opening(number).user_message
    }
}

/// The longest history that is loaded, with 120 words in every reply.
pub(crate) fn loaded() -> Loaded {
    let message = |number| match number % 2 {
        1 => opening(number).user_message,
        _ => reply(number, 120),
    };
    Loaded {
        history: (1..=60).map(message).collect(),
        summary: None,
        forgotten: Vec::new(),
        safety: domain::SafetyFacts::default(),
        memories: Ok(Vec::new()),
        before: Vec::new(),
    }
}

/// So many pieces of a methodology, each of which has much in common with many others.
pub(crate) fn methodology(pieces: usize) -> impl Iterator<Item = IndexEntry> {
    let words = [
        "squat", "deadlift", "press", "row", "tempo", "depth", "knee", "hip", "load", "rest",
        "week", "volume", "effort", "warm", "breath", "brace", "grip", "stance", "bar", "rack",
    ];
    (0..pieces).map(move |piece| {
        let told = (0..80).map(|at| words[(piece * 7 + at * at + at * piece) % words.len()]);
        IndexEntry {
            kind: RecalledKind::Methodology,
            id: format!("piece-{piece}"),
            coach: None,
            text: told.collect::<Vec<_>>().join(" "),
            created: NOW,
            tags: Vec::new(),
        }
    })
}
