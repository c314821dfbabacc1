//! Bodies, described as they are parsed.

use axum::http::Method;
use coach_tests::JSON;
use http_adapter::TurnRequest;
use rehearsal::Scene;
use serde_json::{Value, json};

use super::{COACH, CONVERSATION, CONVERSATIONS, Document, MEMORIES, MEMORY, below};
use crate::replying;

/// Fields of the body of a turn, and whether they are right.
fn fields() -> [(Value, bool); 21] {
    let long = "é".repeat(32_000);
    [
        (json!({}), true),
        (json!({ "userResponse": long }), true),
        (json!({ "userResponse": format!("{long}é") }), false),
        (json!({ "userResponse": "" }), false),
        (json!({ "userResponse": " \u{a0}\n" }), false),
        (
            json!({ "userResponse": "\u{200b}\u{e0041} \u{7}\u{2069}\u{3164}" }),
            false,
        ),
        (json!({ "userResponse": "\u{200b}." }), true),
        (json!({ "timezone": "" }), true),
        (json!({ "timezone": "+05:30" }), true),
        (json!({ "userResponse": 7 }), false),
        (
            json!({
                "messageTimestamp": "2026-11-20T19:39:00+01:00", "timezone": "Europe/Berlin",
            }),
            true,
        ),
        (json!({ "messageTimestamp": "today" }), false),
        (json!({ "messageTimestamp": 5 }), false),
        (json!({ "timezone": 5 }), false),
        (
            json!({ "clientMessageId": "k-1", "ifBusy": "interrupt" }),
            true,
        ),
        (json!({ "clientMessageId": "a b" }), false),
        (json!({ "clientMessageId": "" }), false),
        (json!({ "clientMessageId": "a".repeat(65) }), false),
        (json!({ "ifBusy": "reject" }), true),
        (json!({ "ifBusy": "wait" }), false),
        (
            json!({
                "timezone": null, "messageTimestamp": null, "clientMessageId": null,
                "ifBusy": null,
            }),
            true,
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn the_body_of_a_turn_is_described_as_it_is_parsed() {
    let document = Document::read().await;
    for call in ["/stream", "/send-message"] {
        let body = &document.operation(&Method::POST, &below(call))["requestBody"];
        assert_eq!(body["required"], true);
        let schema = &body["content"]["application/json"]["schema"];
        for (fields, right) in fields() {
            let mut body = json!({ "userResponse": "Hello?" });
            body.as_object_mut()
                .unwrap()
                .extend(fields.as_object().unwrap().clone());
            let (parsed, wrong) = (
                TurnRequest::parse(body.to_string().as_bytes(), None),
                document.wrong(schema, &body),
            );
            assert_eq!(
                (parsed.is_ok(), wrong.is_empty()),
                (right, right),
                "{body:.80}: {parsed:?} {wrong:?}"
            );
        }
        assert!(!document.wrong(schema, &json!({})).is_empty());
    }
}

fn changes_of_conversations() -> Vec<(Value, bool)> {
    let tags = |count: usize, length: usize| json!({ "tags": vec!["a".repeat(length); count] });
    vec![
        (json!({}), true),
        (json!({ "title": null, "tags": null }), true),
        (json!({ "title": "a".repeat(200) }), true),
        (json!({ "title": "a".repeat(201) }), false),
        (tags(10, 40), true),
        (tags(11, 1), false),
        (tags(1, 41), false),
        (tags(1, 0), false),
        (json!({ "tags": ["\u{200b}"] }), false),
    ]
}

fn new_conversations() -> Vec<(Value, bool)> {
    vec![
        (json!({ "title": "a".repeat(201) }), false),
        (json!({ "title": "a" }), true),
    ]
}

fn coaches() -> Vec<(Value, bool)> {
    let with = |field: &str, value: Value| json!({ field: value });
    vec![
        (json!({}), true),
        (with("name", json!("a".repeat(4_000))), true),
        (with("name", json!("a".repeat(4_001))), false),
        (with("goals", json!(vec!["a"; 50])), true),
        (with("goals", json!(vec!["a"; 51])), false),
        (
            with("safety", json!({ "volumeLimit": "a".repeat(4_001) })),
            false,
        ),
        (
            with(
                "safety",
                json!({ "requiredModifications": ["a".repeat(4_001)] }),
            ),
            false,
        ),
        (
            with(
                "models",
                json!({ "reply": null, "temperature": 0.5, "maxTokens": 9 }),
            ),
            true,
        ),
        (with("models", json!({ "reply": "a".repeat(4_001) })), false),
        (with("models", json!({ "maxTokens": -1 })), false),
        (with("models", json!({ "maxTokens": 0 })), false),
        (with("models", json!({ "maxTokens": 131_073 })), false),
        (with("models", json!({ "temperature": -1 })), false),
        (with("models", json!({ "temperature": 1.1 })), false),
        (
            with("models", json!({ "temperature": 1, "maxTokens": 1 })),
            true,
        ),
        (with("models", json!({ "reply": "" })), false),
        (
            with("models", json!({ "reply": "nobody.knows-this" })),
            true,
        ),
        (with("name", json!("")), false),
        (with("name", json!("\u{200b}")), false),
        (with("goals", json!(["run", " "])), false),
        (
            with("safety", json!({ "contraindicatedExercises": [""] })),
            false,
        ),
        (with("coachId", json!("a b")), false),
    ]
}

fn new_memories() -> Vec<(Value, bool)> {
    let with = |field: &str, value: Value| {
        let mut memory = json!({ "content": "I hate hills", "type": "preference" });
        memory[field] = value;
        memory
    };
    vec![
        (
            json!({ "content": "I hate hills", "type": "preference" }),
            true,
        ),
        (with("content", json!("hills ".repeat(84)[..500])), true),
        (with("content", json!("a".repeat(501))), false),
        (with("content", json!("")), false),
        (with("content", json!("\u{200b}")), false),
        (with("tags", json!(["\u{200b}"])), false),
        (with("content", json!(null)), false),
        (with("type", json!("secret")), false),
        (with("type", json!(null)), false),
        (with("importance", json!(null)), true),
        (with("importance", json!("extreme")), false),
        (with("coachId", json!("strength")), true),
        (with("coachId", json!("a b")), false),
        (with("tags", json!(vec!["a"; 6])), false),
        (with("tags", json!([""])), false),
        (json!({ "content": "I hate hills" }), false),
        (json!({ "type": "goal" }), false),
    ]
}

fn changes_of_memories() -> Vec<(Value, bool)> {
    let tags = |count: usize, length: usize| json!({ "tags": vec!["a".repeat(length); count] });
    vec![
        (json!({ "content": "\u{feff}" }), false),
        (json!({}), true),
        (
            json!({ "content": null, "importance": "low", "tags": ["a"] }),
            true,
        ),
        (json!({ "content": "a".repeat(501) }), false),
        (json!({ "importance": "extreme" }), false),
        (tags(6, 1), false),
        (tags(1, 41), false),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_the_other_bodies_are_described_as_is_what_is_taken() {
    let document = Document::read().await;
    let site = replying(Scene::saying("Sit."));
    let path = site.conversation().await;
    let made = site
        .client()
        .post(
            "/users/ada/memories",
            &json!({ "content": "I hate hills", "type": "preference", "tags": ["hills"] }),
        )
        .await;
    let cases = [
        (Method::PATCH, CONVERSATION, changes_of_conversations()),
        (Method::POST, CONVERSATIONS, new_conversations()),
        (Method::PUT, COACH, coaches()),
        (Method::POST, MEMORIES, new_memories()),
        (Method::PATCH, MEMORY, changes_of_memories()),
    ];
    let cases = cases.into_iter().flat_map(|(method, pattern, bodies)| {
        let bodies = bodies.into_iter();
        bodies.map(move |(body, right)| (method.clone(), pattern, body, right))
    });
    for (method, pattern, body, right) in cases {
        let body_of = &document.operation(&method, pattern)["requestBody"];
        let schema = &body_of["content"]["application/json"]["schema"];
        let wrong = document.wrong(schema, &body);
        let address = match pattern {
            CONVERSATION => path.clone(),
            CONVERSATIONS => path.rsplit_once('/').unwrap().0.to_owned(),
            MEMORIES => "/users/ada/memories".to_owned(),
            MEMORY => made.header("location").to_owned(),
            _ => "/users/ada/coaches/mine".to_owned(),
        };
        let answer = site
            .client()
            .ask(method.clone(), &address, &[JSON], body.to_string())
            .await;
        let taken = answer.status.is_success();
        assert_eq!(
            (taken, wrong.is_empty()),
            (right, right),
            "{method} {body:.80}: {wrong:?} {}",
            answer.body
        );
    }
}
