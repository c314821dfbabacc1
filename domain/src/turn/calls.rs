//! The model call that is open, on its way to the report.

use super::phase::OpenCall;
use super::{CallKind, CallOutcome, Turn, Usage};
use crate::prompt::Prompt;

impl Turn {
    pub(super) fn open_call(&mut self, kind: CallKind, prompt: &Prompt) {
        self.call = Some(OpenCall::new(kind, self.now, prompt));
    }

    /// Notes so many more tries of the model call that is open.
    pub(super) fn asked_for_call(&mut self, tries: u32) {
        if let Some(call) = &mut self.call {
            call.tries.asked += tries;
        }
    }

    /// Notes what tries of the model call that is open have cost that led to nothing.
    pub(super) fn spend(&mut self, spent: impl IntoIterator<Item = Usage>) {
        if let Some(call) = &mut self.call {
            call.tries.spent.extend(spent);
        }
    }

    /// Notes what came of the model call that is open, if one is; says how long it took.
    pub(super) fn close_call(&mut self, outcome: CallOutcome, usage: Option<Usage>) -> u64 {
        let Some(call) = self.call.take() else {
            return 0;
        };
        let record = call.closed(outcome, usage, self.journal.reply_bytes(), self.now);
        let ms = record.ms;
        self.report.calls.push(record);
        ms
    }
}
