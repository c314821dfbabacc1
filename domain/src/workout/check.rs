//! What is taken of a model's answer about a workout, and what is not.

use std::sync::LazyLock;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::{Exercise, Quantity, Set, Workout, whole};
use crate::router::Discipline;
use crate::router::answer::{cut, read, schema_of};
use crate::{RecordId, Timestamp, TurnKey, ZoneName};

/// Why nothing is logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The model's answer cannot be used; it may be asked again.
    #[error("{0}")]
    Malformed(String),
    /// There is nothing to log, for this reason, which the athlete sees.
    #[error("{0}")]
    Refused(String),
}

/// What is known of a workout before any model has read it.
#[derive(Debug, Clone, Copy)]
pub struct Logging<'a> {
    /// The turn that told of it.
    pub turn: &'a TurnKey,
    /// Whether the athlete has ordered it to be logged.
    pub by_command: bool,
    /// When it was told.
    pub when: Timestamp,
    /// Where the athlete is: "yesterday" is theirs.
    pub zone: Option<&'a ZoneName>,
}

/// Returns the workout in a model's answer. Its [`records`](super::records) are left to whoever has
/// its history.
///
/// A zero, an empty text and an empty set stand for what was not told, and are left out. A time
/// without an offset is the athlete's own; one that cannot be right (ahead, or five years ago) is
/// taken for a slip of the model: the workout is then dated to when it was told. Any other number
/// that cannot be right makes the answer unusable.
pub fn check(answer: &str, logging: &Logging<'_>) -> Result<Workout, Refusal> {
    let answer: Answer = read(answer, &SCHEMA).map_err(Refusal::Malformed)?;
    if let Some(reason) = answer.refusal.filter(|_| !logging.by_command) {
        return Err(Refusal::Refused(reason.in_words().to_owned()));
    }
    let duration_seconds = within(answer.duration_seconds, LONGEST_WORKOUT, "a duration")?;
    let exercises = at_most(answer.exercises, MOST_EXERCISES, "exercises")?;
    let exercises: Vec<_> = exercises
        .into_iter()
        .map(exercise)
        .collect::<Result<_, _>>()?;
    let score = told(answer.score, LONGEST_NAME);

    let measured = duration_seconds.is_some()
        || score.is_some()
        || exercises.iter().any(|e| !e.sets.is_empty());
    if !measured && (exercises.is_empty() || !logging.by_command) {
        return Err(Refusal::Refused(
            Reason::NothingMeasurable.in_words().to_owned(),
        ));
    }
    let discipline = answer
        .discipline
        .ok_or_else(|| malformed("a workout without a discipline"))?;
    let name = match (told(answer.name, LONGEST_NAME), exercises.first()) {
        (Some(name), _) => name,
        (None, Some(first)) => first.name.clone(),
        (None, None) => "Workout".to_owned(),
    };
    let conversation = &logging.turn.conversation;
    Ok(Workout {
        id: RecordId::from(&logging.turn.turn),
        coach_id: conversation.coach.clone(),
        conversation_id: conversation.conversation.clone(),
        turn_id: logging.turn.turn.clone(),
        discipline,
        name,
        performed_at: performed_at(answer.performed_at.as_deref(), logging)?,
        duration_seconds,
        exercises,
        score,
        perceived_exertion: exertion(answer.perceived_exertion)?,
        notes: told(answer.notes, LONGEST_NOTES),
        confidence: answer.confidence.clamp(0.0, 1.0),
        records: Vec::new(),
    })
}

/// Returns what the model must fill in.
pub(super) fn schema() -> Value {
    SCHEMA.clone()
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// Why there is nothing to log; null for a finished workout.
    refusal: Option<Reason>,
    /// What sort of training it was; null only with a refusal.
    discipline: Option<Discipline>,
    /// A short name for the workout.
    name: Option<String>,
    /// When it was done, by the athlete's clock, such as 2026-01-31T07:30; null when not told.
    performed_at: Option<String>,
    /// How long the whole workout took.
    #[serde(default, deserialize_with = "whole")]
    duration_seconds: Option<u32>,
    /// What was done, in order.
    #[serde(default)]
    exercises: Vec<Exercise>,
    /// The result of a benchmark or competition.
    score: Option<String>,
    /// How hard it felt, from 1 to 10.
    perceived_exertion: Option<f64>,
    /// Whatever else matters.
    notes: Option<String>,
    /// How sure you are, from 0 to 1.
    confidence: f64,
}

#[derive(Clone, Copy, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Reason {
    Plan,
    Question,
    Advice,
    #[serde(rename = "nothing measurable")]
    NothingMeasurable,
}

impl Reason {
    fn in_words(self) -> &'static str {
        match self {
            Self::Plan => "this reads like a plan: tell me when it is done",
            Self::Question => "this reads like a question, not like a finished workout",
            Self::Advice => "this reads like advice, not like a finished workout",
            Self::NothingMeasurable => {
                "there is nothing measurable in it: tell me loads, repetitions, time or distance"
            }
        }
    }
}

static SCHEMA: LazyLock<Value> = LazyLock::new(schema_of::<Answer>);

/// Five years.
const OLDEST: Duration = Duration::from_secs(5 * 366 * 24 * 60 * 60);

const MOST_EXERCISES: usize = 50;
const MOST_SETS: usize = 100;
const MOST_REPS: u32 = 10_000;
/// In seconds: two days.
const LONGEST_WORKOUT: u32 = 2 * 24 * 60 * 60;
/// In characters.
const LONGEST_NAME: usize = 100;
/// In characters.
const LONGEST_NOTES: usize = 500;

/// The units that are stored, what else they are called, and the most that is believed of each.
const WEIGHTS: [(&str, &[&str], f64); 2] = [
    (
        "kg",
        &["kgs", "kilo", "kilos", "kilogram", "kilograms"],
        1_500.0,
    ),
    ("lb", &["lbs", "pound", "pounds"], 3_300.0),
];
const DISTANCES: [(&str, &[&str], f64); 5] = [
    ("m", &["meter", "meters", "metre", "metres"], 1_000_000.0),
    (
        "km",
        &["k", "kilometer", "kilometers", "kilometre", "kilometres"],
        1_000.0,
    ),
    ("mi", &["mile", "miles"], 620.0),
    ("yd", &["yds", "yard", "yards"], 1_100_000.0),
    ("ft", &["foot", "feet"], 3_300_000.0),
];

fn exercise(told_of: Exercise) -> Result<Exercise, Refusal> {
    let name = told(Some(told_of.name), LONGEST_NAME)
        .ok_or_else(|| malformed("an exercise without a name"))?;
    let sets = at_most(told_of.sets, MOST_SETS, "sets")?
        .into_iter()
        .map(set)
        .collect::<Result<Vec<_>, _>>()?;
    let sets = sets.into_iter().filter(is_measured).collect();
    Ok(Exercise {
        name,
        sets,
        notes: told(told_of.notes, LONGEST_NOTES),
    })
}

fn set(told_of: Set) -> Result<Set, Refusal> {
    Ok(Set {
        reps: within(told_of.reps, MOST_REPS, "a number of repetitions")?,
        weight: quantity(told_of.weight, &WEIGHTS, "a weight")?,
        distance: quantity(told_of.distance, &DISTANCES, "a distance")?,
        duration_seconds: within(
            told_of.duration_seconds,
            LONGEST_WORKOUT,
            "a set's duration",
        )?,
        rpe: exertion(told_of.rpe)?,
    })
}

fn is_measured(set: &Set) -> bool {
    set.reps.is_some()
        || set.weight.is_some()
        || set.distance.is_some()
        || set.duration_seconds.is_some()
}

fn quantity(
    told_of: Option<Quantity>,
    units: &[(&str, &[&str], f64)],
    what: &str,
) -> Result<Option<Quantity>, Refusal> {
    let Some(Quantity { value, unit }) = told_of.filter(|told_of| told_of.value != 0.0) else {
        return Ok(None);
    };
    let unit = unit.trim().to_lowercase();
    let known = units
        .iter()
        .find(|(name, others, _)| *name == unit || others.contains(&unit.as_str()));
    let (unit, _, most) = known.ok_or_else(|| malformed(format!("{what} in an unknown unit")))?;
    if value > 0.0 && value <= *most {
        Ok(Some(Quantity {
            value,
            unit: (*unit).to_owned(),
        }))
    } else {
        Err(malformed(format!("{what} that cannot be right")))
    }
}

fn performed_at(told_of: Option<&str>, logging: &Logging<'_>) -> Result<Timestamp, Refusal> {
    let when = logging.when;
    let Some(told_of) = told_of.map(str::trim).filter(|told_of| !told_of.is_empty()) else {
        return Ok(when);
    };
    let at = told_of
        .parse()
        .or_else(|_| Timestamp::local(told_of, logging.zone));
    let at = at.map_err(|_| malformed("a time that is none"))?;
    Ok(if at <= when && when.since(at) <= OLDEST {
        at
    } else {
        when
    })
}

fn exertion(told_of: Option<f64>) -> Result<Option<f64>, Refusal> {
    match told_of.filter(|exertion| *exertion != 0.0) {
        Some(exertion) if !(1.0..=10.0).contains(&exertion) => {
            Err(malformed("an exertion that is not from 1 to 10"))
        }
        exertion => Ok(exertion),
    }
}

fn within(told_of: Option<u32>, most: u32, what: &str) -> Result<Option<u32>, Refusal> {
    match told_of.filter(|number| *number != 0) {
        Some(number) if number > most => Err(malformed(format!("{what} that cannot be right"))),
        number => Ok(number),
    }
}

fn at_most<T>(items: Vec<T>, most: usize, what: &str) -> Result<Vec<T>, Refusal> {
    if items.len() <= most {
        Ok(items)
    } else {
        Err(malformed(format!("more than {most} {what}")))
    }
}

/// On one line, cut to its cap; `None` for nothing.
fn told(text: Option<String>, longest: usize) -> Option<String> {
    let text = text?.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then(|| cut(&text, longest).trim_end().to_owned())
}

fn malformed(what: impl Into<String>) -> Refusal {
    Refusal::Malformed(what.into())
}

#[cfg(test)]
mod tests;
