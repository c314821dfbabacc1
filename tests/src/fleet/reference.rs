//! What a store has to answer, said once more in the simplest way.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{
    Closing, ConversationKey, Fence, Finish, IdempotencyKey, JobKind, Message, Opening, Timestamp,
    TurnEvent, TurnId, TurnKey,
};
use ports::{
    Admission, Admitted, Allowance, Begun, Checkpoint, Hold, Stop, TurnState, Writer, Written,
};

/// Conversations, one write after the other.
#[derive(Default)]
pub(super) struct Reference {
    pub talks: BTreeMap<ConversationKey, Talk>,
    /// What each turn has spent instead of what it had held.
    pub settled: BTreeMap<(TurnKey, Allowance), (u64, Timestamp)>,
}

/// One conversation.
#[derive(Default)]
pub(super) struct Talk {
    pub fence: Fence,
    pub messages: Vec<Message>,
    pub active: Option<TurnId>,
    pub turns: BTreeMap<TurnId, Entry>,
    pub keys: BTreeMap<IdempotencyKey, (TurnId, [u8; 32])>,
}

/// One turn.
pub(super) struct Entry {
    pub opening: Opening,
    pub fence: Fence,
    pub lease_until: Timestamp,
    pub events: Vec<TurnEvent>,
    pub stop: Stop,
    pub holds: Vec<Hold>,
    pub ended: Option<(Arc<Closing>, Writer)>,
    pub jobs: Vec<JobKind>,
}

impl Entry {
    pub(super) fn state(&self) -> TurnState {
        match &self.ended {
            Some((closing, _)) => TurnState::Ended(closing.clone()),
            None => TurnState::Running {
                fence: self.fence,
                lease_until: self.lease_until,
            },
        }
    }
}

impl Reference {
    pub(super) fn entry(&self, turn: &TurnKey) -> Option<&Entry> {
        self.talks.get(&turn.conversation)?.turns.get(&turn.turn)
    }

    pub(super) fn turns(&self) -> impl Iterator<Item = (TurnKey, &Entry)> {
        self.talks.iter().flat_map(|(conversation, talk)| {
            let key = |turn: &TurnId| TurnKey {
                conversation: conversation.clone(),
                turn: turn.clone(),
            };
            talk.turns
                .iter()
                .map(move |(turn, entry)| (key(turn), entry))
        })
    }

    pub(super) fn admit(&mut self, a: &Admission) -> Admitted {
        let refusal = self.refusal(a);
        let Some(talk) = self.talks.get_mut(&a.turn.conversation) else {
            return Admitted::Unknown;
        };
        match talk.keys.get(&a.key) {
            Some((turn, _)) if *turn == a.turn.turn => {
                let entry = &talk.turns[turn];
                return Admitted::New(Begun {
                    fence: entry.fence,
                    number: entry.opening.user_message.number,
                });
            }
            Some((turn, body)) if *body == a.body => return Admitted::Existing(turn.clone()),
            Some(_) => return Admitted::Mismatch,
            None => {}
        }
        if let Some(active) = &talk.active {
            return Admitted::Busy(active.clone());
        }
        if let Some(refusal) = refusal {
            return refusal;
        }
        talk.fence.0 += 1;
        talk.active = Some(a.turn.turn.clone());
        talk.keys
            .insert(a.key.clone(), (a.turn.turn.clone(), a.body));
        let opening = a.opening(talk.messages.len() as u64 + 1);
        talk.messages.push(opening.user_message.clone());
        let begun = Begun {
            fence: talk.fence,
            number: opening.user_message.number,
        };
        let entry = Entry {
            opening,
            fence: talk.fence,
            lease_until: a.lease_until,
            events: Vec::new(),
            stop: Stop::NotAsked,
            holds: a.holds.clone(),
            ended: None,
            jobs: Vec::new(),
        };
        talk.turns.insert(a.turn.turn.clone(), entry);
        Admitted::New(begun)
    }

    /// The first hold that does not fit, and the first time at which it would.
    fn refusal(&self, a: &Admission) -> Option<Admitted> {
        let user = &a.turn.conversation.user;
        for hold in &a.holds {
            let turns = self
                .turns()
                .filter(|(turn, _)| turn.conversation.user == *user);
            let held = turns.flat_map(|(_, entry)| entry.holds.iter());
            let held = held.filter(|held| held.of == hold.of);
            let held = held.map(|held| (held.amount, held.until));
            let settled = self
                .settled
                .iter()
                .filter(|((turn, of), _)| turn.conversation.user == *user && *of == hold.of);
            let all: Vec<_> = held.chain(settled.map(|(_, spent)| *spent)).collect();
            let fits = |at: Timestamp| {
                let counting = all.iter().filter(|(_, until)| *until > at);
                let sum: u64 = counting.map(|(amount, _)| amount).sum();
                sum + hold.amount <= hold.limit
            };
            let mut ends: Vec<_> = all.iter().map(|(_, until)| *until).collect();
            ends.sort();
            if !fits(a.now) {
                let (of, end) = (hold.of, ends.into_iter().find(|end| fits(*end)));
                let until = end.unwrap_or(hold.until);
                return Some(Admitted::OverLimit { of, until });
            }
        }
        None
    }

    pub(super) fn settle_hold(&mut self, turn: &TurnKey, spent: &[(Allowance, u64)]) {
        let talk = self.talks.get_mut(&turn.conversation);
        let Some(entry) = talk.and_then(|talk| talk.turns.get_mut(&turn.turn)) else {
            return;
        };
        for (of, spent) in spent {
            let held = entry.holds.iter().position(|hold| hold.of == *of);
            let held = held.map(|at| entry.holds.remove(at));
            let settled = held.map(|held| ((turn.clone(), *of), (*spent, held.until)));
            self.settled.extend(settled);
        }
    }

    pub(super) fn checkpoint(&mut self, c: &Checkpoint) -> Written<Stop> {
        let entry = self.running(&c.turn).filter(|entry| entry.fence == c.fence);
        let Some(entry) = entry else {
            return Written::LeaseLost;
        };
        let there = entry.events.len().saturating_sub(c.from);
        entry
            .events
            .extend_from_slice(c.events.get(there..).unwrap_or_default());
        entry.lease_until = entry.lease_until.max(c.lease_until);
        Written::Done(entry.stop)
    }

    pub(super) fn finish(
        &mut self,
        turn: &TurnKey,
        writer: Writer,
        finish: &Finish,
    ) -> Written<()> {
        if let Some((closing, _)) = self.entry(turn).and_then(|entry| entry.ended.as_ref()) {
            return if *closing == finish.closing {
                Written::Done(())
            } else {
                Written::LeaseLost
            };
        }
        let Some(entry) = self.running(turn) else {
            return Written::LeaseLost;
        };
        let may = match writer {
            Writer::Holder(fence) => fence == entry.fence,
            Writer::Reaper { fence, lease_until } => {
                fence == entry.fence && lease_until == entry.lease_until
            }
        };
        if !may {
            return Written::LeaseLost;
        }
        entry.ended = Some((finish.closing.clone(), writer));
        entry.holds.retain(|hold| hold.of != Allowance::Turns);
        entry.events.clone_from(&finish.events);
        entry.events.push(TurnEvent::Ended(finish.closing.clone()));
        entry.jobs.clone_from(&finish.closing.jobs);
        let said = finish.events.iter().filter_map(TurnEvent::said);
        let reply = entry.opening.place().filled(finish.closing.ending, said);
        if let Some(talk) = self.talks.get_mut(&turn.conversation) {
            talk.messages.extend(reply);
            talk.active = None;
        }
        Written::Done(())
    }

    pub(super) fn ask_stop(&mut self, turn: &TurnKey) -> Option<TurnState> {
        let entry = self
            .talks
            .get_mut(&turn.conversation)?
            .turns
            .get_mut(&turn.turn)?;
        entry.stop = Stop::Asked;
        Some(entry.state())
    }

    fn running(&mut self, turn: &TurnKey) -> Option<&mut Entry> {
        let entry = self
            .talks
            .get_mut(&turn.conversation)?
            .turns
            .get_mut(&turn.turn)?;
        entry.ended.is_none().then_some(entry)
    }
}
