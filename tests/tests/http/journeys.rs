//! A message from its arrival to all that comes of it.

use coach_tests::scenes::{self, after};
use coach_tests::{ADA, Calls, Site};
use domain::UserScope;
use ports::{Expect, Kind, RecordKey, RecordStore};
use rehearsal::Scene;
use serde_json::json;

use crate::asked;

fn site() -> Site {
    Site::new(|model| {
        model
            .route(scenes::workout_route())
            .reply(Scene::saying("Strong."))
            .extract(after(800, scenes::workout()))
    })
}

#[tokio::test(start_paused = true)]
async fn thanks_cost_one_call_and_bring_no_updates() {
    let site = site();
    let (_, events) = asked(&site, "thanks!").await;
    assert_eq!(
        site.model.calls(),
        Calls {
            replies: 1,
            ..Calls::default()
        }
    );
    let stages: Vec<&str> = events
        .iter()
        .map(|event| event.text("stage"))
        .filter(|stage| !stage.is_empty())
        .collect();
    assert_eq!(stages, ["acknowledgment"]);
    assert_eq!(
        events.last().unwrap().json["route"]["routerMetadata"]["source"],
        "rule"
    );
    assert_eq!(
        events.last().unwrap().json["jobs"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

#[tokio::test(start_paused = true)]
async fn help_asks_no_model() {
    let site = site();
    let (_, events) = asked(&site, "/help").await;
    assert_eq!(site.model.calls(), Calls::default());
    let complete = &events.last().unwrap().json;
    assert_eq!(complete["status"], "finished");
    assert!(
        complete["aiMessage"]["content"]
            .as_str()
            .unwrap()
            .contains("/log-workout")
    );
}

#[tokio::test(start_paused = true)]
async fn a_told_workout_is_logged_after_the_answer() {
    for text in [
        "I did 5x5 back squats at 100 kg.",
        "/log-workout back squat 5x5 at 100 kg",
    ] {
        let site = site();
        let client = site.client();
        let path = site.conversation().await;
        let mut sse = client
            .stream(&format!("{path}/stream"), &[], &coach_tests::saying(text))
            .await;
        let events = sse.rest().await;
        let complete = &events.last().unwrap().json;
        assert_eq!(
            complete["jobs"],
            serde_json::json!([{ "kind": "workout", "state": "pending", "attempts": 0 }])
        );
        let turn = complete["turnId"].as_str().unwrap();
        let workouts = "/users/ada/workouts";
        assert_eq!(
            client.get(workouts).await.json()["workouts"]
                .as_array()
                .unwrap()
                .len(),
            0,
            "{text}"
        );

        let now = client.get(&format!("{path}/turns/{turn}")).await.json();
        assert_eq!(
            (now["state"].as_str(), now["jobs"][0]["state"].as_str()),
            (Some("completed"), Some("running"))
        );
        let then = client
            .get(&format!("{path}/turns/{turn}?wait=jobs"))
            .await
            .json();
        assert_eq!(then["jobs"][0]["state"], "done", "{then}");
        assert_eq!(then["jobs"][0]["result"]["workoutId"], turn);
        let kinds: Vec<_> = then["usage"]["calls"]
            .as_array()
            .unwrap()
            .iter()
            .map(|call| call["kind"].clone())
            .collect();
        assert_eq!(kinds.last().unwrap(), "extraction");

        let logged = client.get(workouts).await.json();
        let [workout] = logged["workouts"].as_array().unwrap().as_slice() else {
            panic!("{logged}")
        };
        assert_eq!(
            (&workout["turnId"], &workout["exercises"][0]["name"]),
            (&then["turnId"], &"Back squat".into())
        );
        assert_eq!(site.model.calls().extractions, 1);
        let bobs = client
            .showing(Some("bob"))
            .get("/users/bob/workouts")
            .await
            .json();
        assert_eq!(bobs["workouts"].as_array().unwrap().len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_workout_is_measured_against_the_newest_200_before_it() {
    // The squats of the scene weigh 100 kg. Of 250 earlier ones a single one weighs as much; the
    // number is its age.
    for (age, is_record) in [
        (None, true),
        (Some(1), false),
        (Some(199), false),
        (Some(200), true),
    ] {
        let site = site();
        for n in 0..250 {
            let weight = if Some(250 - n) == age.map(|age| age + 1) {
                120
            } else {
                80
            };
            store(&site, &format!("0-{n:03}"), weight).await;
        }
        let (path, events) = asked(&site, "I did 5x5 back squats at 100 kg.").await;
        let turn = events.last().unwrap().text("turnId").to_owned();
        let told = site
            .client()
            .get(&format!("{path}/turns/{turn}?wait=jobs"))
            .await
            .json();
        let records = &told["jobs"][0]["result"]["records"];
        let heaviest = json!({
            "exercise": "Back squat", "kind": "heaviestSet", "value": 100.0, "unit": "kg",
            "previous": 80.0,
        });
        assert_eq!(records[0] == heaviest, is_record, "{age:?}: {told}");
        assert_eq!(
            records.as_array().unwrap().len(),
            if is_record { 2 } else { 0 },
            "{told}"
        );
        let logged = site
            .client()
            .get(&format!("/users/ada/workouts/{turn}"))
            .await
            .json();
        assert_eq!(logged["records"], *records);
    }
}

/// Puts a squat of Ada's into the log.
async fn store(site: &Site, id: &str, kilograms: u32) {
    let workout = json!({
        "workoutId": id, "coachId": "strength", "conversationId": "v", "turnId": id,
        "discipline": "strength",
        "name": "Legs", "performedAt": "2026-01-31T07:30:00Z", "durationSeconds": null,
        "exercises": [{
            "name": "Back squats",
            "sets": [{ "reps": 5, "weight": { "value": kilograms, "unit": "kg" } }],
        }],
        "score": null, "perceivedExertion": null, "notes": null, "confidence": 1,
    });
    let owner = UserScope::verified(ADA.parse().unwrap());
    let at = RecordKey {
        owner,
        kind: Kind::Workout,
        id: id.parse().unwrap(),
    };
    site.records
        .put(&at, workout.to_string().as_bytes(), None, Expect::Anything)
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn waiting_for_jobs_is_over_after_ten_seconds() {
    let site = Site::new(|model| {
        model
            .route(scenes::workout_route())
            .reply(Scene::saying("Strong."))
            .extract(after(15_000, scenes::workout()))
    });
    let path = site.conversation().await;
    let body = coach_tests::saying("I did 5x5 back squats at 100 kg.");
    let events = site
        .client()
        .stream(&format!("{path}/stream"), &[], &body)
        .await
        .rest()
        .await;
    let turn = events[0].text("turnId");
    let began = site.clock.ms();
    let waited = site
        .client()
        .get(&format!("{path}/turns/{turn}?wait=jobs"))
        .await
        .json();
    assert_eq!(
        (waited["jobs"][0]["state"].as_str(), site.clock.ms() - began),
        (Some("running"), 10_000)
    );
}

#[tokio::test(start_paused = true)]
async fn the_first_turn_names_the_conversation_and_a_second_turn_sees_the_first() {
    let site = site();
    let (path, _) = asked(&site, "I did 5x5 back squats at 100 kg.").await;
    let conversation = site.client().get(&path).await.json();
    assert_eq!(
        (
            conversation["title"].as_str(),
            conversation["messageCount"].as_u64()
        ),
        (Some("Squats"), Some(2))
    );
    let body = coach_tests::saying("What next?");
    let events = site
        .client()
        .stream(&format!("{path}/stream"), &[], &body)
        .await
        .rest()
        .await;
    assert_eq!(events.last().unwrap().json["context"]["historyMessages"], 2);
    let page = site
        .client()
        .get(&format!("{path}/messages?limit=3"))
        .await
        .json();
    let numbers: Vec<u64> = page["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["number"].as_u64().unwrap())
        .collect();
    assert_eq!(
        (numbers, page["nextCursor"].as_str()),
        (vec![2, 3, 4], Some("2"))
    );
    let page = site
        .client()
        .get(&format!("{path}/messages?limit=3&cursor=2"))
        .await
        .json();
    assert_eq!(
        (
            page["messages"].as_array().unwrap().len(),
            &page["nextCursor"]
        ),
        (1, &serde_json::Value::Null)
    );
}
