mod question;
mod updates;

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::memory::{Importance, MemoryKind};
use crate::prompt::Block;
use crate::router::{ComplexityType, Discipline, SearchType};
use crate::{Ending, PartKind, Said, Timestamp};

const TEXT: &str = "I did 5x5 squats at 100 kg, a new best";

/// A complete answer about a logged workout, in which every list has something.
fn full() -> Value {
    json!({
        "userIntent": "workout_logging",
        "showContextualUpdates": true,
        "contextualUpdates": [
            { "stage": "workout_analysis", "text": "Scouting those squats" },
            { "stage": "memory_analysis", "text": "Hunting down your last session" },
        ],
        "workoutDetection": {
            "isWorkoutLog": true, "confidence": 0.9, "workoutType": "strength", "reasoning": "done",
        },
        "memoryProcessing": {
            "needsRetrieval": true, "isMemoryRequest": true, "isForgetRequest": false,
            "memory": {
                "content": "trains at dawn", "type": "preference", "importance": "low",
                "isCoachSpecific": true,
                "tags": ["time"], "sameAs": null, "inPlaceOf": null,
            },
            "forget": [], "confidence": 0.8, "reasoning": "said so",
        },
        "contextNeeds": {
            "needsPineconeSearch": true, "searchTypes": ["workouts", "progress"],
            "reasoning": "compare",
        },
        "conversationTitle": "Squats",
        "conversationComplexity": {
            "hasComplexity": true, "complexityTypes": ["achievement"], "needsSummary": true,
            "confidence": 0.7,
        },
        "care": "none",
        "confidence": 0.95,
    })
}

/// The full answer with one place changed.
fn with(path: &str, value: Value) -> String {
    let mut answer = full();
    *answer
        .pointer_mut(path)
        .unwrap_or_else(|| panic!("no {path}")) = value;
    answer.to_string()
}

fn without(object: &str, field: &str) -> String {
    let mut answer = full();
    answer
        .pointer_mut(object)
        .and_then(Value::as_object_mut)
        .unwrap()
        .remove(field)
        .unwrap();
    answer.to_string()
}

fn read(answer: &str) -> RouterDecision {
    parse(answer, TEXT, true, &[]).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

#[test]
fn a_complete_answer_is_taken_as_it_is() {
    let decision = read(&full().to_string());
    let mut told = serde_json::to_value(&decision).unwrap();
    let metadata = told
        .as_object_mut()
        .unwrap()
        .remove("routerMetadata")
        .unwrap();
    let mut expected = full();
    expected.as_object_mut().unwrap().remove("confidence");
    expected["language"] = json!("en");
    let processing = expected["memoryProcessing"].as_object_mut().unwrap();
    processing.remove("forget");
    processing["memory"]["safety"] = Value::Null;
    assert_eq!(told, expected);
    assert_eq!(
        metadata,
        json!({
            "confidence": 0.95, "processingTimeMs": 0, "source": "model", "policyVersion": "5",
        })
    );
    assert!(decision.logs_workout());
    assert_eq!(
        decision.workout_detection.workout_type,
        Some(Discipline::Strength)
    );
}

#[rustfmt::skip]
#[test]
fn what_the_schema_does_not_allow_is_refused() {
    let text = full().to_string();
    let refused = [
        String::new(),
        " ".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        "\"route\"".to_owned(),
        "I would say it is a workout.".to_owned(),
        format!("```json\n{text}\n```"),
        format!("{text}{text}"),
        format!("{text} done"),
        format!("[{text}]"),
        text[..text.len() - 1].to_owned(),
        text.replace("0.95", "NaN"),
        text.replace("0.95", "Infinity"),
        text.replace("0.95", "1e999"),
        text.replacen('{', r#"{"confidence":1,"#, 1),
        text.replacen('{', r#"{"other":{"x":1,"x":2},"workoutDetection":null,"#, 1),
        json!({
            "userIntent": "question", "showContextualUpdates": true, "confidence": 1,
        })
        .to_string(),
    ];
    for answer in refused {
        assert!(parse(&answer, TEXT, true, &[]).is_err(), "{answer}");
    }
}

/// Where, and what stands there instead, as JSON.
const INSTEAD: [(&str, &str); 30] = [
    ("/confidence", r#""0.9""#),
    ("/confidence", "null"),
    ("/userIntent", r#""small_talk""#),
    ("/userIntent", r#""Question""#),
    ("/userIntent", "null"),
    ("/userIntent", r#"{ "question": null }"#),
    ("/showContextualUpdates", r#""true""#),
    ("/showContextualUpdates", "1"),
    ("/contextualUpdates", "null"),
    ("/contextualUpdates", r#""Scouting""#),
    ("/contextualUpdates/0", r#""Scouting""#),
    (
        "/contextualUpdates/0",
        r#"["pattern_analysis", "Scouting"]"#,
    ),
    ("/contextualUpdates/0/stage", r#""thinking""#),
    ("/contextualUpdates/0/text", "null"),
    ("/workoutDetection", "null"),
    ("/workoutDetection", r#"[true, 0.9, null, "x"]"#),
    ("/workoutDetection/workoutType", r#""none""#),
    ("/workoutDetection/confidence", r#""high""#),
    ("/workoutDetection/reasoning", "7"),
    ("/memoryProcessing/memory", r#""trains at dawn""#),
    ("/memoryProcessing/memory", "{}"),
    (
        "/memoryProcessing/memory",
        r#"["dawn", "preference", "low", false, [], null]"#,
    ),
    ("/memoryProcessing/memory/type", r#""wish""#),
    ("/memoryProcessing/memory/importance", r#""critical""#),
    ("/memoryProcessing/memory/tags", "[1]"),
    ("/contextNeeds/searchTypes", r#"["weather"]"#),
    ("/contextNeeds/searchTypes", r#""workouts""#),
    ("/conversationTitle", "7"),
    ("/conversationComplexity/complexityTypes", r#"["hard"]"#),
    ("/conversationComplexity", "true"),
];

/// Within what, and what is not there.
const MISSING: [(&str, &str); 11] = [
    ("", "userIntent"),
    ("", "showContextualUpdates"),
    ("", "workoutDetection"),
    ("", "memoryProcessing"),
    ("", "contextNeeds"),
    ("", "conversationComplexity"),
    ("", "confidence"),
    ("/workoutDetection", "isWorkoutLog"),
    ("/memoryProcessing", "needsRetrieval"),
    ("/memoryProcessing/memory", "content"),
    ("/contextNeeds", "needsPineconeSearch"),
];

fn part_of(place: &str) -> &str {
    place.split('/').nth(1).unwrap()
}

/// For a part that cannot be used stands what the rules say, and the decision tells so.
#[test]
fn a_part_that_does_not_follow_the_schema_costs_only_itself() {
    let whole = serde_json::to_value(read(&full().to_string())).unwrap();
    let safe = serde_json::to_value(fallback(TEXT)).unwrap();
    let instead = INSTEAD.map(|(place, value)| {
        let value = serde_json::from_str(value).unwrap();
        (part_of(place), with(place, value))
    });
    let missing = MISSING.map(|(within, name)| {
        let part = if within.is_empty() {
            name
        } else {
            part_of(within)
        };
        (part, without(within, name))
    });
    for (part, answer) in instead.into_iter().chain(missing) {
        let told = serde_json::to_value(read(&answer)).unwrap();
        let metadata = &told["routerMetadata"];
        assert_eq!(metadata["dropped"], json!([part]), "{answer}");
        assert_eq!(metadata["source"], "model");
        for (name, value) in told
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| *name != "routerMetadata")
        {
            let expected = match name.as_str() {
                // Only what fits the rest of the decision is told.
                "contextualUpdates" => continue,
                "conversationTitle" if part == "conversationTitle" => &Value::Null,
                name if name == part => &safe[name],
                name => &whole[name],
            };
            assert_eq!(value, expected, "{part} left out, {name} of {answer}");
        }
    }
    assert_eq!(whole["routerMetadata"].get("dropped"), None);
}

#[test]
fn an_error_says_what_is_wrong_without_quoting_it() {
    let cases = [
        ("secret", "the answer is not JSON"),
        (r#"{"secret":"#, "the answer breaks off"),
        (
            r#"["secret"]"#,
            "the answer does not follow its schema at column ",
        ),
        (
            r#"{"secret":1,"secret":2}"#,
            "the answer does not follow its schema at column ",
        ),
        (
            r#"{"contextNeeds":["secret"],"secret":1}"#,
            "no part of the answer follows its schema",
        ),
    ];
    for (answer, expected) in cases {
        let error = parse(answer, TEXT, true, &[]).unwrap_err().to_string();
        assert!(
            error.starts_with(expected) && !error.contains("secret"),
            "{answer}: {error}"
        );
    }
}

#[test]
fn unknown_fields_are_dropped_and_optional_ones_may_be_missing() {
    let plain = read(&full().to_string());
    let mut answer = full();
    answer["mood"] = json!("sunny");
    answer["workoutDetection"]["exercises"] = json!([[1]]);
    answer["memoryProcessing"]["memory"]["note"] = json!({ "a": [] });
    assert_eq!(read(&answer.to_string()), plain);

    assert!(read(&without("", "contextualUpdates")).updates().is_empty());
    assert_eq!(
        read(&without("", "conversationTitle")).conversation_title,
        None
    );
    assert_eq!(
        read(&without("/workoutDetection", "workoutType"))
            .workout_detection
            .workout_type,
        None
    );
    assert_eq!(
        read(&without("/workoutDetection", "reasoning"))
            .workout_detection
            .reasoning,
        ""
    );
    assert_eq!(
        read(&without("/memoryProcessing", "memory"))
            .memory_processing
            .memory,
        None
    );
    assert_eq!(read(&format!(" \n{}\n", full())), plain);
}

#[test]
fn numbers_are_clamped() {
    for (told, expected) in [
        (-3.0, 0.0),
        (-0.01, 0.0),
        (0.0, 0.0),
        (0.5, 0.5),
        (1.0, 1.0),
        (1.01, 1.0),
        (95.0, 1.0),
    ] {
        assert_eq!(
            read(&with("/confidence", json!(told)))
                .router_metadata
                .confidence,
            expected
        );
        assert_eq!(
            read(&with("/workoutDetection/confidence", json!(told)))
                .workout_detection
                .confidence,
            expected
        );
        assert_eq!(
            read(&with("/memoryProcessing/confidence", json!(told)))
                .memory_processing
                .confidence,
            expected
        );
        let complexity =
            read(&with("/conversationComplexity/confidence", json!(told))).conversation_complexity;
        assert_eq!(complexity.confidence, expected);
    }
    assert_eq!(
        read(&with("/confidence", json!(1)))
            .router_metadata
            .confidence,
        1.0
    );
}

#[test]
fn lists_and_reasons_are_cut_to_their_caps() {
    let tags = json!([
        " one ",
        "",
        "x".repeat(TAGS.1 + 1),
        "two",
        "three",
        "four",
        "five",
        "six"
    ]);
    let memory = read(&with("/memoryProcessing/memory/tags", tags))
        .memory_processing
        .memory
        .unwrap();
    assert_eq!(memory.tags, ["one", "two", "three", "four", "five"]);
    let types = json!(["workouts", "techniques", "workouts"]);
    let searched = read(&with("/contextNeeds/searchTypes", types))
        .context_needs
        .search_types;
    assert_eq!(searched, [SearchType::Workouts, SearchType::Techniques]);
    let types = json!(["goal", "goal", "health"]);
    let complexity =
        read(&with("/conversationComplexity/complexityTypes", types)).conversation_complexity;
    assert_eq!(
        complexity.complexity_types,
        [ComplexityType::Goal, ComplexityType::Health]
    );
    let reason = read(&with("/contextNeeds/reasoning", json!("é".repeat(999))))
        .context_needs
        .reasoning;
    assert_eq!(reason, "é".repeat(LONGEST_REASON));
}

#[test]
fn what_a_flag_rules_out_is_dropped() {
    let decision = read(&with("/workoutDetection/isWorkoutLog", json!(false)));
    assert_eq!(
        (
            decision.workout_detection.workout_type,
            decision.logs_workout()
        ),
        (None, false)
    );
    let decision = read(&with("/memoryProcessing/isMemoryRequest", json!(false)));
    assert_eq!(decision.memory_processing.memory, None);
    let decision = read(&with("/contextNeeds/needsPineconeSearch", json!(false)));
    assert_eq!(decision.context_needs.search_types, []);
    let decision = read(&with("/contextNeeds/searchTypes", json!([])));
    assert!(!decision.context_needs.needs_pinecone_search);
    let decision = read(&with("/conversationComplexity/hasComplexity", json!(false)));
    assert_eq!(decision.conversation_complexity.complexity_types, []);
    let decision = read(&with("/showContextualUpdates", json!(false)));
    assert_eq!(decision.contextual_updates, []);
    // A blank memory that the flag rules out is not looked at.
    let mut answer = full();
    answer["memoryProcessing"]["memory"]["content"] = json!("");
    answer["memoryProcessing"]["isMemoryRequest"] = json!(false);
    assert_eq!(read(&answer.to_string()).memory_processing.memory, None);
}

#[test]
fn a_title_is_one_short_line_of_the_first_turn() {
    let longest = "t".repeat(LONGEST_TITLE);
    for (told, expected) in [
        ("Squats at dawn", Some("Squats at dawn")),
        (" \"Squats at dawn\" ", Some("Squats at dawn")),
        (longest.as_str(), Some(longest.as_str())),
        ("", None),
        ("  ", None),
        ("\"\"", None),
        ("Squats\nat dawn", None),
        (&"t".repeat(LONGEST_TITLE + 1), None),
    ] {
        let answer = with("/conversationTitle", json!(told));
        assert_eq!(
            parse(&answer, TEXT, true, &[])
                .unwrap()
                .conversation_title
                .as_deref(),
            expected,
            "{told:?}"
        );
        assert_eq!(
            parse(&answer, TEXT, false, &[]).unwrap().conversation_title,
            None,
            "{told:?}"
        );
    }
    assert_eq!(
        read(&with("/conversationTitle", json!(null))).conversation_title,
        None
    );
}

#[test]
fn a_memory_is_read_whole() {
    let memory = read(&full().to_string()).memory_processing.memory.unwrap();
    assert_eq!(
        (memory.kind, memory.importance),
        (MemoryKind::Preference, Importance::Low)
    );
    assert_eq!((memory.same_as, memory.in_place_of), (None, None));
}

/// A memory of this id and these words.
fn known(id: &str, content: &str) -> Memory {
    let memory = json!({
        "memoryId": id, "content": content, "type": "context", "importance": "low",
        "coachId": null, "tags": [], "source": "conversation", "sourceMessageId": null,
        "conversationId": null, "createdAt": Timestamp(0), "lastUsedAt": null, "timesUsed": 0,
        "supersededBy": null,
    });
    serde_json::from_value(memory).unwrap()
}

#[test]
fn a_number_names_one_of_what_was_shown_and_any_other_costs_itself() {
    let shown = [
        known("noon", "Trains at noon"),
        known("home", "Trains at home"),
    ];
    let told = |memory: &[(&str, Value)], forget: Value| {
        let mut answer = full();
        for (field, value) in memory {
            answer["memoryProcessing"]["memory"][*field] = value.clone();
        }
        answer["memoryProcessing"]["isForgetRequest"] = json!(true);
        answer["memoryProcessing"]["forget"] = forget;
        let decision = parse(&answer.to_string(), TEXT, true, &shown).unwrap();
        let processing = decision.memory_processing;
        let memory = processing.memory.unwrap();
        let id = |id: Option<MemoryId>| id.map(|id| id.to_string());
        let forget: Vec<String> = processing.forget.iter().map(MemoryId::to_string).collect();
        let dropped = decision.router_metadata.dropped;
        (id(memory.same_as), id(memory.in_place_of), forget, dropped)
    };
    let (none, some) = (None::<String>, |id: &str| Some(id.to_owned()));
    let all = told(
        &[("sameAs", json!(1)), ("inPlaceOf", json!(2))],
        json!([2, 1]),
    );
    let both = vec!["home".to_owned(), "noon".to_owned()];
    assert_eq!(all, (some("noon"), some("home"), both, vec![]));
    for odd in [
        json!(0),
        json!(3),
        json!(-1),
        json!("1"),
        json!(1.5),
        json!(true),
    ] {
        let (same, _, forget, dropped) = told(&[("sameAs", odd.clone())], json!([odd, 1]));
        assert_eq!((&same, forget), (&none, vec!["noon".to_owned()]), "{odd}");
        let expected = ["memoryProcessing.memory.sameAs", "memoryProcessing.forget"];
        assert_eq!(dropped, expected, "{odd}");
    }
}

#[test]
fn a_memory_that_cannot_be_kept_costs_itself_alone() {
    for content in [
        String::new(),
        "  ".to_owned(),
        "x".repeat(LONGEST_MEMORY + 1),
    ] {
        let decision = read(&with("/memoryProcessing/memory/content", json!(content)));
        let processing = decision.memory_processing;
        assert!(processing.memory.is_none() && processing.needs_retrieval);
        assert_eq!(
            decision.router_metadata.dropped,
            ["memoryProcessing.memory"]
        );
    }
}
