//! What is taken of a model's answer about a workout, and what is not.

use std::sync::LazyLock;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Exercise, Quantity, Set, Workout};
use crate::router::Discipline;
use crate::router::answer::{Parts, cut, schema_of};
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

/// Returns the workout in a model's answer, and what of that was dropped. Its
/// [`records`](super::records) are left to whoever has its history.
///
/// A zero, an empty text and an empty set stand for what was not told, and are left out. A time
/// without an offset is the athlete's own; one that cannot be right (ahead, or five years ago) is
/// taken for a slip of the model: the workout is then dated to when it was told. Any other value
/// that cannot be right is dropped, and costs only itself. The answer cannot be used if it is no
/// JSON object, has a field twice, or if nothing is left of it once that was dropped.
pub fn check(answer: &str, logging: &Logging<'_>) -> Result<(Workout, Vec<String>), Refusal> {
    let mut parts = Parts::of(answer, &SCHEMA).map_err(Refusal::Malformed)?;
    let refusal: Option<Reason> = parts.take("refusal").flatten();
    if let Some(reason) = refusal.filter(|_| !logging.by_command) {
        return Err(Refusal::Refused(reason.in_words().to_owned()));
    }
    let confidence: f64 = parts.take("confidence").unwrap_or(UNSURE);
    let duration_seconds = whole(&mut parts, "durationSeconds", LONGEST_WORKOUT);
    let exercises = exercises(&mut parts);
    let score = text(&mut parts, "score", LONGEST_NAME);
    let measured = duration_seconds.is_some()
        || score.is_some()
        || exercises.iter().any(|e| !e.sets.is_empty());
    if !measured && (exercises.is_empty() || !logging.by_command) {
        return Err(nothing_left(&parts));
    }
    let discipline: Option<Discipline> = parts.take("discipline").flatten();
    let discipline = discipline.unwrap_or_else(|| {
        parts.note_dropped("discipline");
        what_it_looks_like(&exercises)
    });
    let name = match (text(&mut parts, "name", LONGEST_NAME), exercises.first()) {
        (Some(name), _) => name,
        (None, Some(first)) => first.name.clone(),
        (None, None) => "Workout".to_owned(),
    };
    let conversation = &logging.turn.conversation;
    let workout = Workout {
        id: RecordId::from(&logging.turn.turn),
        coach_id: conversation.coach.clone(),
        conversation_id: conversation.conversation.clone(),
        turn_id: logging.turn.turn.clone(),
        discipline,
        name,
        performed_at: performed_at(&mut parts, logging),
        duration_seconds,
        exercises,
        score,
        perceived_exertion: exertion(&mut parts, "perceivedExertion"),
        notes: text(&mut parts, "notes", LONGEST_NOTES),
        confidence: confidence.clamp(0.0, 1.0),
        records: Vec::new(),
    };
    Ok((workout, parts.dropped))
}

/// Where something was dropped, the model may be asked again; else there was nothing to log.
fn nothing_left(parts: &Parts<'_>) -> Refusal {
    if parts.dropped.is_empty() {
        Refusal::Refused(Reason::NothingMeasurable.in_words().to_owned())
    } else {
        let dropped = parts.dropped.join(", ");
        Refusal::Malformed(format!("nothing is left without {dropped}"))
    }
}

fn what_it_looks_like(exercises: &[Exercise]) -> Discipline {
    let mut sets = exercises.iter().flat_map(|exercise| &exercise.sets);
    if sets
        .clone()
        .any(|set| set.weight.is_some() || set.reps.is_some())
    {
        Discipline::Strength
    } else if sets.any(|set| set.distance.is_some()) {
        Discipline::Cardio
    } else {
        Discipline::Hybrid
    }
}

/// Returns what the model must fill in.
pub(super) fn schema() -> Value {
    SCHEMA.clone()
}

/// What is asked for; the fields of an answer are taken one by one.
#[derive(schemars::JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "it only says its schema")]
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
    #[schemars(default)]
    duration_seconds: Option<u32>,
    /// What was done, in order.
    #[schemars(default)]
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
/// How sure a model is that does not say so.
const UNSURE: f64 = 0.5;
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

fn exercises(parts: &mut Parts<'_>) -> Vec<Exercise> {
    parts.each("exercises", MOST_EXERCISES, &EXERCISE, |mut told| {
        let sets = told.each("sets", MOST_SETS, &SET, set);
        let name = text(&mut told, "name", LONGEST_NAME).unwrap_or_else(|| {
            told.note_dropped("name");
            UNNAMED.to_owned()
        });
        let exercise = Exercise {
            name,
            sets: sets.into_iter().filter(is_measured).collect(),
            notes: text(&mut told, "notes", LONGEST_NOTES),
        };
        (exercise, told.dropped)
    })
}

fn set(mut told: Parts<'_>) -> (Set, Vec<String>) {
    let set = Set {
        reps: whole(&mut told, "reps", MOST_REPS),
        weight: quantity(&mut told, "weight", &WEIGHTS),
        distance: quantity(&mut told, "distance", &DISTANCES),
        duration_seconds: whole(&mut told, "durationSeconds", LONGEST_WORKOUT),
        rpe: exertion(&mut told, "rpe"),
    };
    (set, told.dropped)
}

fn is_measured(set: &Set) -> bool {
    set.reps.is_some()
        || set.weight.is_some()
        || set.distance.is_some()
        || set.duration_seconds.is_some()
}

/// Returns what is told of a field, unless it is null; drops it unless this finds it right.
fn right<T, U>(parts: &mut Parts<'_>, name: &str, right: impl FnOnce(T) -> Option<U>) -> Option<U>
where
    T: DeserializeOwned,
{
    let told: T = parts.take::<Option<T>>(name).flatten()?;
    let right = right(told);
    if right.is_none() {
        parts.note_dropped(name);
    }
    right
}

/// Returns a number that is not zero. Models write `5.0` where the schema says integer.
fn whole(parts: &mut Parts<'_>, name: &str, most: u32) -> Option<u32> {
    let number = right(parts, name, |number: f64| {
        let is_right = number.fract() == 0.0 && (0.0..=f64::from(most)).contains(&number);
        is_right.then_some(number as u32)
    });
    number.filter(|number| *number != 0)
}

fn quantity(parts: &mut Parts<'_>, name: &str, units: &[(&str, &[&str], f64)]) -> Option<Quantity> {
    let quantity = right(parts, name, |Quantity { value, unit }| {
        let unit = unit.trim().to_lowercase();
        let is_it =
            |(name, others, _): &&(&str, &[&str], f64)| *name == unit || others.contains(&&*unit);
        let known = units.iter().find(is_it);
        let unit = match known {
            Some((unit, _, most)) if (0.0..=*most).contains(&value) => (*unit).to_owned(),
            None if value == 0.0 => unit,
            Some(_) | None => return None,
        };
        Some(Quantity { value, unit })
    });
    quantity.filter(|quantity| quantity.value != 0.0)
}

fn performed_at(parts: &mut Parts<'_>, logging: &Logging<'_>) -> Timestamp {
    let when = logging.when;
    let at = right(parts, "performedAt", |told_of: String| {
        let told_of = told_of.trim();
        if told_of.is_empty() {
            return Some(when);
        }
        let at = told_of.parse();
        at.or_else(|_| Timestamp::local(told_of, logging.zone)).ok()
    });
    at.filter(|at| *at <= when && when.since(*at) <= OLDEST)
        .unwrap_or(when)
}

fn exertion(parts: &mut Parts<'_>, name: &str) -> Option<f64> {
    let exertion = right(parts, name, |exertion: f64| {
        (exertion == 0.0 || (1.0..=10.0).contains(&exertion)).then_some(exertion)
    });
    exertion.filter(|exertion| *exertion != 0.0)
}

/// On one line, cut to its cap; `None` for nothing.
fn text(parts: &mut Parts<'_>, name: &str, longest: usize) -> Option<String> {
    let text: String = parts.take::<Option<String>>(name).flatten()?;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then(|| cut(&text, longest).trim_end().to_owned())
}

/// What has no name that can be used.
const UNNAMED: &str = "Exercise";

static EXERCISE: LazyLock<Value> = LazyLock::new(schema_of::<Exercise>);
static SET: LazyLock<Value> = LazyLock::new(schema_of::<Set>);

#[cfg(test)]
mod tests;
