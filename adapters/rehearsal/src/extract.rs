//! Reading a finished workout out of plain sentences.

mod clause;

use domain::Prompt;
use serde_json::{Value, json};

use crate::heard::{self, Heard};
use clause::{Clause, clauses};

/// Returns the answer to a question for a workout, as JSON.
pub(crate) fn answer(prompt: &Prompt) -> String {
    let question = heard::last_block(prompt);
    let ordered = question.contains("\nThe athlete has ordered this to be logged: yes\n");
    let text = heard::message(prompt);
    let answer = match read(&text, ordered) {
        Ok(found) => found.form(&text, question),
        Err(refused) => {
            json!({ "refusal": refused.0, "discipline": null, "exercises": [], "confidence": 0.9 })
        }
    };
    answer.to_string()
}

/// Returns the finished workout that the text tells of. One that was ordered to be logged is taken
/// to be finished.
pub(crate) fn read(text: &str, ordered: bool) -> Result<Found, Refused> {
    let heard = Heard::new(text);
    if !ordered {
        let refusals = [
            (
                heard.asks() || heard.wants_plan() && !heard.says(&DONE),
                "question",
            ),
            (heard.says(&AHEAD), "plan"),
            (heard.says(&["you should", "try to", "you could"]), "advice"),
            (
                !heard.says(&DONE) && heard.says(&TALK),
                "nothing measurable",
            ),
        ];
        if let Some((_, reason)) = refusals.into_iter().find(|(holds, _)| *holds) {
            return Err(Refused(reason));
        }
    }
    let exercises = exercises(&heard.text);
    if exercises.is_empty() {
        Err(Refused("nothing measurable"))
    } else {
        Ok(Found { exercises })
    }
}

/// Why there is nothing to log, in the form's own words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused(&'static str);

/// A finished workout.
#[derive(Debug)]
pub(crate) struct Found {
    exercises: Vec<Exercise>,
}

#[derive(Debug)]
struct Exercise {
    name: String,
    /// Each stands for as many equal sets as it says.
    sets: Vec<Clause>,
}

impl Found {
    /// Hybrid if the exercises do not agree.
    pub(crate) fn discipline(&self) -> &'static str {
        let of = |exercise: &Exercise| {
            let named = exercise
                .name
                .split([' ', '-'])
                .find_map(|word| heard::topic_of(&word.to_lowercase()));
            let far = exercise.sets.iter().any(|set| set.distance.is_some());
            named.map_or(if far { "cardio" } else { "strength" }, |topic| {
                topic.discipline
            })
        };
        let mut disciplines = self.exercises.iter().map(of);
        let first = disciplines.next().unwrap_or("hybrid");
        if disciplines.all(|other| other == first) {
            first
        } else {
            "hybrid"
        }
    }

    fn form(&self, text: &str, question: &str) -> Value {
        let discipline = self.discipline();
        let names: Vec<&str> = self
            .exercises
            .iter()
            .map(|exercise| exercise.name.as_str())
            .collect();
        let sets = || self.exercises.iter().flat_map(|exercise| &exercise.sets);
        // Rests between sets of lifting are not told, so that only these add up to the whole.
        let whole = ["cardio", "flexibility", "hybrid", "recovery"].contains(&discipline);
        let seconds = sets().filter_map(|set| Some(set.seconds?.saturating_mul(set.times())));
        let seconds = seconds.fold(0, u32::saturating_add);
        let benchmark = self
            .exercises
            .iter()
            .find(|exercise| BENCHMARKS.contains(&exercise.name.as_str()));
        let score = benchmark
            .and_then(|exercise| exercise.sets.first()?.seconds)
            .map(clock);
        json!({
            "refusal": null,
            "discipline": discipline,
            "name": names.join(", ").chars().take(100).collect::<String>(),
            "performedAt": performed_at(&Heard::new(text), question),
            "durationSeconds": (whole && seconds > 0).then_some(seconds),
            "exercises": self.exercises.iter().map(Exercise::form).collect::<Vec<_>>(),
            "score": score,
            "perceivedExertion": sets().filter_map(|set| set.rpe).reduce(f64::max),
            "notes": null,
            "confidence": 0.9,
        })
    }
}

impl Exercise {
    fn form(&self) -> Value {
        let sets = self
            .sets
            .iter()
            .flat_map(|set| vec![set.form(); set.times() as usize]);
        json!({ "name": self.name, "sets": sets.collect::<Vec<_>>(), "notes": null })
    }
}

/// What was done, clause by clause: a name may come before its numbers, and further numbers after
/// it.
fn exercises(text: &str) -> Vec<Exercise> {
    let mut exercises: Vec<Exercise> = Vec::new();
    let mut pending = String::new();
    for (clause, name) in clauses(text) {
        let name = match (pending.is_empty(), name.is_empty()) {
            (false, false) => format!("{pending} and {}", name.to_lowercase()),
            (false, true) => pending.clone(),
            (true, _) => name,
        };
        if !clause.is_measured() && clause.rpe.is_none() {
            pending = name;
            continue;
        }
        pending.clear();
        match exercises.last_mut() {
            Some(last) if name.is_empty() && clause.reps.is_none() => {
                if let Some(set) = last.sets.last_mut() {
                    set.fill_in(clause);
                }
            }
            Some(last) if name.is_empty() => last.sets.push(clause),
            _ if !clause.is_measured() => {}
            _ => {
                let name = if name.is_empty() {
                    "Workout".to_owned()
                } else {
                    name
                };
                exercises.push(Exercise {
                    name,
                    sets: vec![clause],
                });
            }
        }
    }
    exercises
}

/// Returns the day that the athlete names, by the dates of the question, and the time of day if
/// they name one.
fn performed_at(heard: &Heard, question: &str) -> Option<String> {
    let date = |label| question.lines().find_map(|line| line.strip_prefix(label));
    let is_past = heard.says(&["yesterday", "last night"]);
    let hour = HOURS
        .iter()
        .find(|(part, _)| heard.says(&[*part]))
        .map(|(_, hour)| *hour);
    if is_past {
        let day = date("Yesterday: ")?;
        return Some(hour.map_or(day.to_owned(), |hour| format!("{day}T{hour}")));
    }
    Some(format!("{}T{}", date("Today: ")?, hour?))
}

fn clock(seconds: u32) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// When a part of the day is, unless it is told by the clock.
const HOURS: [(&str, &str); 5] = [
    ("morning", "08:00"),
    ("noon", "12:00"),
    ("afternoon", "15:00"),
    ("evening", "19:00"),
    ("night", "22:00"),
];

const BENCHMARKS: [&str; 5] = ["Fran", "Cindy", "Murph", "Grace", "Helen"];

/// Words of somebody who has done it.
const DONE: [&str; 34] = [
    "did",
    "done",
    "ran",
    "rowed",
    "rode",
    "cycled",
    "biked",
    "swam",
    "walked",
    "hiked",
    "jogged",
    "squatted",
    "benched",
    "deadlifted",
    "pressed",
    "lifted",
    "cleaned",
    "snatched",
    "finished",
    "completed",
    "hit",
    "got",
    "made",
    "managed",
    "trained",
    "logged",
    "just",
    "today",
    "yesterday",
    "this morning",
    "last night",
    "felt",
    "was",
    "went",
];

/// Words of somebody who has not done it yet.
const AHEAD: [&str; 16] = [
    "tomorrow",
    "will",
    "i'll",
    "going to",
    "gonna",
    "next week",
    "plan to",
    "planning",
    "want to",
    "would like",
    "my goal",
    "aiming",
    "hope to",
    "let's",
    "tonight i",
    "training for",
];

/// Words of a sentence: notes of a workout have none of them.
const TALK: [&str; 22] = [
    "i", "i'm", "i've", "my", "me", "you", "your", "we", "is", "are", "am", "be", "have", "has",
    "like", "love", "hate", "prefer", "need", "usually", "always", "never",
];

#[cfg(test)]
mod tests;
