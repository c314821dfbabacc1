//! Breaks in how turns end, and in deletions.

use std::sync::Arc;

use domain::{Closing, JobState, Report};
use ports::TurnState;

use super::super::User;
use super::Break as B;
use super::*;

impl Careless {
    pub(super) async fn instead_of_ending(
        &self,
        turn: &TurnKey,
        finish: &Finish,
    ) -> Result<Option<Written<()>>> {
        let key = &turn.conversation;
        let found = self.tables(|t| t.turn(turn).map(|row| row.state.clone()));
        let Some(state) = found else {
            let is_done = match self.how {
                B::UnknownIsEnded => self.tables(|t| t.row(key).is_some()),
                B::DeletedIsEnded => {
                    let kept = self.kept();
                    kept.rows.iter().any(|row| row.head.key == *key)
                }
                _ => false,
            };
            return Ok(is_done.then_some(Written::Done(())));
        };
        match (self.how, state) {
            (B::AgainIsLost, TurnState::Ended(_)) => Ok(Some(Written::LeaseLost)),
            (_, TurnState::Ended(ended)) => {
                let alike = self.alike(&ended, &finish.closing);
                Ok((ended != finish.closing && alike).then_some(Written::Done(())))
            }
            (B::TwoEndAtOnce | B::EndingBesideDeletion, TurnState::Running { .. }) => {
                tokio::task::yield_now().await;
                self.end_at_once(turn, finish);
                Ok(None)
            }
            (_, TurnState::Running { .. }) => Ok(None),
        }
    }

    /// Whether a careless store takes one ending for the other.
    fn alike(&self, ended: &Closing, asked: &Closing) -> bool {
        let mut asked = asked.clone();
        match self.how {
            B::JudgedByKind => return ended.ending == asked.ending,
            B::JudgedWithoutTime => asked.at = ended.at,
            B::JudgedWithoutJobs => asked.jobs.clone_from(&ended.jobs),
            B::JudgedWithoutReport => asked.report = ended.report.clone(),
            _ => {}
        }
        *ended == asked
    }

    /// Goes on as if nothing had happened since it looked.
    fn end_at_once(&self, turn: &TurnKey, finish: &Finish) {
        self.tables(|t| {
            if let Some(row) = t.turn_mut(turn) {
                if self.is(B::TwoEndAtOnce) {
                    let (fence, lease_until) = (row.fence, Timestamp(2_000_000_015_000));
                    row.state = TurnState::Running { fence, lease_until };
                }
            } else if self.is(B::EndingBesideDeletion) {
                let jobs = finish.closing.jobs.iter().map(|kind| Job {
                    turn: turn.clone(),
                    kind: *kind,
                    attempts: 0,
                    state: JobState::Due(finish.closing.at),
                    calls: Vec::new(),
                });
                self.kept().jobs.extend(jobs);
            }
        });
    }

    pub(super) fn before_ending(
        &self,
        turn: &TurnKey,
        writer: Writer,
        finish: &Finish,
    ) -> (Writer, Finish) {
        let (mut writer, mut finish) = (writer, finish.clone());
        self.tables(|t| {
            let Some(row) = t.turn_mut(turn) else {
                return;
            };
            if let (B::SecondEndingWins, TurnState::Ended(ended)) = (self.how, &row.state)
                && *ended != finish.closing
            {
                let (fence, lease_until) = (row.fence, ended.at);
                row.state = TurnState::Running { fence, lease_until };
            }
            let TurnState::Running { fence, lease_until } = row.state else {
                return;
            };
            match (self.how, &mut writer) {
                (B::AnyHolderEnds, Writer::Holder(mine)) => *mine = fence,
                (B::LaterHolderEnds, Writer::Holder(mine)) => *mine = fence.min(*mine),
                (B::AnyReaperEnds, Writer::Reaper { fence: mine, .. }) => *mine = fence,
                (
                    B::ReaperOfAnyLease,
                    Writer::Reaper {
                        lease_until: mine, ..
                    },
                ) => {
                    *mine = lease_until;
                }
                (
                    B::ReaperOfLaterLease,
                    Writer::Reaper {
                        lease_until: mine, ..
                    },
                ) => {
                    *mine = lease_until.min(*mine);
                }
                _ => {}
            }
        });
        self.alter_ending(turn, writer, &mut finish);
        (writer, finish)
    }

    fn alter_ending(&self, turn: &TurnKey, writer: Writer, finish: &mut Finish) {
        let is_reaper = matches!(writer, Writer::Reaper { .. });
        match self.how {
            B::ReaperLeavesNoMessage if is_reaper => finish.reply = None,
            B::TitleIsNotGiven => finish.title = None,
            B::EmptyTitleStays if self.kept().untitled.contains(&turn.conversation) => {
                finish.title = None;
            }
            B::SilenceIsAMessage if finish.reply.is_none() => {
                let record = self.tables(|t| t.turn(turn).map(|row| row.record()));
                let place = record.unwrap().place();
                let reply = place.filled(finish.closing.ending, []);
                finish.reply = reply.or_else(|| self.silent(turn));
            }
            _ => {}
        }
    }

    /// The user's own message once more, as if the coach had said it.
    fn silent(&self, turn: &TurnKey) -> Option<Message> {
        self.tables(|t| {
            let row = t.row(&turn.conversation)?;
            let mut last = row.messages.last()?.clone();
            last.number += 1;
            Some(last)
        })
    }

    pub(super) fn after_ending(
        &self,
        turn: &TurnKey,
        writer: Writer,
        finish: &Finish,
        is_again: bool,
    ) {
        let key = &turn.conversation;
        if is_again {
            return self.after_ending_again(turn, finish);
        }
        let is_reaper = matches!(writer, Writer::Reaper { .. });
        self.tables(|t| {
            let user = t.users.get_mut(&key.user).unwrap();
            match self.how {
                B::HolderKeepsItsHold if !is_reaper => hold_on(user, turn),
                B::ReaperKeepsTheHold if is_reaper => hold_on(user, turn),
                B::EndingGivesAllBack => user.allowances.held.retain(|(of, _), _| of != turn),
                B::ActivityGoesBack => user.touch(key, finish.closing.at),
                B::EndingIsNoActivity => {
                    let admitted = user.row(key).unwrap().turns[&turn.turn].record().created;
                    user.touch(key, admitted);
                }
                B::JobsAreDueAtOnce => due_at(user, turn, Timestamp(0)),
                B::JobsAreDueLate => due_at(user, turn, Timestamp(finish.closing.at.0 + 1)),
                B::ReaperLeavesNoJobs if is_reaper => leave_jobs(user, turn, 0),
                B::OneJobIsLeft => leave_jobs(user, turn, 1),
                _ => {}
            }
            let row = user.row_mut(key).unwrap();
            match self.how {
                B::ReplyIsNotCounted if finish.reply.is_some() => row.head.messages -= 1,
                B::StaysBusy => row.head.active = Some(turn.turn.clone()),
                B::TitleReplaces => {
                    let title = finish.title.clone();
                    row.head.title = title.unwrap_or_else(|| row.head.title.clone());
                }
                B::ReportIsLost | B::NumbersAreFloats => self.alter_closing(row, turn),
                _ => {}
            }
        });
    }

    fn alter_closing(&self, row: &mut Row, turn: &TurnKey) {
        let row = row.turns.get_mut(&turn.turn).unwrap();
        let TurnState::Ended(closing) = &row.state else {
            return;
        };
        let mut closing = Closing::clone(closing);
        if self.is(B::ReportIsLost) {
            closing.report = Report::default();
        }
        for call in &mut closing.report.calls {
            let tokens = &mut call.usage.input_tokens;
            *tokens = *tokens as f64 as u64;
        }
        let closing = Arc::new(closing);
        row.state = TurnState::Ended(closing.clone());
        let events = Arc::make_mut(&mut row.events);
        events.pop();
        events.push(TurnEvent::Ended(closing));
    }

    fn after_ending_again(&self, turn: &TurnKey, finish: &Finish) {
        let key = &turn.conversation;
        self.tables(|t| {
            let user = t.users.get_mut(&key.user).unwrap();
            if self.is(B::AgainBringsJobsBack) {
                due_at(user, turn, finish.closing.at);
            }
            let row = user.row_mut(key).unwrap();
            match self.how {
                B::AgainFrees => row.head.active = None,
                B::AgainGivesTitle => {
                    let title = finish.title.clone();
                    row.head.title = title.unwrap_or_else(|| row.head.title.clone());
                }
                B::EndedAgainIsAnotherMessage => row.messages.extend(finish.reply.clone()),
                B::AgainGivesBack => {
                    let active = row.head.active.clone();
                    let later = active.map(|turn| TurnKey {
                        conversation: key.clone(),
                        turn,
                    });
                    if let Some(later) = later {
                        user.allowances.give_back(&later);
                    }
                }
                _ => {}
            }
        });
    }

    /// Keeps what was checkpointed behind what the ending names.
    pub(super) fn left_of_events(&self, turn: &TurnKey, before: &[TurnEvent]) {
        if !self.is(B::CheckpointedStays) {
            return;
        }
        self.tables(|t| {
            let row = t.turn_mut(turn).unwrap();
            let events = Arc::make_mut(&mut row.events);
            if before.len() >= events.len() {
                let ending = events.pop();
                events.extend_from_slice(&before[events.len()..]);
                events.extend(ending);
            }
        });
    }

    pub(super) fn delete(&self, key: &ConversationKey) -> bool {
        let is_there = self.tables(|t| {
            if self.is(B::StrangersDelete) {
                for user in t.users.values_mut() {
                    let row = user.conversations.get(&short(key));
                    let named = row.map(|row| row.head.key.clone());
                    named.map(|named| user.take(&named));
                }
            }
            let user = t.users.get_mut(&key.user)?;
            let held = user.allowances.held.clone();
            for other in self.taken_for(user, key) {
                user.take(&other);
            }
            let row = user.take(key)?;
            match self.how {
                B::DeletionKeepsTheTurn => user.allowances.held = held,
                B::DeletionGivesAllBack => {
                    let is_of = |turn: &TurnKey| turn.conversation == *key;
                    user.allowances.held.retain(|(of, _), _| !is_of(of));
                }
                _ => {}
            }
            user.deleted.insert(short(key));
            let mut kept = self.kept();
            if self.is(B::JobsOutlive) || self.is(B::JobsAreClaimedAfterwards) {
                kept.jobs.extend(row.jobs().cloned());
            }
            if self.is(B::DeletionOfTwentyFive) {
                kept.jobs.extend(row.jobs().skip(25).cloned());
            }
            kept.rows.push(row);
            Some(())
        });
        is_there.is_some() || self.is(B::DeletionIsAlwaysDone)
    }

    /// The conversations that a careless store takes for this one.
    fn taken_for(&self, user: &User, key: &ConversationKey) -> Vec<ConversationKey> {
        let name = key.conversation.as_str();
        let is_alike = |other: &&ConversationKey| match self.how {
            B::DeletionOfThoseAlike => other.conversation.as_str().starts_with(name),
            B::DeletionOfCases => other.conversation.as_str().eq_ignore_ascii_case(name),
            _ => false,
        };
        let others = user.conversations.values().map(|row| &row.head.key);
        let others = others.filter(|other| *other != key && other.coach == key.coach);
        others.filter(is_alike).cloned().collect()
    }

    pub(super) async fn erase_carelessly(
        &self,
        owner: &UserScope,
        at: Timestamp,
        limit: usize,
    ) -> Result<Erased> {
        let jobs = self.sound.jobs(&JobsOf::User(owner.clone())).await?;
        if self.is(B::ErasedMayWrite) && limit < 3 {
            // The conversation that runs goes last.
            let wanted = self.tables(|t| t.users.get(owner).map_or(0, |u| u.conversations.len()));
            let erased = self
                .sound
                .erase(owner, at, limit.min(wanted.saturating_sub(1)))
                .await?;
            let is_complete = wanted <= 1;
            if is_complete {
                return self.sound.erase(owner, at, limit.max(1)).await;
            }
            return Ok(erased);
        }
        let mut erased = self.sound.erase(owner, at, limit).await?;
        if self.is(B::ErasingOfThoseAlike) {
            let name = owner.user().as_str();
            let is_alike = |other: &UserScope| other.user().as_str().starts_with(name);
            self.tables(|t| {
                t.users
                    .retain(|other, _| other == owner || !is_alike(other))
            });
        }
        match self.how {
            B::NoMarkIsLeft => self.tables(|t| _ = t.erased.remove(owner)),
            B::MarkIsRenewed => erased.since = at,
            B::EverybodyIsErased => self.tables(|t| t.users.clear()),
            B::ErasedHasJobs => self.kept().jobs.extend(jobs),
            B::ErasingEndsEarly => erased.is_complete = true,
            _ => {}
        }
        Ok(erased)
    }
}

/// Takes the hold of turns again that was given back.
fn hold_on(user: &mut User, turn: &TurnKey) {
    let held = super::super::allowances::Held {
        amount: 1,
        until: Timestamp(u64::MAX),
    };
    let key = (turn.clone(), Allowance::Turns);
    user.allowances.held.insert(key, held);
}

fn due_at(user: &mut User, turn: &TurnKey, at: Timestamp) {
    let row = user.row(&turn.conversation).unwrap();
    let jobs = row.jobs.get(&turn.turn).cloned().unwrap_or_default();
    for job in jobs.into_values() {
        user.put(Job {
            attempts: 0,
            state: JobState::Due(at),
            ..job
        });
    }
}

/// Leaves so many of a turn's jobs.
fn leave_jobs(user: &mut User, turn: &TurnKey, count: usize) {
    user.open.retain(|(_, of, _)| of != turn);
    let row = user.row_mut(&turn.conversation).unwrap();
    let Some(jobs) = row.jobs.remove(&turn.turn) else {
        return;
    };
    for job in jobs.into_values().take(count) {
        user.put(job);
    }
}
