use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::Answers;

impl Answers {
    /// A coach that can be talked to, though it understands nothing: every message is a question,
    /// every reply the same, and no workout has anything in it.
    pub fn plausible() -> Self {
        let forms = [
            ("route_message", route()),
            (
                "log_workout",
                json!({ "refusal": "nothing measurable", "confidence": 0.5 }),
            ),
            ("summarise_conversation", summary()),
            ("greet", json!({ "word": "hello" })),
        ];
        Self {
            forms: BTreeMap::from(forms),
            prose: PROSE.to_owned(),
            pace: Duration::from_millis(30),
        }
    }
}

const PROSE: &str = "I only stand in for a model, so take this for any question: warm up well, \
                     keep two repetitions in reserve, write down what you did, and add a little \
                     next week.\n\nHow did the last session feel?";

fn route() -> Value {
    let update =
        json!({ "stage": "pattern_analysis", "text": "Scouting what you have told me so far" });
    let memory = json!({
        "needsRetrieval": true,
        "isMemoryRequest": false,
        "isForgetRequest": false,
        "confidence": 0.5,
    });
    json!({
        "userIntent": "question",
        "showContextualUpdates": true,
        "contextualUpdates": [update],
        "workoutDetection": { "isWorkoutLog": false, "confidence": 0.5 },
        "memoryProcessing": memory,
        "contextNeeds": { "needsPineconeSearch": true, "searchTypes": ["workouts", "methodology"] },
        "conversationTitle": "A question of training",
        "conversationComplexity": { "hasComplexity": false, "confidence": 0.5 },
        "confidence": 0.5,
    })
}

fn summary() -> Value {
    let nothing: [&str; 0] = [];
    json!({
        "narrative": "The athlete asks about training, and a stand-in answers.",
        "currentGoals": nothing,
        "recentProgress": nothing,
        "preferences": nothing,
        "constraints": nothing,
        "emotionalState": "",
        "keyInsights": nothing,
        "tags": ["training", "questions"],
    })
}
