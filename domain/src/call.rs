//! Calls of models: what each has cost, and what came of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::prompt::{Prompt, estimated_tokens};
use crate::{Fault, Timestamp};

/// One model call; its retries are attempts of the same call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallRecord {
    pub kind: CallKind,
    #[serde(flatten)]
    pub usage: Usage,
    /// How long it took, over all attempts; 0 where no clock was at hand.
    pub ms: u64,
    /// How often the model was asked.
    pub attempts: u32,
    pub outcome: CallOutcome,
}

/// What a model call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallKind {
    Router,
    Reply,
    Extraction,
    Summary,
    /// A text that became a vector.
    Embedding,
}

/// What came of a model call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CallOutcome {
    Ok,
    /// Hung up on, by a stop or at the deadline.
    Abandoned,
    /// It answered, and the answer could not be used.
    Malformed,
    #[serde(untagged)]
    Failed(Fault),
}

/// What a model says a call has cost.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Usage {
    /// `None` when no model has answered.
    pub model: Option<Arc<str>>,
    /// What was read, apart from what the cache has to do with.
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// What was read from the cache.
    pub cache_read_tokens: u64,
    /// What was read and put into the cache.
    pub cache_write_tokens: u64,
    /// How many of the output tokens the model has thought in, as far as can be told.
    #[serde(skip_serializing_if = "is_zero")]
    pub reasoning_tokens: u64,
    /// Counted by us, at four characters a token, because the model did not say.
    pub estimated: bool,
}

impl Usage {
    /// Both together; of two models' it is not known which.
    pub(crate) fn plus(self, other: Self) -> Self {
        let model = match (self.model, other.model) {
            (Some(one), Some(another)) => (one == another).then_some(one),
            (one, another) => one.or(another),
        };
        Self {
            model,
            input_tokens: self.input_tokens + other.input_tokens,
            output_tokens: self.output_tokens + other.output_tokens,
            cache_read_tokens: self.cache_read_tokens + other.cache_read_tokens,
            cache_write_tokens: self.cache_write_tokens + other.cache_write_tokens,
            reasoning_tokens: self.reasoning_tokens + other.reasoning_tokens,
            estimated: self.estimated || other.estimated,
        }
    }
}

/// Endings that were stored before there was such a number have none.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// How often a model was asked for one answer, and what those tries have cost that led to nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tries {
    /// All of them, the last one included.
    pub asked: u32,
    /// What each has cost of which that is known.
    pub spent: Vec<Usage>,
}

impl Tries {
    /// Returns what all of it has cost. What no model has said is estimated: the prompts, and the
    /// answer as far as it came; but not if the last try was answered.
    pub fn cost(self, answered: Option<Usage>, prompt_tokens: u64, answer_bytes: usize) -> Usage {
        let unsaid = u64::from(self.asked).saturating_sub(self.spent.len() as u64);
        let estimated = || Usage {
            input_tokens: prompt_tokens * unsaid,
            output_tokens: estimated_tokens(answer_bytes),
            estimated: true,
            ..Usage::default()
        };
        let last = answered
            .or_else(|| (unsaid > 0).then(estimated))
            .unwrap_or_default();
        self.spent
            .into_iter()
            .fold(Usage::default(), Usage::plus)
            .plus(last)
    }
}

/// A model call that is open, on its way to the report.
#[derive(Debug)]
pub(crate) struct OpenCall {
    pub(crate) kind: CallKind,
    pub(crate) since: Timestamp,
    pub(crate) prompt_tokens: u64,
    pub(crate) tries: Tries,
}

impl OpenCall {
    /// One that is made now.
    pub(crate) fn asked(kind: CallKind, since: Timestamp, prompt: &Prompt) -> Self {
        let mut call = Self::new(kind, since, prompt);
        call.tries.asked = 1;
        call
    }

    /// One that is about to be made.
    pub(crate) fn new(kind: CallKind, since: Timestamp, prompt: &Prompt) -> Self {
        Self {
            kind,
            since,
            prompt_tokens: prompt.estimated_tokens(),
            tries: Tries::default(),
        }
    }

    /// Returns what came of it.
    pub(crate) fn closed(
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
