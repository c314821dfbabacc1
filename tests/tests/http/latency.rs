//! How long a client waits, to the millisecond, when everything takes its time.
//!
//! `cargo test -p coach-tests --test http latency -- --nocapture` prints what comes when.

use std::time::Duration;

use coach_tests::scenes::{self, QUESTION, after};
use coach_tests::{Event, Mishap, Site, conversation_key, saying};
use domain::{Delivery, Prompt, Tier, Tries};
use futures::StreamExt;
use ports::{Answer, MessageStore, ModelCall, answer};
use rehearsal::Scene;
use serde_json::json;

const ADMIT: u64 = 15;
const LOAD: u64 = 15;
const ROUTER: u64 = 300;
const RECALL: u64 = 60;
const FIRST_TOKEN: u64 = 600;

const UPDATES: [(&str, &str); 3] = [
    ("initial_greeting", "Zooming in on your squats."),
    ("pattern_analysis", "Scouting your squats."),
    ("insights_brewing", "Brewing up a plan."),
];

/// A site where everything takes its time, and to look something up takes `recall`.
fn site(recall: u64) -> Site {
    let mut route = scenes::routing(&UPDATES, false);
    route["memoryProcessing"]["needsRetrieval"] = json!(true);
    route["contextNeeds"] =
        json!({ "needsPineconeSearch": true, "searchTypes": ["methodology", "workouts"] });
    let route = after(ROUTER, Scene::saying(route.to_string()));
    let update = after(ROUTER, Scene::saying("{}"));
    let site = Site::new(|model| {
        model
            .route(route)
            .extract(update)
            .reply(after(FIRST_TOKEN, Scene::saying("Sit.")))
    });
    for (method, ms) in [("admit", ADMIT), ("messages", LOAD)] {
        site.messages
            .plan(method, .., Mishap::Delay(Duration::from_millis(ms)));
    }
    site.memories
        .plan("search", .., Mishap::Delay(Duration::from_millis(recall)));
    // What was forgotten, what is remembered and the safety facts are read with the history; what
    // is gathered comes after it.
    site.records
        .plan("list", ..=3, Mishap::Delay(Duration::from_millis(LOAD)));
    site.records
        .plan("list", 4.., Mishap::Delay(Duration::from_millis(recall)));
    site
}

/// What a client is told of a turn, each with the time at which it comes.
async fn told(text: &str, recall: u64) -> Vec<Event> {
    let site = site(recall);
    let path = site.conversation().await;
    let events = site
        .client()
        .stream(&format!("{path}/stream"), &[], &saying(text))
        .await
        .rest()
        .await;
    let timings = &events.last().unwrap().json["timings"];
    assert_eq!(
        timings["firstToken"],
        first(&events, "chunk"),
        "the report is wrong: {timings}"
    );
    events
}

fn first(events: &[Event], kind: &str) -> u64 {
    events.iter().find(|event| event.kind() == kind).unwrap().at
}

/// When the first visible text came, and when the first word of the reply.
async fn waits(text: &str, recall: u64) -> (u64, u64) {
    let events = told(text, recall).await;
    (first(&events, "contextual"), first(&events, "chunk"))
}

#[tokio::test(start_paused = true)]
async fn the_path_to_the_first_word_is_admit_load_router_and_the_models_own_time() {
    assert_eq!(
        waits(QUESTION, RECALL).await,
        (ADMIT, ADMIT + LOAD + ROUTER + FIRST_TOKEN)
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_looked_up_beside_the_router_costs_nothing_unless_it_takes_longer() {
    for (recall, waited) in [(0, ROUTER), (RECALL, ROUTER), (ROUTER, ROUTER), (450, 450)] {
        assert_eq!(
            waits(QUESTION, recall).await,
            (ADMIT, ADMIT + LOAD + waited + FIRST_TOKEN),
            "{recall} ms"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_rule_decides_waits_for_no_router_and_for_nothing_to_be_gathered() {
    assert_eq!(
        waits("thanks!", RECALL).await,
        (ADMIT, ADMIT + LOAD + FIRST_TOKEN)
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_look_up_is_given_up_after_800_ms() {
    assert_eq!(
        waits(QUESTION, 5_000).await,
        (ADMIT, ADMIT + LOAD + 800 + FIRST_TOKEN)
    );
}

/// The old order is played with the same ports in the same time: each step waits for the one before
/// it. An update is a call of the small model like the router's, and takes as long.
#[tokio::test(start_paused = true)]
async fn one_step_after_another_a_client_would_wait_at_least_60_percent_longer() {
    let events = told(QUESTION, RECALL).await;
    println!("\nnow, with a question:");
    for event in events.iter().filter(|event| event.kind() != "complete") {
        println!(
            "{:>6} ms  {} {}",
            event.at,
            event.kind(),
            event.text("content").trim()
        );
    }
    let now = first(&events, "chunk");

    let site = site(RECALL);
    let path = site.conversation().await;
    let began = site.clock.ms();
    let model = &*site.app.ports.llm;
    println!("\nthe same steps in the old order, without admission and recall:");
    let step = |what: &str| {
        let at = site.clock.ms() - began;
        println!("{at:>6} ms  {what}");
        at
    };
    answer(model, small(domain::router::TOOL), &mut Tries::default())
        .await
        .unwrap();
    step("routed");
    site.messages
        .messages(&conversation_key(&path), None, 60)
        .await
        .unwrap();
    step("loaded");
    for (stage, _) in UPDATES {
        answer(model, small("update"), &mut Tries::default())
            .await
            .unwrap();
        step(stage);
    }
    model.open(reply()).next().await.unwrap().unwrap();
    let then = step("first word of the reply");
    println!("{} % longer\n", (then - now) * 100 / now);
    assert_eq!(then, ROUTER + LOAD + 3 * ROUTER + FIRST_TOKEN);
    assert!(then * 100 >= now * 160, "{then} ms, and now {now} ms");
}

fn small(tool: &'static str) -> ModelCall {
    ModelCall::question(domain::Extraction {
        prompt: Prompt::question("Fill this in.", QUESTION),
        tool,
        schema: serde_json::Value::Null,
        max_tokens: 100,
    })
}

fn reply() -> ModelCall {
    let (tier, delivery) = (Tier::Reply, Delivery::Streamed);
    let prompt = Prompt::question("Reply.", QUESTION);
    ModelCall {
        tier,
        model: None,
        prompt,
        answer: Answer::Prose,
        delivery,
        max_tokens: 100,
        temperature: 0.7,
    }
}
