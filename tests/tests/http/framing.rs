//! The bytes of a stream.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use axum::http::StatusCode;
use coach_tests::masks::{named, without_numbers};
use coach_tests::scenes::{self, QUESTION, after, pause, say};
use coach_tests::{Event, Mishap, Site, WallTime, saying};
use domain::{Fault, StopReason};
use rehearsal::{Line, Scene};
use serde_json::Value;

use crate::{asked, kinds, replying, route};

#[tokio::test(start_paused = true)]
async fn a_whole_stream_is_these_bytes() {
    let spoken = Scene::word_by_word("Sit between your hips.", Duration::from_millis(40));
    let site = Site::new(|model| model.route(after(300, route())).reply(after(600, spoken)));
    golden("finished.txt", &raw(&site).await);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_fails_is_these_bytes() {
    golden(
        "failed.txt",
        &raw(&replying(Scene(vec![
            say("Sit "),
            Line::Fail(Fault::Unavailable),
        ])))
        .await,
    );
    golden(
        "failed_at_once.txt",
        &raw(&replying(Scene::failing(Fault::Rejected))).await,
    );
}

#[tokio::test(start_paused = true)]
async fn the_headers_are_those_of_a_stream_that_nobody_may_hold_back() {
    let site = replying(Scene::saying("Sit."));
    let path = site.conversation().await;
    let mut sse = site
        .client()
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await;
    assert_eq!(sse.status, StatusCode::OK);
    assert_eq!(
        sse.header("content-type"),
        "text/event-stream; charset=utf-8"
    );
    assert_eq!(sse.header("cache-control"), "no-cache, no-transform");
    assert_eq!(sse.header("x-accel-buffering"), "no");
    assert_eq!(
        (sse.header("content-length"), sse.header("content-encoding")),
        ("", "")
    );
    let turn = sse.next().await.unwrap().text("turnId").to_owned();
    assert_eq!(sse.header("x-turn-id"), turn);
    assert_eq!(
        sse.header("content-location"),
        format!("{path}/stream?turnId={turn}")
    );
    assert!(!sse.header("x-request-id").is_empty());
}

#[tokio::test(start_paused = true)]
async fn start_comes_before_anything_is_read_or_any_model_is_asked() {
    let site = replying(Scene::saying("Sit."));
    let path = site.conversation().await;
    site.messages
        .plan("messages", .., Mishap::Delay(Duration::from_secs(1)));
    let mut sse = site
        .client()
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await;
    let start = sse.next().await.unwrap();
    assert_eq!((start.kind(), start.at), ("start", 0));
    assert!(sse.raw().starts_with("retry: 1500\nid: "), "{}", sse.raw());
    assert_eq!(site.model.calls(), Default::default());
    let acknowledgment = sse.next().await.unwrap();
    assert_eq!(
        (acknowledgment.text("stage"), acknowledgment.at),
        ("acknowledgment", 0)
    );
    assert_eq!(site.model.calls(), Default::default());
    assert_eq!(sse.rest().await.last().unwrap().kind(), "complete");
}

#[tokio::test(start_paused = true)]
async fn every_stream_is_numbered_from_0_and_ends_with_its_only_terminal_event() {
    let _wall = WallTime::of("every reply, framed");
    for reply in scenes::replies() {
        let site = replying(reply.scene);
        let path = site.conversation().await;
        let mut sse = site
            .client()
            .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
            .await;
        let events = sse.rest().await;
        let turn = events[0].text("turnId");
        for (seq, event) in events.iter().enumerate() {
            assert_eq!(event.id, format!("{turn}.{seq}"), "{}", reply.name);
            assert_eq!(event.json["seq"], seq, "{}", reply.name);
        }
        let kinds = kinds(&events);
        let (last, before) = kinds.split_last().unwrap();
        assert!(
            ["complete", "error"].contains(last),
            "{}: {kinds:?}",
            reply.name
        );
        assert_eq!(before[0], "start", "{}", reply.name);
        assert!(
            before[1..]
                .iter()
                .all(|kind| ["contextual", "chunk"].contains(kind)),
            "{}: {kinds:?}",
            reply.name
        );

        // Every blank line ends an event: some hand out an empty one for any other.
        let raw = sse.raw();
        let frames: Vec<&str> = raw.split_terminator("\n\n").collect();
        assert_eq!(frames.len(), events.len(), "{}", reply.name);
        for (seq, frame) in frames.into_iter().enumerate() {
            let mut lines: Vec<&str> = frame
                .split(['\n', '\r'])
                .filter(|line| *line != ": hb")
                .collect();
            if seq == 0 {
                assert_eq!(lines.remove(0), "retry: 1500", "{}", reply.name);
            }
            assert!(
                matches!(lines[..], [id, data]
                    if id.starts_with("id: ") && data.starts_with("data: {")),
                "{frame}"
            );
        }
        assert!(raw.ends_with("\n\n"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_follows_five_seconds_of_silence_and_nothing_less() {
    let words = [4_990, 4_990, 12_000, 10].map(|ms| [pause(ms), say("Sit. ")]);
    let scene = Scene([words.concat(), vec![Line::End(StopReason::Complete)]].concat());
    let site = Site::new(|model| model.reply(scene));
    let path = site.conversation().await;
    let mut sse = site
        .client()
        .stream(&format!("{path}/stream"), &[], &saying("thanks!"))
        .await;
    let events = sse.rest().await;
    let pieces = sse.pieces();
    let beats: Vec<u64> = pieces
        .iter()
        .filter(|(_, piece)| piece == ": hb\n")
        .map(|(at, _)| *at)
        .collect();
    assert_eq!(beats, [9_980 + 5_000, 9_980 + 10_000]);
    assert_eq!(sse.raw().matches(": hb").count(), 2);
    assert_eq!(
        events
            .iter()
            .filter(|event| event.kind() == "chunk")
            .count(),
        4
    );
    assert_eq!(events[0].json["heartbeatMs"], 5_000);
}

#[tokio::test(start_paused = true)]
async fn the_heartbeat_is_as_fast_as_it_was_set() {
    let scene = Scene(vec![
        pause(7_000),
        say("Sit."),
        Line::End(StopReason::Complete),
    ]);
    let site = Site::new(|model| model.reply(scene))
        .set(|settings| settings.heartbeat = Duration::from_secs(2));
    let path = site.conversation().await;
    let mut sse = site
        .client()
        .stream(&format!("{path}/stream"), &[], &saying("thanks!"))
        .await;
    let events = sse.rest().await;
    assert_eq!(sse.raw().matches(": hb\n").count(), 3);
    assert_eq!(events[0].json["heartbeatMs"], 2_000);
}

#[tokio::test(start_paused = true)]
async fn every_event_has_the_fields_that_are_documented_and_no_others() {
    let documented = |kind: &str| match kind {
        "start" => {
            "conversationId heartbeatMs messageId resumed seq status turnId type userMessageId"
        }
        "contextual" => "content seq stage type",
        "chunk" => "content seq type",
        "snapshot" => "content parts throughSeq type",
        "complete" => {
            "aiMessage contentSha256 context conversationId jobs messageId route seq status \
             timings turnId type usage userMessage"
        }
        "error" => "code message messageId partial retryable seq type",
        other => panic!("an event of type {other}"),
    };
    let mut seen = BTreeSet::new();
    for scene in [Scene::saying("Sit."), Scene::failing(Fault::Rejected)] {
        let site = replying(scene);
        let (path, mut events) = asked(&site, QUESTION).await;
        let turn = events[0].text("turnId").to_owned();
        events.extend(
            site.client()
                .follow(&format!("{path}/stream?turnId={turn}&after=99"), &[])
                .await
                .rest()
                .await,
        );
        for event in &events {
            assert_eq!(
                fields(&event.json),
                documented(event.kind()),
                "{}",
                event.kind()
            );
            seen.insert(event.kind().to_owned());
        }
        let complete: Vec<&Event> = events
            .iter()
            .filter(|event| event.kind() == "complete")
            .collect();
        for message in complete
            .iter()
            .flat_map(|event| [&event.json["userMessage"], &event.json["aiMessage"]])
        {
            assert_eq!(
                fields(message),
                "content createdAt messageId number parts role status turnId"
            );
        }
    }
    assert_eq!(seen.len(), 6, "{seen:?}");
}

fn fields(json: &Value) -> String {
    let mut names: Vec<&str> = json
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names.join(" ")
}

/// All that is sent for one question, with what may change from version to version masked.
async fn raw(site: &Site) -> String {
    let path = site.conversation().await;
    let mut sse = site
        .client()
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await;
    sse.rest().await;
    let numbers = ["\"inputTokens\":", "\"promptTokens\":"];
    numbers.into_iter().fold(named(&sse.raw()), |raw, before| {
        without_numbers(&raw, before)
    })
}

/// Compares with a file beside this one; with `COACH_BLESS` in the environment it writes the file.
fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/http/golden")
        .join(name);
    if std::env::var_os("COACH_BLESS").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(actual == expected, "{name} is different now:\n{actual}");
}
