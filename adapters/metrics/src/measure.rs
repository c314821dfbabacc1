//! From how a turn ended to numbers. Pure.

use domain::call::{CallKind, CallRecord};
use domain::price::Tokens;
use domain::{Closing, Ending, Job, Outcome, Prices, Timestamp, TurnId};
use rust_decimal::prelude::ToPrimitive;

/// Returns by which words clients know an ending: its status and, if it failed, its code.
pub type Words = fn(Ending) -> (&'static str, Option<&'static str>);

/// The outcome of a turn that was taken from the process that drove it.
const TAKEN: &str = "taken";

/// What came of a job that was given up.
pub(crate) const DEAD: &str = "dead";

/// A turn in numbers. Times are in milliseconds; what a turn has not reached is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    pub turn: TurnId,
    /// The word for how it ended.
    pub outcome: &'static str,
    /// Why it failed, if it did.
    pub code: Option<&'static str>,
    /// Who decided what its message needs.
    pub route: Option<&'static str>,
    /// Whether it is the first of its process.
    pub is_cold: bool,
    /// From the request to the first event.
    pub first_event: Option<u64>,
    /// How long the history took.
    pub load: Option<u64>,
    /// How long the router's model took, if it was asked.
    pub router: Option<u64>,
    /// How long it took to look up what the reply may be made of, if that was waited for.
    pub recall: Option<u64>,
    /// From the request to the first word of the reply.
    pub first_token: Option<u64>,
    /// How long the finishing write took.
    pub finish: Option<u64>,
    /// From the request to the end.
    pub total: Option<u64>,
    /// What models were asked.
    pub calls: Vec<Call>,
}

/// A model call in numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What it was for.
    pub kind: &'static str,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
    /// In the currency of the prices; `None` if its model has none.
    pub cost: Option<f64>,
}

/// A try of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// The turn that left the job.
    pub turn: TurnId,
    /// What is to be done.
    pub kind: &'static str,
    /// What came of it.
    pub outcome: &'static str,
    /// What models were asked in all tries, if this was the last.
    pub calls: Vec<Call>,
}

impl Measured {
    /// Measures a turn that is over by `now`; one without an ending was taken from this process.
    pub fn of(
        turn: TurnId,
        closing: Option<&Closing>,
        now: Timestamp,
        prices: &Prices,
        words: Words,
    ) -> Self {
        let nothing = Self::nothing(turn);
        let Some(closing) = closing else {
            return nothing;
        };
        let (outcome, code) = words(closing.ending);
        let report = &closing.report;
        let timings = &report.timings;
        let asked_router = report
            .calls
            .iter()
            .find(|call| call.kind == CallKind::Router);
        let finish = now.0.saturating_sub(closing.at.0);
        let route = report.route.as_ref();
        Self {
            outcome,
            code,
            route: route.map(|route| route.router_metadata.source.name()),
            first_event: timings.start,
            load: between(timings.start, timings.load),
            router: asked_router.map(|call| call.ms),
            recall: between(timings.load, timings.gather),
            first_token: timings.first_token,
            finish: Some(finish),
            total: timings.finish.map(|until_then| until_then + finish),
            calls: report
                .calls
                .iter()
                .map(|call| Call::of(call, prices))
                .collect(),
            ..nothing
        }
    }

    fn nothing(turn: TurnId) -> Self {
        Self {
            turn,
            outcome: TAKEN,
            code: None,
            route: None,
            is_cold: false,
            first_event: None,
            load: None,
            router: None,
            recall: None,
            first_token: None,
            finish: None,
            total: None,
            calls: Vec::new(),
        }
    }
}

impl Call {
    /// Measures a model call.
    pub fn of(call: &CallRecord, prices: &Prices) -> Self {
        let usage = &call.usage;
        let cost = prices.cost([Tokens::from(usage)]);
        Self {
            kind: kind(call.kind),
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cache_read_tokens: usage.cache_read_tokens,
            cache_write_tokens: usage.cache_write_tokens,
            cost: cost.and_then(|cost| cost.amount.to_f64()),
        }
    }
}

impl Settled {
    /// Tells what came of a try.
    pub fn of(job: &Job, outcome: &Outcome, prices: &Prices) -> Self {
        let word = match outcome {
            Outcome::Done(_) => "done",
            Outcome::Refused(_) => "refused",
            Outcome::Again(_) => "again",
            Outcome::Dead(_) => DEAD,
        };
        // A job keeps the calls of its earlier tries: they are told once, with the last.
        let is_last = !matches!(outcome, Outcome::Again(_));
        let calls = job.calls.iter().filter(|_| is_last);
        Self {
            turn: job.turn.turn.clone(),
            kind: job.kind.name(),
            outcome: word,
            calls: calls.map(|call| Call::of(call, prices)).collect(),
        }
    }
}

/// Returns how long a step took that began at one time after the request and ended at another.
fn between(began: Option<u64>, ended: Option<u64>) -> Option<u64> {
    Some(ended?.saturating_sub(began?))
}

fn kind(kind: CallKind) -> &'static str {
    match kind {
        CallKind::Router => "router",
        CallKind::Reply => "reply",
        CallKind::Extraction => "extraction",
        CallKind::Summary => "summary",
        CallKind::Embedding => "embedding",
    }
}

#[cfg(test)]
pub(crate) mod tests;
