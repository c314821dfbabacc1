//! What a turn can be waiting for, and what it knows by then.

use std::mem;
use std::sync::Arc;

use super::words::{CallKind, CallOutcome, CallRecord, Finish, Gathered, Loaded, Usage};
use crate::Timestamp;
use crate::prompt::{Prompt, estimated_tokens};
use crate::router::RouterDecision;

/// What the turn is waiting for.
#[derive(Debug, Default)]
pub(super) enum Phase {
    /// For the history; with the decision, when a rule has made it.
    Loading(Option<RouterDecision>),
    Preparing(Preparing),
    Replying(Replying),
    Finishing(Finishing),
    #[default]
    Done,
}

#[derive(Debug)]
pub(super) struct Preparing {
    pub(super) loaded: Loaded,
    pub(super) decision: Option<RouterDecision>,
    /// What the look-up brought, once it is over; it may have failed.
    pub(super) gathered: Option<Option<Gathered>>,
}

#[derive(Debug)]
pub(super) struct Replying {
    pub(super) prompt: Prompt,
    pub(super) attempt: u32,
    pub(super) waiting: Waiting,
    pub(super) alarm: Timestamp,
    /// White space that came before any word.
    pub(super) blank: String,
}

#[derive(Debug)]
pub(super) enum Waiting {
    /// Backing off before the next attempt.
    ToAsk,
    /// For the next word.
    ToHear,
}

#[derive(Debug)]
pub(super) struct Finishing {
    pub(super) finish: Arc<Finish>,
    pub(super) again: Option<Timestamp>,
    pub(super) give_up: Timestamp,
}

#[derive(Debug)]
pub(super) struct OpenCall {
    pub(super) kind: CallKind,
    pub(super) since: Timestamp,
    pub(super) attempts: u32,
    pub(super) prompt_tokens: u64,
    /// What attempts that led to nothing have cost, and how many of them said so.
    pub(super) spent: (Usage, u32),
}

impl OpenCall {
    pub(super) fn new(kind: CallKind, since: Timestamp, prompt: &Prompt) -> Self {
        let (prompt_tokens, spent) = (prompt.estimated_tokens(), (Usage::default(), 0));
        Self { kind, since, attempts: 1, prompt_tokens, spent }
    }

    /// Notes what an attempt has cost that led to nothing.
    pub(super) fn spend(&mut self, usage: Usage) {
        let (spent, said) = mem::take(&mut self.spent);
        self.spent = (spent.plus(usage), said + 1);
    }

    /// What came of it. What no model has said is estimated: the prompts, and the reply as far as it was told.
    pub(super) fn closed(
        self,
        outcome: CallOutcome,
        usage: Option<Usage>,
        reply_bytes: usize,
        now: Timestamp,
    ) -> CallRecord {
        let (spent, said) = self.spent;
        let unsaid = u64::from(self.attempts.saturating_sub(said));
        let estimated = || Usage {
            input_tokens: self.prompt_tokens * unsaid,
            output_tokens: estimated_tokens(reply_bytes),
            estimated: true,
            ..Usage::default()
        };
        let usage = usage.or_else(|| (unsaid > 0).then(estimated)).unwrap_or_default();
        let ms = now.0.saturating_sub(self.since.0);
        CallRecord { kind: self.kind, usage: spent.plus(usage), ms, attempts: self.attempts, outcome }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(model: &str, input_tokens: u64) -> Usage {
        Usage { model: Some(model.into()), input_tokens, ..Usage::default() }
    }

    /// What a call has cost whose prompt has a hundred tokens, of which a reply of forty letters was told.
    fn cost(attempts: u32, spent: &[Usage], last: Option<Usage>) -> Usage {
        let mut call = OpenCall::new(CallKind::Reply, Timestamp(0), &Prompt::question("", "x".repeat(400)));
        call.attempts = attempts;
        spent.iter().for_each(|usage| call.spend(usage.clone()));
        call.closed(CallOutcome::Ok, last, 40, Timestamp(0)).usage
    }

    #[test]
    fn attempts_that_led_to_nothing_are_paid_for_too() {
        let estimated = |input_tokens| Usage { input_tokens, output_tokens: 10, estimated: true, ..Usage::default() };
        let guessed = Usage { model: Some("a".into()), ..estimated(107) };
        for (attempts, spent, last, expected) in [
            (1, vec![], Some(usage("a", 7)), usage("a", 7)),
            (3, vec![usage("a", 7), usage("a", 8)], Some(usage("a", 9)), usage("a", 24)),
            (2, vec![usage("a", 7), usage("a", 8)], None, usage("a", 15)),
            (2, vec![usage("a", 7)], None, guessed),
            (2, vec![], None, estimated(200)),
            (2, vec![usage("a", 7)], Some(usage("b", 8)), Usage { model: None, ..usage("a", 15) }),
        ] {
            assert_eq!(cost(attempts, &spent, last.clone()), expected, "{attempts} {spent:?} {last:?}");
        }
    }
}
