//! Those who ask: they lose their connection, come back, ask twice, and believe what they are told.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use domain::{ConversationKey, TurnEvent, TurnKey};
use futures::channel::mpsc::UnboundedReceiver;
use futures::future::{Either, select};
use futures::stream::StreamExt;
use ports::{Admission, Frame, IfBusy, LEASE, Refusal};

use super::engine::{SkewedClock, ms};
use super::script::{Say, name, sub_seed, text};
use super::stage::Stage;
use super::worker::Reply;
use crate::world::Chance;

/// One client, and what it holds of one turn.
pub(super) struct Client {
    stage: Arc<Stage>,
    id: String,
    chance: Chance,
    say: Option<Say>,
    turn: Option<TurnKey>,
    slot: usize,
    /// The number of the next event.
    place: usize,
    held: String,
    requests: u64,
    /// After how many replies it hangs up, and when it comes back.
    leaves: Option<(usize, Option<u64>)>,
    is_ended: bool,
}

/// How long a client hears nothing before it hangs up.
const PATIENCE: u64 = 12_000;

/// How often a client that is refused asks again.
const REQUESTS: u64 = 12;

impl Client {
    /// One who says something.
    pub(super) fn saying(stage: &Arc<Stage>, say: Say) -> Self {
        let id = format!(
            "{}-{}{}",
            say.id,
            say.sender,
            if say.is_forged { "-forged" } else { "" }
        );
        Self {
            leaves: say.leaves,
            say: Some(say),
            ..Self::new(stage, id, say.slot)
        }
    }

    /// One who looks on.
    pub(super) fn watching(stage: &Arc<Stage>, turn: TurnKey, slot: usize) -> Self {
        let id = format!("watching {} from {slot} at {}", turn.turn, stage.hand.now());
        Self {
            turn: Some(turn),
            ..Self::new(stage, id, slot)
        }
    }

    fn new(stage: &Arc<Stage>, id: String, slot: usize) -> Self {
        Self {
            chance: Chance::new(sub_seed(stage.script.seed, &[name(&id)])),
            stage: stage.clone(),
            id,
            say: None,
            turn: None,
            slot,
            place: 0,
            held: String::new(),
            requests: 0,
            leaves: None,
            is_ended: false,
        }
    }

    /// Asks until it has seen the end, or does not want to any more. Whether it has seen the end.
    pub(super) async fn run(mut self) -> bool {
        self.waits("for an answer");
        loop {
            let Some(replies) = self.ask() else {
                return self.goes();
            };
            let is_refused = self.listen(replies).await;
            if self.is_ended {
                return self.goes();
            }
            if let Some((0, back)) = self.leaves {
                let Some(back) = back else { return self.goes() };
                self.leaves = None;
                self.stage.hand.sleep(back).await;
            }
            let pause = if is_refused {
                1_000 + self.chance.below(5_000)
            } else {
                self.chance.below(400)
            };
            self.stage.hand.sleep(pause).await;
            self.slot = self.chance.index() % self.stage.script.skews.len();
        }
    }

    fn ask(&mut self) -> Option<UnboundedReceiver<Reply>> {
        match (&self.turn, self.say) {
            (Some(turn), _) => {
                self.stage.census().count("request", "resumes".to_owned());
                Some(self.stage.resume(self.slot, turn.clone(), self.place))
            }
            (None, Some(say)) if self.requests < REQUESTS => {
                self.requests += 1;
                self.stage.census().count("request", "sends".to_owned());
                let if_busy = if say.interrupts {
                    IfBusy::Interrupt
                } else {
                    IfBusy::Reject
                };
                Some(self.stage.say(self.slot, self.admission(&say), if_busy))
            }
            (None, _) => None,
        }
    }

    fn admission(&self, say: &Say) -> Admission {
        let name = format!("{}-{}", self.id, self.requests);
        let now = SkewedClock::shows(self.stage.script.skews[self.slot], self.stage.hand.now());
        Admission {
            turn: TurnKey {
                conversation: self.stage.conversation(say.conversation),
                turn: format!("t{name}").parse().unwrap(),
            },
            key: key(say).parse().unwrap(),
            body: digest(&text(say)),
            user_message: format!("u{name}").parse().unwrap(),
            assistant_message: format!("a{name}").parse().unwrap(),
            text: text(say).into(),
            sent: None,
            zone: None,
            now,
            lease_until: now + LEASE,
            over_by: now + 10 * LEASE,
            kept_until: now + ms(25 * 3_600_000),
            holds: self.stage.script.reserve(),
        }
    }

    /// Listens until the line is cut, or too long silent, or it hangs up; whether it was refused.
    async fn listen(&mut self, mut replies: UnboundedReceiver<Reply>) -> bool {
        loop {
            if let Some((0, _)) = self.leaves {
                return false;
            }
            let reply = match select(replies.next(), self.stage.hand.sleep(PATIENCE)).await {
                Either::Left((Some(reply), _)) => reply,
                Either::Left((None, _)) | Either::Right(_) => return false,
            };
            if let Some((left, _)) = &mut self.leaves {
                *left -= 1;
            }
            match reply {
                Reply::StillThere => {}
                Reply::Began(turn) => self.began(turn),
                Reply::Refused(refusal) => return self.refused(&refusal),
                Reply::Frame(frame) => self.hear(frame),
            }
            if self.is_ended {
                return false;
            }
        }
    }

    /// A message that was acknowledged has one turn, and is stored.
    fn began(&mut self, turn: TurnKey) {
        let Some(say) = self.say else { return };
        let (id, text) = (&self.id, text(&say));
        let entry = (turn.conversation.clone(), key(&say));
        let known = self
            .stage
            .seen()
            .acknowledged
            .entry(entry)
            .or_insert_with(|| (turn.clone(), text.clone()))
            .clone();
        self.stage
            .rule(known == (turn.clone(), text.clone()), "A3", || {
                format!("{id} was given {}, and before that {known:?}", turn.turn)
            });
        let stored = self
            .stage
            .ledger
            .reference()
            .entry(&turn)
            .map(|entry| entry.opening.text().to_owned());
        self.stage.rule(stored.as_ref() == Some(&text), "A4", || {
            format!("{id} was told that {stored:?} is stored")
        });
        self.turn = Some(turn);
        self.waits("for the end");
    }

    fn refused(&mut self, refusal: &Refusal) -> bool {
        let is_possible = match refusal {
            Refusal::UnknownConversation => false,
            Refusal::Mismatch => {
                self.requests = REQUESTS;
                self.stage
                    .script
                    .deeds
                    .iter()
                    .any(|deed| deed.what.is_other(self.say))
            }
            Refusal::Busy(_) | Refusal::OverLimit { .. } | Refusal::Store(_) => true,
        };
        self.stage.rule(is_possible, "A3", || {
            format!("{} was refused: {refusal:?}", self.id)
        });
        true
    }

    fn hear(&mut self, frame: Frame) {
        let Some(turn) = self.turn.clone() else {
            return;
        };
        let id = self.id.clone();
        match frame {
            Frame::Events(first, events) => {
                self.stage.rule(first == self.place, "S2", || {
                    format!("{id} has {}, and hears {first}", self.place)
                });
                for event in events {
                    self.held
                        .push_str(event.said().map_or("", |said| &said.text));
                    self.note(&turn, event);
                }
            }
            Frame::Snapshot(said, through) => {
                self.stage.seen().snapshots.insert(turn);
                self.held = said.iter().map(|said| &*said.text).collect();
                self.place = through + 1;
            }
            Frame::Ended(number, closing, message) => {
                self.stage.rule(number == self.place, "S2", || {
                    format!("{id} has {}, and the end is {number}", self.place)
                });
                let stored = self
                    .stage
                    .ledger
                    .reference()
                    .entry(&turn)
                    .and_then(|entry| Some(entry.ended.as_ref()?.0.clone()));
                self.stage
                    .rule(stored.as_ref() == Some(&closing), "D3", || {
                        format!("{id} was told {closing:?}, not {stored:?}")
                    });
                let content = message.map(|message| message.content()).unwrap_or_default();
                self.stage.rule(content == self.held, "D2", || {
                    format!("{id} was told {:?}, not {content:?}", self.held)
                });
                self.note(&turn, TurnEvent::Ended(closing));
                self.is_ended = true;
            }
        }
    }

    /// Nobody else was told anything else under this number, unless a reader ended the turn.
    fn note(&mut self, turn: &TurnKey, event: TurnEvent) {
        let number = self.place;
        self.place += 1;
        let known = self
            .stage
            .seen()
            .events
            .entry(turn.clone())
            .or_default()
            .insert(number, event.clone());
        let is_end = |event: &TurnEvent| matches!(event, TurnEvent::Ended(_));
        let is_same = known.as_ref().is_none_or(|known| {
            *known == event || ((is_end(known) || is_end(&event)) && self.stage.was_reaped(turn))
        });
        self.stage.rule(is_same, "D4", || {
            format!("{} was told {event:?} after {known:?} as {number}", self.id)
        });
    }

    fn waits(&self, what: &str) {
        self.stage
            .seen()
            .waiting
            .insert(self.id.clone(), what.to_owned());
    }

    fn goes(&self) -> bool {
        self.stage.seen().waiting.remove(&self.id);
        self.is_ended
    }
}

impl super::script::What {
    /// Whether it is another message by the same key.
    fn is_other(&self, say: Option<Say>) -> bool {
        let (Self::Say(other), Some(say)) = (self, say) else {
            return false;
        };
        other.id == say.id && other.is_forged != say.is_forged
    }
}

/// The key of a message, within its conversation.
pub(super) fn key(say: &Say) -> String {
    format!("k{}", say.id)
}

/// The conversation and the turn that it runs, or else ran last.
pub(super) fn latest(stage: &Stage, conversation: &ConversationKey) -> Option<TurnKey> {
    let reference = stage.ledger.reference();
    let talk = reference.talks.get(conversation)?;
    let turn = talk
        .active
        .clone()
        .or_else(|| Some(talk.messages.last()?.turn.turn.clone()))?;
    Some(TurnKey {
        conversation: conversation.clone(),
        turn,
    })
}

fn digest(text: &str) -> [u8; 32] {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let mut body = [0; 32];
    body[..8].copy_from_slice(&hasher.finish().to_le_bytes());
    body
}
