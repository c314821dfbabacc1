//! Bodies, described as they are parsed.

use axum::http::Method;
use coach_tests::JSON;
use http_adapter::TurnRequest;
use rehearsal::Scene;
use serde_json::{Value, json};

use super::{COACH, CONVERSATION, CONVERSATIONS, Document, MEMORIES, MEMORY, below};
use crate::replying;

#[tokio::test(start_paused = true)]
async fn the_body_of_a_turn_is_described_as_it_is_parsed() {
    let document = Document::read().await;
    for call in ["/stream", "/send-message"] {
        let body = &document.operation(&Method::POST, &below(call))["requestBody"];
        assert_eq!(body["required"], true);
        let schema = &body["content"]["application/json"]["schema"];
        let long = "é".repeat(32_000);
        for (fields, right) in [
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
        ] {
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

#[tokio::test(start_paused = true)]
async fn what_the_other_bodies_are_described_as_is_what_is_taken() {
    let document = Document::read().await;
    let site = replying(Scene::saying("Sit."));
    let path = site.conversation().await;
    let tags = |count: usize, length: usize| json!({ "tags": vec!["a".repeat(length); count] });
    let coach = |field: &str, value: Value| json!({ field: value });
    let memory = |field: &str, value: Value| {
        let mut memory = json!({ "content": "I hate hills", "type": "preference" });
        memory[field] = value;
        memory
    };
    let made = site
        .client()
        .post("/users/ada/memories", &memory("tags", json!(["hills"])))
        .await;
    let cases = [
        (Method::PATCH, CONVERSATION, json!({}), true),
        (
            Method::PATCH,
            CONVERSATION,
            json!({ "title": null, "tags": null }),
            true,
        ),
        (
            Method::PATCH,
            CONVERSATION,
            json!({ "title": "a".repeat(200) }),
            true,
        ),
        (
            Method::PATCH,
            CONVERSATION,
            json!({ "title": "a".repeat(201) }),
            false,
        ),
        (Method::PATCH, CONVERSATION, tags(10, 40), true),
        (Method::PATCH, CONVERSATION, tags(11, 1), false),
        (Method::PATCH, CONVERSATION, tags(1, 41), false),
        (Method::PATCH, CONVERSATION, tags(1, 0), false),
        (
            Method::POST,
            CONVERSATIONS,
            json!({ "title": "a".repeat(201) }),
            false,
        ),
        (Method::POST, CONVERSATIONS, json!({ "title": "a" }), true),
        (Method::PUT, COACH, json!({}), true),
        (
            Method::PUT,
            COACH,
            coach("name", json!("a".repeat(4_000))),
            true,
        ),
        (
            Method::PUT,
            COACH,
            coach("name", json!("a".repeat(4_001))),
            false,
        ),
        (
            Method::PUT,
            COACH,
            coach("goals", json!(vec!["a"; 50])),
            true,
        ),
        (
            Method::PUT,
            COACH,
            coach("goals", json!(vec!["a"; 51])),
            false,
        ),
        (
            Method::PUT,
            COACH,
            coach("safety", json!({ "volumeLimit": "a".repeat(4_001) })),
            false,
        ),
        (
            Method::PUT,
            COACH,
            coach(
                "safety",
                json!({ "requiredModifications": ["a".repeat(4_001)] }),
            ),
            false,
        ),
        (
            Method::PUT,
            COACH,
            coach(
                "models",
                json!({ "reply": null, "temperature": 0.5, "maxTokens": 9 }),
            ),
            true,
        ),
        (
            Method::PUT,
            COACH,
            coach("models", json!({ "reply": "a".repeat(4_001) })),
            false,
        ),
        (
            Method::PUT,
            COACH,
            coach("models", json!({ "maxTokens": -1 })),
            false,
        ),
        (
            Method::PUT,
            COACH,
            coach("models", json!({ "maxTokens": 0 })),
            false,
        ),
        (
            Method::PUT,
            COACH,
            coach("models", json!({ "maxTokens": 131_073 })),
            false,
        ),
        (
            Method::PUT,
            COACH,
            coach("models", json!({ "temperature": -1 })),
            false,
        ),
        (
            Method::PUT,
            COACH,
            coach("models", json!({ "temperature": 1.1 })),
            false,
        ),
        (
            Method::PUT,
            COACH,
            coach("models", json!({ "temperature": 1, "maxTokens": 1 })),
            true,
        ),
        (
            Method::PUT,
            COACH,
            coach("models", json!({ "reply": "" })),
            false,
        ),
        (
            Method::PUT,
            COACH,
            coach("models", json!({ "reply": "nobody.knows-this" })),
            true,
        ),
        (Method::PUT, COACH, coach("name", json!("")), false),
        (Method::PUT, COACH, coach("name", json!("\u{200b}")), false),
        (
            Method::PUT,
            COACH,
            coach("goals", json!(["run", " "])),
            false,
        ),
        (
            Method::PUT,
            COACH,
            coach("safety", json!({ "contraindicatedExercises": [""] })),
            false,
        ),
        (Method::PUT, COACH, coach("coachId", json!("a b")), false),
        (
            Method::POST,
            MEMORIES,
            json!({ "content": "I hate hills", "type": "preference" }),
            true,
        ),
        (
            Method::POST,
            MEMORIES,
            memory("content", json!("hills ".repeat(84)[..500])),
            true,
        ),
        (
            Method::POST,
            MEMORIES,
            memory("content", json!("a".repeat(501))),
            false,
        ),
        (Method::POST, MEMORIES, memory("content", json!("")), false),
        (
            Method::POST,
            MEMORIES,
            memory("content", json!("\u{200b}")),
            false,
        ),
        (
            Method::POST,
            MEMORIES,
            memory("tags", json!(["\u{200b}"])),
            false,
        ),
        (
            Method::PATCH,
            CONVERSATION,
            json!({ "tags": ["\u{200b}"] }),
            false,
        ),
        (
            Method::PATCH,
            MEMORY,
            json!({ "content": "\u{feff}" }),
            false,
        ),
        (
            Method::POST,
            MEMORIES,
            memory("content", json!(null)),
            false,
        ),
        (
            Method::POST,
            MEMORIES,
            memory("type", json!("secret")),
            false,
        ),
        (Method::POST, MEMORIES, memory("type", json!(null)), false),
        (
            Method::POST,
            MEMORIES,
            memory("importance", json!(null)),
            true,
        ),
        (
            Method::POST,
            MEMORIES,
            memory("importance", json!("extreme")),
            false,
        ),
        (
            Method::POST,
            MEMORIES,
            memory("coachId", json!("strength")),
            true,
        ),
        (
            Method::POST,
            MEMORIES,
            memory("coachId", json!("a b")),
            false,
        ),
        (
            Method::POST,
            MEMORIES,
            memory("tags", json!(vec!["a"; 6])),
            false,
        ),
        (Method::POST, MEMORIES, memory("tags", json!([""])), false),
        (
            Method::POST,
            MEMORIES,
            json!({ "content": "I hate hills" }),
            false,
        ),
        (Method::POST, MEMORIES, json!({ "type": "goal" }), false),
        (Method::PATCH, MEMORY, json!({}), true),
        (
            Method::PATCH,
            MEMORY,
            json!({ "content": null, "importance": "low", "tags": ["a"] }),
            true,
        ),
        (
            Method::PATCH,
            MEMORY,
            json!({ "content": "a".repeat(501) }),
            false,
        ),
        (
            Method::PATCH,
            MEMORY,
            json!({ "importance": "extreme" }),
            false,
        ),
        (Method::PATCH, MEMORY, tags(6, 1), false),
        (Method::PATCH, MEMORY, tags(1, 41), false),
    ];
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
