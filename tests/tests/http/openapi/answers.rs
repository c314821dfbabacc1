//! Answers and events, each as it is described.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use coach_tests::scenes::{self, QUESTION};
use coach_tests::{Answer, EVENTS, JSON, Lagging, Mishap, Site, Sse, saying};
use http_adapter::ROUTES;
use rehearsal::Scene;
use serde_json::{Value, json};

use super::{
    COACH, COACHES, CONVERSATION, CONVERSATIONS, Document, Example, MEMORIES, MEMORY, WORKOUTS,
    below,
};
use crate::remembering::replaced;
use crate::usage::prices;
use crate::{asked, replying};

/// Real answers, each compared with what is said of it.
struct Examples<'a> {
    document: &'static Document,
    site: &'a Site,
    seen: BTreeSet<Example>,
}

impl Examples<'_> {
    /// Asks, and compares the answer; `names` fills in the path.
    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        names: &Names,
        query: &str,
        body: Value,
    ) -> Answer {
        let address = names.iter().fold(path.to_owned(), |path, (name, id)| {
            path.replace(&format!("{{{name}}}"), id)
        });
        let body = if body.is_null() {
            Body::empty()
        } else {
            body.to_string().into()
        };
        let answer = self
            .site
            .client()
            .ask(method.clone(), &format!("{address}{query}"), &[JSON], body)
            .await;
        let (status, kind) = (
            answer.status.as_u16(),
            answer.header("content-type").to_owned(),
        );
        let operation = self.document.operation(&method, path);
        let content = &operation["responses"][status.to_string()]["content"][&kind];
        assert!(
            content.is_object(),
            "{method} {path} answers {status} {kind}: {}",
            answer.body
        );
        self.document.holds(&content["schema"], &answer.json());
        self.seen
            .insert((method.to_string(), path.to_owned(), status, kind));
        answer
    }

    /// Compares every event of a stream; `path` is that of the call.
    async fn events(&mut self, method: Method, path: &str, mut sse: Sse) {
        let answer = &self.document.operation(&method, path)["responses"]["200"];
        let content = &answer["content"]["text/event-stream"];
        for event in sse.rest().await {
            self.document.holds(&content["x-event-schema"], &event.json);
        }
        assert_eq!(
            sse.header("content-type").split(';').next(),
            Some("text/event-stream")
        );
        self.seen.insert((
            method.to_string(),
            path.to_owned(),
            200,
            "text/event-stream".to_owned(),
        ));
    }
}

type Names = BTreeMap<&'static str, String>;

#[tokio::test(start_paused = true)]
async fn every_route_has_an_answer_that_is_as_described() {
    let site = Site::new(|model| {
        model
            .route(scenes::workout_route())
            .reply(Scene::saying("Strong."))
            .extract(scenes::workout())
    });
    let mut site = site
        .set(|settings| {
            settings.jwks = Some(json!({ "keys": [{ "kty": "RSA" }] }).to_string());
            settings.prices = Arc::new(prices("scripted"));
        })
        .trying_once();
    site.app.ports.index = Arc::new(Lagging::after(1));
    let (path, events) = asked(&site, "I did 5x5 back squats at 100 kg.").await;
    site.summarize(&path, "It went well.").await;
    let turn = events[0].text("turnId").to_owned();
    let names: Names = [
        ("userId", "ada".to_owned()),
        ("coachId", "strength".to_owned()),
        (
            "conversationId",
            path.rsplit('/').next().unwrap().to_owned(),
        ),
        ("turnId", turn.clone()),
        ("workoutId", turn.clone()),
    ]
    .into();
    let mut examples = Examples {
        document: Document::read().await,
        site: &site,
        seen: BTreeSet::new(),
    };
    reads_and_writes(&mut examples, &names).await;
    streams(&mut examples, &path, &names).await;
    memories(&mut examples, &names).await;
    for path in [&format!("{WORKOUTS}/{{workoutId}}"), CONVERSATION, COACH] {
        examples
            .ask(Method::DELETE, path, &names, "", json!(null))
            .await;
    }

    let routes: BTreeSet<_> = ROUTES
        .iter()
        .map(|route| (route.method.to_string(), route.path.to_owned()))
        .collect();
    let described = examples.document.described();
    assert_eq!(
        described
            .iter()
            .map(|(method, path, ..)| (method.clone(), path.clone()))
            .collect::<BTreeSet<_>>(),
        routes
    );
    let missing: Vec<_> = described.difference(&examples.seen).collect();
    assert!(missing.is_empty(), "without an example: {missing:?}");
}

async fn reads_and_writes(examples: &mut Examples<'_>, names: &Names) {
    let text = json!({
        "userResponse": QUESTION, "timezone": "Europe/Berlin",
        "messageTimestamp": "2026-11-20T18:39:00Z",
    });
    for (method, path, query, body) in [
        (Method::GET, "/health", "", json!(null)),
        (Method::GET, "/openapi.json", "", json!(null)),
        (Method::GET, "/.well-known/jwks.json", "", json!(null)),
        (Method::GET, COACHES, "", json!(null)),
        (Method::GET, COACH, "", json!(null)),
        (
            Method::PUT,
            COACH,
            "",
            json!({ "models": { "temperature": 0.3 }, "safety": {} }),
        ),
        (Method::POST, CONVERSATIONS, "", json!({ "title": "Legs" })),
        (Method::POST, CONVERSATIONS, "", json!(null)),
        (Method::PATCH, CONVERSATION, "", json!({ "tags": ["legs"] })),
        (Method::GET, CONVERSATION, "", json!(null)),
        (Method::GET, CONVERSATIONS, "?limit=1", json!(null)),
        (Method::GET, &below("/stream"), "", json!(null)),
        (Method::POST, &below("/send-message"), "", text),
        (Method::GET, &below("/messages"), "?limit=2", json!(null)),
        (Method::GET, &below("/summary"), "", json!(null)),
        (
            Method::GET,
            &below("/turns/{turnId}"),
            "?wait=jobs",
            json!(null),
        ),
        (
            Method::POST,
            &below("/turns/{turnId}/stop"),
            "",
            json!(null),
        ),
        (Method::GET, WORKOUTS, "", json!(null)),
        (
            Method::GET,
            &format!("{WORKOUTS}/{{workoutId}}"),
            "",
            json!(null),
        ),
    ] {
        examples.ask(method, path, names, query, body).await;
    }
}

/// A memory that is made, said again, changed, and forgotten by an index that takes its time.
async fn memories(examples: &mut Examples<'_>, names: &Names) {
    let memory = json!({
        "content": "I hate burpees", "type": "preference", "coachId": "strength",
        "tags": ["burpees"],
    });
    let made = examples
        .ask(Method::POST, MEMORIES, names, "", memory.clone())
        .await;
    assert_eq!(
        examples
            .ask(Method::POST, MEMORIES, names, "", memory)
            .await
            .status
            .as_u16(),
        200
    );
    let id = made.json()["memoryId"].as_str().unwrap().to_owned();
    let names = &Names::from_iter(names.clone().into_iter().chain([("memoryId", id)]));
    replaced(examples.site, &names["memoryId"]).await;
    for (method, path, query, body) in [
        (Method::POST, RESTORE, "", json!({})),
        (
            Method::GET,
            MEMORIES,
            "?limit=1&coachId=strength&superseded=true",
            json!(null),
        ),
        (Method::GET, MEMORY, "", json!(null)),
        (Method::PATCH, MEMORY, "", json!({ "importance": "low" })),
        (Method::DELETE, MEMORY, "", json!(null)),
        (Method::DELETE, MEMORY, "", json!(null)),
    ] {
        examples.ask(method, path, names, query, body).await;
    }
    examples
        .ask(
            Method::GET,
            "/users/{userId}/usage",
            names,
            "?from=2026-11-01",
            json!(null),
        )
        .await;
}

const RESTORE: &str = "/users/{userId}/memories/{memoryId}/restore";

/// A turn that is followed, and one that is asked to stop when it is too late.
async fn streams(examples: &mut Examples<'_>, path: &str, names: &Names) {
    let site = examples.site;
    let stream = format!("{path}/stream");
    let sse = site.client().stream(&stream, &[], &saying(QUESTION)).await;
    examples.events(Method::POST, &below("/stream"), sse).await;
    let sse = site
        .client()
        .follow(&format!("{stream}?turnId={}", names["turnId"]), &[EVENTS])
        .await;
    examples.events(Method::GET, &below("/stream"), sse).await;
    site.settled().await;

    site.messages
        .plan("finish", .., Mishap::Delay(Duration::from_secs(2)));
    let mut sse = site.client().stream(&stream, &[], &saying("thanks!")).await;
    let started = sse.take(3).await;
    examples
        .ask(Method::GET, CONVERSATION, names, "", json!(null))
        .await;
    let names = &Names::from_iter(
        names
            .clone()
            .into_iter()
            .chain([("turnId", started[0].text("turnId").to_owned())]),
    );
    examples
        .ask(
            Method::GET,
            &below("/turns/{turnId}"),
            names,
            "",
            json!(null),
        )
        .await;
    examples
        .ask(Method::GET, &below("/jobs"), names, "", json!(null))
        .await;
    examples
        .ask(
            Method::POST,
            &below("/turns/{turnId}/stop"),
            names,
            "",
            json!(null),
        )
        .await;
    site.settled().await;
}

#[tokio::test(start_paused = true)]
async fn every_event_is_as_described_whatever_the_model_does() {
    let document = Document::read().await;
    let event = document.component("Event");
    let mut seen = BTreeSet::new();
    for reply in scenes::replies() {
        let site = replying(reply.scene);
        let (path, mut events) = asked(&site, QUESTION).await;
        let turn = events[0].text("turnId").to_owned();
        let again = format!("{path}/stream?turnId={turn}&after=9999");
        events.extend(site.elsewhere().follow(&again, &[]).await.rest().await);
        for told in events {
            document.holds(&event, &told.json);
            seen.insert(told.kind().to_owned());
        }
        document.holds(
            &document.component("Turn"),
            &site
                .client()
                .get(&format!("{path}/turns/{turn}"))
                .await
                .json(),
        );
        document.holds(
            &document.component("Messages"),
            &site.client().get(&format!("{path}/messages")).await.json(),
        );
    }
    let kinds = document.0["components"]["schemas"]["Event"]["oneOf"]
        .as_array()
        .unwrap();
    let kinds = kinds.iter().map(|kind| {
        kind["properties"]["type"]["const"]
            .as_str()
            .unwrap()
            .to_owned()
    });
    assert_eq!(seen, kinds.collect());
}

const PLACES: [&str; 6] = [
    "",
    "/usage",
    "/usage/calls/0",
    "/route",
    "/timings",
    "/context",
];

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_otherwise_would_be_noticed() {
    let document = Document::read().await;
    let site = replying(Scene::saying("Sit."));
    let (path, events) = asked(&site, QUESTION).await;
    let conversation = site.client().get(&path).await.json();
    let turn = site
        .client()
        .get(&format!("{path}/turns/{}", events[0].text("turnId")))
        .await
        .json();
    let changes: [(&str, &Value, &str, Value); 6] = [
        (
            "Conversation",
            &conversation,
            "/createdAt",
            json!("yesterday"),
        ),
        (
            "Conversation",
            &conversation,
            "/conversationId",
            json!("a b"),
        ),
        ("Conversation", &conversation, "/tags", json!(null)),
        ("Turn", &turn, "/state", json!("over")),
        ("Turn", &turn, "/usage/calls/0/outcome", json!("perhaps")),
        (
            "Turn",
            &turn,
            "/route/routerMetadata",
            json!({ "source": "model" }),
        ),
    ];
    for (name, right, place, value) in changes {
        let mut wrong = right.clone();
        *wrong.pointer_mut(place).unwrap() = value;
        assert!(
            !document.wrong(&document.component(name), &wrong).is_empty(),
            "{place}"
        );
    }
    for place in PLACES {
        let mut wrong = turn.clone();
        let object = wrong.pointer_mut(place).unwrap().as_object_mut().unwrap();
        object.insert("secret".to_owned(), json!(1));
        let described = document.component("Turn");
        assert!(!document.wrong(&described, &wrong).is_empty(), "{place}");
    }
}
