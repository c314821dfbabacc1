//! What a turn can be waiting for, and what it knows by then.

use std::sync::Arc;

use super::words::{CallKind, CallOutcome, CallRecord, Finish, Gathered, Loaded, Tries, Usage};
use crate::Timestamp;
use crate::prompt::Prompt;
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
    /// This attempt was asked again already, because the model is asked otherwise now.
    pub(super) is_adjusted: bool,
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
    pub(super) prompt_tokens: u64,
    pub(super) tries: Tries,
}

impl OpenCall {
    pub(super) fn new(kind: CallKind, since: Timestamp, prompt: &Prompt) -> Self {
        Self {
            kind,
            since,
            prompt_tokens: prompt.estimated_tokens(),
            tries: Tries::default(),
        }
    }

    /// What came of it.
    pub(super) fn closed(
        self,
        outcome: CallOutcome,
        usage: Option<Usage>,
        reply_bytes: usize,
        now: Timestamp,
    ) -> CallRecord {
        let (attempts, ms) = (self.tries.asked, now.0.saturating_sub(self.since.0));
        let usage = self.tries.cost(usage, self.prompt_tokens, reply_bytes);
        CallRecord {
            kind: self.kind,
            usage,
            ms,
            attempts,
            outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(model: &str, input_tokens: u64) -> Usage {
        Usage {
            model: Some(model.into()),
            input_tokens,
            ..Usage::default()
        }
    }

    /// What a call has cost whose prompt has a hundred tokens, of which a reply of forty letters
    /// was told.
    fn cost(attempts: u32, spent: &[Usage], last: Option<Usage>) -> Usage {
        let mut call = OpenCall::new(
            CallKind::Reply,
            Timestamp(0),
            &Prompt::question("", "x".repeat(400)),
        );
        call.tries = Tries {
            asked: attempts,
            spent: spent.to_vec(),
        };
        call.closed(CallOutcome::Ok, last, 40, Timestamp(0)).usage
    }

    #[test]
    fn attempts_that_led_to_nothing_are_paid_for_too() {
        let estimated = |input_tokens| Usage {
            input_tokens,
            output_tokens: 10,
            estimated: true,
            ..Usage::default()
        };
        let guessed = Usage {
            model: Some("a".into()),
            ..estimated(107)
        };
        for (attempts, spent, last, expected) in [
            (1, vec![], Some(usage("a", 7)), usage("a", 7)),
            (
                3,
                vec![usage("a", 7), usage("a", 8)],
                Some(usage("a", 9)),
                usage("a", 24),
            ),
            (2, vec![usage("a", 7), usage("a", 8)], None, usage("a", 15)),
            (2, vec![usage("a", 7)], None, guessed),
            (2, vec![], None, estimated(200)),
            (
                2,
                vec![usage("a", 7)],
                Some(usage("b", 8)),
                Usage {
                    model: None,
                    ..usage("a", 15)
                },
            ),
        ] {
            assert_eq!(
                cost(attempts, &spent, last.clone()),
                expected,
                "{attempts} {spent:?} {last:?}"
            );
        }
    }
}
