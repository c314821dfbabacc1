//! What is asked for and told in headers.

use axum::http::{Method, header};
use coach_tests::scenes::QUESTION;
use coach_tests::{JSON, Site, saying};
use http_adapter::{Access, ROUTES};
use rehearsal::Scene;
use serde_json::json;

use crate::{asked, replying};

fn site() -> Site {
    replying(Scene::saying("Sit."))
}

#[tokio::test(start_paused = true)]
async fn an_error_is_an_event_for_whoever_accepts_events_however_that_is_written() {
    let client = site().client();
    for (accept, is_event) in [
        ("text/event-stream", true),
        ("TEXT/Event-Stream", true),
        ("text/event-stream;charset=utf-8", true),
        ("text/event-stream ; q=0.5", true),
        ("application/json, text/event-stream;q=0.001", true),
        ("application/json;q=0,text/event-stream", true),
        ("text/event-stream;q=0", false),
        ("text/event-stream; Q=0.000, application/json", false),
        ("application/json, TEXT/EVENT-STREAM ;q = 0", false),
        ("text/event-streams", false),
        ("text/event-stream+json", false),
        ("application/json;a=text/event-stream", false),
        ("application/json;a=\"x, text/event-stream, y\"", false),
        ("text/event-stream;q=0, text/*", false),
        ("text/*;q=0, text/event-stream", true),
        ("text, text/event-stream", true),
        ("text/*", false),
        ("*/*", false),
        ("", false),
    ] {
        let refused = client
            .ask(
                Method::GET,
                "/users/ada/workouts/x",
                &[("accept", accept)],
                "",
            )
            .await;
        assert_eq!(refused.status.as_u16(), 404);
        let expected = if is_event {
            "text/event-stream; charset=utf-8"
        } else {
            "application/problem+json"
        };
        assert_eq!(refused.header("content-type"), expected, "{accept:?}");
    }
    let lines = [
        ("accept", "application/json"),
        ("accept", "text/event-stream"),
    ];
    let refused = client
        .ask(Method::GET, "/users/ada/workouts/x", &lines, "")
        .await;
    assert_eq!(
        refused.header("content-type"),
        "text/event-stream; charset=utf-8"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_a_users_is_kept_by_no_cache_and_guessed_at_by_no_browser() {
    let site = site();
    let (path, events) = asked(&site, QUESTION).await;
    let names = [
        ("{userId}", "ada"),
        ("{coachId}", "strength"),
        ("{conversationId}", path.rsplit('/').next().unwrap()),
        ("{turnId}", events[0].text("turnId")),
    ];
    for token in [Some("ada"), None] {
        for route in ROUTES {
            let address = names
                .iter()
                .fold(route.path.to_owned(), |path, (name, id)| {
                    path.replace(name, id)
                });
            let request =
                site.client()
                    .showing(token)
                    .request(route.method.clone(), &address, &[JSON], "{}");
            let answer = site.client().send(request).await;
            let told = |name| {
                let values: Vec<&str> = answer
                    .headers()
                    .get_all(name)
                    .iter()
                    .map(|value| value.to_str().unwrap())
                    .collect();
                values.join(", ")
            };
            let name = format!("{} {address} {}", route.method, answer.status());
            assert_eq!(told(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{name}");
            let may_be_kept = !told(header::CACHE_CONTROL).contains("no-store");
            assert_eq!(may_be_kept, route.access == Access::Public, "{name}");
        }
    }
    let stream = site
        .client()
        .follow(
            &format!("{path}/stream?turnId={}", events[0].text("turnId")),
            &[],
        )
        .await;
    let caches: Vec<_> = stream
        .headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .collect();
    assert_eq!(caches, ["no-cache, no-transform", "no-store"]);
}

#[tokio::test(start_paused = true)]
async fn a_body_may_begin_with_a_mark_of_its_byte_order() {
    let site = site();
    let path = site.conversation().await;
    let marked = |body: serde_json::Value| format!("\u{feff}{body}");
    let conversations = "/users/ada/coaches/strength/conversations";
    for (method, path, body, status) in [
        (
            Method::POST,
            format!("{path}/send-message"),
            saying(QUESTION),
            200,
        ),
        (
            Method::POST,
            conversations.to_owned(),
            json!({ "title": "Legs" }),
            201,
        ),
        (Method::PATCH, path.clone(), json!({ "title": "Legs" }), 200),
        (
            Method::PUT,
            "/users/ada/coaches/mine".to_owned(),
            json!({ "name": "Mine" }),
            200,
        ),
        (
            Method::POST,
            "/users/ada/memories".to_owned(),
            json!({ "content": "I hate hills", "type": "goal" }),
            201,
        ),
    ] {
        let answer = site
            .client()
            .ask(method, &path, &[JSON], marked(body))
            .await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.body);
    }
    let empty = site
        .client()
        .ask(Method::POST, conversations, &[JSON], "\u{feff}")
        .await;
    assert_eq!(empty.status.as_u16(), 201, "{}", empty.body);
}

#[tokio::test(start_paused = true)]
async fn a_body_in_no_coding_is_taken_and_what_is_refused_says_what_would_be() {
    let site = site();
    let path = format!("{}/send-message", site.conversation().await);
    for coding in ["identity", "Identity", ""] {
        let headers = [JSON, ("content-encoding", coding)];
        let answer = site
            .client()
            .ask(Method::POST, &path, &headers, saying(QUESTION).to_string())
            .await;
        assert_eq!(answer.status.as_u16(), 200, "{coding:?}: {}", answer.body);
    }
    // Whatever is in it: it is not looked at.
    for (body, coding) in [
        ("\u{1f}\u{8b}\u{8}", "gzip"),
        ("{}", "GZIP"),
        ("{}", "identity, gzip"),
    ] {
        let headers = [JSON, ("content-encoding", coding)];
        let answer = site.client().ask(Method::POST, &path, &headers, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("accept-encoding")),
            (415, "identity"),
            "{coding}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_longest_message_is_taken_however_it_is_written() {
    let site = site();
    let path = format!("{}/send-message", site.conversation().await);
    let escaped = format!(
        "{{\"userResponse\":\"{}\"}}",
        "\\ud83d\\udcaa".repeat(32_000)
    );
    assert!(escaped.len() > 380_000);
    let answer = site
        .client()
        .ask(Method::POST, &path, &[JSON], escaped)
        .await;
    assert_eq!(answer.status.as_u16(), 200, "{:.300}", answer.body);
    assert_eq!(
        answer.json()["userMessage"]["content"]
            .as_str()
            .unwrap()
            .chars()
            .count(),
        32_000
    );
}

#[tokio::test(start_paused = true)]
async fn this_morning_is_that_of_a_fixed_offset_also_for_whoever_reads_it_later() {
    let site = site();
    for (zone, expected) in [
        ("+05:30", "00:10 (+05:30)"),
        ("-0330", "15:10 (-03:30)"),
        ("", "18:40 (UTC)"),
    ] {
        let path = site.conversation().await;
        let body = json!({ "userResponse": QUESTION, "timezone": zone });
        let answer = site
            .client()
            .post(&format!("{path}/send-message"), &body)
            .await;
        assert_eq!(answer.status.as_u16(), 200, "{zone:?}: {}", answer.body);
        let asked = format!("{:?}", site.model.inside().calls().last().unwrap().prompt);
        assert!(asked.contains(expected), "{zone:?}: {asked}");
    }
    let kept = site.dump();
    assert!(
        kept.contains("+05:30") && kept.contains("-03:30"),
        "the offset is not kept"
    );
}
