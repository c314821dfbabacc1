//! One admitted message in, one streamed and saved reply out.
//!
//! ```text
//!           Loaded               Routed, Gathered               ReplyEnded, or it broke off midway
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

mod calls;
mod journal;
mod phase;
mod words;

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

pub use journal::{Journal, TurnEvent};
pub use words::{
    CallKind, CallOutcome, CallRecord, Closing, ContextReport, Delivery, Effect, Ending, Finish,
    Gathered, Input, Kept, Limits, Loaded, Opening, Output, RecalledReport, Refused, Report,
    StopReason, Task, Tier, Timings, Tries, TurnError, Usage,
};

use phase::{Finishing, OpenCall, Phase, Preparing, Replying, Waiting};

use crate::conversation::{self, PartKind, Said, Stage};
use crate::memory::promised;
use crate::prompt::Prompt;
use crate::router::{self, RouterDecision, Ruled, Source};
use crate::{Fault, JobKind, Timestamp, summary};

/// A coaching turn.
#[derive(Debug)]
pub struct Turn {
    task: Task,
    limits: Limits,
    now: Timestamp,
    journal: Journal,
    report: Report,
    call: Option<OpenCall>,
    /// A look-up is under way.
    is_gathering: bool,
    /// Up to which message the conversation is summed up, once that was read.
    summed_up: Option<u64>,
    phase: Phase,
    outputs: VecDeque<Output>,
}

impl Turn {
    /// Starts an admitted turn: its first outputs are ready to be polled.
    pub fn new(task: Task, limits: Limits, now: Timestamp) -> Self {
        let mut turn = Self {
            journal: Journal::new(now, &limits),
            report: Report::default(),
            call: None,
            is_gathering: false,
            summed_up: None,
            phase: Phase::Done,
            outputs: VecDeque::new(),
            task,
            limits,
            now,
        };
        turn.report.timings.admit = turn.elapsed();
        turn.tell(TurnEvent::Started);
        turn.report.timings.start = turn.elapsed();
        let acknowledgment = turn.task.coach.acknowledgment(turn.task.seed);
        turn.say(
            PartKind::Acknowledgment,
            Some(Stage::Acknowledgment),
            format!("{acknowledgment}\n"),
        );
        turn.phase = match router::by_rule(turn.task.opening.text()) {
            Some(Ruled {
                decision,
                answer: Some(answer),
            }) => {
                turn.report.route = Some(decision);
                turn.say(PartKind::Reply, None, answer);
                turn.finish(Ending::Finished)
            }
            ruled => {
                turn.perform(Effect::Load);
                Phase::Loading(ruled.map(|ruled| ruled.decision))
            }
        };
        turn
    }

    /// Accepts an answer to an effect, or a request to stop. What nothing waits for is ignored.
    pub fn handle_input(&mut self, input: Input, now: Timestamp) {
        self.now = self.now.max(now);
        self.phase = match (mem::take(&mut self.phase), input) {
            (Phase::Loading(decision), Input::Loaded(Ok(loaded))) => self.loaded(decision, loaded),
            (Phase::Loading(_), Input::Loaded(Err(fault))) => {
                self.finish(TurnError::Store(fault).into())
            }

            (
                Phase::Preparing(p @ Preparing { decision: None, .. }),
                Input::Routed(answer, tries),
            ) => self.routed(p, answer, tries),
            (phase @ (Phase::Preparing(_) | Phase::Replying(_)), Input::Gathered(answer))
                if self.is_gathering =>
            {
                self.gathered(phase, answer)
            }

            (
                Phase::Replying(
                    r @ Replying {
                        waiting: Waiting::ToHear,
                        ..
                    },
                ),
                Input::Delta(text),
            ) => self.said(r, text),
            (
                Phase::Replying(
                    r @ Replying {
                        waiting: Waiting::ToHear,
                        ..
                    },
                ),
                Input::Thinking,
            ) => self.thinks(r),
            (
                phase @ Phase::Replying(Replying {
                    waiting: Waiting::ToHear,
                    ..
                }),
                Input::Spent(usage),
            ) => {
                self.spend([usage]);
                phase
            }
            (
                Phase::Replying(
                    r @ Replying {
                        waiting: Waiting::ToHear,
                        ..
                    },
                ),
                Input::ReplyEnded(reason, usage),
            ) => self.ended(r, reason, usage),
            (
                Phase::Replying(
                    r @ Replying {
                        waiting: Waiting::ToHear,
                        ..
                    },
                ),
                Input::ReplyFailed(fault),
            ) => self.broke_off(r, fault),

            (Phase::Finishing(f), Input::Finished(Ok(()))) => self.finished(&f),
            (Phase::Finishing(f), Input::Finished(Err(Refused::Fault(_)))) => {
                Phase::Finishing(Finishing {
                    again: Some(self.now + self.limits.again),
                    ..f
                })
            }
            (Phase::Finishing(_), Input::Finished(Err(Refused::LeaseLost))) => Phase::Done,

            (
                phase @ (Phase::Loading(_) | Phase::Preparing(_) | Phase::Replying(_)),
                Input::Checkpointed(answer),
            ) => self.kept(phase, answer),
            (
                phase @ (Phase::Loading(_) | Phase::Preparing(_) | Phase::Replying(_)),
                Input::StopAsked,
            ) => self.cut(&phase, Ending::Stopped),
            (phase, Input::HurryUp(deadline)) => {
                self.task.deadline = self.task.deadline.min(deadline);
                phase
            }
            // Nothing waits for this any more.
            (phase, _) => phase,
        };
        self.checkpoint();
    }

    /// Acts on the passing of [`poll_timeout`](Self::poll_timeout); calling early does nothing.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        let late = self.now >= self.task.deadline;
        self.phase = match mem::take(&mut self.phase) {
            phase @ (Phase::Loading(_) | Phase::Preparing(_) | Phase::Replying(_)) if late => {
                self.cut(&phase, Ending::at_deadline(&self.journal))
            }
            Phase::Replying(r) if self.now >= r.alarm => match r.waiting {
                Waiting::ToAsk => self.ask(r),
                Waiting::ToHear => {
                    self.perform(Effect::StopReply);
                    self.broke_off(r, Fault::TimedOut)
                }
            },
            Phase::Finishing(f) if self.now >= f.give_up => Phase::Done,
            Phase::Finishing(f) if f.again.is_some_and(|again| self.now >= again) => {
                self.perform(Effect::Finish(f.finish.clone()));
                Phase::Finishing(Finishing { again: None, ..f })
            }
            phase @ (Phase::Loading(_)
            | Phase::Preparing(_)
            | Phase::Replying(_)
            | Phase::Finishing(_)
            | Phase::Done) => phase,
        };
        self.checkpoint();
    }

    /// The next thing to do, or to tell the clients.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), unless the turn is over.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let open = [Some(self.task.deadline), self.journal.due()];
        match &self.phase {
            Phase::Loading(_) | Phase::Preparing(_) => open.into_iter().flatten().min(),
            Phase::Replying(r) => open.into_iter().chain([Some(r.alarm)]).flatten().min(),
            Phase::Finishing(f) => [Some(f.give_up), f.again].into_iter().flatten().min(),
            Phase::Done => None,
        }
    }

    /// Whether nothing remains to be done or told.
    pub fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done) && self.outputs.is_empty()
    }

    fn loaded(&mut self, decision: Option<RouterDecision>, loaded: Loaded) -> Phase {
        self.report.timings.load = self.elapsed();
        let earlier = router::earlier(&loaded.history, &loaded.forgotten);
        let loaded = loaded.without_forgotten();
        self.summed_up = Some(loaded.summary.as_ref().map_or(0, |summary| summary.through));
        if decision.is_none() {
            let first = self.task.opening.user_message.number == 1;
            let question = router::question(self.task.opening.text(), &earlier, first);
            self.open_call(CallKind::Router, &question);
            self.asked_for_call(1);
            self.perform(Effect::Route(question));
        }
        if decision
            .as_ref()
            .is_none_or(RouterDecision::wants_gathering)
        {
            self.perform(Effect::Gather);
            self.is_gathering = true;
        }
        self.report.route.clone_from(&decision);
        self.prepared(Preparing {
            loaded,
            decision,
            gathered: None,
        })
    }

    /// Takes in what was looked up, and what that has cost, also when nothing waits for it any
    /// more.
    fn gathered(&mut self, phase: Phase, answer: Result<Gathered, Fault>) -> Phase {
        self.is_gathering = false;
        let gathered = answer.ok().map(|mut gathered| {
            self.report.calls.append(&mut gathered.calls);
            gathered
        });
        let Phase::Preparing(p) = phase else {
            return phase;
        };
        self.report.timings.gather = self.elapsed();
        let gathered = gathered.map(|gathered| gathered.without(&p.loaded.forgotten));
        self.prepared(Preparing {
            gathered: Some(gathered),
            ..p
        })
    }

    fn routed(
        &mut self,
        p: Preparing,
        answer: Result<(String, Usage), Fault>,
        tries: Tries,
    ) -> Phase {
        let text = self.task.opening.text();
        let first = self.task.opening.user_message.number == 1;
        let (read, outcome, usage) = match answer {
            Ok((answer, usage)) => match router::parse(&answer, text, first) {
                Ok(decision) => (Some(decision), CallOutcome::Ok, Some(usage)),
                Err(_) => (None, CallOutcome::Malformed, Some(usage)),
            },
            Err(fault) => (None, CallOutcome::Failed(fault), None),
        };
        let mut decision = read.unwrap_or_else(|| router::fallback(text));
        self.asked_for_call(tries.asked.saturating_sub(1));
        self.spend(tries.spent);
        let took = self.close_call(outcome, usage);
        if decision.router_metadata.source != Source::Rule {
            decision.router_metadata.processing_time_ms = took;
        }
        self.report.timings.route = self.elapsed();
        self.report.route = Some(decision.clone());
        for update in decision.updates() {
            self.say(
                PartKind::Contextual,
                Some(update.stage),
                format!("{}\n\n", update.text),
            );
        }
        self.prepared(Preparing {
            decision: Some(decision),
            ..p
        })
    }

    /// Moves on once all that the reply needs is here.
    fn prepared(&mut self, p: Preparing) -> Phase {
        let Some(decision) = &p.decision else {
            return Phase::Preparing(p);
        };
        let gathered = match &p.gathered {
            _ if !decision.wants_gathering() => None,
            Some(gathered) => gathered.as_ref(),
            None => return Phase::Preparing(p),
        };
        let (prompt, context) = Prompt::reply(
            &self.task.coach,
            &p.loaded,
            gathered,
            decision,
            &self.task.opening,
        );
        self.report.context = Some(context);
        self.open_call(CallKind::Reply, &prompt);
        let (waiting, alarm, blank) = (Waiting::ToAsk, self.now, String::new());
        self.ask(Replying {
            prompt,
            attempt: 0,
            waiting,
            alarm,
            is_adjusted: false,
            blank,
        })
    }

    fn ask(&mut self, r: Replying) -> Phase {
        let (tier, delivery) = self.limits.ask(r.attempt);
        self.asked_for_call(1);
        self.perform(Effect::Reply(r.prompt.clone(), tier, delivery));
        let alarm = self
            .limits
            .patience(r.attempt, self.now, self.task.deadline);
        Phase::Replying(Replying {
            waiting: Waiting::ToHear,
            alarm,
            blank: String::new(),
            ..r
        })
    }

    /// A model that thinks is alive, and has as long to speak as one that was just asked, or has
    /// just spoken.
    fn thinks(&mut self, r: Replying) -> Phase {
        let patience = if self.journal.has_reply() {
            self.limits.silence
        } else {
            self.limits.first_word
        };
        Phase::Replying(Replying {
            alarm: self.now + patience,
            ..r
        })
    }

    /// Tells more of the reply. White space waits for the first word: nobody is told a blank reply.
    fn said(&mut self, mut r: Replying, text: String) -> Phase {
        r.alarm = self.now + self.limits.silence;
        let mut text = mem::take(&mut r.blank) + &text;
        let room = self.limits.reply_bytes - self.journal.reply_bytes();
        let overflows = text.len() > room;
        text.truncate(text.floor_char_boundary(room));
        if !self.journal.has_reply() {
            if text.trim().is_empty() && overflows {
                self.perform(Effect::StopReply);
                return self.broke_off(r, Fault::Truncated);
            }
            if text.trim().is_empty() {
                r.blank = text;
                return Phase::Replying(r);
            }
            self.report.timings.first_token = self.elapsed();
        }
        self.report.timings.last_token = self.elapsed();
        if !text.is_empty() {
            self.say(PartKind::Reply, None, text);
        }
        let phase = Phase::Replying(r);
        if overflows {
            self.cut(&phase, Ending::Truncated)
        } else {
            phase
        }
    }

    fn ended(&mut self, r: Replying, reason: StopReason, usage: Usage) -> Phase {
        match reason {
            _ if self.journal.has_reply() => {
                self.close_call(CallOutcome::Ok, Some(usage));
                self.confirm();
                self.finish(reason.into())
            }
            StopReason::Filtered | StopReason::Complete | StopReason::Length => {
                self.spend([usage]);
                let fault = if reason == StopReason::Filtered {
                    Fault::Rejected
                } else {
                    Fault::Truncated
                };
                self.broke_off(r, fault)
            }
        }
    }

    /// Says what will be remembered: true, because the finishing write leaves the job.
    fn confirm(&mut self) {
        if let Some(memory) = self
            .report
            .route
            .as_ref()
            .and_then(|route| promised(&self.task.opening, route))
        {
            self.say(
                PartKind::Confirmation,
                None,
                format!("\n\nI'll remember that: {}", memory.content),
            );
        }
    }

    /// Asks again while nothing was told, or else keeps what was.
    fn broke_off(&mut self, r: Replying, fault: Fault) -> Phase {
        if fault == Fault::Adjusted && !r.is_adjusted && !self.journal.has_reply() {
            return self.ask(Replying {
                is_adjusted: true,
                ..r
            });
        }
        let shorter = (fault == Fault::TooLong).then(|| r.prompt.without_oldest());
        let futile = fault == Fault::Rejected || shorter == Some(None);
        if futile || self.journal.has_reply() || r.attempt + 1 >= self.limits.attempts {
            self.close_call(CallOutcome::Failed(fault), None);
            return self.finish(TurnError::Model(fault).into());
        }
        let attempt = r.attempt + 1;
        let alarm = self.now + self.limits.back_off(attempt, self.task.seed);
        let prompt = shorter.flatten().unwrap_or(r.prompt);
        let (waiting, blank) = (Waiting::ToAsk, String::new());
        Phase::Replying(Replying {
            prompt,
            attempt,
            waiting,
            alarm,
            is_adjusted: false,
            blank,
        })
    }

    /// Ends before the end, hanging up on the reply if there is one.
    fn cut(&mut self, phase: &Phase, ending: Ending) -> Phase {
        self.hang_up(phase);
        self.finish(ending)
    }

    fn hang_up(&mut self, phase: &Phase) {
        if let Phase::Replying(Replying {
            waiting: Waiting::ToHear,
            ..
        }) = phase
        {
            self.perform(Effect::StopReply);
        }
    }

    /// The one way to end: everything that was told, and how it ended, in one write.
    fn finish(&mut self, ending: Ending) -> Phase {
        self.close_call(CallOutcome::Abandoned, None);
        self.report.timings.finish = self.elapsed();
        let report = mem::take(&mut self.report);
        let promises = report.route.as_ref().filter(|_| ending.keeps_promises());
        let jobs = promises.map_or_else(Vec::new, |route| self.jobs(route));
        let title = (self.task.opening.user_message.number == 1).then(|| {
            let proposed = report
                .route
                .as_ref()
                .and_then(|route| route.conversation_title.clone());
            proposed.unwrap_or_else(|| conversation::title_from(self.task.opening.text()))
        });
        let closing = Arc::new(Closing {
            ending,
            at: self.now,
            jobs,
            report,
        });
        let finish = Arc::new(Finish {
            closing,
            events: self.journal.told().to_vec(),
            title,
        });
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
        let wanted = [
            (JobKind::Workout, route.logs_workout()),
            (
                JobKind::Memory,
                promised(&self.task.opening, route).is_some(),
            ),
            (JobKind::Forget, route.memory_processing.is_forget_request),
            (
                JobKind::Summary,
                self.summed_up
                    .is_some_and(|through| summary::due(through, saved, route)),
            ),
        ];
        wanted
            .into_iter()
            .filter_map(|(kind, wanted)| wanted.then_some(kind))
            .collect()
    }

    fn finished(&mut self, f: &Finishing) -> Phase {
        self.journal.all_kept();
        self.show();
        self.outputs
            .push_back(Output::Tell(TurnEvent::Ended(f.finish.closing.clone())));
        Phase::Done
    }

    fn kept(&mut self, phase: Phase, answer: Result<Kept, Refused>) -> Phase {
        match self.journal.answered(answer, self.now, &self.limits) {
            Ok(Kept { stop_asked }) => {
                self.show();
                if stop_asked {
                    self.cut(&phase, Ending::Stopped)
                } else {
                    phase
                }
            }
            Err(Refused::Fault(_)) => phase,
            Err(Refused::LeaseLost) => {
                self.hang_up(&phase);
                Phase::Done
            }
        }
    }

    fn checkpoint(&mut self) {
        if let Phase::Loading(_) | Phase::Preparing(_) | Phase::Replying(_) = self.phase
            && let Some((from, events)) = self.journal.checkpoint(self.now)
        {
            self.perform(Effect::Checkpoint(from, events));
        }
    }

    fn say(&mut self, kind: PartKind, stage: Option<Stage>, text: String) {
        self.tell(TurnEvent::Said(Said {
            kind,
            stage,
            text: text.into(),
        }));
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
