//! One admitted message in, one streamed and saved reply out.
//!
//! ```text
//!           Loaded               Routed, Gathered               Ended, or it broke off midway
//!  loading ────────▶ preparing ───────────────────▶ replying ─────────────────┐
//!     │                  │                           │  ▲  │ failed before    │
//!     │ load failed      │                           │  └──┘ the first word   ▼
//!     └──────────────────┴── stop asked, deadline ───┴──────────────────▶ finishing ──▶ done
//! ```
//!
//! A rule that answers by itself goes straight to finishing. Every way to end is `Turn::finish`
//! with another [`Ending`]; only the answer to the finishing write lets the clients see it. Losing
//! the lease goes straight to done, and says nothing.
//!
//! To drive it: poll [`Turn::poll_output`] until it is empty, do what it says, then feed the next
//! answer to [`Turn::handle_input`], or the passing of [`Turn::poll_timeout`] to
//! [`Turn::handle_timeout`]; and again, until there is no timeout to wait for.

#![warn(missing_docs)]

mod asked;
mod ending;
mod given;
mod journal;
mod limits;
mod made;
mod opening;
mod phase;
mod preparing;
mod replying;

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

pub use asked::{Effect, Output, ReplyCall, Wanted};
pub use ending::{Ending, StopReason, TurnError};
pub use given::{Attempt, Before, Gathered, Heard, Input, Kept, Loaded, Refused, Task};
pub use journal::Journal;
pub use limits::{Delivery, Limits, Tier};
pub use made::{Closing, ContextReport, Finish, RecalledReport, Report, Timings, TurnEvent};
pub use opening::{Opening, ReplyPlace};

use phase::{Finishing, Open, Phase, Replying, Waiting};

use crate::call::{CallOutcome, OpenCall, Usage};
use crate::conversation::{self, PartKind, Said, Stage};
use crate::memory::promised;
use crate::prompt::LONGEST_HISTORY;
use crate::router::{self, RouterDecision, Ruled};
use crate::{Care, Fault, JobKind, Language, Timestamp, Tone, summary};

/// A coaching turn.
#[derive(Debug)]
pub struct Turn {
    task: Task,
    limits: Limits,
    now: Timestamp,
    journal: Journal,
    report: Report,
    /// What the athlete is told of memories, once that is decided.
    words: Vec<String>,
    /// Up to which message the conversation is summed up, once that was read.
    summed_up: Option<u64>,
    /// What the message is written in, if that is clear.
    written_in: Option<Language>,
    phase: Phase,
    outputs: VecDeque<Output>,
}

impl Turn {
    /// Starts an admitted turn: its first outputs are ready to be polled.
    pub fn new(task: Task, limits: Limits, now: Timestamp) -> Self {
        let mut turn = Self {
            journal: Journal::new(now, &limits),
            report: Report::default(),
            words: Vec::new(),
            summed_up: None,
            written_in: None,
            phase: Phase::Done,
            outputs: VecDeque::new(),
            task,
            limits,
            now,
        };
        turn.report.timings.admit = turn.elapsed();
        turn.tell(TurnEvent::Started);
        turn.report.timings.start = turn.elapsed();
        turn.acknowledge();
        turn.phase = turn.begin();
        turn
    }

    /// Accepts an answer to an effect, or a request to stop. What nothing waits for is ignored.
    pub fn handle_input(&mut self, input: Input, now: Timestamp) {
        self.now = self.now.max(now);
        self.phase = match mem::take(&mut self.phase) {
            Phase::Open(open) => self.goes_on(open, input),
            Phase::Finishing(f) => self.is_finishing(f, input),
            Phase::Done => Phase::Done,
        };
        self.checkpoint();
    }

    /// Acts on the passing of [`poll_timeout`](Self::poll_timeout); calling early does nothing.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        let is_late = self.now >= self.task.deadline;
        self.phase = match mem::take(&mut self.phase) {
            Phase::Open(open) if is_late => {
                let ending = self.at_deadline();
                self.cut(open, ending)
            }
            Phase::Open(Open::Replying(r)) if self.now >= r.alarm => match r.waiting {
                Waiting::ToAsk => self.ask(r),
                Waiting::ToHear(_) => {
                    self.perform(Effect::StopReply);
                    self.broke_off(r, Fault::TimedOut)
                }
            },
            Phase::Finishing(f) if self.now >= f.give_up => Phase::Done,
            Phase::Finishing(f) if f.again.is_some_and(|again| self.now >= again) => {
                self.perform(Effect::Finish(f.finish.clone()));
                Phase::Finishing(Finishing { again: None, ..f })
            }
            early @ (Phase::Open(_) | Phase::Finishing(_) | Phase::Done) => early,
        };
        self.checkpoint();
    }

    /// Returns the next thing to do, or to tell the clients.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Returns when to call [`handle_timeout`](Self::handle_timeout), unless the turn is over.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let (first, second, third) = match &self.phase {
            Phase::Open(Open::Replying(r)) => {
                (self.task.deadline, self.journal.due(), Some(r.alarm))
            }
            Phase::Open(_) => (self.task.deadline, self.journal.due(), None),
            Phase::Finishing(f) => (f.give_up, f.again, None),
            Phase::Done => return None,
        };
        [Some(first), second, third].into_iter().flatten().min()
    }

    /// Returns whether nothing remains to be done or told.
    pub fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done) && self.outputs.is_empty()
    }

    /// Meets the message by what its words say, before anything is read or any model is asked.
    fn acknowledge(&mut self) {
        let (tone, written_in) = router::tone(self.task.opening.text());
        self.written_in = written_in;
        let (coach, seed) = (&self.task.coach, self.task.seed);
        let acknowledgment = coach.acknowledgment(tone, self.language(), seed);
        let text = format!("{acknowledgment}\n");
        self.say(PartKind::Acknowledgment, Some(Stage::Acknowledgment), text);
        if let Tone::Calm(care) = tone {
            self.tell_help(care, self.language());
        }
    }

    /// Says where help is, at once and by itself: no model has to find the words, or be there.
    fn tell_help(&mut self, care: Care, language: Language) {
        let words = self.task.coach.help.words(care, language);
        if let Some(text) = words.map(|words| format!("{words}\n\n")) {
            self.say(PartKind::Care, None, text);
        }
    }

    /// Returns what our own words are in, as far as the message and the coach say it.
    fn language(&self) -> Language {
        self.written_in.unwrap_or(self.task.coach.language)
    }

    fn begin(&mut self) -> Phase {
        let ruled = router::by_rule(self.task.opening.text(), self.language());
        if let Some(Ruled {
            decision,
            answer: Some(answer),
        }) = ruled
        {
            self.report.route = Some(decision);
            self.say(PartKind::Reply, None, answer);
            return self.finish(Ending::Finished);
        }
        self.perform(Effect::Load(LONGEST_HISTORY));
        Phase::Open(Open::Loading(ruled.map(|ruled| ruled.decision)))
    }

    fn goes_on(&mut self, open: Open, input: Input) -> Phase {
        match (open, input) {
            (Open::Loading(decision), Input::Loaded(Ok(loaded))) => self.loaded(decision, loaded),
            (Open::Loading(_), Input::Loaded(Err(fault))) => {
                self.finish(TurnError::Store(fault).into())
            }
            (Open::Preparing(p), Input::Routed(answer, tries)) => self.routed(p, answer, tries),
            (Open::Preparing(p), Input::Gathered(answer)) => self.gathered(p, answer),
            (Open::Replying(r), Input::Gathered(answer)) => self.gathered_late(r, answer),
            (Open::Replying(r), Input::Heard(attempt, heard))
                if r.waiting == Waiting::ToHear(attempt) =>
            {
                self.heard(r, heard)
            }
            (open, Input::Checkpointed(answer)) => self.checkpointed(open, answer),
            (open, Input::StopAsked) => self.cut(open, Ending::Stopped),
            (open, Input::HurryUp(deadline)) => {
                self.task.deadline = self.task.deadline.min(deadline);
                Phase::Open(open)
            }
            // Nothing waits for this any more.
            (open, _) => Phase::Open(open),
        }
    }

    fn is_finishing(&mut self, f: Finishing, input: Input) -> Phase {
        match input {
            Input::Finished(Ok(())) => self.finished(&f),
            Input::Finished(Err(Refused::LeaseLost)) => Phase::Done,
            Input::Finished(Err(Refused::Fault(_))) => Phase::Finishing(Finishing {
                again: Some(self.now + self.limits.again),
                ..f
            }),
            // Whatever it is, it comes too late: how the turn ends has been decided.
            Input::Loaded(_)
            | Input::Routed(..)
            | Input::Gathered(_)
            | Input::Heard(..)
            | Input::Checkpointed(_)
            | Input::StopAsked
            | Input::HurryUp(_) => Phase::Finishing(f),
        }
    }

    fn at_deadline(&self) -> Ending {
        if self.journal.has_reply() {
            Ending::Deadline
        } else {
            TurnError::Deadline.into()
        }
    }

    /// Ends before the end, hanging up on the model if one was asked.
    fn cut(&mut self, open: Open, ending: Ending) -> Phase {
        self.hang_up(&open);
        if let Some(call) = open.into_call() {
            self.close(call, CallOutcome::Abandoned, None);
        }
        self.finish(ending)
    }

    fn hang_up(&mut self, open: &Open) {
        if let Open::Replying(Replying {
            waiting: Waiting::ToHear(_),
            ..
        }) = open
        {
            self.perform(Effect::StopReply);
        }
    }

    /// The one way to end: everything that was told, and how it ended, in one write.
    fn finish(&mut self, ending: Ending) -> Phase {
        if ending.keeps_promises() {
            self.confirm();
        }
        self.report.timings.finish = self.elapsed();
        let report = mem::take(&mut self.report);
        let jobs = match &report.route {
            Some(route) if ending.keeps_promises() => self.jobs(route),
            Some(_) | None => Vec::new(),
        };
        let title = self.title(&report);
        let closing = Closing {
            ending,
            at: self.now,
            jobs,
            report,
        };
        let told = self.journal.told().to_vec();
        let finish = Arc::new(Finish::of(self.task.opening.place(), closing, told, title));
        self.perform(Effect::Finish(finish.clone()));
        Phase::Finishing(Finishing {
            finish,
            again: None,
            give_up: self.now + self.limits.save,
        })
    }

    /// Work that the turn leaves behind.
    fn jobs(&self, route: &RouterDecision) -> Vec<JobKind> {
        let saved = self.task.opening.user_message.number + 1;
        let is_kept = !route.keeps_nothing(self.task.opening.text());
        let is_summary_due = |through| is_kept && summary::due(through, saved, route);
        let wanted = [
            (JobKind::Workout, route.logs_workout()),
            (
                JobKind::Memory,
                promised(&self.task.opening, route).is_some(),
            ),
            (JobKind::Forget, !route.memory_processing.forget.is_empty()),
            (JobKind::Summary, self.summed_up.is_some_and(is_summary_due)),
        ];
        let wanted = wanted.into_iter().filter(|(_, is_wanted)| *is_wanted);
        wanted.map(|(kind, _)| kind).collect()
    }

    /// Returns the title that a conversation's first turn brings; an emergency or a crisis is none.
    fn title(&self, report: &Report) -> Option<String> {
        let text = self.task.opening.text();
        let title = || conversation::title_from(text);
        let (keeps_nothing, proposed) = match &report.route {
            Some(route) => (route.keeps_nothing(text), route.conversation_title.clone()),
            None => (Care::floor(text).is_urgent(), None),
        };
        (self.is_first() && !keeps_nothing).then(|| proposed.unwrap_or_else(title))
    }

    fn finished(&mut self, f: &Finishing) -> Phase {
        self.journal.all_kept();
        self.show();
        let ended = TurnEvent::Ended(f.finish.closing.clone());
        self.outputs.push_back(Output::Tell(ended));
        Phase::Done
    }

    fn checkpointed(&mut self, open: Open, answer: Result<Kept, Refused>) -> Phase {
        match self.journal.answered(answer, self.now, &self.limits) {
            Ok(Kept { stop_asked }) => {
                self.show();
                if stop_asked {
                    self.cut(open, Ending::Stopped)
                } else {
                    Phase::Open(open)
                }
            }
            Err(Refused::Fault(_)) => Phase::Open(open),
            Err(Refused::LeaseLost) => {
                self.hang_up(&open);
                Phase::Done
            }
        }
    }

    fn checkpoint(&mut self) {
        if let Phase::Open(_) = self.phase
            && let Some((from, events)) = self.journal.checkpoint(self.now)
        {
            self.perform(Effect::Checkpoint(from, events));
        }
    }

    /// Notes what came of a model call; returns how long it took, in milliseconds.
    fn close(&mut self, call: OpenCall, outcome: CallOutcome, usage: Option<Usage>) -> u64 {
        let record = call.closed(outcome, usage, self.journal.reply_bytes(), self.now);
        let ms = record.ms;
        self.report.calls.push(record);
        ms
    }

    /// Returns whether the conversation begins with this turn.
    fn is_first(&self) -> bool {
        self.task.opening.user_message.number == 1
    }

    fn say(&mut self, kind: PartKind, stage: Option<Stage>, text: String) {
        let text = text.into();
        self.tell(TurnEvent::Said(Said { kind, stage, text }));
    }

    fn tell(&mut self, event: TurnEvent) {
        self.journal.tell(event, self.now, &self.limits);
        self.show();
    }

    fn show(&mut self) {
        while let Some(event) = self.journal.show(self.limits.window) {
            self.outputs.push_back(Output::Tell(event));
        }
    }

    fn perform(&mut self, effect: Effect) {
        self.outputs.push_back(Output::Perform(effect));
    }

    fn elapsed(&self) -> Option<u64> {
        Some(self.now.0.saturating_sub(self.task.asked.0))
    }
}
