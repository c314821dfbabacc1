//! Filling in the router's form.

use serde_json::{Value, json};

use crate::extract;
use crate::heard::Heard;

/// Returns the form, filled in as well as can be without thinking.
pub(crate) fn answer(heard: &Heard, first: bool) -> Value {
    let needs = Needs::of(heard);
    let updates = if needs.worth_telling() {
        updates(heard, &needs)
    } else {
        Vec::new()
    };
    let complexity = complexity(heard, &needs);
    json!({
        "userIntent": needs.intent,
        "showContextualUpdates": !updates.is_empty(),
        "contextualUpdates": updates,
        "workoutDetection": {
            "isWorkoutLog": needs.workout.is_some(),
            "confidence": if needs.workout.is_some() { 0.9 } else { 0.1 },
            "workoutType": needs.workout,
            "reasoning": if needs.workout.is_some() {
                "tells of finished work with numbers"
            } else {
                "no finished workout"
            },
        },
        "memoryProcessing": {
            "needsRetrieval": needs.retrieval(),
            "isMemoryRequest": needs.memory.is_some(),
            "isForgetRequest": needs.intent == "forget_request",
            "confidence": if needs.memory.is_some() { 0.9 } else { 0.6 },
            "memory": needs.memory,
            "forget": [],
            "reasoning": "by its phrases",
        },
        "contextNeeds": {
            "needsPineconeSearch": !needs.search.is_empty(),
            "searchTypes": needs.search,
            "reasoning": if needs.search.is_empty() {
                "nothing to look up"
            } else {
                "past sessions would help"
            },
        },
        "conversationTitle": first.then(|| title(heard, &needs)),
        "conversationComplexity": {
            "hasComplexity": !complexity.is_empty(),
            "needsSummary": complexity.len() > 2,
            "complexityTypes": complexity,
            "confidence": 0.7,
        },
        "confidence": if needs.intent == "general" { 0.6 } else { 0.9 },
    })
}

/// The ways in which small models get a form wrong.
pub(crate) const SLIPS: [&str; 6] = [
    "prose",
    "fenced",
    "cut off",
    "wrong type",
    "unknown value",
    "late",
];

/// Returns the answer with one of [`SLIPS`].
pub(crate) fn slipped(mut answer: Value, slip: &str) -> String {
    let whole = answer.to_string();
    let mut with = |field: &str, value: &str| {
        if let Some(place) = answer.get_mut(field) {
            *place = value.into();
        }
        answer.to_string()
    };
    match slip {
        "prose" => "Sure! I would say that this message is about training.".to_owned(),
        "fenced" => format!("```json\n{whole}\n```"),
        "cut off" => whole.chars().take(whole.chars().count() / 2).collect(),
        "wrong type" => with("showContextualUpdates", "yes"),
        "unknown value" => with("userIntent", "chit_chat"),
        _ => whole,
    }
}

struct Needs {
    intent: &'static str,
    /// The discipline of the workout that is told.
    workout: Option<&'static str>,
    memory: Option<Value>,
    search: Vec<&'static str>,
}

impl Needs {
    fn of(heard: &Heard) -> Self {
        let workout = extract::read(&heard.text, false)
            .ok()
            .map(|found| found.discipline());
        let forgets = heard.says(&["forget"]) && !heard.says(&["don't forget", "never forget"]);
        // Who tells a workout states much in passing.
        let memory = memory(heard, workout.is_some()).filter(|_| !forgets);
        let checks = heard.says(&PROGRESS) && (heard.asks() || heard.says(&["review"]));
        let intent = match () {
            () if heard.takes_leave() => "acknowledgment",
            () if forgets => "forget_request",
            () if workout.is_some() => "workout_logging",
            () if memory.is_some() => "memory_request",
            () if checks => "progress_check",
            () if heard.asks() || heard.wants_plan() => "question",
            () => "general",
        };
        let search = match intent {
            "workout_logging" => vec!["workouts"],
            "progress_check" => vec!["workouts", "progress"],
            "question" if heard.wants_plan() => vec!["methodology", "workouts"],
            "question" if heard.says(&TECHNIQUE) => vec!["techniques", "methodology"],
            "question" => vec!["methodology", "workouts"],
            _ => Vec::new(),
        };
        Self {
            intent,
            workout,
            memory,
            search,
        }
    }

    fn retrieval(&self) -> bool {
        ["question", "progress_check", "workout_logging"].contains(&self.intent)
    }

    fn worth_telling(&self) -> bool {
        self.retrieval() || self.memory.is_some()
    }
}

fn updates(heard: &Heard, needs: &Needs) -> Vec<Value> {
    let about = heard.topic().map_or("training", |topic| topic.noun);
    let told: &[(&str, &str)] = match needs.intent {
        "workout_logging" => &ON_LOGGING,
        "memory_request" => &ON_MEMORY,
        "progress_check" => &ON_PROGRESS,
        _ if heard.wants_plan() => &ON_PLAN,
        _ => &ON_QUESTION,
    };
    let update = |(stage, text): &(&str, &str)| {
        let text = text.replace("{about}", about);
        json!({ "stage": stage, "text": text })
    };
    told.iter().map(update).collect()
}

const ON_LOGGING: [(&str, &str); 3] = [
    (
        "workout_analysis",
        "Crunching the numbers of that {about} session...",
    ),
    (
        "memory_analysis",
        "Hunting down what you told me about your {about}...",
    ),
    (
        "pattern_analysis",
        "Lining it up with your recent {about} sessions...",
    ),
];

const ON_MEMORY: [(&str, &str); 1] = [(
    "memory_analysis",
    "Fitting this into what I know about you...",
)];

const ON_PROGRESS: [(&str, &str); 3] = [
    ("initial_greeting", "Diving into your {about} story..."),
    (
        "pattern_analysis",
        "Tracing how your {about} has moved lately...",
    ),
    ("insights_brewing", "Distilling what the numbers say..."),
];

const ON_PLAN: [(&str, &str); 3] = [
    (
        "initial_greeting",
        "Rolling out the drawing board for your {about} plan...",
    ),
    (
        "memory_analysis",
        "Digging up your goals and your limits...",
    ),
    (
        "insights_brewing",
        "Brewing up weeks of {about} that fit you...",
    ),
];

const ON_QUESTION: [(&str, &str); 3] = [
    ("initial_greeting", "Zooming in on your {about} question..."),
    (
        "pattern_analysis",
        "Scouting your recent {about} sessions...",
    ),
    ("insights_brewing", "Brewing up a {about} answer for you..."),
];

/// Returns what is worth remembering: what the athlete says to remember, or else states about
/// themself.
fn memory(heard: &Heard, only_if_asked: bool) -> Option<Value> {
    let recalls = heard.says(&["do you remember", "can't remember", "don't remember"]);
    let (text, explicit) = match behind(&heard.text, &REMEMBER).filter(|_| !recalls) {
        Some(text) => (text, true),
        None if only_if_asked || heard.asks() || heard.wants_plan() => return None,
        None => (sentence_with_any(&heard.text)?, false),
    };
    let text = Heard::new(text);
    let harm =
        text.names_harm() || text.says(&["bad knee", "bad back", "allergic", "doctor", "pregnant"]);
    let kind = match () {
        () if harm || text.says(&CONSTRAINTS) => "constraint",
        () if text.says(&GOALS) => "goal",
        () if text.says(&INSTRUCTIONS) => "instruction",
        () if text.says(&PREFERENCES) => "preference",
        () => "context",
    };
    let importance = match () {
        () if harm => "high",
        () if explicit || kind == "goal" => "medium",
        () => "low",
    };
    let tags: Vec<&str> = text.topic().map(|topic| topic.noun).into_iter().collect();
    (!text.text.is_empty()).then(|| {
        json!({
            "content": text.text.chars().take(500).collect::<String>(),
            "type": kind,
            "importance": importance,
            "isCoachSpecific": !harm && kind == "instruction",
            "tags": tags,
            "sameAs": null,
            "inPlaceOf": null,
        })
    })
}

/// Returns what follows the first of these phrases, up to the end of its sentence.
fn behind<'a>(text: &'a str, phrases: &[&str]) -> Option<&'a str> {
    let lower = text.to_ascii_lowercase();
    let at = phrases
        .iter()
        .find_map(|phrase| lower.find(phrase).map(|at| at + phrase.len()))?;
    let rest = text.get(at..)?.trim_start_matches([':', ',', ' ']);
    let rest = rest.split(['.', '!', '?', '\n']).next()?.trim();
    (!rest.is_empty()).then_some(rest)
}

/// Returns the first sentence in which the athlete states something lasting.
fn sentence_with_any(text: &str) -> Option<&str> {
    let lasting = |sentence: &&str| {
        let heard = Heard::new(sentence);
        let stated = [&GOALS[..], &CONSTRAINTS, &INSTRUCTIONS, &PREFERENCES];
        stated.iter().any(|phrases| heard.says(phrases))
            || (heard.names_harm() && heard.says(&["my"]))
    };
    text.split_inclusive(['.', '!', '?', '\n'])
        .map(str::trim)
        .find(lasting)
}

fn complexity(heard: &Heard, needs: &Needs) -> Vec<&'static str> {
    let kind = |name| {
        needs
            .memory
            .as_ref()
            .is_some_and(|memory| memory.get("type") == Some(&json!(name)))
    };
    let signs = [
        (
            heard.says(&[
                "frustrated",
                "anxious",
                "stressed",
                "sad",
                "proud",
                "scared",
                "nervous",
            ]),
            "emotional",
        ),
        (kind("goal"), "goal"),
        (
            heard.says(&[
                "pr",
                "pb",
                "personal best",
                "personal record",
                "finally",
                "first time",
            ]),
            "achievement",
        ),
        (
            heard.says(&["stuck", "plateau", "struggling", "failed", "missed"]),
            "setback",
        ),
        (heard.names_harm(), "health"),
        (heard.wants_plan(), "program"),
        (
            heard.says(&["protein", "calories", "diet", "eating", "nutrition"]),
            "nutrition",
        ),
        (
            heard.says(&["race", "competition", "meet", "marathon"]),
            "competition",
        ),
    ];
    signs
        .into_iter()
        .filter_map(|(is, name)| is.then_some(name))
        .collect()
}

fn title(heard: &Heard, needs: &Needs) -> String {
    let what = match needs.intent {
        "workout_logging" => "session",
        "progress_check" => "progress",
        "memory_request" => "note",
        "question" if heard.wants_plan() => "plan",
        "question" => "question",
        _ => "talk",
    };
    let about = heard.topic().map_or("training", |topic| topic.noun);
    let mut letters = about.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first
        .chain(letters)
        .chain([' '])
        .chain(what.chars())
        .collect()
}

const REMEMBER: [&str; 18] = [
    "remember that",
    "don't forget that",
    "don't forget",
    "dont forget",
    "never forget",
    "merk dir, dass",
    "merk dir",
    "vergiss nicht, dass",
    "vergiss nicht",
    "recuerda que",
    "no olvides que",
    "souviens-toi que",
    "n'oublie pas que",
    "lembre que",
    "keep in mind that",
    "keep in mind",
    "note that",
    "remember",
];
const PREFERENCES: [&str; 9] = [
    "i prefer",
    "i like",
    "i love",
    "i enjoy",
    "i hate",
    "i don't like",
    "i dislike",
    "i'd rather",
    "my favourite",
];
const GOALS: [&str; 7] = [
    "my goal",
    "i want to",
    "i'm training for",
    "i am training for",
    "i'm aiming",
    "i aim",
    "i'd like to be able",
];
const CONSTRAINTS: [&str; 8] = [
    "i can't",
    "i cannot",
    "i only have",
    "i have only",
    "i have a bad",
    "allergic",
    "i'm injured",
    "doctor",
];
const INSTRUCTIONS: [&str; 5] = [
    "from now on",
    "always",
    "call me",
    "never give me",
    "please don't",
];
const PROGRESS: [&str; 8] = [
    "progress",
    "improving",
    "improved",
    "getting stronger",
    "getting faster",
    "getting better",
    "how am i doing",
    "trend",
];
const TECHNIQUE: [&str; 7] = [
    "form",
    "technique",
    "cue",
    "cues",
    "depth",
    "grip",
    "stance",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str, pointer: &str) -> Value {
        answer(&Heard::new(text), true)
            .pointer(pointer)
            .unwrap()
            .clone()
    }

    #[test]
    fn intents_are_told_apart() {
        for (text, intent) in [
            ("I did 5x5 back squats at 100 kg today", "workout_logging"),
            ("ran 5k in 24:30 this morning", "workout_logging"),
            ("bench 3x8 @ 60kg RPE 8", "workout_logging"),
            ("Should I do 5x5 squats at 100 kg today?", "question"),
            ("Tomorrow I will run 5k", "general"),
            ("Give me a plan for my first 10k", "question"),
            ("How am I doing with my deadlift?", "progress_check"),
            ("Remember that I train at dawn", "memory_request"),
            ("I prefer dumbbells over barbells", "memory_request"),
            ("My knee hurts", "memory_request"),
            ("Do you remember my knee?", "question"),
            ("My legs are dead", "general"),
            ("Forget what I said about my knee", "forget_request"),
            ("Thanks, coach!", "acknowledgment"),
            ("Hello there", "general"),
        ] {
            assert_eq!(field(text, "/userIntent"), intent, "{text:?}");
        }
    }

    #[test]
    fn updates_name_what_the_athlete_named() {
        let updates = field("Why are my squats stuck?", "/contextualUpdates").to_string();
        assert!(
            updates.contains("Scouting your recent squat sessions..."),
            "{updates}"
        );
        assert_eq!(field("Hello there", "/contextualUpdates"), json!([]));
    }

    #[test]
    fn memories_are_in_the_athletes_own_words() {
        for (text, content, kind, importance) in [
            (
                "Please remember that I train at dawn.",
                "I train at dawn",
                "context",
                "medium",
            ),
            (
                "Remember my left knee hurts in lunges!",
                "my left knee hurts in lunges",
                "constraint",
                "high",
            ),
            (
                "Hi. I prefer dumbbells. Bye",
                "I prefer dumbbells.",
                "preference",
                "low",
            ),
            (
                "My goal is a sub-50 10k",
                "My goal is a sub-50 10k",
                "goal",
                "medium",
            ),
            (
                "From now on call me Sam",
                "From now on call me Sam",
                "instruction",
                "low",
            ),
        ] {
            let memory = field(text, "/memoryProcessing/memory");
            assert_eq!(
                [&memory["content"], &memory["type"], &memory["importance"]],
                [content, kind, importance]
            );
        }
        assert_eq!(
            field(
                "I want to know: should I squat?",
                "/memoryProcessing/memory"
            ),
            Value::Null
        );
    }

    #[test]
    fn only_a_first_message_gets_a_title() {
        let title = |first| {
            answer(&Heard::new("Why are my squats stuck?"), first)["conversationTitle"].clone()
        };
        assert_eq!(
            [title(true), title(false)],
            [json!("Squat question"), Value::Null]
        );
    }
}
