//! What model calls cost: tokens for each day and model.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::turn::CallRecord;
use crate::{RecordId, Timestamp};

/// A user's model calls of one day, in UTC.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageDay {
    /// The day, such as 2026-01-31.
    pub day: String,
    /// What each model was asked; calls that no model answered count for `unknown`.
    pub models: BTreeMap<String, ModelUsage>,
}

/// What one model was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "each is what it says")]
pub struct ModelUsage {
    pub calls: u64,
    pub attempts: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
    /// Whether some of it was counted by us, because the model did not say.
    pub estimated: bool,
}

impl UsageDay {
    /// A day without calls.
    pub fn new(at: Timestamp) -> Self {
        Self { day: day(at), models: BTreeMap::new() }
    }

    /// The id of the record of the day that `at` falls on.
    pub fn id(at: Timestamp) -> Option<RecordId> {
        day(at).parse().ok()
    }

    /// The same with more calls.
    #[must_use]
    pub fn with(mut self, calls: &[CallRecord]) -> Self {
        for call in calls {
            let name = call.usage.model.as_deref().unwrap_or("unknown");
            let model = self.models.entry(name.to_owned()).or_default();
            model.calls += 1;
            model.attempts += u64::from(call.attempts);
            model.input_tokens += call.usage.input_tokens;
            model.output_tokens += call.usage.output_tokens;
            model.cache_read_tokens += call.usage.cache_read_tokens;
            model.cache_write_tokens += call.usage.cache_write_tokens;
            model.estimated |= call.usage.estimated;
        }
        self
    }
}

fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::turn::{CallKind, CallOutcome, Usage};

    fn call(model: Option<&str>, input: u64, output: u64) -> CallRecord {
        let usage =
            Usage { model: model.map(Into::into), input_tokens: input, output_tokens: output, ..Usage::default() };
        CallRecord { kind: CallKind::Reply, usage, ms: 1, attempts: 2, outcome: CallOutcome::Ok }
    }

    #[test]
    fn a_day_adds_up_by_model_also_in_steps() {
        let calls =
            [call(Some("a"), 1_000, 100), call(Some("a"), 500, 0), call(Some("b"), 2_000_000, 7), call(None, 3, 0)];
        let day = UsageDay::new(Timestamp(1_795_200_000_000)).with(&calls[..1]).with(&calls[1..]);
        assert_eq!(day.day, "2026-11-20");
        let used = |model: &str| (day.models[model].calls, day.models[model].attempts, day.models[model].input_tokens);
        assert_eq!((used("a"), used("b"), used("unknown")), ((2, 4, 1_500), (1, 2, 2_000_000), (1, 2, 3)));
        assert_eq!(day.models["b"].output_tokens, 7);
    }
}
