//! How a turn went, and what it has cost.

use domain::call::{self, CallRecord};
use domain::memory::{RecalledKind, SafetyReport};
use domain::price::{Prices, Tokens};
use domain::turn;
use domain::{Closing, Fault, RouterDecision};
use schemars::JsonSchema;
use serde::Serialize;

use super::spending::Cost;

/// What is known about how a turn went.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Report<'a> {
    usage: Usage<'a>,
    /// What was decided about the message; null if the turn ended before.
    route: Option<&'a RouterDecision>,
    /// What the prompt was made of; null if no model replied.
    context: Option<Context<'a>>,
    timings: Timings,
}

impl<'a> Report<'a> {
    pub(super) fn new(
        closing: &'a Closing,
        calls_of_jobs: impl IntoIterator<Item = &'a CallRecord>,
        prices: &Prices,
    ) -> Self {
        let report = &closing.report;
        Self {
            usage: Usage::of(report.calls.iter().chain(calls_of_jobs).collect(), prices),
            route: report.route.as_ref(),
            context: report.context.as_ref().map(Context::from),
            timings: report.timings.into(),
        }
    }
}

/// What a turn's model calls have cost together, and each of them.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Usage<'a> {
    input_tokens: u64,
    output_tokens: u64,
    cache_read_tokens: u64,
    cache_write_tokens: u64,
    /// How many of the output tokens models have thought in, as far as can be told.
    reasoning_tokens: u64,
    /// Whether any of it was counted by us, because a model did not say.
    estimated: bool,
    /// Left out if no model has a price.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Cost>,
    calls: Vec<ModelCall<'a>>,
}

impl<'a> Usage<'a> {
    fn of(calls: Vec<&'a CallRecord>, prices: &Prices) -> Self {
        let cost = prices.cost(calls.iter().map(|call| Tokens::from(&call.usage)));
        let mut all = Self {
            cost: cost.map(Cost::from),
            ..Self::default()
        };
        for call in calls {
            all.input_tokens += call.usage.input_tokens;
            all.output_tokens += call.usage.output_tokens;
            all.cache_read_tokens += call.usage.cache_read_tokens;
            all.cache_write_tokens += call.usage.cache_write_tokens;
            all.reasoning_tokens += call.usage.reasoning_tokens;
            all.estimated |= call.usage.estimated;
            all.calls.push(call.into());
        }
        all
    }
}

/// One model call; its retries are attempts of the same call.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ModelCall<'a> {
    kind: CallKind,
    /// Null when no model has answered.
    model: Option<&'a str>,
    input_tokens: u64,
    output_tokens: u64,
    cache_read_tokens: u64,
    cache_write_tokens: u64,
    /// How many of the output tokens the model has thought in, as far as can be told.
    reasoning_tokens: u64,
    estimated: bool,
    ms: u64,
    attempts: u32,
    outcome: CallOutcome,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum CallKind {
    Router,
    Reply,
    Extraction,
    Summary,
    /// A text that became a vector, for something to be found or found again.
    Embedding,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum CallOutcome {
    Ok,
    /// Hung up on, by a stop or at the deadline.
    Abandoned,
    /// It answered, and the answer could not be used.
    Malformed,
    #[serde(untagged)]
    Failed(Fault),
}

impl<'a> From<&'a CallRecord> for ModelCall<'a> {
    fn from(call: &'a CallRecord) -> Self {
        Self {
            kind: match call.kind {
                call::CallKind::Router => CallKind::Router,
                call::CallKind::Reply => CallKind::Reply,
                call::CallKind::Extraction => CallKind::Extraction,
                call::CallKind::Summary => CallKind::Summary,
                call::CallKind::Embedding => CallKind::Embedding,
            },
            model: call.usage.model.as_deref(),
            input_tokens: call.usage.input_tokens,
            output_tokens: call.usage.output_tokens,
            cache_read_tokens: call.usage.cache_read_tokens,
            cache_write_tokens: call.usage.cache_write_tokens,
            reasoning_tokens: call.usage.reasoning_tokens,
            estimated: call.usage.estimated,
            ms: call.ms,
            attempts: call.attempts,
            outcome: match call.outcome {
                call::CallOutcome::Ok => CallOutcome::Ok,
                call::CallOutcome::Abandoned => CallOutcome::Abandoned,
                call::CallOutcome::Malformed => CallOutcome::Malformed,
                call::CallOutcome::Failed(fault) => CallOutcome::Failed(fault),
            },
        }
    }
}

/// What a reply's prompt was made of.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    history_messages: usize,
    summary: bool,
    memories: &'a [String],
    recalled: Vec<Hit<'a>>,
    workouts: &'a [String],
    /// What it said of what the athlete's safety depends on.
    safety: &'a SafetyReport,
    /// Estimated, at four characters a token.
    prompt_tokens: u64,
}

/// Something that was found, and entered the prompt.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Recalled")]
struct Hit<'a> {
    kind: HitKind,
    id: &'a str,
    score: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "RecalledKind")]
enum HitKind {
    Memory,
    Workout,
    Summary,
    Methodology,
}

impl<'a> From<&'a turn::ContextReport> for Context<'a> {
    fn from(context: &'a turn::ContextReport) -> Self {
        Self {
            history_messages: context.history_messages,
            summary: context.summary,
            memories: &context.memories,
            recalled: context.recalled.iter().map(Hit::from).collect(),
            workouts: &context.workouts,
            safety: &context.safety,
            prompt_tokens: context.prompt_tokens,
        }
    }
}

impl<'a> From<&'a turn::RecalledReport> for Hit<'a> {
    fn from(hit: &'a turn::RecalledReport) -> Self {
        let kind = match hit.kind {
            RecalledKind::Memory => HitKind::Memory,
            RecalledKind::Workout => HitKind::Workout,
            RecalledKind::Summary => HitKind::Summary,
            RecalledKind::Methodology => HitKind::Methodology,
        };
        Self {
            kind,
            id: &hit.id,
            score: hit.score.into(),
        }
    }
}

/// Milliseconds from the request to each step; null for what was not reached.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Timings {
    admit: Option<u64>,
    start: Option<u64>,
    load: Option<u64>,
    route: Option<u64>,
    gather: Option<u64>,
    first_token: Option<u64>,
    last_token: Option<u64>,
    finish: Option<u64>,
}

impl From<turn::Timings> for Timings {
    fn from(timings: turn::Timings) -> Self {
        let turn::Timings {
            admit,
            start,
            load,
            route,
            gather,
            first_token,
            last_token,
            finish,
        } = timings;
        Self {
            admit,
            start,
            load,
            route,
            gather,
            first_token,
            last_token,
            finish,
        }
    }
}
