//! Lines of which CloudWatch makes metrics: its embedded metric format.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;
use ports::Swept;
use serde_json::{Map, Number, Value, json};

use crate::measure::{Call, Measured, Settled};
use crate::metrics::Sink;
use crate::requests::Request;
use crate::table::{Metric, OF_CALLS, OF_JOBS, OF_SWEEPS, OF_TURNS, Unit};

/// What is told for each outcome, too. CloudWatch bills every name with every set of dimensions:
/// all of them for each outcome would cost seven times as much.
const BY_OUTCOME: [&str; 2] = ["Turns", "Jobs"];

/// Writes one line for each turn, each try of a job, and each sweep.
pub struct Emf {
    namespace: String,
    stage: String,
    out: Mutex<Box<dyn Write + Send>>,
}

impl Emf {
    /// Writes to `out`, which is the standard output where CloudWatch reads.
    pub fn new(namespace: String, stage: String, out: Box<dyn Write + Send>) -> Self {
        Self {
            namespace,
            stage,
            out: Mutex::new(out),
        }
    }

    fn write(&self, at: Timestamp, line: Line<'_>) {
        let line = line.told(&self.namespace, &self.stage, at);
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody has to read it, and a turn does not depend on it.
        _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    }
}

impl Sink for Emf {
    fn turn(&self, at: Timestamp, turn: &Measured, request: Option<&Request>) {
        self.write(at, of_turn(turn, request));
    }

    fn settled(&self, at: Timestamp, job: &Settled) {
        self.write(at, of_job(job));
    }

    fn swept(&self, at: Timestamp, swept: &Swept) {
        self.write(at, of_sweep(swept));
    }
}

/// What one line tells.
#[derive(Default)]
struct Line<'a> {
    numbers: Numbers,
    outcome: Option<&'static str>,
    /// Can be looked for, and are no metrics; what is not known is left out.
    properties: Vec<(&'static str, Option<&'a str>)>,
}

fn of_turn<'a>(turn: &'a Measured, request: Option<&'a Request>) -> Line<'a> {
    let request_id = request.map(|request| request.id.as_str());
    let trace = request.and_then(|request| request.trace.as_deref());
    Line {
        numbers: with_calls(numbers(OF_TURNS, turn), &turn.calls),
        outcome: Some(turn.outcome),
        properties: vec![
            ("turnId", Some(turn.turn.as_str())),
            ("requestId", request_id),
            ("trace", trace),
            ("route", turn.route),
            ("code", turn.code),
            ("start", Some(if turn.is_cold { "cold" } else { "warm" })),
        ],
    }
}

fn of_job(job: &Settled) -> Line<'_> {
    Line {
        numbers: with_calls(numbers(OF_JOBS, job), &job.calls),
        outcome: Some(job.outcome),
        properties: vec![
            ("turnId", Some(job.turn.as_str())),
            ("kind", Some(job.kind)),
        ],
    }
}

fn of_sweep(swept: &Swept) -> Line<'static> {
    Line {
        numbers: numbers(OF_SWEEPS, swept),
        ..Line::default()
    }
}

type Numbers = Vec<(&'static str, Unit, f64)>;

/// Adds what all calls together come to.
fn with_calls(mut numbers: Numbers, calls: &[Call]) -> Numbers {
    for metric in OF_CALLS {
        let sum = metric.sum(calls);
        numbers.extend(sum.map(|sum| (metric.name, metric.unit, sum)));
    }
    numbers
}

fn numbers<T>(table: &[Metric<T>], of: &T) -> Numbers {
    let known = table
        .iter()
        .filter_map(|metric| Some((metric.name, metric.unit, (metric.value)(of)?)));
    known.collect()
}

impl Line<'_> {
    /// Returns the line as CloudWatch reads it.
    fn told(&self, namespace: &str, stage: &str, at: Timestamp) -> String {
        let directive = |dimensions: Value, is_told: &dyn Fn(&str) -> bool| {
            let told = self.numbers.iter().filter(|(name, ..)| is_told(name));
            let metrics: Vec<Value> = told
                .map(|(name, unit, _)| json!({ "Name": name, "Unit": word(*unit) }))
                .collect();
            json!({ "Namespace": namespace, "Dimensions": [dimensions], "Metrics": metrics })
        };
        let mut directives = vec![directive(json!(["stage"]), &|_| true)];
        if self.outcome.is_some() {
            let by_outcome = directive(json!(["stage", "outcome"]), &|name| {
                BY_OUTCOME.contains(&name)
            });
            directives.push(by_outcome);
        }
        let mut line = Map::new();
        let about = json!({ "Timestamp": at.0, "CloudWatchMetrics": directives });
        line.insert("_aws".to_owned(), about);
        line.insert("stage".to_owned(), stage.into());
        let properties = [("outcome", self.outcome)]
            .into_iter()
            .chain(self.properties.iter().copied());
        for (name, value) in properties {
            if let Some(value) = value {
                line.insert(name.to_owned(), value.into());
            }
        }
        for (name, _, number) in &self.numbers {
            line.insert((*name).to_owned(), json(*number));
        }
        format!("{}\n", Value::Object(line))
    }
}

fn word(unit: Unit) -> &'static str {
    match unit {
        Unit::Milliseconds => "Milliseconds",
        Unit::Count => "Count",
        Unit::Money => "None",
    }
}

/// A number as somebody would write it: 3, not 3.0.
fn json(number: f64) -> Value {
    if number.fract() == 0.0 && (0.0..1e15).contains(&number) {
        return (number as u64).into();
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests;
