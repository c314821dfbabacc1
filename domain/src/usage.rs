//! What model calls cost: tokens for each day and model.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::call::CallRecord;
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
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase", default)]
pub struct ModelUsage {
    pub calls: u64,
    pub attempts: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
    /// How many of the output tokens models have thought in, as far as can be told.
    pub reasoning_tokens: u64,
    /// Whether some of it was counted by us, because the model did not say.
    pub estimated: bool,
}

impl UsageDay {
    /// A day without calls.
    pub fn new(at: Timestamp) -> Self {
        Self {
            day: day(at),
            models: BTreeMap::new(),
        }
    }

    /// Returns the id of the record of the day that `at` falls on.
    pub fn id(at: Timestamp) -> Option<RecordId> {
        day(at).parse().ok()
    }

    /// Returns the same with more calls.
    #[must_use]
    pub fn with(mut self, calls: &[CallRecord]) -> Self {
        for call in calls {
            let name = call.usage.model.as_deref().unwrap_or("unknown");
            let model = self.models.entry(name.to_owned()).or_default();
            *model = model.plus(ModelUsage {
                calls: 1,
                attempts: u64::from(call.attempts),
                input_tokens: call.usage.input_tokens,
                output_tokens: call.usage.output_tokens,
                cache_read_tokens: call.usage.cache_read_tokens,
                cache_write_tokens: call.usage.cache_write_tokens,
                reasoning_tokens: call.usage.reasoning_tokens,
                estimated: call.usage.estimated,
            });
        }
        self
    }
}

impl ModelUsage {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            attempts: self.attempts + other.attempts,
            input_tokens: self.input_tokens + other.input_tokens,
            output_tokens: self.output_tokens + other.output_tokens,
            cache_read_tokens: self.cache_read_tokens + other.cache_read_tokens,
            cache_write_tokens: self.cache_write_tokens + other.cache_write_tokens,
            reasoning_tokens: self.reasoning_tokens + other.reasoning_tokens,
            estimated: self.estimated || other.estimated,
        }
    }
}

/// Days in a row, in UTC; the first and the last are among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    from: Date,
    to: Date,
}

/// Why these are no days to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDays {
    #[error("from and to are days, such as 2026-01-31")]
    NoDay,
    #[error("from is the day of to or an earlier one")]
    Backwards,
    #[error("from and to are at most {MOST_DAYS} days apart")]
    TooMany,
}

impl Days {
    /// From one day to another: to today, if nothing is said, and 30 in all.
    pub fn new(from: Option<&str>, to: Option<&str>, now: Timestamp) -> Result<Self, InvalidDays> {
        let to = to.map_or_else(|| Ok(now.zoned(None).date()), date)?;
        let before = || {
            to.checked_sub(jiff::Span::new().days(USUAL_DAYS - 1))
                .unwrap_or(to)
        };
        let from = from.map_or_else(|| Ok(before()), date)?;
        let apart = from.until(to).map_err(|_| InvalidDays::TooMany)?.get_days();
        match apart {
            ..0 => Err(InvalidDays::Backwards),
            0..=MOST_DAYS => Ok(Self { from, to }),
            _ => Err(InvalidDays::TooMany),
        }
    }

    /// Returns the first.
    pub fn from(&self) -> String {
        self.from.to_string()
    }

    /// Returns the last.
    pub fn to(&self) -> String {
        self.to.to_string()
    }
}

const USUAL_DAYS: i64 = 30;
const MOST_DAYS: i32 = 366;

/// Written in full, so that texts are in the order of their days.
fn date(text: &str) -> Result<Date, InvalidDays> {
    text.parse()
        .ok()
        .filter(|date: &Date| date.to_string() == text)
        .ok_or(InvalidDays::NoDay)
}

fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{CallKind, CallOutcome, Usage};

    fn call(model: Option<&str>, input: u64, output: u64) -> CallRecord {
        let usage = Usage {
            model: model.map(Into::into),
            input_tokens: input,
            output_tokens: output,
            ..Usage::default()
        };
        CallRecord {
            kind: CallKind::Reply,
            usage,
            ms: 1,
            attempts: 2,
            outcome: CallOutcome::Ok,
        }
    }

    #[test]
    fn a_day_adds_up_by_model_also_in_steps() {
        let calls = [
            call(Some("a"), 1_000, 100),
            call(Some("a"), 500, 0),
            call(Some("b"), 2_000_000, 7),
            call(None, 3, 0),
        ];
        let day = UsageDay::new(Timestamp(1_795_200_000_000))
            .with(&calls[..1])
            .with(&calls[1..]);
        assert_eq!(day.day, "2026-11-20");
        let used = |model: &str| {
            (
                day.models[model].calls,
                day.models[model].attempts,
                day.models[model].input_tokens,
            )
        };
        assert_eq!(
            (used("a"), used("b"), used("unknown")),
            ((2, 4, 1_500), (1, 2, 2_000_000), (1, 2, 3))
        );
        assert_eq!(day.models["b"].output_tokens, 7);
    }

    #[test]
    fn days_are_thirty_up_to_today_unless_something_else_is_asked_for() {
        let days = |from: Option<&str>, to: Option<&str>| {
            Days::new(from, to, Timestamp(1_795_200_000_000))
                .map(|days| format!("{} {}", days.from(), days.to()))
        };
        for (from, to, expected) in [
            (None, None, Ok("2026-10-22 2026-11-20")),
            (Some("2026-11-20"), None, Ok("2026-11-20 2026-11-20")),
            (None, Some("2026-03-01"), Ok("2026-01-31 2026-03-01")),
            (
                Some("2024-02-29"),
                Some("2025-03-01"),
                Ok("2024-02-29 2025-03-01"),
            ),
            (
                Some("2024-02-29"),
                Some("2025-03-02"),
                Err(InvalidDays::TooMany),
            ),
            (
                Some("-009999-01-01"),
                Some("9999-12-31"),
                Err(InvalidDays::TooMany),
            ),
            (Some("2026-11-21"), None, Err(InvalidDays::Backwards)),
            (Some("2026-02-30"), None, Err(InvalidDays::NoDay)),
            (Some("20261120"), None, Err(InvalidDays::NoDay)),
            (Some("2026-11-20T00:00:00"), None, Err(InvalidDays::NoDay)),
            (None, Some(""), Err(InvalidDays::NoDay)),
        ] {
            assert_eq!(
                days(from, to),
                expected.map(str::to_owned),
                "{from:?} {to:?}"
            );
        }
    }
}
