//! How long a client waits, to the millisecond, when everything takes its time.

use std::time::Duration;

use coach_tests::scenes::{self, QUESTION, after};
use coach_tests::{Mishap, Site, saying};
use in_memory::Scene;

const ADMIT: u64 = 15;
const LOAD: u64 = 15;
const ROUTER: u64 = 300;
const FIRST_TOKEN: u64 = 600;

/// When the first visible text came, and when the first word of the reply.
async fn waits(text: &str, gather: u64) -> (u64, u64) {
    let site = Site::new(|model| {
        model.route(after(ROUTER, scenes::workout_route())).reply(after(FIRST_TOKEN, Scene::saying("Strong.")))
    });
    let path = site.conversation().await;
    for (method, ms) in [("admit", ADMIT), ("messages", LOAD)] {
        site.messages.plan(method, .., Mishap::Delay(Duration::from_millis(ms)));
    }
    // What was forgotten is read with the history; what is gathered comes after it.
    site.records.plan("list", ..=1, Mishap::Delay(Duration::from_millis(LOAD)));
    site.records.plan("list", 2.., Mishap::Delay(Duration::from_millis(gather)));
    let events = site.client().stream(&format!("{path}/stream"), &[], &saying(text)).await.rest().await;
    let at = |kind: &str| events.iter().find(|event| event.kind() == kind).unwrap().at;
    let timings = &events.last().unwrap().json["timings"];
    assert_eq!(timings["firstToken"], at("chunk"), "the report is wrong: {timings}");
    (at("contextual"), at("chunk"))
}

#[tokio::test(start_paused = true)]
async fn the_path_to_the_first_word_is_admit_load_router_and_the_models_own_time() {
    assert_eq!(waits(QUESTION, 60).await, (ADMIT, ADMIT + LOAD + ROUTER + FIRST_TOKEN));
}

#[tokio::test(start_paused = true)]
async fn routing_and_gathering_are_side_by_side() {
    assert_eq!(waits(QUESTION, 450).await, (ADMIT, ADMIT + LOAD + 450 + FIRST_TOKEN));
}

#[tokio::test(start_paused = true)]
async fn what_a_rule_decides_waits_for_no_router_and_for_nothing_to_be_gathered() {
    assert_eq!(waits("thanks!", 60).await, (ADMIT, ADMIT + LOAD + FIRST_TOKEN));
}

#[tokio::test(start_paused = true)]
async fn a_slow_look_up_is_given_up_after_800_ms() {
    assert_eq!(waits(QUESTION, 5_000).await, (ADMIT, ADMIT + LOAD + 800 + FIRST_TOKEN));
}
