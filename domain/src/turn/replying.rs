//! Replying: from the question to the model to its last word.

use std::mem;

use super::Turn;
use super::asked::{Effect, ReplyCall};
use super::ending::{Ending, StopReason, TurnError};
use super::given::{Attempt, Heard};
use super::phase::{Open, Phase, Replying, Waiting};
use crate::Fault;
use crate::call::{CallOutcome, Usage};
use crate::conversation::PartKind;

impl Turn {
    pub(super) fn ask(&mut self, mut r: Replying) -> Phase {
        r.call.tries.asked += 1;
        let attempt = Attempt(r.call.tries.asked);
        let how = self.limits.ask(r.retries);
        let call = ReplyCall::of(&self.task.coach, r.prompt.clone(), how);
        self.perform(Effect::Reply(attempt, call));
        r.waiting = Waiting::ToHear(attempt);
        r.alarm = self
            .limits
            .patience(r.retries, self.now, self.task.deadline);
        r.blank.clear();
        Phase::Open(Open::Replying(r))
    }

    pub(super) fn heard(&mut self, mut r: Replying, heard: Heard) -> Phase {
        match heard {
            Heard::Delta(text) => self.said(r, text),
            Heard::Thinking => self.thinks(r),
            Heard::Spent(usage) => {
                r.call.tries.spent.push(usage);
                Phase::Open(Open::Replying(r))
            }
            Heard::Ended(reason, usage) => self.ended(r, reason, usage),
            Heard::Failed(fault) => self.broke_off(r, fault),
        }
    }

    /// A model that thinks is alive, and has as long to speak as one that was just asked, or has
    /// just spoken.
    pub(super) fn thinks(&mut self, r: Replying) -> Phase {
        let patience = if self.journal.has_reply() {
            self.limits.silence
        } else {
            self.limits.first_word
        };
        let alarm = self.now + patience;
        Phase::Open(Open::Replying(Replying { alarm, ..r }))
    }

    /// Tells more of the reply. White space waits for the first word: nobody is told a blank reply.
    pub(super) fn said(&mut self, mut r: Replying, text: String) -> Phase {
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
                return Phase::Open(Open::Replying(r));
            }
            self.report.timings.first_token = self.elapsed();
        }
        self.report.timings.last_token = self.elapsed();
        if !text.is_empty() {
            self.say(PartKind::Reply, None, text);
        }
        let open = Open::Replying(r);
        if overflows {
            self.cut(open, Ending::Truncated)
        } else {
            Phase::Open(open)
        }
    }

    pub(super) fn ended(&mut self, mut r: Replying, reason: StopReason, usage: Usage) -> Phase {
        if self.journal.has_reply() {
            self.close(r.call, CallOutcome::Ok, Some(usage));
            return self.finish(reason.into());
        }
        r.call.tries.spent.push(usage);
        let fault = match reason {
            StopReason::Filtered => Fault::Rejected,
            StopReason::Complete | StopReason::Length => Fault::Truncated,
        };
        self.broke_off(r, fault)
    }

    /// Says what will be remembered and forgotten: true, because the finishing write leaves the
    /// jobs.
    pub(super) fn confirm(&mut self) {
        for words in mem::take(&mut self.words) {
            self.say(PartKind::Confirmation, None, format!("\n\n{words}"));
        }
    }

    /// Asks again while nothing was told, or else keeps what was.
    pub(super) fn broke_off(&mut self, r: Replying, fault: Fault) -> Phase {
        if fault == Fault::Adjusted && !r.is_adjusted && !self.journal.has_reply() {
            return self.ask(Replying {
                is_adjusted: true,
                ..r
            });
        }
        // What to ask for next; nothing, if asking again will not help.
        let next = match fault {
            Fault::Rejected => None,
            Fault::TooLong => r.prompt.without_oldest(),
            Fault::Throttled
            | Fault::Unavailable
            | Fault::TimedOut
            | Fault::Truncated
            | Fault::Adjusted => Some(r.prompt),
        };
        let retries = r.retries + 1;
        let may_ask = !self.journal.has_reply() && retries < self.limits.attempts;
        let Some(prompt) = next.filter(|_| may_ask) else {
            self.close(r.call, CallOutcome::Failed(fault), None);
            return self.finish(TurnError::Model(fault).into());
        };
        Phase::Open(Open::Replying(Replying {
            prompt,
            retries,
            waiting: Waiting::ToAsk,
            alarm: self.now + self.limits.back_off(retries, self.task.seed),
            is_adjusted: false,
            ..r
        }))
    }
}
