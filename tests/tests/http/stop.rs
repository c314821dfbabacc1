//! Stopping a turn: here, from another server, and too late.

use std::time::Duration;

use coach_tests::scenes::{QUESTION, pause, say};
use coach_tests::{Mishap, Site, saying, told};
use domain::{Fault, StopReason};
use rehearsal::{Line, Scene};
use serde_json::json;

use crate::{asked, replying, route};

/// A turn that never ends by itself, and speaks once a second.
fn endless() -> Site {
    replying(Scene(
        (0..1_000)
            .flat_map(|_| [pause(1_000), say("Sit. ")])
            .collect(),
    ))
}

#[tokio::test(start_paused = true)]
async fn a_stopped_turn_keeps_exactly_what_was_told() {
    for elsewhere in [false, true] {
        let site = endless();
        let path = site.conversation().await;
        let mut sse = site
            .client()
            .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
            .await;
        let mut events = sse.take(6).await;
        let turn = format!("{path}/turns/{}", events[0].text("turnId"));
        let (stop, nothing) = (format!("{turn}/stop"), json!({}));
        let asked_at = site.clock.ms();
        let client = if elsewhere {
            site.elsewhere()
        } else {
            site.client()
        };
        let (stopped, rest) = futures::join!(client.post(&stop, &nothing), sse.rest());
        assert_eq!(
            (stopped.status.as_u16(), stopped.json()),
            (200, json!({ "status": "stopped" }))
        );
        events.extend(rest);
        let complete = events.last().unwrap();
        assert_eq!(
            (complete.kind(), complete.text("status")),
            ("complete", "stopped")
        );
        // At once in the process that runs it, and at the next checkpoint from another.
        let took = complete.at - asked_at;
        assert!(took <= if elsewhere { 600 } else { 0 }, "{took} ms");
        assert_eq!(complete.json["aiMessage"]["content"], told(&events));
        assert_eq!(complete.json["aiMessage"]["status"], "stopped");

        let again = client.post(&stop, &nothing).await;
        assert_eq!(
            (again.status.as_u16(), again.json()),
            (200, json!({ "status": "alreadyFinished" }))
        );
        let state = client.get(&turn).await.json();
        assert_eq!(
            (state["state"].as_str(), state["status"].as_str()),
            (Some("stopped"), Some("stopped"))
        );
    }
}

type Trouble = Option<(&'static str, Mishap)>;

/// What a turn waits for: a store, a router, or a reply.
fn waiting() -> [(&'static str, Trouble, Scene, Scene); 4] {
    let minute = Duration::from_secs(60);
    [
        (
            "loading",
            Some(("messages", Mishap::Delay(minute))),
            route(),
            Scene::saying("Sit."),
        ),
        (
            "routing",
            None,
            Scene(vec![Line::Pause(minute)]),
            Scene::saying("Sit."),
        ),
        ("replying", None, route(), Scene(vec![Line::Hang])),
        (
            "backing off",
            None,
            route(),
            Scene::failing(Fault::Throttled),
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_stopped_before_its_first_word_whatever_it_waits_for() {
    for (phase, mishap, router, reply) in waiting() {
        for elsewhere in [false, true] {
            let site = Site::new(|model| model.route(router.clone()).reply(reply.clone()));
            let path = site.conversation().await;
            mishap
                .into_iter()
                .for_each(|(method, mishap)| site.messages.plan(method, .., mishap));
            let mut sse = site
                .client()
                .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
                .await;
            let mut events = sse.take(2).await;
            tokio::time::advance(Duration::from_millis(10)).await;
            let stop = format!("{path}/turns/{}/stop", events[0].text("turnId"));
            let (asked_at, nothing) = (site.clock.ms(), json!({}));
            let client = if elsewhere {
                site.elsewhere()
            } else {
                site.client()
            };
            let (stopped, rest) = futures::join!(client.post(&stop, &nothing), sse.rest());
            assert_eq!(
                (stopped.status.as_u16(), stopped.json()),
                (200, json!({ "status": "stopped" })),
                "{phase}"
            );
            events.extend(rest);
            let complete = events.last().unwrap();
            assert_eq!(
                (complete.kind(), complete.text("status")),
                ("complete", "stopped"),
                "{phase} {elsewhere}"
            );
            assert_eq!(
                complete.json["aiMessage"]["content"],
                told(&events),
                "{phase}"
            );
            let took = complete.at - asked_at;
            assert!(
                took <= if elsewhere { 1_000 } else { 0 },
                "{phase} {elsewhere}: {took} ms"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_has_ended_is_not_stopped_however_it_ended() {
    for scene in [
        Scene::saying("Sit."),
        Scene(vec![Line::End(StopReason::Filtered)]),
    ] {
        let site = replying(scene);
        let (path, events) = asked(&site, QUESTION).await;
        let stop = format!("{path}/turns/{}/stop", events[0].text("turnId"));
        for client in site.both() {
            let answer = client.post(&stop, &json!({})).await;
            assert_eq!(
                (answer.status.as_u16(), answer.json()),
                (200, json!({ "status": "alreadyFinished" }))
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_comes_while_the_end_is_written_comes_too_late() {
    for (elsewhere, takes, expected) in [
        (false, 1_000, (200, "alreadyFinished")),
        (true, 1_000, (200, "alreadyFinished")),
        (false, 2_000, (202, "stopping")),
        (true, 2_000, (202, "stopping")),
    ] {
        let site = replying(Scene::saying("Sit."));
        site.messages
            .plan("finish", .., Mishap::Delay(Duration::from_millis(takes)));
        let path = site.conversation().await;
        let mut sse = site
            .client()
            .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
            .await;
        let events = sse.take(5).await;
        assert_eq!(events[4].kind(), "chunk");
        let stop = format!("{path}/turns/{}/stop", events[0].text("turnId"));
        let (client, nothing) = (
            if elsewhere {
                site.elsewhere()
            } else {
                site.client()
            },
            json!({}),
        );
        let (answer, rest) = futures::join!(client.post(&stop, &nothing), sse.rest());
        assert_eq!(
            (answer.status.as_u16(), answer.json()["status"].as_str()),
            (expected.0, Some(expected.1))
        );
        assert_eq!(rest.last().unwrap().text("status"), "finished");
    }
}
