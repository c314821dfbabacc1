//! The one store of all workers, watched: every write is compared with what the reference says, and
//! judged.

use std::sync::{Arc, Mutex, MutexGuard};

use domain::{
    Closing, Conversation, Ending, Finish, Job, PartKind, Timestamp, TurnError, TurnEvent, TurnKey,
};
use futures::FutureExt;
use in_memory::InMemoryMessages;
use ports::{
    Admission, Admitted, Allowance, Checkpoint, GRACE, JobsOf, MessageStore, Result, Stop,
    TurnRecord, TurnState, Writer, Written,
};

use super::engine::{Owner, SkewedClock};
use super::reference::Reference;
use super::stage::Stage;

/// A store beside its reference.
#[derive(Default)]
pub(super) struct Ledger {
    pub store: Arc<InMemoryMessages>,
    reference: Mutex<Reference>,
}

/// Who writes: a worker's life, and how far its clock is off.
#[derive(Clone, Copy)]
pub(super) struct By {
    pub owner: Owner,
    pub skew: i64,
}

impl Ledger {
    pub(super) fn reference(&self) -> MutexGuard<'_, Reference> {
        self.reference.lock().unwrap()
    }

    pub(super) fn create(&self, conversation: &Conversation) {
        done(self.store.create_conversation(conversation)).unwrap();
        self.reference()
            .talks
            .entry(conversation.key.clone())
            .or_default();
    }
}

impl Stage {
    pub(super) fn admit(&self, by: By, a: &Admission) -> Result<Admitted> {
        let answer = done(self.ledger.store.admit(a))?;
        if let Admitted::New(_) = answer {
            let holder = (by.owner, self.hand.now());
            self.book().holders.entry(a.turn.clone()).or_insert(holder);
        }
        let expected = self.ledger.reference().admit(a);
        self.same("admit", &answer, &expected);
        Ok(answer)
    }

    pub(super) fn checkpoint(&self, c: &Checkpoint) -> Result<Written<Stop>> {
        self.judge_window(&c.turn);
        let kept = self.kept(&c.turn);
        let is_overlap = kept
            .get(c.from..)
            .is_some_and(|there| there.iter().zip(&c.events).all(|(a, b)| a == b));
        let answer = done(self.ledger.store.checkpoint(c))?;
        let expected = self.ledger.reference().checkpoint(c);
        if let Written::Done(_) = answer {
            self.rule(is_overlap, "D4", || {
                format!("a checkpoint of {} contradicts what is kept", c.turn.turn)
            });
            self.judge_fence("checkpoint", &c.turn, c.fence);
        }
        self.same("checkpoint", &answer, &expected);
        self.same_turn(&c.turn);
        Ok(answer)
    }

    pub(super) fn finish(
        &self,
        by: By,
        turn: &TurnKey,
        writer: Writer,
        finish: &Finish,
    ) -> Result<Written<()>> {
        let kept = self.kept(turn);
        let before = self
            .ledger
            .reference()
            .entry(turn)
            .map(super::reference::Entry::state);
        let answer = done(self.ledger.store.finish(turn, writer, finish))?;
        if let (Some(TurnState::Running { lease_until, .. }), Written::Done(())) = (before, &answer)
        {
            self.judge_finish(turn, finish, &kept);
            match writer {
                Writer::Holder(fence) => self.judge_holder(turn, fence, finish),
                Writer::Reaper { .. } => self.judge_reaper(by, turn, lease_until, &kept, finish),
            }
        }
        let expected = self.ledger.reference().finish(turn, writer, finish);
        self.same("finish", &answer, &expected);
        self.same_turn(turn);
        Ok(answer)
    }

    pub(super) fn ask_stop(&self, turn: &TurnKey) -> Result<Option<TurnState>> {
        let answer = done(self.ledger.store.ask_stop(turn))?;
        let expected = self.ledger.reference().ask_stop(turn);
        self.same("ask_stop", &answer, &expected);
        Ok(answer)
    }

    /// A turn as it is read; some stores know whose process has ended.
    pub(super) fn turn(
        &self,
        turn: &TurnKey,
        from: usize,
    ) -> Result<Option<(TurnRecord, Vec<TurnEvent>)>> {
        let found = done(self.ledger.store.turn(turn, from))?;
        Ok(found.map(|(record, events)| {
            let is_running = matches!(record.state, TurnState::Running { .. });
            let is_holder_gone = is_running && self.is_known_to_be_lost(turn);
            let record = TurnRecord {
                is_holder_gone,
                ..record
            };
            (record, events)
        }))
    }

    /// Whether the store knows that whoever was to drive the turn has died.
    pub(super) fn is_known_to_be_lost(&self, turn: &TurnKey) -> bool {
        let holder = self.book().holders.get(turn).copied();
        self.script.knows_the_dead && holder.is_some_and(|(owner, _)| self.hand.is_dead(owner))
    }

    /// A hold is settled when nothing can be spent of it any more.
    pub(super) fn settle_hold(&self, turn: &TurnKey, spent: &[(Allowance, u64)]) -> Result<()> {
        let jobs = done(self.ledger.store.jobs(&JobsOf::Turn(turn.clone())))?;
        let is_open = |job: &Job| job.state.due().is_some();
        let ended = self
            .ledger
            .reference()
            .entry(turn)
            .map(|entry| entry.ended.is_some());
        self.rule(
            ended == Some(true) && !jobs.iter().any(is_open),
            "B1",
            || format!("{} is settled, and may still spend", turn.turn),
        );
        done(self.ledger.store.settle_hold(turn, spent))?;
        self.ledger.reference().settle_hold(turn, spent);
        Ok(())
    }

    /// A job is given to one at a time.
    pub(super) fn claim_jobs(
        &self,
        of: &JobsOf,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>> {
        let before = done(self.ledger.store.jobs(of))?;
        let claimed = done(self.ledger.store.claim_jobs(of, now, until, limit))?;
        for job in &claimed {
            let was = before
                .iter()
                .find(|known| known.turn == job.turn && known.kind == job.kind);
            let is_free = was
                .and_then(|known| known.state.due())
                .is_some_and(|at| at <= now);
            self.rule(is_free, "P1", || {
                format!(
                    "the job of {} was claimed at {now}, and it was {was:?}",
                    job.turn.turn
                )
            });
        }
        Ok(claimed)
    }

    fn judge_finish(&self, turn: &TurnKey, finish: &Finish, kept: &[TurnEvent]) {
        let Closing { ending, jobs, .. } = &*finish.closing;
        let id = &turn.turn;
        self.rule(finish.events.starts_with(kept), "D5", || {
            format!("the end of {id} takes back what was kept")
        });
        self.rule(jobs.is_empty() || ending.keeps_promises(), "P1", || {
            format!("{id} failed and leaves jobs")
        });
        let said = finish.events.iter().filter_map(TurnEvent::said);
        let reply: String = said
            .filter(|said| said.kind == PartKind::Reply)
            .map(|said| &*said.text)
            .collect();
        let must_reply = matches!(
            ending,
            Ending::Finished | Ending::Truncated | Ending::Filtered | Ending::Deadline
        );
        let is_blank = reply.trim().is_empty();
        self.rule(!is_blank || (reply.is_empty() && !must_reply), "D7", || {
            format!("{id} ends blank, {ending:?}")
        });
    }

    fn judge_holder(&self, turn: &TurnKey, fence: domain::Fence, finish: &Finish) {
        let id = &turn.turn;
        self.judge_fence("finish", turn, fence);
        self.judge_window(turn);
        let book = self.book();
        let Some(drive) = book.drives.get(turn) else {
            return;
        };
        let told = drive.feed.events();
        let is_ended = matches!(told.last(), Some(TurnEvent::Ended(_)));
        self.rule(!is_ended, "D3", || {
            format!("the end of {id} was told before it was kept")
        });
        self.rule(finish.events.starts_with(&told), "D2", || {
            format!("what is kept of {id} is not what was told")
        });
        if finish.closing.ending != Ending::Failed(TurnError::Internal) {
            drive.judge_calls(self, turn, &finish.closing);
        }
    }

    /// A reader may end only what its own clock says was given up, and keeps all of it.
    fn judge_reaper(
        &self,
        by: By,
        turn: &TurnKey,
        lease: Timestamp,
        kept: &[TurnEvent],
        finish: &Finish,
    ) {
        let id = &turn.turn;
        let now = SkewedClock::shows(by.skew, self.hand.now());
        let is_lost = self.is_known_to_be_lost(turn);
        self.rule(is_lost || now > lease + GRACE, "A5", || {
            format!("{id} was ended at {now}, its lease runs until {lease}")
        });
        if is_lost && now <= lease {
            self.census()
                .count("lost", "ended before its lease".to_owned());
        }
        let started = [TurnEvent::Started];
        let expected = if kept.is_empty() { &started[..] } else { kept };
        self.rule(finish.events == expected, "D5", || {
            format!("the reader who ended {id} changed what was kept")
        });
        let is_failed = finish.closing.ending == Ending::Failed(TurnError::ProducerLost);
        self.rule(is_failed, "T1", || {
            format!("a reader ended {id} as {:?}", finish.closing.ending)
        });
        if let Some(drive) = self.book().drives.get(turn) {
            drive.judge_loss(self, turn);
        }
    }

    fn judge_fence(&self, what: &str, turn: &TurnKey, fence: domain::Fence) {
        let newest = self
            .ledger
            .reference()
            .talks
            .get(&turn.conversation)
            .map(|talk| talk.fence);
        self.rule(newest == Some(fence), "D8", || {
            format!("a {what} of {} by {fence:?} after {newest:?}", turn.turn)
        });
    }

    /// What clients were told and no store has fits the window.
    fn judge_window(&self, turn: &TurnKey) {
        let kept = self.kept(turn).len();
        let Some(told) = self
            .book()
            .drives
            .get(turn)
            .map(|drive| drive.feed.events())
        else {
            return;
        };
        let ahead: usize = told
            .get(kept..)
            .unwrap_or_default()
            .iter()
            .map(TurnEvent::text_len)
            .sum();
        let window = self.script.limits.window;
        self.rule(ahead <= window, "W", || {
            format!("{ahead} bytes of {} are told and not kept", turn.turn)
        });
    }

    fn kept(&self, turn: &TurnKey) -> Vec<TurnEvent> {
        self.ledger
            .reference()
            .entry(turn)
            .map(|entry| entry.events.clone())
            .unwrap_or_default()
    }

    fn same<T: PartialEq + std::fmt::Debug>(&self, what: &str, answer: &T, expected: &T) {
        self.rule(answer == expected, "REF", || {
            format!("{what} was answered {answer:?}, and not {expected:?}")
        });
    }

    fn same_turn(&self, turn: &TurnKey) {
        let found = done(self.ledger.store.turn(turn, usize::MAX))
            .unwrap()
            .map(|(record, _)| (record.state, record.kept));
        let expected = self
            .ledger
            .reference()
            .entry(turn)
            .map(|entry| (entry.state(), entry.events.len()));
        self.same("the turn", &found, &expected);
    }
}

/// The answer of a store that never waits.
pub(super) fn done<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().unwrap()
}
