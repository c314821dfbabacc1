//! Breaks in turns that run, and in how turns are read.

use std::sync::Arc;

use ports::TurnState;

use super::super::TurnRow;
use super::Break as B;
use super::*;

impl Careless {
    pub(super) async fn keep(&self, c: &Checkpoint) -> Result<Written<Stop>> {
        if self.is(B::DroppedCheckpointLocks) {
            self.locked().await?;
        }
        if let Some(answer) = self.instead_of_keeping(c).await? {
            return Ok(answer);
        }
        let asked = self.before_keeping(c);
        let answer = self.sound.checkpoint(&asked).await;
        self.after_keeping(c, answer)
    }

    async fn instead_of_keeping(&self, c: &Checkpoint) -> Result<Option<Written<Stop>>> {
        let is_running = |row: &TurnRow| matches!(row.state, TurnState::Running { .. });
        let looked = self.tables(|t| {
            let row = t.turn(&c.turn)?;
            Some((
                is_running(row),
                row.fence == c.fence,
                row.events.len(),
                row.stop,
            ))
        });
        let Some((is_running, is_own, kept, stop)) = looked else {
            let is_taken = match self.how {
                B::UnknownIsKept => self.tables(|t| t.row(&c.turn.conversation).is_some()),
                B::DeletedIsKept => self.kept().admitted.contains(&c.turn),
                _ => false,
            };
            return Ok(is_taken.then_some(Written::Done(Stop::NotAsked)));
        };
        match self.how {
            B::EmptyDoesNotRenew if c.events.is_empty() && is_running && is_own => {
                Ok((c.from <= kept).then_some(Written::Done(stop)))
            }
            B::OverlapIsIgnored if c.from < kept && is_running && is_own => {
                Ok(Some(Written::Done(stop)))
            }
            B::GapBeforeFence if c.from > kept => Err(PortError::new("careless", Fault::Rejected)),
            B::EndedIsKept if !is_running && is_own => {
                self.overwrite(c);
                Ok(Some(Written::Done(stop)))
            }
            B::CheckpointBesideEnding if is_running && is_own => {
                tokio::task::yield_now().await;
                let has_ended = self.tables(|t| {
                    let row = t.turn(&c.turn);
                    row.is_some_and(|row| matches!(row.state, TurnState::Ended(_)))
                });
                if has_ended {
                    self.overwrite(c);
                }
                Ok(has_ended.then_some(Written::Done(stop)))
            }
            _ => Ok(None),
        }
    }

    fn overwrite(&self, c: &Checkpoint) {
        self.tables(|t| {
            if let Some(row) = t.turn_mut(&c.turn) {
                row.events = Arc::new(c.events.clone());
            }
        });
    }

    fn before_keeping(&self, c: &Checkpoint) -> Checkpoint {
        let mut c = c.clone();
        self.tables(|t| {
            let Some(row) = t.turn_mut(&c.turn) else {
                return;
            };
            let kept = row.events.len();
            let is_own = row.fence == c.fence;
            match self.how {
                B::AnyFenceKeeps => c.fence = row.fence,
                B::LaterFenceKeeps => c.fence = c.fence.min(row.fence),
                B::StaleRenews if !is_own => renew(row, &c),
                B::GapRenews if is_own && c.from > kept => renew(row, &c),
                B::GapIsTaken if is_own => c.from = c.from.min(kept),
                B::EventsGoBack if is_own && c.from < kept => {
                    Arc::make_mut(&mut row.events).truncate(c.from);
                }
                B::AgainIsAppended if is_own && c.from < kept => c.from = kept,
                _ => {}
            }
        });
        c
    }

    fn after_keeping(
        &self,
        c: &Checkpoint,
        answer: Result<Written<Stop>>,
    ) -> Result<Written<Stop>> {
        let done = answer?;
        let Written::Done(stop) = done else {
            return Ok(done);
        };
        self.tables(|t| {
            let Some(row) = t.turn_mut(&c.turn) else {
                return;
            };
            match self.how {
                B::LeaseGoesBack => {
                    if let TurnState::Running { lease_until, .. } = &mut row.state {
                        *lease_until = c.lease_until;
                    }
                }
                B::StopIsToldOnce => row.stop = Stop::NotAsked,
                _ => {}
            }
        });
        Ok(match self.how {
            B::StopIsNotTold => Written::Done(Stop::NotAsked),
            B::StopIsToldWithEvents if c.events.is_empty() => Written::Done(Stop::NotAsked),
            _ => Written::Done(stop),
        })
    }

    pub(super) fn after_asking_to_stop(
        &self,
        turn: &TurnKey,
        state: Option<TurnState>,
    ) -> Option<TurnState> {
        match (self.how, state) {
            (B::StopOfEndedIsNone, Some(TurnState::Ended(_))) => None,
            (B::StopReopens, Some(TurnState::Ended(ended))) => {
                self.tables(|t| {
                    let row = t.turn_mut(turn).unwrap();
                    let lease_until = ended.at;
                    let fence = row.fence;
                    row.state = TurnState::Running { fence, lease_until };
                });
                Some(TurnState::Ended(ended))
            }
            (B::StopOfNothing, None) => Some(TurnState::Running {
                fence: domain::Fence(0),
                lease_until: Timestamp(0),
            }),
            (_, state) => state,
        }
    }

    pub(super) async fn read_turn(
        &self,
        turn: &TurnKey,
        from: usize,
    ) -> Result<Option<(TurnRecord, Vec<TurnEvent>)>> {
        let asked = if self.is(B::FromIsIgnored) { 0 } else { from };
        let found = self.sound.turn(turn, asked).await?;
        let Some((mut record, mut events)) = found else {
            return Ok(self.read_elsewhere(turn));
        };
        let is_running = matches!(record.state, TurnState::Running { .. });
        match (self.how, &mut record.state) {
            (B::FromBeyondFails, _) if from > record.kept => {
                return Err(PortError::new("careless", Fault::Rejected));
            }
            (B::EndingIsNoEvent, TurnState::Ended(_)) => drop(events.pop()),
            (B::KeptIsShort, TurnState::Ended(_)) => record.kept -= 1,
            (B::HolderIsGone, _) => record.is_holder_gone = is_running,
            (B::LeaseIsTheFirst, TurnState::Running { lease_until, .. }) => {
                *lease_until = Timestamp(record.created.0 + 15_000);
            }
            (B::CreatedIsKeptUntil, _) => record.created = record.kept_until,
            (B::AssistantIsLost, _) => {
                record.assistant_message = "made-up".parse().unwrap();
            }
            _ => {}
        }
        for event in &mut events {
            let altered = event
                .said()
                .map(|said| self.altered_pieces(std::slice::from_ref(said)));
            if let Some([said]) = altered.as_deref() {
                *event = TurnEvent::Said(said.clone());
            }
        }
        Ok(Some((record, events)))
    }

    fn read_elsewhere(&self, turn: &TurnKey) -> Option<(TurnRecord, Vec<TurnEvent>)> {
        let read = |row: &TurnRow| (row.record(), row.events.to_vec());
        let key = &turn.conversation;
        match self.how {
            B::AnybodyReadsTurns => self.tables(|t| {
                let mut users = t.users.values();
                let of_name = |row: &&Row| row.head.key.conversation == key.conversation;
                users.find_map(|user| {
                    let row = user.conversations.values().find(of_name)?;
                    row.turns.get(&turn.turn).map(read)
                })
            }),
            B::TurnsOutlive | B::EndedTurnsOutlive => {
                let kept = self.kept();
                let gone = kept.rows.iter().find(|row| row.head.key == *key)?;
                let row = gone.turns.get(&turn.turn)?;
                let is_ended = matches!(row.state, TurnState::Ended(_));
                (is_ended || self.is(B::TurnsOutlive)).then(|| read(row))
            }
            _ => None,
        }
    }

    pub(super) async fn find_overdue(&self, now: Timestamp, limit: usize) -> Result<Vec<TurnKey>> {
        let now = match self.how {
            B::OverdueLate => Timestamp(now.0.saturating_sub(1)),
            _ => now,
        };
        let wanted = limit.saturating_add(usize::from(self.is(B::TooManyOverdue)));
        let mut found = self.sound.overdue(now, wanted).await?;
        match self.how {
            B::NewestOverdueFirst => {
                found = self.sound.overdue(now, usize::MAX).await?;
                found.reverse();
                found.truncate(limit);
            }
            B::EndedIsOverdue => found.extend(self.tables(|t| {
                let admitted = self.kept().admitted.clone().into_iter();
                let has_ended = |row: &TurnRow| matches!(row.state, TurnState::Ended(_));
                let ended = admitted.filter(|turn| t.turn(turn).is_some_and(has_ended));
                ended.collect::<Vec<_>>()
            })),
            B::DeletedIsOverdue => {
                let kept = self.kept();
                found.extend(kept.rows.iter().filter_map(|row| {
                    let turn = row.head.active.clone()?;
                    let conversation = row.head.key.clone();
                    Some(TurnKey { conversation, turn })
                }));
            }
            _ => {}
        }
        Ok(found)
    }
}

fn renew(row: &mut TurnRow, c: &Checkpoint) {
    if let TurnState::Running { lease_until, .. } = &mut row.state {
        *lease_until = c.lease_until.max(*lease_until);
    }
}
