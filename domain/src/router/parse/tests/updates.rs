//! What is told while the coach thinks.

use super::*;

type Stages = &'static [&'static str];

/// The lines' stages, whether a workout is logged, a memory wanted, a memory kept; the stages that
/// are shown.
const LINES: [(Stages, bool, bool, bool, Stages); 10] = [
    (&[], true, true, true, &[]),
    (
        &["initial_greeting"],
        false,
        false,
        false,
        &["initial_greeting"],
    ),
    (&["acknowledgment"], true, true, true, &[]),
    (
        &["workout_analysis"],
        true,
        false,
        false,
        &["workout_analysis"],
    ),
    (&["workout_analysis"], false, true, true, &[]),
    (&["memory_analysis"], true, false, false, &[]),
    (
        &["memory_analysis"],
        false,
        true,
        false,
        &["memory_analysis"],
    ),
    (
        &["memory_analysis"],
        false,
        false,
        true,
        &["memory_analysis"],
    ),
    (
        &["pattern_analysis", "pattern_analysis", "insights_brewing"],
        false,
        false,
        false,
        &["pattern_analysis", "insights_brewing"],
    ),
    (
        &[
            "insights_brewing",
            "acknowledgment",
            "pattern_analysis",
            "insights_brewing",
            "memory_analysis",
            "workout_analysis",
            "initial_greeting",
        ],
        true,
        true,
        true,
        &[
            "insights_brewing",
            "pattern_analysis",
            "memory_analysis",
            "workout_analysis",
            "initial_greeting",
        ],
    ),
];

#[test]
fn updates_keep_to_their_stages() {
    for (told, logged, wanted, kept, expected) in LINES {
        let mut answer = full();
        let line = |(at, stage)| json!({ "stage": stage, "text": format!("Scouting part {at}") });
        answer["contextualUpdates"] = told.iter().enumerate().map(line).collect();
        answer["workoutDetection"]["isWorkoutLog"] = json!(logged);
        answer["memoryProcessing"]["needsRetrieval"] = json!(wanted);
        answer["memoryProcessing"]["isMemoryRequest"] = json!(kept);
        let decision = read(&answer.to_string());
        let shown: Vec<_> = decision
            .updates()
            .iter()
            .map(|update| json!(update.stage))
            .collect();
        assert_eq!(shown, expected, "{told:?} {logged} {wanted} {kept}");
    }
}

#[test]
fn a_line_that_breaks_the_rules_is_replaced_by_ours() {
    let ours = phrase(Stage::WorkoutAnalysis);
    for (told, shown) in [
        ("Hunting down those squats", "Hunting down those squats"),
        ("\"Hunting down those squats\"", "Hunting down those squats"),
        ("Hello! Hunting down those squats", ours),
        ("Hunting 🔥", ours),
        ("", ours),
        (&"a".repeat(121), ours),
    ] {
        let decision = read(&with("/contextualUpdates/0/text", json!(told)));
        assert_eq!(decision.updates()[0].text, shown, "{told:?}");
        assert_eq!(decision.updates()[1].text, "Hunting down your last session");
    }
}
