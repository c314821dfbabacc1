//! What everybody in one run shares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use domain::{Coach, Conversation, ConversationKey, TurnEvent, TurnKey, UserScope};
use in_memory::{InMemoryRecords, LexicalIndex};
use serde_json::json;

use super::book::Book;
use super::census::Census;
use super::engine::{Hand, SkewedClock};
use super::ledger::Ledger;
use super::script::{CallId, Mishap, Script};
use super::worker::Worker;

/// The store, the workers, the clients' acknowledgments, and the verdict.
pub(super) struct Stage {
    pub hand: Hand,
    pub script: Script,
    pub ledger: Ledger,
    pub records: Arc<InMemoryRecords>,
    pub index: Arc<LexicalIndex>,
    pub coach: Arc<Coach>,
    pub(super) slots: Mutex<Vec<Option<Arc<Worker>>>>,
    book: Mutex<Book>,
    seen: Mutex<Seen>,
    census: Mutex<Census>,
    verdict: Mutex<Option<Broken>>,
}

/// A rule that does not hold, and what shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    pub rule: &'static str,
    pub why: String,
}

/// What clients were told.
#[derive(Default)]
pub(super) struct Seen {
    /// The turn of each message that was acknowledged, and its bytes, by its key.
    pub acknowledged: BTreeMap<(ConversationKey, String), (TurnKey, String)>,
    /// The events of each turn, by number.
    pub events: BTreeMap<TurnKey, BTreeMap<usize, TurnEvent>>,
    /// Turns of which somebody was given a snapshot.
    pub snapshots: BTreeSet<TurnKey>,
    /// Clients that wait for an ending.
    pub waiting: BTreeMap<String, String>,
    pub mishaps: BTreeMap<CallId, Mishap>,
    pub counts: BTreeMap<(usize, &'static str), u64>,
}

impl Stage {
    pub(super) fn new(hand: Hand, script: Script) -> Arc<Self> {
        let stage = Self {
            ledger: Ledger::default(),
            records: Arc::default(),
            index: Arc::default(),
            coach: Arc::new(serde_json::from_value(json!({ "coachId": "coach" })).unwrap()),
            slots: Mutex::new(script.skews.iter().map(|_| None).collect()),
            book: Mutex::default(),
            seen: Mutex::default(),
            census: Mutex::default(),
            verdict: Mutex::default(),
            hand,
            script,
        };
        for conversation in 0..stage.script.conversations {
            let at = SkewedClock::shows(0, 0);
            stage.ledger.create(&Conversation::new(
                stage.conversation(conversation),
                String::new(),
                at,
            ));
        }
        Arc::new(stage)
    }

    /// The conversations of three users in turn.
    pub(super) fn conversation(&self, number: usize) -> ConversationKey {
        let user = ["ann", "bob", "cem"][number % 3];
        ConversationKey {
            user: UserScope::verified(user.parse().unwrap()),
            coach: self.coach.id.clone(),
            conversation: format!("c{number}").parse().unwrap(),
        }
    }

    /// Notes that a rule is broken, unless it holds. The first one counts.
    pub(super) fn rule(&self, holds: bool, rule: &'static str, why: impl FnOnce() -> String) {
        if !holds {
            let why = format!("{} ms: {}", self.hand.now(), why());
            self.verdict
                .lock()
                .unwrap()
                .get_or_insert(Broken { rule, why });
        }
    }

    pub(super) fn broken(&self) -> Option<Broken> {
        self.verdict.lock().unwrap().clone()
    }

    /// What befalls the next call of `method` from this slot, and how long its way is.
    pub(super) fn fate(&self, slot: usize, method: &'static str) -> (Option<Mishap>, u64) {
        let mut seen = self.seen();
        let count = seen.counts.entry((slot, method)).or_default();
        *count += 1;
        let call = (slot, method, *count);
        let fate = self.script.fate(call, self.hand.now());
        if let (Some(mishap), way) = fate {
            seen.mishaps.insert(call, mishap);
            drop(seen);
            self.census()
                .count("fault", format!("{method}: {}", mishap.name()));
            return (Some(mishap), way);
        }
        fate
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    pub(super) fn census(&self) -> MutexGuard<'_, Census> {
        self.census.lock().unwrap()
    }
}
