//! Sums and distributions, for Prometheus to ask for.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use domain::Timestamp;
use ports::{Feeds, Swept};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit as Suffix};

use crate::measure::{Call, Measured, Settled};
use crate::metrics::Sink;
use crate::requests::Request;
use crate::table::{Labels, Metric, OF_CALLS, OF_JOBS, OF_SWEEPS, OF_TURNS, Unit};

/// In which format [`Prometheus::told`] tells.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The bounds of the distributions, in seconds: from what a store in memory takes to the longest
/// turn.
const BOUNDS: [f64; 17] = [
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 30.0,
    60.0, 120.0,
];

/// Keeps what was measured since the start of this process.
#[derive(Debug)]
pub struct Prometheus {
    registry: Registry,
    turns: Vec<Series<Measured>>,
    calls: Vec<Series<Call>>,
    jobs: Vec<Series<Settled>>,
    sweeps: Vec<Series<Swept>>,
    running: Gauge,
    feeds: Arc<Feeds>,
}

impl Prometheus {
    /// Tells also how many turns run of these.
    pub fn new(feeds: Arc<Feeds>) -> Self {
        let mut registry = Registry::with_prefix("coach");
        let running = Gauge::default();
        registry.register("running", "Turns that run", running.clone());
        Self {
            turns: series(OF_TURNS, &mut registry),
            calls: series(OF_CALLS, &mut registry),
            jobs: series(OF_JOBS, &mut registry),
            sweeps: series(OF_SWEEPS, &mut registry),
            running,
            feeds,
            registry,
        }
    }

    /// Returns all of it, in the OpenMetrics text format.
    pub fn told(&self) -> String {
        self.running
            .set(i64::try_from(self.feeds.len()).unwrap_or(i64::MAX));
        let mut text = String::new();
        // A `String` takes everything.
        _ = encode(&mut text, &self.registry);
        text
    }
}

impl Sink for Prometheus {
    fn turn(&self, _: Timestamp, turn: &Measured, _: Option<&Request>) {
        add(&self.turns, [turn]);
        add(&self.calls, &turn.calls);
    }

    fn settled(&self, _: Timestamp, job: &Settled) {
        add(&self.jobs, [job]);
        add(&self.calls, &job.calls);
    }

    fn swept(&self, _: Timestamp, swept: &Swept) {
        add(&self.sweeps, [swept]);
    }
}

/// A metric, and its numbers so far.
#[derive(Debug)]
struct Series<T: 'static> {
    metric: &'static Metric<T>,
    numbers: Numbers,
}

#[derive(Debug)]
enum Numbers {
    Times(Family<Labels, Histogram, fn() -> Histogram>),
    Counts(Family<Labels, Counter<f64, AtomicU64>>),
}

fn series<T>(table: &'static [Metric<T>], registry: &mut Registry) -> Vec<Series<T>> {
    let mut all = Vec::new();
    for metric in table {
        let (name, about) = (snake_case(metric.name), metric.about);
        let numbers = match metric.unit {
            Unit::Milliseconds => {
                let times = Family::new_with_constructor(histogram as fn() -> Histogram);
                registry.register_with_unit(name, about, Suffix::Seconds, times.clone());
                Numbers::Times(times)
            }
            Unit::Count | Unit::Money => {
                let counts = Family::default();
                registry.register(name, about, counts.clone());
                Numbers::Counts(counts)
            }
        };
        all.push(Series { metric, numbers });
    }
    all
}

fn add<'a, T>(to: &[Series<T>], all: impl IntoIterator<Item = &'a T>) {
    for of in all {
        to.iter().for_each(|series| series.add(of));
    }
}

impl<T> Series<T> {
    fn add(&self, of: &T) {
        let Some(number) = (self.metric.value)(of) else {
            return;
        };
        let labels = (self.metric.labels)(of);
        match &self.numbers {
            Numbers::Times(times) => times.get_or_create(&labels).observe(number / 1_000.0),
            Numbers::Counts(counts) => {
                counts.get_or_create(&labels).inc_by(number);
            }
        }
    }
}

fn histogram() -> Histogram {
    Histogram::new(BOUNDS)
}

/// Returns a name such as `FirstToken` as `first_token`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests;
