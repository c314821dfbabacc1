//! What a store has to answer, said once more in the simplest way.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{
    Closing, ConversationKey, Fence, Finish, IdempotencyKey, JobKind, Message, Opening, Timestamp,
    TurnEvent, TurnId, TurnKey,
};
use ports::{Admission, Admitted, Begun, Checkpoint, Hold, Stop, TurnState, Writer, Written};

/// Conversations, one write after the other.
#[derive(Default)]
pub(super) struct Reference {
    pub talks: BTreeMap<ConversationKey, Talk>,
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
    pub hold: Option<Hold>,
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
        let user = &a.turn.conversation.user;
        let held = self
            .turns()
            .filter(|(turn, entry)| turn.conversation.user == *user && entry.ended.is_none());
        let holds = held
            .filter_map(|(_, entry)| entry.hold)
            .filter(|hold| hold.until > a.now);
        let held: u64 = holds.map(|hold| hold.amount).sum();
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
        if a.hold.is_some_and(|hold| held + hold.amount > hold.limit) {
            return Admitted::OverLimit;
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
            hold: a.hold,
            ended: None,
            jobs: Vec::new(),
        };
        talk.turns.insert(a.turn.turn.clone(), entry);
        Admitted::New(begun)
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
