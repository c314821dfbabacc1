//! What must hold at the end of all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use domain::price::Tokens;
use domain::{JobKind, JobState, TurnEvent, TurnKey};
use ports::{JobsOf, Kind, MessageStore, TurnState, Writer, records};

use super::engine::{Owner, WORLD};
use super::ledger::done;
use super::reference::Entry;
use super::script::Mishap;
use super::stage::Stage;
use crate::promises::told_is_left_to_do;

impl Stage {
    pub(super) fn judge_end(&self, open: &BTreeSet<Owner>) {
        self.judge_store();
        self.judge_told();
        self.judge_jobs();
        self.judge_promises();
        self.judge_settled();
        for worker in self.slots.lock().unwrap().iter().flatten() {
            let is_empty = self.hand.is_dead(worker.owner) || worker.turns.feeds.is_empty();
            self.rule(is_empty, "R1", || {
                format!(
                    "worker {} keeps {} feeds",
                    worker.slot,
                    worker.turns.feeds.len()
                )
            });
        }
        let left: Vec<_> = open.iter().filter(|owner| **owner != WORLD).collect();
        self.rule(left.is_empty(), "R1", || {
            format!("tasks of {left:?} are left over")
        });
    }

    /// Whether somebody else than its holder ended the turn.
    pub(super) fn was_reaped(&self, turn: &TurnKey) -> bool {
        let reference = self.ledger.reference();
        let ended = reference.entry(turn).and_then(|entry| entry.ended.as_ref());
        ended.is_some_and(|(_, writer)| matches!(writer, Writer::Reaper { .. }))
    }

    /// The store has what the reference has, all of it and nothing else; and nothing still runs.
    fn judge_store(&self) {
        let reference = self.ledger.reference();
        for (conversation, talk) in &reference.talks {
            let head = done(self.ledger.store.conversation(conversation))
                .unwrap()
                .unwrap();
            let mut messages =
                done(self.ledger.store.messages(conversation, None, usize::MAX)).unwrap();
            messages.reverse();
            let id = &conversation.conversation;
            self.rule(messages == talk.messages, "D1", || {
                format!("{id} holds other messages than were written")
            });
            let is_free = head.active.is_none() && talk.active.is_none();
            self.rule(is_free, "T5", || {
                format!("{id} is busy with {:?}", head.active)
            });
            self.rule(head.messages == messages.len() as u64, "D6", || {
                format!("{id} counts {}", head.messages)
            });
            for (number, message) in (1..).zip(&messages) {
                self.rule(message.number == number, "D6", || {
                    format!("{id} has {} as {number}", message.number)
                });
            }
            for (turn, entry) in &talk.turns {
                let key = TurnKey {
                    conversation: conversation.clone(),
                    turn: turn.clone(),
                };
                let (record, events) = done(self.ledger.store.turn(&key, 0)).unwrap().unwrap();
                self.rule(events == entry.events, "T1", || {
                    format!("{turn} has other events than were written")
                });
                self.rule(matches!(record.state, TurnState::Ended(_)), "T5", || {
                    format!("{turn} still runs")
                });
                let questions = messages
                    .iter()
                    .filter(|message| **message == entry.opening.user_message)
                    .count();
                self.rule(questions == 1, "D1", || {
                    format!("the message of {turn} is there {questions} times")
                });
            }
        }
    }

    /// Where the store knows who has died, nobody waits for a lease of the dead: some time after
    /// all have become able to look, no turn of theirs is left.
    pub(super) fn judge_waiting(&self) {
        let calm = self.script.calm;
        let is_able = |owner: Owner| {
            let awake = self.hand.awake_since(owner);
            self.hand.is_dead(owner) || awake.is_some_and(|since| since <= calm)
        };
        let slots = self.slots.lock().unwrap();
        if !slots.iter().flatten().all(|worker| is_able(worker.owner)) {
            return;
        }
        let holders = self.book().holders.clone();
        let early = holders.iter().filter(|(_, (_, admitted))| *admitted < calm);
        for (turn, _) in early.filter(|(turn, _)| self.is_known_to_be_lost(turn)) {
            let reference = self.ledger.reference();
            let ended = reference.entry(turn).map(|entry| entry.ended.is_some());
            self.rule(ended == Some(true), "L5", || {
                format!(
                    "{} still runs, and its holder is known to be dead",
                    turn.turn
                )
            });
        }
    }

    /// What a turn is settled with is what its model calls and those of its jobs have used.
    fn judge_settled(&self) {
        let reference = self.ledger.reference();
        for ((turn, _), (spent, _)) in &reference.settled {
            let jobs = done(self.ledger.store.jobs(&JobsOf::Turn(turn.clone()))).unwrap();
            let (closing, _) = reference.entry(turn).unwrap().ended.as_ref().unwrap();
            let of_jobs = jobs.iter().flat_map(|job| &job.calls);
            let calls = closing.report.calls.iter().chain(of_jobs);
            let used: u64 = calls.map(|call| Tokens::from(&call.usage).sum()).sum();
            self.rule(*spent == used, "B1", || {
                format!(
                    "{} was settled with {spent} tokens, and used {used}",
                    turn.turn
                )
            });
            self.census().count("settled", "turn".to_owned());
        }
    }

    fn judge_told(&self) {
        let seen = self.seen();
        let reference = self.ledger.reference();
        for ((_, key), (turn, text)) in &seen.acknowledged {
            let stored = reference.entry(turn).map(|entry| entry.opening.text());
            self.rule(stored == Some(text), "D1", || {
                format!("{key} was acknowledged, and {stored:?} is stored")
            });
        }
        for (turn, told) in &seen.events {
            let Some(Entry {
                events,
                ended: Some((_, writer)),
                ..
            }) = reference.entry(turn)
            else {
                continue;
            };
            let is_reaped = matches!(writer, Writer::Reaper { .. });
            let kept = events.len() - usize::from(is_reaped);
            let id = &turn.turn;
            for (number, event) in told.range(..kept) {
                let is_kept = events.get(*number) == Some(event);
                self.rule(is_kept, "D2", || {
                    format!("{id} was told {event:?} as {number}, which is not kept")
                });
            }
            let lost: usize = told.range(kept..).map(|(_, event)| event.text_len()).sum();
            self.rule(
                is_reaped || told.range(kept..).next().is_none(),
                "D2",
                || format!("more of {id} was told than is kept"),
            );
            self.rule(lost <= self.script.limits.window, "W", || {
                format!("{lost} bytes of {id} were told and lost")
            });
            let snapshot = seen.snapshots.contains(turn);
            self.rule(is_reaped || !snapshot, "D4", || {
                format!("{id} was taken back by a snapshot")
            });
        }
        for (turn, drive) in &self.book().drives {
            drive.judge_silence(self, turn);
        }
    }

    /// A job has one effect, or none, and says so; only turns that keep their promises have jobs.
    fn judge_jobs(&self) {
        let jobs = done(self.ledger.store.jobs(&JobsOf::Anyone)).unwrap();
        let workouts: Vec<_> = self
            .records
            .dump()
            .into_iter()
            .filter(|record| record.at.kind == Kind::Workout)
            .collect();
        let is_late = self.seen().mishaps.iter().any(|((_, method, _), mishap)| {
            *method == "put" && matches!(mishap, Mishap::ArrivesLate(ms) if *ms >= 2_000)
        });
        let reference = self.ledger.reference();
        let expected: BTreeSet<TurnKey> = reference
            .turns()
            .filter(|(_, entry)| !entry.jobs.is_empty())
            .map(|(turn, _)| turn)
            .collect();
        let found: BTreeSet<TurnKey> = jobs.iter().map(|job| job.turn.clone()).collect();
        self.rule(found == expected, "P1", || {
            format!("there are jobs of {found:?}, and not of {expected:?}")
        });
        for record in &workouts {
            let id = &record.at.id;
            let is_known = jobs.iter().any(|job| job.turn.turn.as_str() == id.as_str());
            self.rule(is_known, "P1", || format!("a workout {id} of no job"));
            self.rule(record.version == 1, "P1", || {
                format!("the workout of {id} was written {} times", record.version)
            });
        }
        for job in &jobs {
            let id = &job.turn.turn;
            let workout = workouts
                .iter()
                .find(|record| record.at.id.as_str() == id.as_str());
            let name = workout.map(|record| records::read::<domain::Workout>(record).unwrap().name);
            let is_right = match (job.kind, &job.state) {
                (_, JobState::Dead(_)) => true,
                (_, JobState::Due(_) | JobState::Claimed(_)) => false,
                (JobKind::Workout, JobState::Done(told)) => {
                    name.is_some() && told["name"].as_str() == name.as_deref()
                }
                // Nobody can know of a write that arrives after the job was refused.
                (JobKind::Workout, JobState::Refused(_)) => name.is_none() || is_late,
                (_, JobState::Done(_) | JobState::Refused(_)) => true,
            };
            self.rule(is_right, "P1", || {
                format!("the job of {id} is {:?}, its workout {name:?}", job.state)
            });
        }
    }

    /// What a turn has told of memories is left to its jobs, and done once they are.
    fn judge_promises(&self) {
        let reference = self.ledger.reference();
        for (turn, entry) in reference.turns() {
            if let Some((closing, Writer::Holder(_))) = &entry.ended {
                let told = told_is_left_to_do(closing, &entry.events, &BTreeMap::new());
                self.rule(told.is_ok(), "P4", || format!("{}: {told:?}", turn.turn));
            }
        }
        let kept = |kind: Kind| {
            let all = self.records.dump().into_iter();
            let of_kind = all.filter(|record| record.at.kind == kind);
            of_kind
                .map(|record| record.at.id.to_string())
                .collect::<BTreeSet<String>>()
        };
        let (memories, jobs) = (kept(Kind::Memory), JobsOf::Anyone);
        let jobs = done(self.ledger.store.jobs(&jobs)).unwrap();
        let named = |kind: JobKind| {
            let done = jobs.iter().filter(|job| job.kind == kind);
            let results = done.filter_map(|job| job.state.result());
            let ids = results.filter_map(|result| Some(result["memoryId"].as_str()?.to_owned()));
            ids.collect::<BTreeSet<String>>()
        };
        let (saved, forgotten) = (named(JobKind::Memory), named(JobKind::Forget));
        for id in &forgotten {
            self.rule(!memories.contains(id), "P4", || {
                format!("{id} is forgotten, and there")
            });
            self.census().count("forgotten", "memory".to_owned());
        }
        for id in saved.difference(&forgotten) {
            self.rule(memories.contains(id), "P4", || {
                format!("{id} is remembered, and not there")
            });
            self.census().count("remembered", "memory".to_owned());
        }
    }

    pub(super) fn overdue(&self) -> Vec<u64> {
        let reference = self.ledger.reference();
        let ended = reference
            .turns()
            .filter_map(|(_, entry)| entry.ended.as_ref());
        let overdue = ended.filter_map(|(closing, writer)| match writer {
            Writer::Reaper { lease_until, .. } => Some(closing.at.0.saturating_sub(lease_until.0)),
            Writer::Holder(_) => None,
        });
        overdue.collect()
    }

    /// Each turn with its ending and what was told of it.
    pub(super) fn story(&self) -> String {
        let mut story = String::new();
        let (reference, seen) = (self.ledger.reference(), self.seen());
        for (turn, entry) in reference.turns() {
            let closing = entry
                .ended
                .as_ref()
                .map(|(closing, writer)| (closing.ending, closing.at.0, writer));
            let told = seen.events.get(&turn).map_or(0, |told| told.len());
            let kept = entry.events.iter().map(TurnEvent::text_len).sum::<usize>();
            let _ = writeln!(
                story,
                "{} {:?} admitted {} {closing:?}, {} events, {kept} bytes, {told} told",
                turn.turn,
                entry.fence,
                entry.opening.user_message.created.0,
                entry.events.len()
            );
        }
        story
    }
}
