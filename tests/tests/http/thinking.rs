//! Models that think before they speak, and models that must be asked otherwise.

use std::sync::Arc;
use std::time::Duration;

use coach_tests::scenes::{self, QUESTION};
use coach_tests::{Costly, Event, Site, saying, told};
use domain::{Fault, StopReason};
use ports::Clock;
use rehearsal::{Line, Scene};
use serde_json::json;

fn routed() -> Scene {
    Scene::saying(scenes::routing(&[], false).to_string())
}

async fn turn(site: &Site) -> Vec<Event> {
    let path = site.conversation().await;
    site.client()
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await
        .rest()
        .await
}

/// A thought every ten seconds, so many, and then words.
fn thoughts(count: usize) -> Scene {
    let thoughts = (0..count).flat_map(|_| [Line::Pause(Duration::from_secs(10)), Line::Think]);
    let words = [
        Line::Say("Sit.".to_owned()),
        Line::End(StopReason::Complete),
    ];
    Scene(thoughts.chain(words).collect())
}

#[tokio::test(start_paused = true)]
async fn a_model_that_thinks_for_forty_seconds_before_its_first_word_is_asked_once_and_heard_out() {
    let site = Site::new(|model| model.route(routed()).reply(thoughts(4)));
    let events = turn(&site).await;
    let complete = events.last().unwrap();
    assert_eq!(
        (complete.text("status"), site.model.calls().replies),
        ("finished", 1)
    );
    assert_eq!(complete.json["timings"]["firstToken"], 40_000);
    assert!(told(&events).ends_with("Sit."));
}

#[tokio::test(start_paused = true)]
async fn thoughts_between_words_are_a_sign_of_life_too_and_silence_is_none() {
    let late = |pause: Line| {
        let word = |text: &str| Line::Say(text.to_owned());
        let wait = || Line::Pause(Duration::from_secs(15));
        Scene(vec![
            word("Sit "),
            wait(),
            pause,
            wait(),
            word("down."),
            Line::End(StopReason::Complete),
        ])
    };
    for (between, kind) in [
        (Line::Think, "complete"),
        (Line::Say(String::new()), "error"),
    ] {
        let site = Site::new(|model| model.route(routed()).reply(late(between)));
        assert_eq!(turn(&site).await.last().unwrap().kind(), kind);
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_is_asked_for_again_at_once_and_within_its_limit() {
    let adjusted = || Scene::failing(Fault::Adjusted);
    let slow = || {
        Scene(vec![
            Line::Pause(Duration::from_secs(1)),
            Line::Fail(Fault::Adjusted),
        ])
    };
    for (scenes, source, asked, ms) in [
        (vec![adjusted(), routed()], "model", 2, 0),
        (
            vec![adjusted(), adjusted(), adjusted(), routed()],
            "model",
            4,
            0,
        ),
        (vec![adjusted()], "default", 4, 0),
        (vec![slow(), slow(), routed()], "default", 2, 1_500),
    ] {
        let site = Site::new(|model| {
            let model = model.reply(Scene::saying("Sit."));
            scenes
                .into_iter()
                .fold(model, |model, scene| model.route(scene))
        });
        let events = turn(&site).await;
        let complete = events.last().unwrap();
        assert_eq!(
            (complete.text("status"), site.model.calls().routes),
            ("finished", asked)
        );
        assert_eq!(complete.json["route"]["routerMetadata"]["source"], source);
        let router = &complete.json["usage"]["calls"][0];
        assert_eq!(
            (&router["attempts"], &router["ms"]),
            (&json!(asked), &json!(ms))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_is_asked_for_again_at_once_and_says_what_that_took() {
    let form =
        Scene::saying(json!({ "refusal": "nothing measurable", "confidence": 0.5 }).to_string());
    let site = Site::new(|model| {
        model
            .reply(Scene::saying("Well done."))
            .extract(Scene::failing(Fault::Adjusted))
            .extract(form)
    });
    let path = site.conversation().await;
    let text = saying("/log-workout squats, 5 times 5 at 100 kg");
    let events = site
        .client()
        .stream(&format!("{path}/stream"), &[], &text)
        .await
        .rest()
        .await;
    site.settled().await;
    let turn = events.last().unwrap().text("turnId").to_owned();
    let turn = site
        .client()
        .get(&format!("{path}/turns/{turn}"))
        .await
        .json();
    assert_eq!(
        turn["jobs"][0]["attempts"], 1,
        "the job itself was tried once"
    );
    let calls = turn["usage"]["calls"].as_array().unwrap();
    let extraction = calls
        .iter()
        .find(|call| call["kind"] == "extraction")
        .unwrap();
    assert_eq!(
        (&extraction["attempts"], &extraction["outcome"]),
        (&json!(2), &json!("ok"))
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_look_up_has_cost_is_charged_also_when_it_fails_or_the_turn_is_over_before() {
    for (takes, needed, reported) in [(10, true, true), (5_000, true, true), (100, false, false)] {
        let mut route = scenes::routing(&[], false);
        route["memoryProcessing"]["needsRetrieval"] = json!(needed);
        route["contextNeeds"] =
            json!({ "needsPineconeSearch": needed, "searchTypes": ["methodology"] });
        let route = Scene::saying(route.to_string());
        let mut site = Site::new(|model| model.route(route).reply(Scene::saying("Sit.")));
        site.app.ports.index = Arc::new(Costly::after(Duration::from_millis(takes), site.clock));
        let events = turn(&site).await;
        let calls = events.last().unwrap().json["usage"]["calls"]
            .as_array()
            .unwrap()
            .clone();
        let embeddings: Vec<_> = calls
            .iter()
            .filter(|call| call["kind"] == "embedding")
            .collect();
        assert_eq!(embeddings.len(), usize::from(reported), "{takes} ms");
        site.settled().await;
        let ledger = site.client().get("/users/ada/usage").await.json();
        assert_eq!(
            ledger["days"][0]["models"]["titan"]["inputTokens"], 9,
            "{takes} ms: {ledger}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_look_up_has_cost_is_charged_also_if_the_turn_was_taken_from_its_process() {
    let mut route = scenes::routing(&[], false);
    route["contextNeeds"] = json!({ "needsPineconeSearch": true, "searchTypes": ["methodology"] });
    let route = Scene::saying(route.to_string());
    let reply = scenes::after(5_000, Scene::saying("Sit."));
    let mut site = Site::new(|model| model.route(route).reply(reply));
    site.app.ports.index = Arc::new(Costly::after(Duration::from_millis(10), site.clock));
    let path = site.conversation().await;
    site.client()
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await;
    let later = site.clock.now() + Duration::from_secs(1);
    site.clock.sleep_until(later).await;
    // Another process deletes the conversation, and with it the right to write to it.
    assert_eq!(site.elsewhere().delete(&path).await.status.as_u16(), 200);
    site.settled().await;
    let ledger = site.client().get("/users/ada/usage").await.json();
    assert_eq!(
        ledger["days"][0]["models"]["titan"]["inputTokens"], 9,
        "{ledger}"
    );
}
