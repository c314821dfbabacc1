//! Workouts: asking a model for what an athlete did, and taking no more than makes sense.

mod check;
mod question;
mod records;

use serde::{Deserialize, Deserializer, Serialize};

use crate::router::Discipline;
use crate::{CoachId, ConversationId, RecordId, Timestamp, TurnId};

pub use check::{Logging, Refusal, check};
pub use question::{extraction, was_commanded};
pub use records::records;

/// What an athlete did, in one session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Workout {
    /// Named after its turn, which makes at most one.
    #[serde(rename = "workoutId")]
    pub id: RecordId,
    pub coach_id: CoachId,
    pub conversation_id: ConversationId,
    pub turn_id: TurnId,
    pub discipline: Discipline,
    pub name: String,
    pub performed_at: Timestamp,
    pub duration_seconds: Option<u32>,
    pub exercises: Vec<Exercise>,
    pub score: Option<String>,
    /// How hard it felt, from 1 to 10.
    pub perceived_exertion: Option<f64>,
    pub notes: Option<String>,
    /// How sure the model was, from 0 to 1.
    pub confidence: f64,
    /// What the athlete had not reached before.
    #[serde(default)]
    pub records: Vec<PersonalRecord>,
}

impl Workout {
    /// Returns the workout in one line, for a prompt.
    pub fn in_words(&self) -> String {
        let when = self.performed_at.to_string();
        let day = when.split('T').next().unwrap_or(&when);
        format!("{day} {}", self.what())
    }

    /// What was done, in one line.
    pub(crate) fn what(&self) -> String {
        let mut what: Vec<String> = self.exercises.iter().map(Exercise::in_words).collect();
        if let Some(seconds) = self.duration_seconds {
            what.push(format!("duration {}", clock(seconds)));
        }
        if let Some(score) = &self.score {
            what.push(format!("score {score}"));
        }
        if let Some(exertion) = self.perceived_exertion {
            what.push(format!("exertion {exertion} of 10"));
        }
        if let Some(notes) = &self.notes {
            what.push(format!("notes: {notes}"));
        }
        if what.is_empty() {
            self.name.clone()
        } else {
            format!("{}: {}", self.name, what.join("; "))
        }
    }
}

/// One exercise of a workout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Exercise {
    /// What it is usually called, in English.
    pub name: String,
    /// Every set that was done: 5x5 is five sets.
    #[serde(default)]
    pub sets: Vec<Set>,
    /// Whatever else was said about it.
    #[serde(default)]
    pub notes: Option<String>,
}

impl Exercise {
    fn in_words(&self) -> String {
        // Equal sets in a row are told once.
        let runs = self.sets.chunk_by(|one, next| one == next);
        let told = runs.filter_map(|run| Some((run.len(), run.first()?.in_words())));
        let told = told.map(|(times, set)| {
            if times > 1 {
                format!("{times} x ({set})")
            } else {
                set
            }
        });
        let told: Vec<String> = told.filter(|set| !set.is_empty()).collect();
        if told.is_empty() {
            self.name.clone()
        } else {
            format!("{} {}", self.name, told.join(", "))
        }
    }
}

/// One set of an exercise.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Set {
    #[serde(deserialize_with = "whole")]
    pub reps: Option<u32>,
    pub weight: Option<Quantity>,
    pub distance: Option<Quantity>,
    #[serde(deserialize_with = "whole")]
    pub duration_seconds: Option<u32>,
    /// How hard it felt, from 1 to 10.
    pub rpe: Option<f64>,
}

impl Set {
    fn in_words(&self) -> String {
        let told = [
            self.reps.map(|reps| format!("{reps} reps")),
            self.weight.as_ref().map(Quantity::in_words),
            self.distance.as_ref().map(Quantity::in_words),
            self.duration_seconds.map(clock),
            self.rpe.map(|rpe| format!("RPE {rpe}")),
        ];
        told.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// A number and its unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Quantity {
    pub value: f64,
    /// For weights kg or lb; for distances m, km, mi, yd or ft.
    #[schemars(extend("enum" = ["kg", "lb", "m", "km", "mi", "yd", "ft"]))]
    pub unit: String,
}

/// Something that the athlete had done before, and now has done better than ever.
///
/// The first time is not a record, for there is nothing that it beats: `previous` always holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonalRecord {
    /// The exercise, or the benchmark, as it is called in the workout.
    pub exercise: String,
    /// In what it is a record.
    pub kind: Feat,
    /// The new best, to two decimals.
    pub value: f64,
    /// The unit of `value` and `previous`: that of the set, or `s` for a time.
    pub unit: String,
    /// The distance of a best time; `None` for a benchmark, whose name says what was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Quantity>,
    /// The best until now.
    pub previous: f64,
}

impl PersonalRecord {
    /// The record in a few words.
    pub fn in_words(&self) -> String {
        let said = |value: f64| match self.kind {
            Feat::BestTime => clock(value as u32),
            Feat::HeaviestSet | Feat::EstimatedOneRepMax | Feat::LongestDistance => {
                format!("{value} {}", self.unit)
            }
        };
        let what = match (self.kind, &self.over) {
            (Feat::HeaviestSet, _) => "heaviest set".to_owned(),
            (Feat::EstimatedOneRepMax, _) => "estimated one-repetition maximum".to_owned(),
            (Feat::LongestDistance, _) => "longest distance".to_owned(),
            (Feat::BestTime, Some(distance)) => format!("best time over {}", distance.in_words()),
            (Feat::BestTime, None) => "best time".to_owned(),
        };
        format!(
            "{}: {what} {} (before: {})",
            self.exercise,
            said(self.value),
            said(self.previous)
        )
    }
}

/// What there are records in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Feat {
    /// The most weight in one set, whatever the repetitions.
    HeaviestSet,
    /// The most weight that one repetition should be possible with, by Epley's formula:
    /// weight × (1 + repetitions / 30), from sets of 2 to 12 repetitions; a single repetition is
    /// its own maximum.
    EstimatedOneRepMax,
    /// The least time over an equal distance, or for a benchmark of the same name.
    BestTime,
    /// The longest distance in one go.
    LongestDistance,
}

impl Quantity {
    fn in_words(&self) -> String {
        format!("{} {}", self.value, self.unit)
    }
}

fn clock(seconds: u32) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// Models write `5.0` where the schema says integer.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let Some(number) = Option::<f64>::deserialize(deserializer)? else {
        return Ok(None);
    };
    if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
        Ok(Some(number as u32))
    } else {
        Err(serde::de::Error::custom("not a whole number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long_day() -> Workout {
        let set = Set {
            reps: Some(5),
            weight: Some(Quantity {
                value: 62.5,
                unit: "kg".to_owned(),
            }),
            ..Set::default()
        };
        let run = Set {
            distance: Some(Quantity {
                value: 5.0,
                unit: "km".to_owned(),
            }),
            duration_seconds: Some(1450),
            ..Set::default()
        };
        let exercise = |name: &str, sets| Exercise {
            name: name.to_owned(),
            sets,
            notes: None,
        };
        Workout {
            id: "t".parse().unwrap(),
            coach_id: "c".parse().unwrap(),
            conversation_id: "v".parse().unwrap(),
            turn_id: "t".parse().unwrap(),
            discipline: Discipline::Hybrid,
            name: "Long day".to_owned(),
            performed_at: Timestamp(1_795_200_000_123),
            duration_seconds: Some(3725),
            exercises: vec![
                exercise(
                    "Squat",
                    vec![
                        set.clone(),
                        set,
                        Set {
                            rpe: Some(8.5),
                            ..Set::default()
                        },
                    ],
                ),
                exercise("Run", vec![run]),
                exercise("Plank", vec![]),
            ],
            score: Some("5 rounds".to_owned()),
            perceived_exertion: Some(7.0),
            notes: Some("hot".to_owned()),
            confidence: 1.0,
            records: vec![],
        }
    }

    #[test]
    fn a_workout_is_told_in_one_line() {
        let mut workout = long_day();
        assert_eq!(
            workout.in_words(),
            "2026-11-20 Long day: Squat 2 x (5 reps 62.5 kg), RPE 8.5; Run 5 km 24:10; Plank; \
             duration 1:02:05; score 5 rounds; exertion 7 of 10; notes: hot"
        );
        let wire = serde_json::to_value(&workout).unwrap();
        assert_eq!(
            (&wire["workoutId"], &wire["performedAt"]),
            (&"t".into(), &"2026-11-20T18:40:00.123Z".into())
        );
        assert_eq!(serde_json::from_value::<Workout>(wire).unwrap(), workout);
        workout = Workout {
            exercises: vec![],
            score: None,
            notes: None,
            perceived_exertion: None,
            ..workout
        };
        assert_eq!(
            Workout {
                duration_seconds: None,
                ..workout
            }
            .in_words(),
            "2026-11-20 Long day"
        );
    }
}
