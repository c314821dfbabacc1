//! What model calls cost: tokens for each day and model, and money by a price table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::turn::{CallRecord, Usage};
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

    /// What the day cost; `None` if a model has no price.
    pub fn cost(&self, prices: &Prices) -> Option<f64> {
        self.models.iter().map(|(name, used)| Some(prices.of(name)?.cost(used))).sum()
    }
}

fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

/// What each model costs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Prices(BTreeMap<String, Price>);

/// What a model costs, in one currency for each million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each is what it says")]
pub struct Price {
    pub input: f64,
    pub output: f64,
    pub cache_read: f64,
    pub cache_write: f64,
}

impl Prices {
    /// What these calls cost; `None` if one of their models has no price.
    pub fn cost<'a>(&self, calls: impl IntoIterator<Item = &'a CallRecord>) -> Option<f64> {
        calls.into_iter().map(|call| self.cost_of(&call.usage)).sum()
    }

    fn cost_of(&self, usage: &Usage) -> Option<f64> {
        let price = self.of(usage.model.as_deref()?)?;
        Some(price.cost(&ModelUsage {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cache_read_tokens: usage.cache_read_tokens,
            cache_write_tokens: usage.cache_write_tokens,
            ..ModelUsage::default()
        }))
    }

    fn of(&self, model: &str) -> Option<&Price> {
        self.0.get(model)
    }
}

impl Price {
    fn cost(&self, used: &ModelUsage) -> f64 {
        let of = |tokens: u64, price: f64| tokens as f64 * price / 1_000_000.0;
        of(used.input_tokens, self.input)
            + of(used.output_tokens, self.output)
            + of(used.cache_read_tokens, self.cache_read)
            + of(used.cache_write_tokens, self.cache_write)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::turn::{CallKind, CallOutcome};

    fn call(model: Option<&str>, input: u64, output: u64) -> CallRecord {
        let usage =
            Usage { model: model.map(Into::into), input_tokens: input, output_tokens: output, ..Usage::default() };
        CallRecord { kind: CallKind::Reply, usage, ms: 1, attempts: 2, outcome: CallOutcome::Ok }
    }

    #[test]
    fn a_day_adds_up_by_model_and_costs_what_its_calls_cost() {
        let prices: Prices = serde_json::from_str(r#"{"a": {"input": 3, "output": 15}, "b": {"input": 1}}"#).unwrap();
        let calls = [call(Some("a"), 1_000, 100), call(Some("a"), 500, 0), call(Some("b"), 2_000_000, 7)];
        let day = UsageDay::new(Timestamp(1_795_200_000_000)).with(&calls[..1]).with(&calls[1..]);
        assert_eq!((day.day.as_str(), day.models["a"].input_tokens, day.models["a"].calls), ("2026-11-20", 1_500, 2));
        let expected = (1_500.0 * 3.0 + 100.0 * 15.0) / 1e6 + 2.0;
        assert!((day.cost(&prices).unwrap() - expected).abs() < 1e-9);
        assert!((prices.cost(&calls).unwrap() - expected).abs() < 1e-9);
    }

    #[test]
    fn what_has_no_price_has_no_cost() {
        let prices: Prices = serde_json::from_str(r#"{"a": {"input": 3}}"#).unwrap();
        assert_eq!(prices.cost(&[call(Some("a"), 1, 1), call(Some("b"), 1, 1)]), None);
        assert_eq!(prices.cost(&[call(None, 1, 1)]), None);
        assert_eq!(UsageDay::new(Timestamp(0)).with(&[call(None, 1, 1)]).cost(&prices), None);
        assert!(serde_json::from_str::<Prices>(r#"{"a": {"inptu": 3}}"#).is_err());
    }
}
