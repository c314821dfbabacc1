//! Personal records: computed from what is in the log, never guessed.

use super::{Exercise, Feat, PersonalRecord, Quantity, Set, Workout};

/// The records in a workout, measured against everything else that is in the log, whenever it was
/// done.
///
/// Exercises are the same when their names are, apart from case, hyphens, plurals and a few common
/// short forms. Units are converted. Less than a thousandth more weight and less than three
/// thousandths more distance are no record, and distances that far apart are equal: that much comes
/// from rounding (3.1 miles are 5 km).
pub fn records(workout: &Workout, history: &[Workout]) -> Vec<PersonalRecord> {
    let others = || history.iter().filter(|other| other.id != workout.id);
    let mut found = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for exercise in &workout.exercises {
        let name = same_name(&exercise.name);
        if name.is_empty() || seen.contains(&name) {
            continue;
        }
        let now = marks(sets_of(workout, &name));
        let before = marks(others().flat_map(|other| sets_of(other, &name)));
        for mark in best(now) {
            let Some(previous) = best_of(before.iter().filter(|other| other.is_comparable(&mark)))
            else {
                continue;
            };
            if mark.beats(previous) {
                found.push(mark.over(previous, &exercise.name));
            }
        }
        seen.push(name);
    }
    found.extend(benchmark(workout, others()));
    found
}

/// Something measured, in kilograms, metres or seconds.
#[derive(Debug, Clone)]
struct Mark {
    kind: Feat,
    value: f64,
    /// How it was told, and how much of the standard unit that is.
    unit: &'static str,
    factor: f64,
    /// For a time: the distance, as it was told and in metres.
    distance: Option<(Quantity, f64)>,
}

impl Mark {
    fn is_comparable(&self, other: &Self) -> bool {
        let same_distance = match (&self.distance, &other.distance) {
            (Some((_, one)), Some((_, other))) => are_equal(*one, *other, DISTANCE_SLACK),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        self.kind == other.kind && same_distance
    }

    fn beats(&self, other: &Self) -> bool {
        match self.kind {
            Feat::BestTime => self.value < other.value,
            Feat::LongestDistance => {
                self.value > other.value && !are_equal(self.value, other.value, DISTANCE_SLACK)
            }
            Feat::HeaviestSet | Feat::EstimatedOneRepMax => {
                self.value > other.value && !are_equal(self.value, other.value, WEIGHT_SLACK)
            }
        }
    }

    fn over(self, previous: &Self, exercise: &str) -> PersonalRecord {
        PersonalRecord {
            exercise: exercise.to_owned(),
            kind: self.kind,
            value: rounded(self.value / self.factor),
            unit: self.unit.to_owned(),
            over: self.distance.map(|(told, _)| told),
            previous: rounded(previous.value / self.factor),
        }
    }
}

/// What comes of telling a weight in the other unit without decimals is more than this; of one
/// decimal, less.
const WEIGHT_SLACK: f64 = 0.001;
const DISTANCE_SLACK: f64 = 0.003;

/// With more repetitions the formula says little.
const MOST_REPS: u32 = 12;

const KILOGRAMS: [(&str, f64); 2] = [("kg", 1.0), ("lb", 0.453_592_37)];
const METRES: [(&str, f64); 5] = [
    ("m", 1.0),
    ("km", 1_000.0),
    ("mi", 1_609.344),
    ("yd", 0.9144),
    ("ft", 0.3048),
];

/// Short forms that people and models use beside the full name.
const SHORT_FORMS: [(&str, &str); 11] = [
    ("bench", "benchpress"),
    ("dl", "deadlift"),
    ("rdl", "romaniandeadlift"),
    ("ohp", "overheadpress"),
    ("chinup", "chin"),
    ("running", "run"),
    ("jog", "run"),
    ("rowing", "row"),
    ("swimming", "swim"),
    ("walking", "walk"),
    ("cycling", "ride"),
];

/// A name in lower case and in the singular, without whatever stands between its words.
fn same_name(name: &str) -> String {
    let name = name.to_lowercase();
    let words = name.split(|c: char| !c.is_alphanumeric()).map(|word| {
        let plural = word.len() > 2 && word.ends_with('s') && !word.ends_with("ss");
        if plural {
            word.trim_end_matches('s')
        } else {
            word
        }
    });
    let name: String = words.collect();
    SHORT_FORMS
        .iter()
        .find(|(short, _)| *short == name)
        .map_or(name, |(_, full)| (*full).to_owned())
}

fn sets_of<'a>(workout: &'a Workout, name: &'a str) -> impl Iterator<Item = &'a Set> {
    let named = move |exercise: &&Exercise| same_name(&exercise.name) == name;
    workout
        .exercises
        .iter()
        .filter(named)
        .flat_map(|exercise| &exercise.sets)
}

fn marks<'a>(sets: impl Iterator<Item = &'a Set>) -> Vec<Mark> {
    let mut marks = Vec::new();
    for set in sets {
        if let Some((weight, unit, factor)) = set
            .weight
            .as_ref()
            .and_then(|weight| standard(weight, &KILOGRAMS))
        {
            let mark = |kind, value| Mark {
                kind,
                value,
                unit,
                factor,
                distance: None,
            };
            marks.push(mark(Feat::HeaviestSet, weight));
            marks.extend(
                one_rep_max(weight, set.reps).map(|max| mark(Feat::EstimatedOneRepMax, max)),
            );
            // How far and how fast a load was carried says nothing without the load.
            continue;
        }
        let in_one_go = set.reps.is_none_or(|reps| reps == 1);
        let Some(told) = set.distance.as_ref().filter(|_| in_one_go) else {
            continue;
        };
        let Some((metres, unit, factor)) = standard(told, &METRES) else {
            continue;
        };
        marks.push(Mark {
            kind: Feat::LongestDistance,
            value: metres,
            unit,
            factor,
            distance: None,
        });
        marks.extend(
            set.duration_seconds
                .map(|seconds| time(seconds, Some((told.clone(), metres)))),
        );
    }
    marks
}

fn time(seconds: u32, distance: Option<(Quantity, f64)>) -> Mark {
    Mark {
        kind: Feat::BestTime,
        value: f64::from(seconds),
        unit: "s",
        factor: 1.0,
        distance,
    }
}

fn one_rep_max(weight: f64, reps: Option<u32>) -> Option<f64> {
    match reps? {
        1 => Some(weight),
        reps @ 2..=MOST_REPS => Some(weight * (1.0 + f64::from(reps) / 30.0)),
        _ => None,
    }
}

/// Of each kind, and of times over each distance, the best only.
fn best(marks: Vec<Mark>) -> Vec<Mark> {
    let mut best: Vec<Mark> = Vec::new();
    for mark in marks {
        match best.iter_mut().find(|other| other.is_comparable(&mark)) {
            Some(other) if mark.beats(other) => *other = mark,
            Some(_) => {}
            None => best.push(mark),
        }
    }
    best
}

fn best_of<'a>(marks: impl Iterator<Item = &'a Mark>) -> Option<&'a Mark> {
    marks.reduce(|best, mark| if mark.beats(best) { mark } else { best })
}

/// A workout whose score is a time, against others of the same name that have one too. Where
/// distances were timed the name says too little: "Morning run" is another distance every day.
fn benchmark<'a>(
    workout: &Workout,
    others: impl Iterator<Item = &'a Workout>,
) -> Option<PersonalRecord> {
    let name = same_name(&workout.name);
    let now = benchmark_time(workout).filter(|_| !name.is_empty())?;
    let same = others.filter(|other| same_name(&other.name) == name);
    let before: Vec<Mark> = same.filter_map(benchmark_time).collect();
    let previous = best_of(before.iter())?;
    now.beats(previous)
        .then(|| now.clone().over(previous, &workout.name))
}

fn benchmark_time(workout: &Workout) -> Option<Mark> {
    let mut sets = workout.exercises.iter().flat_map(|exercise| &exercise.sets);
    let is_timed_distance =
        sets.any(|set| set.distance.is_some() && set.duration_seconds.is_some());
    let score = workout.score.as_deref().filter(|_| !is_timed_distance)?;
    Some(time(seconds(score)?, None))
}

/// The seconds of a score such as 4:12 or 1:02:30.
fn seconds(score: &str) -> Option<u32> {
    let parts = score.trim().split(':').map(|part| {
        let is_number =
            (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u32>().ok().filter(|_| is_number)
    });
    let parts: Vec<u32> = parts.collect::<Option<_>>()?;
    match *parts.as_slice() {
        [minutes, seconds @ 0..60] => Some(minutes * 60 + seconds),
        [hours, minutes @ 0..60, seconds @ 0..60] => Some(hours * 3600 + minutes * 60 + seconds),
        _ => None,
    }
    .filter(|seconds| *seconds > 0)
}

/// A quantity in the standard unit, its unit's name, and how much of the standard unit that is.
fn standard(told: &Quantity, units: &[(&'static str, f64)]) -> Option<(f64, &'static str, f64)> {
    let (unit, factor) = units.iter().find(|(unit, _)| *unit == told.unit)?;
    (told.value > 0.0).then_some((told.value * factor, *unit, *factor))
}

fn are_equal(one: f64, other: f64, slack: f64) -> bool {
    (one - other).abs() <= slack * one.max(other)
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests;
