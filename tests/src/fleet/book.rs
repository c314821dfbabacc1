//! What each driver of a turn does, and the rules for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::call::{CallKind, CallOutcome};
use domain::{Closing, TurnEvent, TurnKey};
use ports::Feed;

use super::engine::Owner;
use super::stage::Stage;

/// Who drives what, and how far it is.
#[derive(Default)]
pub(super) struct Book {
    pub drives: BTreeMap<TurnKey, Drive>,
    /// Who was given each turn, and when.
    pub holders: BTreeMap<TurnKey, (Owner, u64)>,
    /// How far the requests and jobs are that no turn runs for.
    pub errands: BTreeMap<u64, (Owner, Phase)>,
}

/// One turn in the hands of one worker.
pub(super) struct Drive {
    pub owner: Owner,
    pub feed: Arc<Feed>,
    pub phase: Phase,
    /// When each write was begun.
    pub writes: Vec<u64>,
    pub finishes: Vec<u64>,
    /// How much was told when the lease was known to be lost, and when that was.
    pub lost: Option<(usize, u64)>,
    /// When the driver was told to stop.
    pub stop_heard: Option<u64>,
    pub routes: u32,
    pub replies: u32,
    pub panicked: bool,
    /// When the driver returned.
    pub over: Option<u64>,
}

/// Where a worker is with a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Admitting,
    Loading,
    Preparing,
    Replying,
    Finishing,
    Jobs,
    Over,
}

impl Drive {
    pub(super) fn new(owner: Owner, feed: Arc<Feed>) -> Self {
        Self {
            owner,
            feed,
            phase: Phase::Loading,
            writes: Vec::new(),
            finishes: Vec::new(),
            lost: None,
            stop_heard: None,
            routes: 0,
            replies: 0,
            panicked: false,
            over: None,
        }
    }

    /// A stop that was heard is obeyed before anything else is kept; a lost lease ends all writing.
    pub(super) fn begins_write(&mut self, stage: &Stage, turn: &TurnKey, is_finish: bool) {
        let now = stage.hand.now();
        let id = &turn.turn;
        // It had begun to finish when a checkpoint's answer came in the same moment, to which it no
        // longer listens: it hears of the lease by the answer to this.
        self.lost = self
            .lost
            .filter(|(_, at)| *at != now || !is_finish || !self.finishes.is_empty());
        stage.rule(self.lost.is_none(), "L2", || {
            format!("{id} writes after its lease was lost")
        });
        if is_finish {
            self.phase = Phase::Finishing;
            self.finishes.push(now);
        } else {
            let awake = stage.hand.awake_since(self.owner).unwrap_or(now);
            let is_obeyed = self.stop_heard.is_none_or(|heard| now <= heard.max(awake));
            stage.rule(is_obeyed, "T4", || {
                format!("{id} heard that it must stop, and goes on")
            });
        }
        self.writes.push(now);
    }

    /// Nobody is told a word before the attempt that is asked for, and there are at most so many.
    pub(super) fn asks_for_reply(&mut self, stage: &Stage, turn: &TurnKey) {
        self.phase = Phase::Replying;
        self.replies += 1;
        let told = self.feed.events();
        let has_reply = told
            .iter()
            .filter_map(TurnEvent::said)
            .any(|said| said.kind == domain::PartKind::Reply);
        let is_allowed = !has_reply && self.replies <= stage.script.limits.attempts;
        stage.rule(is_allowed, "T2", || {
            format!("attempt {} at the reply of {}", self.replies, turn.turn)
        });
    }

    /// The driver has returned: it told an ending, or lost its lease, or tried hard enough.
    pub(super) fn ends(&mut self, stage: &Stage, turn: &TurnKey) {
        self.over = Some(stage.hand.now());
        self.phase = Phase::Jobs;
        let told = self.feed.events();
        let is_told = matches!(told.last(), Some(TurnEvent::Ended(_)));
        let save = u64::try_from(stage.script.limits.save.as_millis()).unwrap();
        let awake = stage.hand.awake_since(self.owner).unwrap_or(0);
        let has_tried = self.finishes.first().is_some_and(|first| {
            stage.hand.now() >= first + save && (self.finishes.len() >= 4 || awake > *first)
        });
        let may = is_told || self.lost.is_some() || has_tried || self.panicked;
        let tries = self.finishes.len();
        stage.rule(may, "T5", || {
            format!(
                "the driver of {} gave up after {tries} tries to end it",
                turn.turn
            )
        });
    }

    /// After a lost lease nothing is told; asked at the end of all.
    pub(super) fn judge_silence(&self, stage: &Stage, turn: &TurnKey) {
        let told = self.feed.events().len();
        let is_silent = self.lost.is_none_or(|(lost, _)| told == lost);
        stage.rule(is_silent, "L2", || {
            format!("{} was told on after its lease was lost", turn.turn)
        });
    }

    /// The model calls that a turn reports are the ones that were made.
    pub(super) fn judge_calls(&self, stage: &Stage, turn: &TurnKey, closing: &Closing) {
        let id = &turn.turn;
        for (kind, made) in [
            (CallKind::Router, self.routes),
            (CallKind::Reply, self.replies),
        ] {
            let calls: Vec<_> = closing
                .report
                .calls
                .iter()
                .filter(|call| call.kind == kind)
                .collect();
            let reported: u32 = calls.iter().map(|call| call.attempts).sum();
            // One that was hung up on may not have been made yet.
            let is_abandoned = calls
                .iter()
                .any(|call| call.outcome == CallOutcome::Abandoned);
            let is_right = made == reported || (is_abandoned && made + 1 == reported);
            stage.rule(is_right, "Q", || {
                format!("{id} reports {reported} calls of {kind:?} and made {made}")
            });
        }
    }

    /// Somebody else has ended the turn: a holder that was awake all the time must have tried to
    /// keep its lease.
    pub(super) fn judge_loss(&self, stage: &Stage, turn: &TurnKey) {
        let now = stage.hand.now();
        let was_awake = stage
            .hand
            .awake_since(self.owner)
            .is_some_and(|since| since == 0 || since + 25_000 < now);
        if was_awake && self.over.is_none() {
            let lately = self.writes.iter().filter(|at| **at + 13_000 >= now).count();
            stage.rule(lately >= 3, "L4", || {
                format!("{} was ended: {lately} writes in 13 s", turn.turn)
            });
        }
    }
}
