//! Turns, from their admission to their end.

use std::time::Duration;

use domain::conversation::{PartKind, Said};
use domain::{
    Closing, Ending, Fault, Fence, Finish, JobKind, Report, Timestamp, TurnError, TurnEvent,
    TurnKey,
};
use ports::{
    Admission, Admitted, Allowance, Checkpoint, Hold, MessageStore, Stop, TurnState, Writer,
    Written,
};

use super::{ALL, Begun, Player};

impl Player {
    pub(super) fn new_admission(&mut self) -> Admission {
        self.made += 1;
        let (id, now) = (self.made, self.now);
        let lasting = if self.chance.percent(80) {
            90_000_000
        } else {
            30_000 + self.chance.below(300_000)
        };
        let holds = self.holds();
        let over_by = Timestamp(now.0 + self.chance.below(600_000));
        Admission {
            turn: TurnKey {
                conversation: self.conversation_key(),
                turn: format!("t{id}").parse().unwrap(),
            },
            key: format!("k{id}").parse().unwrap(),
            body: [u8::try_from(id % 7).unwrap(); 32],
            user_message: format!("u{id}").parse().unwrap(),
            assistant_message: format!("a{id}").parse().unwrap(),
            text: format!("message {id} — {}", "x".repeat(self.chance.index() % 3_000)).into(),
            sent: self.chance.percent(50).then_some(now),
            zone: self
                .chance
                .percent(50)
                .then(|| "Europe/Berlin".parse().unwrap()),
            now,
            lease_until: now + Duration::from_secs(15),
            over_by,
            kept_until: Timestamp(now.0 + lasting),
            holds,
        }
    }

    /// Of each allowance something or nothing, in any order. Many have the same end.
    fn holds(&mut self) -> Vec<Hold> {
        let mut holds = Vec::new();
        for (of, limit) in [
            (Allowance::Turns, 2),
            (Allowance::Tokens, 12),
            (Allowance::Money, 30),
        ] {
            if self.chance.percent(60) {
                let later = 10_000 + self.chance.below(1_000_000);
                let until = if self.chance.percent(70) {
                    Timestamp((self.now.0 + later).next_multiple_of(400_000))
                } else {
                    Timestamp(self.now.0 + later)
                };
                let at = self.chance.index() % (holds.len() + 1);
                let amount = self.chance.below(limit) + 1;
                holds.insert(
                    at,
                    Hold {
                        of,
                        amount,
                        limit,
                        until,
                    },
                );
            }
        }
        holds
    }

    /// Settles some of what a turn holds, whether or not it has ended or was settled before; and so
    /// once more.
    pub(super) async fn settle_hold(&mut self) {
        let Some(Begun { admission, .. }) = self.some_turn() else {
            return;
        };
        let mut spent = Vec::new();
        for (of, share) in [
            (Allowance::Turns, 5),
            (Allowance::Tokens, 70),
            (Allowance::Money, 70),
        ] {
            if self.chance.percent(share) {
                spent.push((of, self.chance.below(15)));
            }
        }
        both!(self.0.settle_hold(&admission.turn, &spent));
        if self.chance.percent(20) {
            both!(self.0.settle_hold(&admission.turn, &spent));
        }
        self.census.count("settle_hold");
    }

    pub(super) async fn admit(&mut self) {
        let new = self.new_admission();
        let known = if self.chance.percent(30) {
            self.some_turn()
        } else {
            None
        };
        let known = known.filter(|known| known.admission.kept_until > self.now);
        let is_known = known.is_some();
        let admission = match (known, self.chance.below(3)) {
            (None, _) => new,
            (Some(known), 0) => known.admission,
            (Some(known), other) => {
                let Admission {
                    key,
                    mut body,
                    turn,
                    ..
                } = known.admission;
                body[0] = body[0].wrapping_add(u8::from(other == 1));
                Admission {
                    key,
                    body,
                    turn: TurnKey {
                        turn: new.turn.turn,
                        ..turn
                    },
                    ..new
                }
            }
        };
        let answer = both!(self.0.admit(&admission));
        let name = match &answer {
            Admitted::New(_) if is_known => "New again",
            Admitted::New(_) => "New",
            Admitted::Existing(_) => "Existing",
            Admitted::Mismatch => "Mismatch",
            Admitted::Busy(_) => "Busy",
            Admitted::OverLimit { of, .. } => match of {
                Allowance::Turns => "OverLimit, turns",
                Allowance::Tokens => "OverLimit, tokens",
                Allowance::Money => "OverLimit, money",
            },
            Admitted::Unknown => "Unknown",
        };
        self.census.count(&format!("admit: {name}"));
        if let Admitted::New(begun) = answer
            && self
                .begun
                .iter()
                .all(|known| known.admission.turn != admission.turn)
        {
            self.begun.push(Begun {
                admission,
                fence: begun.fence,
            });
        }
    }

    pub(super) async fn checkpoint(&mut self) {
        let Some(Begun { admission, fence }) = self.known_turn().await else {
            return;
        };
        let kept = self
            .memory
            .0
            .turn(&admission.turn, 0)
            .await
            .unwrap()
            .map_or(0, |(record, _)| record.kept);
        let from = if self.chance.percent(70) {
            kept
        } else {
            self.chance.index() % (kept + 1)
        };
        let through = from + self.chance.index() % 5;
        let events = script(&admission.turn, through).split_off(from);
        let stale = u64::from(self.chance.percent(10));
        let late = self.chance.percent(20);
        let lease_until = if late {
            admission.lease_until
        } else {
            self.now + Duration::from_secs(15)
        };
        let fence = Fence(fence.0.saturating_sub(stale));
        let checkpoint = Checkpoint {
            turn: admission.turn,
            fence,
            from,
            events,
            lease_until,
        };
        if self.chance.percent(5) {
            let from = kept + 1 + self.chance.index() % 3;
            let events = script(&checkpoint.turn, from + 2).split_off(from);
            return self
                .leave_a_gap(Checkpoint {
                    from,
                    events,
                    ..checkpoint
                })
                .await;
        }
        let answer = both!(self.0.checkpoint(&checkpoint));
        self.census.count(match answer {
            Written::Done(Stop::Asked) => "checkpoint: Done, asked to stop",
            Written::Done(Stop::NotAsked) => "checkpoint: Done",
            Written::LeaseLost => "checkpoint: LeaseLost",
        });
    }

    /// A checkpoint that nobody may make: both refuse it in the same way.
    pub(super) async fn leave_a_gap(&mut self, checkpoint: Checkpoint) {
        let fault = |error: ports::PortError| error.fault;
        let expected = self.memory.0.checkpoint(&checkpoint).await.map_err(fault);
        let found = loop {
            match self.dynamo.0.checkpoint(&checkpoint).await.map_err(fault) {
                Err(Fault::Throttled | Fault::Unavailable | Fault::TimedOut) => {}
                answer => break answer,
            }
        };
        assert_eq!(found, expected, "{checkpoint:?}");
        if expected == Err(Fault::Rejected) {
            self.census.count("checkpoint: a gap");
        }
    }

    pub(super) async fn finish(&mut self) {
        if self.chance.percent(15) && !self.finishes.is_empty() {
            return self.finish_again().await;
        }
        let Some(Begun { admission, fence }) = self.known_turn().await else {
            return;
        };
        let record = self
            .memory
            .0
            .turn(&admission.turn, 0)
            .await
            .unwrap()
            .map(|(record, _)| record);
        let stale = u64::from(self.chance.percent(20));
        let lease = match record.as_ref().map(|record| &record.state) {
            Some(TurnState::Running { lease_until, .. }) => *lease_until,
            Some(TurnState::Ended(_)) | None => admission.lease_until,
        };
        let writer = match self.chance.percent(70) {
            true => Writer::Holder(Fence(fence.0 - stale)),
            false => Writer::Reaper {
                fence,
                lease_until: Timestamp(lease.0 - stale),
            },
        };
        let kept = record.as_ref().map_or(0, |record| record.kept);
        let place = record.map_or_else(|| admission.opening(1).place(), |record| record.place());
        let events = script(&admission.turn, kept + self.chance.index() % 4);
        let closing = self.closing();
        let title = self
            .chance
            .percent(50)
            .then(|| self.chance.pick("", &["Titled"]).to_owned());
        let finish = Finish::of(place, closing, events, title);
        let answer = both!(self.0.finish(&admission.turn, writer, &finish));
        let by = if matches!(writer, Writer::Holder(_)) {
            "Holder"
        } else {
            "Reaper"
        };
        let how = if answer == Written::LeaseLost {
            "LeaseLost"
        } else {
            "Done"
        };
        self.census.count(&format!("finish: {by}, {how}"));
        self.finishes.push((admission.turn, writer, finish));
    }

    /// Sends an earlier finish again, unless its turn is forgotten and its conversation is not.
    async fn finish_again(&mut self) {
        let at = self.chance.index() % self.finishes.len();
        let (turn, writer, finish) = self.finishes[at].clone();
        let is_there = self
            .memory
            .0
            .conversation(&turn.conversation)
            .await
            .unwrap()
            .is_some();
        if !is_there || self.memory.0.turn(&turn, 0).await.unwrap().is_some() {
            both!(self.0.finish(&turn, writer, &finish));
        }
    }

    fn closing(&mut self) -> Closing {
        let kinds = JobKind::ALL.iter().copied();
        let jobs = kinds.filter(|_| self.chance.percent(30)).collect();
        let failed = Ending::Failed(TurnError::ProducerLost);
        let ending = self.chance.pick(
            Ending::Finished,
            &[Ending::Stopped, Ending::Truncated, failed],
        );
        let report = Report {
            route: Some(domain::router::fallback("squats")),
            ..Report::default()
        };
        Closing {
            ending,
            at: self.now,
            jobs,
            report,
        }
    }

    pub(super) async fn ask_stop(&mut self) {
        let Some(Begun { admission, .. }) = self.known_turn().await else {
            return;
        };
        let state = both!(self.0.ask_stop(&admission.turn));
        self.census
            .count(&format!("ask_stop: {}", name(state.as_ref())));
    }

    pub(super) async fn overdue(&mut self) {
        let limit = self.chance.pick(ALL, &[0, 1, 2]);
        let found = both!(self.0.overdue(self.now, limit));
        let some = if found.is_empty() { "none" } else { "some" };
        self.census.count(&format!("overdue: {some}"));
    }

    pub(super) async fn turn(&mut self) {
        let Some(Begun { admission, .. }) = self.known_turn().await else {
            return;
        };
        let from = self.chance.pick(0, &[0, 1, 2, 5, usize::MAX]);
        let found = both!(self.0.turn(&admission.turn, from));
        self.census.count(&format!(
            "turn: {}",
            name(found.as_ref().map(|(record, _)| &record.state))
        ));
    }
}

/// The first `count` events of a turn: always the same.
fn script(turn: &TurnKey, count: usize) -> Vec<TurnEvent> {
    let said = (1..).map(|place: usize| {
        let kind = if place == 1 {
            PartKind::Acknowledgment
        } else {
            PartKind::Reply
        };
        let text = format!("{} says {place}. ", turn.turn).repeat(1 + place % 3);
        TurnEvent::Said(Said {
            kind,
            stage: None,
            text: text.into(),
        })
    });
    [TurnEvent::Started]
        .into_iter()
        .chain(said)
        .take(count)
        .collect()
}

fn name(state: Option<&TurnState>) -> &'static str {
    match state {
        Some(TurnState::Running { .. }) => "Running",
        Some(TurnState::Ended(_)) => "Ended",
        None => "None",
    }
}
