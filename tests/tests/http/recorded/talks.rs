//! Conversations, and the turns in them.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use coach_tests::scenes::{self, QUESTION, pause, say};
use coach_tests::{Client, EVENTS, JSON, Mishap, Site, saying};
use domain::{Fault, StopReason};
use rehearsal::{Line, Scene};
use serde_json::{Value, json};

use super::book::{Book, Open};
use crate::replying;
use crate::usage::prices;

/// Conversations that are begun, listed, changed, read and deleted.
pub(super) async fn conversations() -> Book {
    let (mut book, site) = (Book::default(), replying(Scene::saying("Sit.")));
    let client = site.client();
    let all = "/users/ada/coaches/strength/conversations";
    let post = format!("POST {all}");
    let mut path = String::new();
    for (headers, body) in [
        (&[JSON][..], r#"{"title":" Legs "}"#),
        (&[], ""),
        (&[JSON], "\u{feff}{}"),
        (&[JSON], r#"{"title":null,"tags":["ignored"]}"#),
    ] {
        tokio::time::advance(Duration::from_secs(1)).await;
        let made = book.ask(&client, &post, headers, body).await;
        path = made.header("location").to_owned();
    }
    let long = json!({ "title": "a".repeat(201) });
    for wrong in [long, json!({ "title": 7 }), json!([])] {
        book.json(&client, &post, &wrong).await;
    }
    let first = book.get(&client, &format!("{all}?limit=3")).await.json();
    let cursor = first["nextCursor"].as_str().unwrap();
    for query in [
        format!("?limit=3&cursor={cursor}"),
        format!("?cursor={cursor}."),
        "?limit=0".to_owned(),
        "?limit=101".to_owned(),
        "?cursor=".to_owned(),
    ] {
        book.get(&client, &format!("{all}{query}")).await;
    }
    for text in ["thanks!", "/help"] {
        let stream = format!("{path}/stream");
        let said = book.open(&client, &stream, &saying(text)).await;
        book.close(said).await;
        site.settled().await;
    }
    changed_and_read(&mut book, &client, &path).await;
    site.summarize(&path, "It went well.").await;
    book.get(&client, &format!("{path}/summary")).await;
    for line in ["DELETE", "DELETE", "GET", "PATCH"] {
        book.json(&client, &format!("{line} {path}"), &json!({}))
            .await;
    }
    book
}

async fn changed_and_read(book: &mut Book, client: &Client, path: &str) {
    let patch = format!("PATCH {path}");
    for body in [
        json!({ "title": "Squats", "tags": ["legs", " depth "] }),
        json!({ "title": "" }),
        json!({}),
        json!({ "tags": [""] }),
        json!({ "tags": vec!["a"; 11] }),
        json!({ "tags": "legs" }),
    ] {
        book.json(client, &patch, &body).await;
    }
    for call in ["", "/summary", "/jobs", "/messages", "/stream"] {
        book.get(client, &format!("{path}{call}")).await;
    }
    for query in ["limit=2", "limit=2&cursor=3", "cursor=1", "cursor=03"] {
        book.get(client, &format!("{path}/messages?{query}")).await;
    }
}

/// A workout that is told of: streamed, sent, looked at, listed and deleted; and what it has cost.
pub(super) async fn turns() -> Book {
    let mut book = Book::default();
    let site = Site::new(|model| {
        model
            .route(scenes::workout_route())
            .reply(Scene::saying("Strong."))
            .extract(scenes::workout())
    });
    let site = site.set(|settings| settings.prices = Arc::new(prices("scripted")));
    let client = site.client();
    let path = site.conversation().await;
    let body = json!({
        "userResponse": "I did 5x5 back squats at 100 kg.", "timezone": "Europe/Berlin",
        "messageTimestamp": "2026-11-20T18:39:00Z", "clientMessageId": "k1", "unknown": 1,
    });
    let stream = format!("{path}/stream");
    let told = book.open(&client, &stream, &body).await;
    let turn = told.turn();
    book.close(told).await;
    for client in site.both() {
        book.get(&client, &format!("{path}/jobs")).await;
        book.get(&client, &format!("{path}/turns/{turn}")).await;
        book.get(&client, &format!("{path}/turns/{turn}?wait=jobs"))
            .await;
    }
    site.settled().await;
    again(&mut book, &site, &path, &body).await;
    let send = format!("POST {path}/send-message");
    for accept in [&[JSON][..], &[JSON, EVENTS]] {
        let body = saying(QUESTION).to_string();
        book.ask(&client, &send, accept, body).await;
        site.settled().await;
    }
    let workouts = "/users/ada/workouts";
    let first = book.get(&client, &format!("{workouts}?limit=1")).await;
    let cursor = first.json()["nextCursor"].as_str().map(str::to_owned);
    for query in [
        format!("?limit=1&cursor={}", cursor.unwrap()),
        "?from=2026-11-20T00:00:00Z&to=2026-11-20T18:39:30Z".to_owned(),
        "?to=2026-11-19T00:00:00Z".to_owned(),
        "?limit=0".to_owned(),
    ] {
        book.get(&client, &format!("{workouts}{query}")).await;
    }
    let workout = format!("{workouts}/{turn}");
    for line in ["GET", "HEAD", "DELETE", "DELETE", "GET"] {
        book.ask(&client, &format!("{line} {workout}"), &[], "")
            .await;
    }
    for query in ["", "?from=2026-11-20&to=2026-11-20", "?from=2020-01-01"] {
        book.get(&client, &format!("/users/ada/usage{query}")).await;
    }
    book.about("updates as chunks, and a reply that comes whole");
    let plain = site.set(|settings| settings.contextual_as_chunk = true);
    let again = book.open(&plain.client(), &stream, &body).await;
    book.close(again).await;
    book
}

async fn again(book: &mut Book, site: &Site, path: &str, body: &Value) {
    let stream = format!("{path}/stream");
    book.about("the same request again, and as send-message");
    for client in site.both() {
        let again = book.open(&client, &stream, body).await;
        book.close(again).await;
        let send = format!("POST {path}/send-message");
        book.json(&client, &send, body).await;
        let bare = r#"{"userResponse":"I did 5x5 back squats at 100 kg."}"#;
        for key in ["k1", "\"k1\""] {
            let headers = [JSON, ("idempotency-key", key)];
            book.ask(&client, &send, &headers, bare).await;
        }
    }
}

fn with_a_long_silence() -> Vec<Line> {
    vec![
        pause(200),
        say("Sit "),
        pause(700),
        say("betw\u{e9}en\r\n"),
        pause(12_000),
        say("your hips \u{1f44d}."),
        Line::End(StopReason::Complete),
    ]
}

/// A turn with a long silence in it, followed from everywhere while it runs and afterwards.
pub(super) async fn resumed() -> Book {
    let mut book = Book::default();
    let site = replying(Scene(with_a_long_silence()));
    let path = site.conversation().await;
    let stream = format!("{path}/stream");
    let mut first = book.open(&site.client(), &stream, &saying(QUESTION)).await;
    first.read(6).await;
    let turn = first.turn();
    let last = format!("{turn}.3");
    book.get(&site.client(), &path).await;
    book.get(&site.elsewhere(), &format!("{path}/turns/{turn}"))
        .await;
    let all = [
        (String::new(), ""),
        (String::new(), &*last),
        (String::new(), "x"),
        (format!("?turnId={turn}"), ""),
        (format!("?turnId={turn}"), &last),
        (format!("?turnId={turn}&after=4"), &last),
        (format!("?turnId={turn}&after=x"), &last),
        (format!("?turnId={turn}&after=99"), ""),
    ];
    let mut following = vec![first];
    for client in site.both() {
        for (query, last) in &all {
            let headers = [EVENTS, ("last-event-id", last)];
            let request = client.request(Method::GET, &format!("{stream}{query}"), &headers, "");
            following.push(Open::send(request, &client).await);
        }
    }
    book.close_all(following).await;
    site.settled().await;
    book.about("the same when it is over, and places that are none");
    for client in site.both() {
        for (query, last) in &all {
            let headers = [("last-event-id", *last)];
            let line = format!("GET {stream}{query}");
            book.ask(&client, &line, &headers, "").await;
        }
        for place in ["x.3", &turn, &format!("{turn}.-1")] {
            let headers = [("last-event-id", place)];
            book.ask(&client, &format!("GET {stream}"), &headers, "")
                .await;
        }
    }
    for query in ["turnId=", "turnId=a%20b", "turnId=x", "after=3"] {
        let line = format!("GET {stream}?{query}");
        book.ask(&site.client(), &line, &[EVENTS], "").await;
    }
    failed(&mut book).await;
    book
}

async fn failed(book: &mut Book) {
    book.about("a failure after some words");
    let site = replying(Scene(vec![say("Sit "), Line::Fail(Fault::Unavailable)]));
    let path = site.conversation().await;
    let stream = format!("{path}/stream");
    let failed = book.open(&site.client(), &stream, &saying(QUESTION)).await;
    let turn = failed.turn();
    book.close(failed).await;
    for query in ["", "&after=2", "&after=99"] {
        let follow = format!("GET {stream}?turnId={turn}{query}");
        book.ask(&site.elsewhere(), &follow, &[], "").await;
    }
}

/// Turns that are stopped here, from elsewhere, too late, and for another message.
pub(super) async fn stopped() -> Book {
    let mut book = Book::default();
    for elsewhere in [false, true] {
        let lines = (0..50).flat_map(|_| [pause(1_000), say("Sit. ")]);
        let site = replying(Scene(lines.collect()));
        let [here, there] = site.both();
        let client = if elsewhere { there } else { here };
        let path = site.conversation().await;
        let stream = format!("{path}/stream");
        let mut told = book.open(&site.client(), &stream, &saying(QUESTION)).await;
        told.read(6).await;
        let turn = format!("{path}/turns/{}", told.turn());
        for line in [
            format!("POST {turn}/stop"),
            format!("POST {turn}/stop"),
            format!("GET {turn}"),
        ] {
            book.ask(&client, &line, &[], "").await;
        }
        book.close(told).await;

        book.about("one that gives way to another");
        let mut told = book.open(&site.client(), &stream, &saying(QUESTION)).await;
        told.read(6).await;
        let body = json!({ "userResponse": "thanks!", "ifBusy": "interrupt" });
        let next = book.open(&client, &stream, &body).await;
        book.close(next).await;
        book.close(told).await;
        book.get(&client, &format!("{path}/messages")).await;
    }
    book.about("one whose end is being saved");
    let site = replying(Scene::saying("Sit."));
    let path = site.conversation().await;
    let slow = Mishap::Delay(Duration::from_secs(2));
    site.messages.plan("finish", .., slow);
    let stream = format!("{path}/stream");
    let mut told = book.open(&site.client(), &stream, &saying("thanks!")).await;
    told.read(2).await;
    let stop = format!("POST {path}/turns/{}/stop", told.turn());
    book.ask(&site.client(), &stop, &[], "").await;
    book.close(told).await;
    book
}

/// An evening with the rehearsal coach.
pub(super) async fn rehearsed() -> Book {
    let mut book = Book::default();
    let (site, _) = Site::rehearsing();
    let client = site.client();
    let path = site.conversation().await;
    for text in [
        "Hi!",
        QUESTION,
        "I ran 5 km in 25 minutes this morning.",
        "Remember that I hate burpees.",
        "[rehearse:truncated]",
        "[rehearse:filtered]",
        "[rehearse:cut]",
    ] {
        let stream = format!("{path}/stream");
        let said = book.open(&client, &stream, &saying(text)).await;
        book.close(said).await;
        site.settled().await;
    }
    for at in ["/messages", "/jobs", ""] {
        book.get(&client, &format!("{path}{at}")).await;
    }
    for at in ["memories", "workouts", "usage"] {
        book.get(&client, &format!("/users/ada/{at}")).await;
    }
    book
}
