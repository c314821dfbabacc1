//! What turns leave behind: tried again, given up, taken on by later turns.

use std::time::Duration;

use coach_tests::scenes::{self, workout_route};
use coach_tests::{Client, Event, Mishap, Site, conversation_key, saying};
use domain::memory::Tombstone;
use domain::{Fault, Timestamp};
use ports::{Clock, Expect, Kind, RecordKey, RecordStore, records};
use rehearsal::{Line, Scene};
use serde_json::{Value, json};

use crate::mind::{kept, summed_up};
use crate::warnings;

const TOLD: &str = "I did 2x5 back squats at 100 kg today";

fn site(extract: impl IntoIterator<Item = Scene>) -> Site {
    Site::new(|model| {
        let model = model
            .route(workout_route())
            .reply(Scene::saying("Well done."));
        extract
            .into_iter()
            .fold(model, |model, scene| model.extract(scene))
    })
}

async fn tell(site: &Site, path: &str) -> Vec<Event> {
    site.client()
        .stream(&format!("{path}/stream"), &[], &saying(TOLD))
        .await
        .rest()
        .await
}

async fn jobs(site: &Site, path: &str) -> Vec<Value> {
    let answers = site
        .both()
        .map(|client| async move { client.get(&format!("{path}/jobs")).await.json() });
    let [here, there]: [Value; 2] = futures::future::join_all(answers).await.try_into().unwrap();
    assert_eq!(here, there);
    here["jobs"].as_array().unwrap().clone()
}

async fn workouts(site: &Site) -> usize {
    site.client().get("/users/ada/workouts").await.json()["workouts"]
        .as_array()
        .unwrap()
        .len()
}

#[tokio::test(start_paused = true)]
async fn one_odd_value_costs_itself_and_neither_the_session_nor_another_call() {
    let odd = json!({ "reps": 5, "weight": { "value": 100, "unit": "kg" }, "rpe": 20 });
    let form = json!({
        "refusal": null, "discipline": "strength", "confidence": 0.9,
        "exercises": [{ "name": "Back squat", "sets": [odd, { "reps": 5 }] }],
    });
    let site = site([Scene::saying(form.to_string())]);
    let path = site.conversation().await;
    let told = tell(&site, &path).await;
    site.settled().await;
    let turn = told[0].text("turnId");
    let done = site.client().get(&format!("{path}/turns/{turn}")).await;
    let job = &done.json()["jobs"][0];
    assert_eq!(
        (&job["state"], &job["result"]["dropped"]),
        (&json!("done"), &json!(["exercises.0.sets.0.rpe"]))
    );
    let logged = site.client().get("/users/ada/workouts").await.json();
    let sets = &logged["workouts"][0]["exercises"][0]["sets"];
    assert_eq!(
        (&sets[0]["reps"], &sets[0]["rpe"]),
        (&json!(5), &Value::Null)
    );
    assert_eq!(site.model.calls().extractions, 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_is_tried_again_with_growing_pauses_until_it_is_done() {
    let failing = || Scene::failing(Fault::Unavailable);
    let site = site([failing(), failing(), failing(), scenes::workout()]);
    let path = site.conversation().await;
    tell(&site, &path).await;
    let ended = site.clock.ms();
    assert_eq!(workouts(&site).await, 0);
    let waiting = jobs(&site, &path).await;
    assert_eq!(
        (&waiting[0]["kind"], &waiting[0]["turnId"].is_string()),
        (&json!("workout"), &true)
    );
    site.settled().await;
    assert_eq!(
        (site.clock.ms() - ended, site.model.calls().extractions),
        (2_000 + 4_000 + 8_000, 4)
    );
    assert_eq!(
        (workouts(&site).await, jobs(&site, &path).await.len()),
        (1, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_five_times_is_kept_as_a_dead_letter() {
    for extraction in [
        Scene::failing(Fault::Unavailable),
        Scene::saying("no form at all"),
    ] {
        let site = site([extraction]);
        let path = site.conversation().await;
        let events = tell(&site, &path).await;
        site.settled().await;
        let dead = jobs(&site, &path).await;
        assert_eq!(
            (&dead[0]["state"], &dead[0]["attempts"]),
            (&json!("dead"), &json!(5))
        );
        assert!(dead[0]["reason"].is_string());
        assert_eq!(
            (site.model.calls().extractions, workouts(&site).await),
            (5, 0)
        );
        let turn = format!("{path}/turns/{}?wait=jobs", events[0].text("turnId"));
        let turn = site.elsewhere().get(&turn).await.json();
        assert_eq!(
            (&turn["state"], turn["jobs"][0]["state"].as_str()),
            (&json!("completed"), Some("dead"))
        );
        let extractions = turn["usage"]["calls"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|call| call["kind"] == "extraction");
        assert_eq!(extractions.count(), 5, "each try has its call");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_process_leaves_over_is_taken_on_by_the_users_next_turns() {
    let failing = || Scene::failing(Fault::Unavailable);
    let site = site([
        failing(),
        failing(),
        failing(),
        failing(),
        scenes::workout(),
    ])
    .trying_once();
    let mut paths = Vec::new();
    for _ in 0..4 {
        paths.push(site.conversation().await);
        tell(&site, paths.last().unwrap()).await;
        site.settled().await;
    }
    assert_eq!(
        (workouts(&site).await, site.model.calls().extractions),
        (0, 4),
        "each was tried once"
    );
    tokio::time::advance(Duration::from_secs(60)).await;
    let path = site.conversation().await;
    let thanks = site
        .elsewhere()
        .stream(&format!("{path}/stream"), &[], &saying("thanks!"))
        .await
        .rest()
        .await;
    assert_eq!(thanks.last().unwrap().kind(), "complete");
    site.settled().await;
    assert_eq!(
        (workouts(&site).await, site.model.calls().extractions),
        (3, 7),
        "a turn takes on three"
    );
}

/// Has Ada's conversations be told workouts that are logged later; their addresses.
async fn leave_over(site: &Site, count: usize) {
    for _ in 0..count {
        let path = site.conversation().await;
        tell(site, &path).await;
        site.settled().await;
    }
    tokio::time::advance(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn a_job_is_claimed_when_its_turn_has_come_and_so_tried_and_paid_once() {
    let slow = || scenes::after(29_000, scenes::workout());
    let failing = || Scene::failing(Fault::Unavailable);
    let site = site([failing(), failing(), failing(), slow()]).trying_once();
    leave_over(&site, 3).await;
    let (here, there) = (site.conversation().await, site.conversation().await);
    let thanks = |client: Client, path: String| async move {
        client
            .stream(&format!("{path}/stream"), &[], &saying("thanks!"))
            .await
            .rest()
            .await
    };
    thanks(site.client(), here).await;
    // While the first process is at the third of them, another one looks for work.
    site.clock
        .sleep_until(site.clock.now() + Duration::from_secs(61))
        .await;
    thanks(site.elsewhere(), there).await;
    site.settled().await;
    assert_eq!(
        (workouts(&site).await, site.model.calls().extractions),
        (3, 3 + 3)
    );
}

#[tokio::test(start_paused = true)]
async fn a_job_that_panics_is_tried_again_then_dead_and_keeps_nobody_waiting() {
    let panics = || Scene(vec![Line::Panic]);
    let site = site([
        panics(),
        panics(),
        panics(),
        panics(),
        panics(),
        scenes::workout(),
    ]);
    let path = site.conversation().await;
    tell(&site, &path).await;
    site.settled().await;
    let dead = jobs(&site, &path).await;
    let told = (&dead[0]["state"], &dead[0]["attempts"], &dead[0]["reason"]);
    assert_eq!(told, (&json!("dead"), &json!(5), &json!("it panicked")));
    tell(&site, &path).await;
    site.settled().await;
    assert_eq!(
        (workouts(&site).await, jobs(&site, &path).await.len()),
        (1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_job_has_asked_is_paid_for_also_if_it_panics_over_the_answer() {
    let site = site([Scene(vec![Line::Panic]), scenes::workout()]);
    let path = site.conversation().await;
    tell(&site, &path).await;
    site.settled().await;
    let turn = site.client().get(&format!("{path}/messages")).await.json()["messages"][0]["turnId"]
        .clone();
    let turn = site
        .client()
        .get(&format!("{path}/turns/{}", turn.as_str().unwrap()))
        .await
        .json();
    let calls = turn["usage"]["calls"].as_array().unwrap().iter();
    let asked: Vec<_> = calls.filter(|call| call["kind"] == "extraction").collect();
    let told: Vec<_> = asked
        .iter()
        .map(|call| (&call["outcome"], &call["estimated"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!("abandoned"), &json!(true)),
            (&json!("ok"), &json!(false))
        ]
    );
    assert!(asked[0]["inputTokens"].as_u64() > Some(0), "{}", asked[0]);
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_process_dies_at_every_try_is_given_up_at_the_next_claim() {
    let site = site([Scene(vec![Line::Hang])]).trying_once();
    let path = site.conversation().await;
    // A process that is lost says nothing of its tries.
    site.messages
        .plan("settle_job", 1..=5, Mishap::Fail(Fault::Unavailable));
    for _ in 0..6 {
        let other = site.conversation().await;
        let of = if jobs(&site, &path).await.is_empty() {
            &path
        } else {
            &other
        };
        let text = if of == &path { TOLD } else { "thanks!" };
        site.client()
            .stream(&format!("{of}/stream"), &[], &saying(text))
            .await
            .rest()
            .await;
        site.settled().await;
        tokio::time::advance(Duration::from_secs(60)).await;
    }
    let dead = jobs(&site, &path).await;
    let told = (&dead[0]["state"], &dead[0]["attempts"], &dead[0]["reason"]);
    assert_eq!(
        told,
        (
            &json!("dead"),
            &json!(6),
            &json!("no try of it came to an end")
        )
    );
    assert_eq!(
        site.model.calls().extractions,
        5,
        "and no model was asked a sixth time"
    );
}

/// A site that talks about squats and whose summaries are these.
fn summing_up(summaries: impl IntoIterator<Item = Scene>) -> Site {
    Site::new(|model| {
        let model = model.route(crate::route()).reply(Scene::saying("Sit."));
        summaries
            .into_iter()
            .fold(model, |model, scene| model.extract(scene))
    })
}

/// Asks so often that a summary is due.
async fn ask_thrice(site: &Site, path: &str) {
    for _ in 0..3 {
        site.client()
            .stream(&format!("{path}/stream"), &[], &saying(scenes::QUESTION))
            .await
            .rest()
            .await;
        site.settled().await;
        tokio::time::advance(Duration::from_millis(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_summary_is_found_although_the_index_failed_when_it_was_stored() {
    for mishap in [
        Mishap::Fail(Fault::Unavailable),
        Mishap::Hang,
        Mishap::LoseAnswer(Fault::TimedOut),
    ] {
        let site = summing_up([summed_up("They talk about squats.")]);
        let path = site.conversation().await;
        site.memories.plan("upsert", 1..=2, mishap);
        ask_thrice(&site, &path).await;
        assert_eq!(
            site.found("They talk about squats.").await.len(),
            1,
            "{mishap:?}"
        );
        assert_eq!(
            (jobs(&site, &path).await.len(), site.model.calls().summaries),
            (0, 1),
            "{mishap:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_summary_stored_after_its_conversation_was_deleted_is_taken_back_by_the_next_try() {
    for mishap in [
        None,
        Some(Mishap::Fail(Fault::Unavailable)),
        Some(Mishap::LoseAnswer(Fault::TimedOut)),
    ] {
        let site = summing_up([scenes::after(1_000, summed_up("They talk about squats."))]);
        let path = site.conversation().await;
        if let Some(mishap) = mishap {
            site.memories.plan("upsert", 1..=1, mishap);
        }
        let deletes = async {
            while site.model.calls().summaries == 0 {
                site.clock
                    .sleep_until(site.clock.now() + Duration::from_millis(10))
                    .await;
            }
            assert_eq!(site.elsewhere().delete(&path).await.status.as_u16(), 200);
        };
        futures::join!(ask_thrice(&site, &path), deletes);
        assert_eq!(
            (
                site.found("They talk about squats.").await.len(),
                kept(&site, Kind::Summary)
            ),
            (0, 0),
            "{mishap:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn of_the_summaries_that_wait_in_a_conversation_only_the_last_is_tried() {
    let site = summing_up([Scene::failing(Fault::Unavailable)]).trying_once();
    let path = site.conversation().await;
    ask_thrice(&site, &path).await;
    ask_thrice(&site, &path).await;
    assert_eq!(
        (site.model.calls().summaries, jobs(&site, &path).await.len()),
        (4, 4),
        "each turn tries its own"
    );
    for _ in 0..10 {
        tokio::time::advance(Duration::from_secs(60)).await;
        let other = site.conversation().await;
        site.elsewhere()
            .stream(&format!("{other}/stream"), &[], &saying("thanks!"))
            .await
            .rest()
            .await;
        site.settled().await;
    }
    let states: Vec<_> = jobs(&site, &path)
        .await
        .iter()
        .map(|job| job["state"].clone())
        .collect();
    assert_eq!(
        (site.model.calls().summaries, states),
        (4 + 4, vec![json!("dead")]),
        "the last one is tried five times"
    );
}

#[tokio::test(start_paused = true)]
async fn a_summary_of_which_some_cannot_be_used_is_taken_without_it_in_one_call() {
    let form = json!({
        "narrative": "They talk about squats.", "currentGoals": ["w".repeat(301), "10 km"],
        "recentProgress": 7, "preferences": [], "constraints": ["left knee"], "emotionalState": "",
        "keyInsights": [], "tags": ["squats"],
    });
    let site = summing_up([Scene::saying(form.to_string())]);
    let path = site.conversation().await;
    ask_thrice(&site, &path).await;
    let summary = site
        .elsewhere()
        .get(&format!("{path}/summary"))
        .await
        .json()["summary"]
        .clone();
    let taken = (
        &summary["currentGoals"],
        &summary["recentProgress"],
        &summary["constraints"],
        &summary["tags"],
    );
    assert_eq!(
        taken,
        (
            &json!(["10 km"]),
            &json!([]),
            &json!(["left knee"]),
            &json!(["squats"])
        )
    );
    assert_eq!(
        (site.model.calls().summaries, jobs(&site, &path).await.len()),
        (1, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_forgotten_before_the_next_try_is_not_told_to_the_model_that_logs_workouts() {
    let memory = json!({
        "memoryId": "m", "content": "I did back squats at 100 kg", "type": "context",
        "importance": "low",
        "tags": [], "source": "conversation", "createdAt": Timestamp(0), "timesUsed": 0,
    });
    let memory = serde_json::from_value(memory).unwrap();
    for is_readable in [true, false] {
        let site = site([Scene::failing(Fault::Unavailable), scenes::workout()]);
        let path = site.conversation().await;
        tell(&site, &path).await;
        let tombstone = records::body(&Tombstone::of(&memory, site.clock.now())).unwrap();
        let body = if is_readable {
            tombstone
        } else {
            b"{".to_vec()
        };
        let owner = conversation_key(&path).user;
        let at = RecordKey {
            owner,
            kind: Kind::Tombstone,
            id: "t".parse().unwrap(),
        };
        site.records
            .put(&at, &body, None, Expect::Absent)
            .await
            .unwrap();
        site.settled().await;
        assert_eq!(
            (site.model.calls().extractions, workouts(&site).await),
            (1, 0),
            "readable: {is_readable}"
        );
        let states: Vec<_> = jobs(&site, &path)
            .await
            .iter()
            .map(|job| job["state"].clone())
            .collect();
        assert_eq!(
            states,
            if is_readable {
                vec![]
            } else {
                vec![json!("dead")]
            }
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_tried_again_says_why_and_what_is_given_up_is_an_error() {
    warnings::listen();
    let site = site([
        Scene::failing(Fault::Throttled),
        Scene::saying("no form at all"),
        Scene(vec![Line::Panic]),
    ]);
    let path = site.conversation().await;
    tell(&site, &path).await;
    site.settled().await;
    let log = warnings::heard();
    let tries: Vec<&str> = log.lines().filter(|line| line.contains(" job ")).collect();
    let expected = [
        ("WARN", "attempts=1", "throttled"),
        ("WARN", "attempts=2", "the model's answer could not be used"),
        ("WARN", "attempts=3", "it panicked"),
        ("WARN", "attempts=4", "it panicked"),
        ("ERROR", "attempts=5", "it panicked"),
    ];
    assert_eq!(tries.len(), expected.len(), "{log}");
    for (line, (level, attempt, reason)) in tries.iter().zip(expected) {
        let holds = [level, "kind=Workout", attempt, reason]
            .iter()
            .all(|told| line.contains(told));
        assert!(
            holds && !line.contains("squats"),
            "{level} {attempt} {reason}: {line}"
        );
    }
}
