//! What the router has decided is not found out again: neither by another model call nor from the
//! text, whatever that looks like. Each test has a text that says yes where the decision says no,
//! and one that says nothing where the decision says yes.

use coach_tests::{Calls, Site, saying, scenes};
use domain::memory::RecalledKind;
use rehearsal::Scene;
use serde_json::{Value, json};

const REMARK: &str = "Mm, the blue one";

/// One call of the router and one for the reply.
const TWO: Calls = Calls {
    routes: 1,
    replies: 1,
    extractions: 0,
    summaries: 0,
};

/// What a turn did: its model calls, its jobs, what it said that it is at, and what its prompt was
/// made of.
struct Turn {
    calls: Calls,
    jobs: Vec<Value>,
    updates: Vec<String>,
    context: Value,
}

/// The second turn of a conversation, whose router says no to everything but this. The first has
/// left a memory.
async fn turn(text: &str, decided: &[(&str, Value)]) -> Turn {
    let mut route = scenes::routing(&[], false);
    for (place, value) in decided {
        let (parent, field) = place.rsplit_once('/').unwrap();
        route.pointer_mut(parent).unwrap()[field] = value.clone();
    }
    let wants_summary = |(place, _): &(&str, Value)| place.ends_with("needsSummary");
    let form = if decided.iter().any(wants_summary) {
        summary()
    } else {
        scenes::workout()
    };
    let site = Site::new(|model| {
        model
            .route(Scene::saying(route.to_string()))
            .reply(Scene::saying("Sit."))
            .extract(form)
    });
    let path = site.conversation().await;
    site.index(
        RecalledKind::Workout,
        "last",
        "back squats last week, 5x5 at 95 kg",
    )
    .await;
    let stream = format!("{path}/stream");
    site.client()
        .stream(&stream, &[], &saying("/save-memory my left knee hurts"))
        .await
        .rest()
        .await;
    site.settled().await;

    let earlier = site.model.calls().all();
    let events = site
        .client()
        .stream(&stream, &[], &saying(text))
        .await
        .rest()
        .await;
    site.settled().await;
    let complete = &events.last().unwrap().json;
    let told = events
        .iter()
        .filter(|event| event.kind() == "contextual")
        .skip(1);
    Turn {
        calls: Calls::of(&site.model.asked_after(earlier)),
        jobs: complete["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|job| job["kind"].clone())
            .collect(),
        updates: told
            .map(|event| event.text("content").trim().to_owned())
            .collect(),
        context: complete["context"].clone(),
    }
}

fn summary() -> Scene {
    let form = json!({
        "narrative": "They talk about squats.", "currentGoals": [], "recentProgress": [],
        "preferences": [],
        "constraints": [], "emotionalState": "", "keyInsights": [], "tags": ["squats", "form"],
    });
    Scene::saying(form.to_string())
}

#[tokio::test(start_paused = true)]
async fn whether_a_workout_is_logged_is_not_asked_again() {
    const TOLD: &str = "I did 5x5 back squats at 100 kg today";
    let is_log = |confidence: f64| {
        [
            ("/workoutDetection/isWorkoutLog", json!(true)),
            ("/workoutDetection/confidence", json!(confidence)),
        ]
    };
    for (text, decided) in [(TOLD, &[][..]), (TOLD, &is_log(0.5))] {
        let turn = turn(text, decided).await;
        assert_eq!((turn.calls, turn.jobs.len()), (TWO, 0));
    }
    let yes = turn(REMARK, &is_log(0.6)).await;
    assert_eq!(
        (yes.calls, yes.jobs),
        (
            Calls {
                extractions: 1,
                ..TWO
            },
            vec![json!("workout")]
        )
    );
}

#[tokio::test(start_paused = true)]
async fn whether_something_is_remembered_or_forgotten_is_not_asked_again() {
    for text in [
        "Please remember that my right knee hurts in deep lunges",
        "Forget what I said about my knee",
    ] {
        let turn = turn(text, &[]).await;
        assert_eq!((turn.calls, turn.jobs.len()), (TWO, 0), "{text}");
    }
    let memory =
        json!({ "content": "likes the blue one", "type": "preference", "importance": "low" });
    let remember = [
        ("/memoryProcessing/isMemoryRequest", json!(true)),
        ("/memoryProcessing/memory", memory),
    ];
    let forget = [("/memoryProcessing/isForgetRequest", json!(true))];
    // What is forgotten is decided by words, too: here they name nothing.
    for (jobs, decided) in [(vec![json!("memory")], &remember[..]), (vec![], &forget)] {
        let yes = turn(REMARK, decided).await;
        assert_eq!((yes.calls, yes.jobs), (TWO, jobs));
    }
}

#[tokio::test(start_paused = true)]
async fn whether_a_summary_is_due_is_not_asked_again() {
    let moved = "I am so sad: I lost my job, my goal is a marathon now, and my knee is injured";
    let no = turn(moved, &[]).await;
    assert_eq!((no.calls, no.jobs.len()), (TWO, 0));
    let yes = turn(
        REMARK,
        &[("/conversationComplexity/needsSummary", json!(true))],
    )
    .await;
    assert_eq!(
        (yes.calls, yes.jobs),
        (
            Calls {
                summaries: 1,
                ..TWO
            },
            vec![json!("summary")]
        )
    );
}

#[tokio::test(start_paused = true)]
async fn whether_anything_is_recalled_or_searched_for_is_not_asked_again() {
    const ASKED: &str = "Do you remember my knee, and how did my back squats go last week?";
    let entered = |turn: &Turn| {
        ["memories", "recalled"].map(|kind| turn.context[kind].as_array().unwrap().len())
    };
    let retrieve = ("/memoryProcessing/needsRetrieval", json!(true));
    let search = |kind: &str| {
        [
            ("/contextNeeds/needsPineconeSearch", json!(true)),
            ("/contextNeeds/searchTypes", json!([kind])),
        ]
    };
    for (text, decided, expected) in [
        (ASKED, &[][..], [0, 0]),
        (ASKED, &search("workouts"), [0, 1]),
        (ASKED, &search("techniques"), [0, 0]),
        (REMARK, &[retrieve], [1, 0]),
    ] {
        let turn = turn(text, decided).await;
        assert_eq!(
            (turn.calls, entered(&turn)),
            (TWO, expected),
            "{text} {decided:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn whether_and_what_is_told_while_the_coach_thinks_is_not_asked_again() {
    let lines = [
        ("pattern_analysis", "Scouting your squats."),
        ("insights_brewing", "Brewing up a plan."),
    ];
    let lines = lines.map(|(stage, text)| json!({ "stage": stage, "text": text }));
    let written = ("/contextualUpdates", json!(lines));
    let no = turn(
        "How do I squat deeper, and what should I eat?",
        std::slice::from_ref(&written),
    )
    .await;
    assert_eq!(
        (no.calls, no.updates.len()),
        (TWO, 0),
        "written, but not to be shown"
    );
    let yes = turn(REMARK, &[written, ("/showContextualUpdates", json!(true))]).await;
    assert_eq!(
        (yes.calls, yes.updates),
        (
            TWO,
            ["Scouting your squats.", "Brewing up a plan."]
                .map(str::to_owned)
                .into()
        )
    );
}
