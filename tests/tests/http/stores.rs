//! A store that fails, and what clients see of it.

use std::time::Duration;

use coach_tests::scenes::{QUESTION, pause, say};
use coach_tests::{Event, Mishap, Site, conversation_key, saying, told};
use domain::{Fault, StopReason};
use ports::{GRACE, LEASE, MessageStore};
use rehearsal::{Line, Scene};

use crate::errors::orphan;
use crate::refusals::Row;
use crate::{asked, kinds, replying};

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_is_asked_for_two_seconds_and_no_model_is_asked() {
    let site = replying(Scene::saying("Sit."));
    let path = site.conversation().await;
    site.messages
        .plan("admit", .., Mishap::Fail(Fault::Unavailable));
    let began = site.clock.ms();
    Row::post(503, "STORE_UNAVAILABLE", format!("{path}/stream"))
        .check(&site.client())
        .await;
    assert_eq!(site.clock.ms() - began, 4_000);
    assert_eq!(site.model.calls(), Default::default());
    assert_eq!(site.app.feeds.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_admission_whose_answer_was_lost_is_one_turn() {
    let site = replying(Scene::saying("Sit."));
    let path = site.conversation().await;
    site.messages
        .plan("admit", 1..=3, Mishap::LoseAnswer(Fault::Unavailable));
    let events = site
        .client()
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await
        .rest()
        .await;
    assert_eq!(
        (
            events[0].json["resumed"].as_bool(),
            events.last().unwrap().kind()
        ),
        (Some(false), "complete")
    );
    assert_eq!(
        (site.messages.calls("admit"), site.model.calls().replies),
        (4, 1)
    );
    let messages = site.client().get(&format!("{path}/messages")).await.json();
    assert_eq!(messages["messages"].as_array().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_as_complete_before_the_store_has_it() {
    for mishap in [
        Mishap::Fail(Fault::Unavailable),
        Mishap::LoseAnswer(Fault::TimedOut),
        Mishap::Hang,
    ] {
        let site = replying(Scene::saying("Sit."));
        site.messages.plan("finish", 1..=2, mishap);
        let (path, events) = asked(&site, QUESTION).await;
        assert_eq!(events.last().unwrap().kind(), "complete", "{mishap:?}");
        assert_eq!(site.messages.calls("finish"), 3, "{mishap:?}");
        let messages = site.client().get(&format!("{path}/messages")).await.json();
        assert_eq!(
            messages["messages"][1],
            events.last().unwrap().json["aiMessage"],
            "{mishap:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_whose_end_cannot_be_written_is_ended_by_its_reader_in_the_same_body() {
    let site = replying(Scene::saying("Sit."));
    site.messages
        .plan("finish", 1..=30, Mishap::Fail(Fault::Unavailable));
    let (path, events) = asked(&site, QUESTION).await;
    let error = events.last().unwrap();
    assert_eq!(
        (error.text("code"), error.json["seq"].as_u64()),
        ("PRODUCER_LOST", Some(1)),
        "{events:?}"
    );
    let conversation = site.client().get(&path).await.json();
    assert!(conversation["activeTurnId"].is_null());
}

#[tokio::test(start_paused = true)]
async fn a_follower_bears_with_a_store_that_cannot_be_read_for_a_while() {
    let (site, path, turn) = ended().await;
    let whole = follow(&site, &path, &turn).await;
    // The first call finds the turn; each of the others fails, until the eleventh.
    let calls = site.messages.calls("turn");
    site.messages.plan(
        "turn",
        calls + 2..=calls + 11,
        Mishap::Fail(Fault::Unavailable),
    );
    let events = follow(&site, &path, &turn).await;
    assert_eq!(told(&events), told(&whole));
    assert_eq!(events.last().unwrap().json, whole.last().unwrap().json);
}

#[tokio::test(start_paused = true)]
async fn a_body_ends_without_an_ending_if_the_store_cannot_be_read_for_fifteen_seconds() {
    for mishap in [Mishap::Fail(Fault::Unavailable), Mishap::Hang] {
        let (site, path, turn) = ended().await;
        site.messages
            .plan("turn", site.messages.calls("turn") + 2.., mishap);
        let began = site.clock.ms();
        assert_eq!(kinds(&follow(&site, &path, &turn).await), ["start"]);
        let waited = site.clock.ms() - began;
        assert!(
            (15_000..=16_000).contains(&waited),
            "{mishap:?}: {waited} ms"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_producer_that_lost_its_lease_leaves_one_ending_for_everybody() {
    let words = (0..40)
        .flat_map(|_| [pause(1_000), say("Sit. ")])
        .chain([Line::End(StopReason::Complete)]);
    let site = replying(Scene(words.collect()));
    let path = format!("{}/stream", site.conversation().await);
    site.messages
        .plan("checkpoint", 5.., Mishap::Fail(Fault::Unavailable));
    let mut here = site.client().stream(&path, &[], &saying(QUESTION)).await;
    let turn = here.header("x-turn-id").to_owned();
    let mut there = site
        .elsewhere()
        .follow(&format!("{path}?turnId={turn}"), &[])
        .await;
    let (here, there) = futures::join!(here.rest(), there.rest());
    let (mine, theirs) = (here.last().unwrap(), there.last().unwrap());
    assert_eq!(
        (theirs.text("code"), theirs.json["partial"].as_bool()),
        ("PRODUCER_LOST", Some(true))
    );
    assert_eq!(mine.json, theirs.json);
    // Who was told more than was kept is told what stands instead.
    let snapshot = here.iter().rev().nth(1).unwrap();
    assert_eq!(
        (snapshot.kind(), snapshot.text("content")),
        ("snapshot", told(&there).as_str())
    );
    let messages = site
        .client()
        .get(&path.replace("/stream", "/messages"))
        .await
        .json();
    assert_eq!(messages["messages"][1]["content"], told(&there));
    assert_eq!(messages["messages"][1]["status"], "failed");
}

const LOOKS: [&str; 6] = [
    "",
    "/messages",
    "/turns/lost",
    "/stream?turnId=lost",
    "/turns/lost/stop",
    "/stream",
];

#[tokio::test(start_paused = true)]
async fn whoever_looks_at_an_abandoned_turn_ends_it_and_the_conversation_is_free() {
    for (look, elsewhere) in LOOKS.iter().flat_map(|look| [(look, false), (look, true)]) {
        let site = replying(Scene::saying("Sit."));
        let path = site.conversation().await;
        orphan(&site, &path, "lost").await;
        let active = async || {
            site.messages
                .conversation(&conversation_key(&path))
                .await
                .unwrap()
                .unwrap()
                .active
        };
        let client = if elsewhere {
            site.elsewhere()
        } else {
            site.client()
        };
        tokio::time::advance(LEASE + GRACE).await;
        client.get(&path).await;
        assert!(active().await.is_some(), "its holder may be late: {look}");
        tokio::time::advance(Duration::from_millis(1)).await;
        match *look {
            "/stream" => drop(
                client
                    .stream(&format!("{path}{look}"), &[], &saying(QUESTION))
                    .await
                    .rest()
                    .await,
            ),
            "/turns/lost/stop" => {
                let stopped = client
                    .post(&format!("{path}{look}"), &serde_json::json!({}))
                    .await;
                assert_eq!(stopped.json()["status"], "alreadyFinished");
            }
            _ => drop(client.get(&format!("{path}{look}")).await),
        }
        assert_eq!(active().await, None, "{look}");
        let state = site
            .client()
            .get(&format!("{path}/turns/lost"))
            .await
            .json();
        assert_eq!(
            (state["state"].as_str(), state["code"].as_str()),
            (Some("failed"), Some("PRODUCER_LOST"))
        );
        let messages = site.client().get(&format!("{path}/messages")).await.json();
        assert_eq!(
            messages["messages"][0]["content"], QUESTION,
            "its message stands"
        );
    }
}

/// A turn that has ended.
async fn ended() -> (Site, String, String) {
    let site = replying(Scene::saying("Sit."));
    let (path, events) = asked(&site, QUESTION).await;
    let turn = events[0].text("turnId").to_owned();
    (site, path, turn)
}

async fn follow(site: &Site, path: &str, turn: &str) -> Vec<Event> {
    site.elsewhere()
        .follow(&format!("{path}/stream?turnId={turn}"), &[])
        .await
        .rest()
        .await
}
