//! What models play: everything that a reply can do, and the forms of the small model.

use std::time::Duration;

use domain::{Fault, StopReason};
use rehearsal::{Line, Scene};
use serde_json::{Value, json};

/// Something that needs a router, is no small talk, and is worth an update.
pub const QUESTION: &str = "How do I squat deeper?";

/// A reply, and what a client is to see of it.
#[derive(Debug, Clone)]
pub struct Reply {
    pub name: &'static str,
    pub scene: Scene,
    pub outcome: Outcome,
}

/// How a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// With `complete` and this status.
    Complete(&'static str),
    /// With `error` and this code; whether some of the reply was told.
    Error(&'static str, bool),
}

/// Text of the kind that breaks careless encoders.
pub const AWKWARD: &str =
    "👩‍👩‍👧 naïve\r\n\r\ndata: {\"type\":\"complete\"}\n\nid: 7\n\n: hb\u{2028}\u{0}\u{feff}\\\"";

/// Everything that a reply can do.
pub fn replies() -> Vec<Reply> {
    let mut replies = spoken();
    replies.extend(unusual());
    replies.extend(broken_off());
    for (name, later, fault, code) in FAULTS {
        replies.push(reply(
            name,
            vec![Line::Fail(fault)],
            Outcome::Error(code, false),
        ));
        replies.push(reply(
            later,
            vec![say("Sit "), Line::Fail(fault)],
            Outcome::Error(code, true),
        ));
    }
    replies
}

fn reply(name: &'static str, lines: Vec<Line>, outcome: Outcome) -> Reply {
    Reply {
        name,
        scene: Scene(lines),
        outcome,
    }
}

/// Replies that come to an end of their own.
fn spoken() -> Vec<Reply> {
    use Outcome::{Complete, Error};
    let end = |reason| Line::End(reason);
    let done = || end(StopReason::Complete);
    vec![
        Reply {
            name: "word by word",
            scene: Scene::word_by_word(
                "Sit between your hips, and breathe.",
                Duration::from_millis(40),
            ),
            outcome: Complete("finished"),
        },
        reply(
            "out of room",
            vec![say("Sit betw"), end(StopReason::Length)],
            Complete("truncated"),
        ),
        reply(
            "filtered",
            vec![say("Sit "), end(StopReason::Filtered)],
            Complete("filtered"),
        ),
        reply(
            "filtered at once",
            vec![end(StopReason::Filtered)],
            Error("MODEL_REFUSED", false),
        ),
        reply(
            "nothing",
            vec![done()],
            Error("MODEL_STREAM_TRUNCATED", false),
        ),
    ]
}

/// Replies of words that are none, that are hard to send, or that are too many.
fn unusual() -> Vec<Reply> {
    use Outcome::{Complete, Error};
    let done = || Line::End(StopReason::Complete);
    let letters = ('a'..='z')
        .cycle()
        .take(300)
        .map(|letter| say(&letter.to_string()));
    vec![
        reply(
            "blank first",
            vec![
                say(" \n"),
                pause(10),
                say("\t"),
                pause(10),
                say("Sit."),
                done(),
            ],
            Complete("finished"),
        ),
        reply(
            "blank only",
            vec![say(" \n\n "), done()],
            Error("MODEL_STREAM_TRUNCATED", false),
        ),
        reply(
            "awkward",
            vec![say(AWKWARD), pause(10), say(AWKWARD), done()],
            Complete("finished"),
        ),
        reply(
            "300 letters",
            letters.chain([done()]).collect(),
            Complete("finished"),
        ),
        reply(
            "20 KB at once",
            vec![say(&"Squat. ".repeat(3_000)), done()],
            Complete("finished"),
        ),
        reply(
            "too long",
            vec![say(&"é".repeat(90_000)), done()],
            Complete("truncated"),
        ),
    ]
}

/// Replies that stop without an end.
fn broken_off() -> Vec<Reply> {
    use Outcome::Error;
    vec![
        reply(
            "cut at once",
            vec![Line::Cut],
            Error("MODEL_STREAM_TRUNCATED", false),
        ),
        reply(
            "cut",
            vec![say("Sit "), Line::Cut],
            Error("MODEL_STREAM_TRUNCATED", true),
        ),
        reply("silent", vec![Line::Hang], Error("MODEL_TIMEOUT", false)),
        reply(
            "stalled",
            vec![say("Sit "), Line::Hang],
            Error("MODEL_TIMEOUT", true),
        ),
        reply(
            "panicking at once",
            vec![Line::Panic],
            Error("INTERNAL", false),
        ),
        reply(
            "panicking",
            vec![say("Sit "), pause(700), say("down"), Line::Panic],
            Error("INTERNAL", true),
        ),
    ]
}

const FAULTS: [(&str, &str, Fault, &str); 6] = [
    (
        "throttled at once",
        "throttled",
        Fault::Throttled,
        "MODEL_THROTTLED",
    ),
    (
        "unavailable at once",
        "unavailable",
        Fault::Unavailable,
        "MODEL_UNAVAILABLE",
    ),
    (
        "timed out at once",
        "timed out",
        Fault::TimedOut,
        "MODEL_TIMEOUT",
    ),
    (
        "truncated at once",
        "truncated",
        Fault::Truncated,
        "MODEL_STREAM_TRUNCATED",
    ),
    (
        "rejected at once",
        "rejected",
        Fault::Rejected,
        "MODEL_REFUSED",
    ),
    (
        "too much asked at once",
        "too much asked",
        Fault::TooLong,
        "MODEL_REFUSED",
    ),
];

/// A router's answer with these updates, and nothing else to do.
pub fn route(updates: &[(&str, &str)]) -> Scene {
    Scene::saying(routing(updates, false).to_string())
}

/// A router's answer that takes the message for a workout, and looks up earlier ones.
pub fn workout_route() -> Scene {
    Scene::saying(routing(&[("workout_analysis", "Sizing up those squats.")], true).to_string())
}

/// The form of a workout, filled in.
pub fn workout() -> Scene {
    let set = json!({ "reps": 5, "weight": { "value": 100, "unit": "kg" } });
    let exercise = json!({ "name": "Back squat", "sets": [set.clone(), set] });
    let form = json!({
        "refusal": null,
        "discipline": "strength",
        "exercises": [exercise],
        "confidence": 0.9,
    });
    Scene::saying(form.to_string())
}

/// A scene that begins after so many milliseconds.
#[must_use]
pub fn after(ms: u64, Scene(mut lines): Scene) -> Scene {
    lines.insert(0, pause(ms));
    Scene(lines)
}

pub fn say(text: &str) -> Line {
    Line::Say(text.to_owned())
}

pub fn pause(ms: u64) -> Line {
    Line::Pause(Duration::from_millis(ms))
}

pub fn routing(updates: &[(&str, &str)], workout: bool) -> Value {
    let lines: Vec<_> = updates
        .iter()
        .map(|(stage, text)| json!({ "stage": stage, "text": text }))
        .collect();
    let memory = json!({
        "needsRetrieval": workout, "isMemoryRequest": false, "isForgetRequest": false,
        "confidence": 0.9,
    });
    json!({
        "userIntent": if workout { "workout_logging" } else { "question" },
        "showContextualUpdates": !updates.is_empty(),
        "contextualUpdates": lines,
        "workoutDetection": {
            "isWorkoutLog": workout, "confidence": if workout { 0.9 } else { 0.0 },
        },
        "memoryProcessing": memory,
        "contextNeeds": {
            "needsPineconeSearch": workout,
            "searchTypes": if workout { json!(["workouts"]) } else { json!([]) },
        },
        "conversationTitle": "Squats",
        "conversationComplexity": { "hasComplexity": false, "confidence": 0.9 },
        "confidence": 0.9,
    })
}
