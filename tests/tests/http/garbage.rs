//! A router that answers with garbage, breaks, or does not answer: the turn goes on without it.

use std::time::Duration;

use coach_tests::scenes::{self, QUESTION, after, pause, say};
use coach_tests::{Calls, Site};
use domain::{Fault, StopReason};
use rehearsal::{Line, Scene};
use serde_json::Value;

use crate::asked;

/// The longest that a router is waited for.
const PATIENCE: u64 = 1_500;

/// A turn whose router plays this: who decided, and when the reply began.
async fn decided(name: &str, route: Scene) -> (String, u64) {
    let site = Site::new(|model| {
        model
            .route(route)
            .reply(Scene::saying("Sit between your hips."))
    });
    let (_, events) = asked(&site, QUESTION).await;
    let complete = events.last().unwrap();
    assert_eq!(
        (complete.kind(), complete.text("status")),
        ("complete", "finished"),
        "{name}"
    );
    let reply: String = events
        .iter()
        .filter(|event| event.kind() == "chunk")
        .map(|event| event.text("content"))
        .collect();
    assert!(
        reply.starts_with("Sit between your hips."),
        "{name}: {reply}"
    );
    let Calls {
        routes, replies, ..
    } = site.model.calls();
    assert_eq!(
        (routes, replies),
        (1, 1),
        "{name}: the router is not asked again"
    );
    let source = complete.json["route"]["routerMetadata"]["source"]
        .as_str()
        .unwrap()
        .to_owned();
    if source == "default" {
        let jobs = complete.json["jobs"].as_array().unwrap();
        assert!(jobs.is_empty(), "{name}: {jobs:?}");
        assert_eq!(
            complete.json["usage"]["calls"][0]["kind"], "router",
            "{name}: it is on the bill"
        );
    }
    let begun = events
        .iter()
        .find(|event| event.kind() == "chunk")
        .unwrap()
        .at;
    (source, begun)
}

#[tokio::test(start_paused = true)]
async fn no_malformed_answer_of_the_router_fails_a_turn() {
    let answers = include_str!("../../corpus/malformed.jsonl").lines();
    let answers = answers.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let (mut refused, mut in_part) = (0, 0);
    for answer in answers {
        let (why, text) = (
            answer["why"].as_str().unwrap(),
            answer["answer"].as_str().unwrap(),
        );
        let by = if answer["repaired"].is_null() {
            "default"
        } else {
            "model"
        };
        refused += usize::from(by == "default");
        in_part += usize::from(answer["repaired"].get("/routerMetadata/dropped").is_some());
        assert_eq!(
            decided(why, Scene::saying(text)).await,
            (by.to_owned(), 0),
            "{why}"
        );
    }
    assert!(
        refused >= 60 && refused + in_part >= 120,
        "only {refused} and {in_part}"
    );
}

const FAULTS: [Fault; 6] = [
    Fault::Throttled,
    Fault::Unavailable,
    Fault::TimedOut,
    Fault::Truncated,
    Fault::Rejected,
    Fault::TooLong,
];

#[tokio::test(start_paused = true)]
async fn no_trouble_of_the_router_fails_a_turn_or_holds_it_up_for_longer_than_its_time() {
    let whole = scenes::routing(&[], false).to_string();
    let (half, rest) = whole.split_at(whole.len() / 2);
    let failing = FAULTS.map(|fault| ("failing", Scene::failing(fault), 0));
    let midway = FAULTS.map(|fault| {
        (
            "failing midway",
            Scene(vec![say(half), pause(40), Line::Fail(fault)]),
            40,
        )
    });
    let drip = Scene::word_by_word(&"word ".repeat(400), Duration::from_millis(100));
    let troubles = [
        ("silent", Scene(vec![Line::Hang]), PATIENCE),
        (
            "silent midway",
            Scene(vec![say(half), Line::Hang]),
            PATIENCE,
        ),
        (
            "without an end",
            Scene(vec![say(&whole), Line::Hang]),
            PATIENCE,
        ),
        (
            "too late",
            after(PATIENCE + 1, Scene::saying(whole.clone())),
            PATIENCE,
        ),
        ("dripping", drip, PATIENCE),
        ("cut at once", Scene(vec![Line::Cut]), 0),
        ("cut", Scene(vec![say(half), Line::Cut]), 0),
        (
            "out of room",
            Scene(vec![say(&whole), Line::End(StopReason::Length)]),
            0,
        ),
        ("filtered", Scene(vec![Line::End(StopReason::Filtered)]), 0),
        ("nothing", Scene(vec![Line::End(StopReason::Complete)]), 0),
        ("a megabyte", Scene::saying("word ".repeat(200_000)), 0),
        ("deep", Scene::saying("[".repeat(200_000)), 0),
    ];
    for (name, scene, begun) in troubles.into_iter().chain(failing).chain(midway) {
        assert_eq!(
            decided(name, scene).await,
            ("default".to_owned(), begun),
            "{name}"
        );
    }
    let in_time = Scene(vec![
        pause(700),
        say(half),
        pause(799),
        say(rest),
        Line::End(StopReason::Complete),
    ]);
    assert_eq!(
        decided("just in time", in_time).await,
        ("model".to_owned(), PATIENCE - 1)
    );
}
