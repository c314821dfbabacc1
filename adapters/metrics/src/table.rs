//! What is told of what was measured, and by which names: the one place from which all names
//! come.

use ports::Swept;

use crate::measure::{Call, DEAD, Measured, Settled};

/// Something to tell of a `T`.
#[derive(Debug)]
pub struct Metric<T: 'static> {
    /// Its name in CloudWatch, from which that in Prometheus follows (docs/operating.md).
    pub name: &'static str,
    /// What its numbers count.
    pub unit: Unit,
    /// What it is, in a few words.
    pub about: &'static str,
    /// Returns its number; `None` if there is none.
    pub value: fn(&T) -> Option<f64>,
    /// Returns by what it is told apart, besides the stage.
    pub labels: fn(&T) -> Labels,
}

/// Names with values out of small sets: never a user, nor anything that was said.
pub type Labels = Vec<(&'static str, &'static str)>;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Milliseconds,
    Count,
    /// In the currency of the table of prices.
    Money,
}

/// What is told of a turn.
pub const OF_TURNS: &[Metric<Measured>] = &[
    Metric {
        name: "Turns",
        unit: Unit::Count,
        about: "Turns that are over",
        value: |_| Some(1.0),
        labels: |turn| {
            vec![
                ("outcome", turn.outcome),
                ("code", turn.code.unwrap_or_default()),
                ("route", turn.route.unwrap_or_default()),
            ]
        },
    },
    Metric {
        name: "ColdStarts",
        unit: Unit::Count,
        about: "Turns that were the first of their process",
        value: |turn| turn.is_cold.then_some(1.0),
        labels: |_| Labels::new(),
    },
    time(
        "FirstEvent",
        "From the request to the first event",
        |turn| ms(turn.first_event),
    ),
    time("Load", "Loading the history", |turn| ms(turn.load)),
    time("Route", "Asking a model what a message needs", |turn| {
        ms(turn.router)
    }),
    time("Recall", "Looking up what a reply is made of", |turn| {
        ms(turn.recall)
    }),
    time(
        "FirstToken",
        "From the request to the first word of the reply",
        |turn| ms(turn.first_token),
    ),
    time("Finish", "Saving the end", |turn| ms(turn.finish)),
    time(
        "Total",
        "From the request to the end",
        |turn| ms(turn.total),
    ),
];

/// What is told of model calls: of each by its kind, or of all of a turn together.
pub const OF_CALLS: &[Metric<Call>] = &[
    of_call("Calls", "Model calls", |_| Some(1.0)),
    of_call(
        "InputTokens",
        "Tokens that were read, and not from a cache",
        |call| Some(call.input_tokens as f64),
    ),
    of_call("OutputTokens", "Tokens that models wrote", |call| {
        Some(call.output_tokens as f64)
    }),
    of_call(
        "CacheReadTokens",
        "Tokens that were read from a cache",
        |call| Some(call.cache_read_tokens as f64),
    ),
    of_call(
        "CacheWriteTokens",
        "Tokens that were put into a cache",
        |call| Some(call.cache_write_tokens as f64),
    ),
    Metric {
        unit: Unit::Money,
        ..of_call(
            "Cost",
            "What calls have cost whose models have a price",
            |call| call.cost,
        )
    },
];

/// What is told of a try of a job.
pub const OF_JOBS: &[Metric<Settled>] = &[
    Metric {
        name: "Jobs",
        unit: Unit::Count,
        about: "Tries of jobs, by what came of them",
        value: |_| Some(1.0),
        labels: |job| vec![("kind", job.kind), ("outcome", job.outcome)],
    },
    Metric {
        name: "DeadLetters",
        unit: Unit::Count,
        about: "Jobs that were given up",
        value: |job| (job.outcome == DEAD).then_some(1.0),
        labels: |job| vec![("kind", job.kind)],
    },
];

/// What is told of a sweep.
pub const OF_SWEEPS: &[Metric<Swept>] = &[
    of_sweep(
        "SweptJobs",
        "Jobs that were left over, and that a sweep has seen to",
        |swept| Some((swept.done + swept.refused) as f64),
    ),
    of_sweep(
        "SweptTurns",
        "Turns that nobody drove any more, and that a sweep has ended",
        |swept| Some(swept.turns as f64),
    ),
    of_sweep(
        "SweepTroubles",
        "Steps of sweeps that a store has failed",
        |swept| Some(swept.troubles as f64),
    ),
];

const fn time(
    name: &'static str,
    about: &'static str,
    value: fn(&Measured) -> Option<f64>,
) -> Metric<Measured> {
    Metric {
        name,
        unit: Unit::Milliseconds,
        about,
        value,
        labels: |turn| vec![("outcome", turn.outcome)],
    }
}

const fn of_call(
    name: &'static str,
    about: &'static str,
    value: fn(&Call) -> Option<f64>,
) -> Metric<Call> {
    Metric {
        name,
        unit: Unit::Count,
        about,
        value,
        labels: |call| vec![("kind", call.kind)],
    }
}

const fn of_sweep(
    name: &'static str,
    about: &'static str,
    value: fn(&Swept) -> Option<f64>,
) -> Metric<Swept> {
    Metric {
        name,
        unit: Unit::Count,
        about,
        value,
        labels: |_| Labels::new(),
    }
}

fn ms(time: Option<u64>) -> Option<f64> {
    time.map(|ms| ms as f64)
}

impl<T> Metric<T> {
    /// Returns its number for several together; `None` if none of them has one.
    pub(crate) fn sum(&self, all: &[T]) -> Option<f64> {
        let numbers = all.iter().filter_map(self.value);
        numbers.reduce(|sum, number| sum + number)
    }
}
