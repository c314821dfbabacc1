//! The OpenAPI document against what the server really answers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use coach_tests::scenes::{self, QUESTION};
use coach_tests::{Answer, EVENTS, JSON, Lagging, Mishap, Site, Sse, saying};
use http_adapter::{ROUTES, TurnRequest};
use jsonschema::Validator;
use rehearsal::Scene;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::usage::prices;
use crate::{asked, replying};

/// What `GET /openapi.json` answers, and what was made of its schemas.
pub(crate) struct Document(Value, Mutex<HashMap<String, Arc<Validator>>>);

impl Document {
    /// The document, read once.
    pub(crate) async fn read() -> &'static Self {
        static READ: OnceCell<Document> = OnceCell::const_new();
        let read = || async {
            let answer = replying(Scene::saying("Sit."))
                .client()
                .showing(None)
                .get("/openapi.json")
                .await;
            assert_eq!(
                (answer.status.as_u16(), answer.header("content-type")),
                (200, "application/json")
            );
            Self(answer.json(), Mutex::default())
        };
        READ.get_or_init(read).await
    }

    /// A schema by its name.
    pub(crate) fn component(&self, name: &str) -> Value {
        assert!(
            self.0["components"]["schemas"].get(name).is_some(),
            "no {name}"
        );
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    /// Fails unless the value is what the schema says, without a field that it does not name.
    pub(crate) fn holds(&self, schema: &Value, value: &Value) {
        let wrong = self.wrong(schema, value);
        assert!(wrong.is_empty(), "{wrong:#?} in {value:#}");
    }

    fn wrong(&self, schema: &Value, value: &Value) -> Vec<String> {
        let known = self.1.lock().unwrap().get(&schema.to_string()).cloned();
        let validator = known.unwrap_or_else(|| self.validator(schema));
        validator
            .iter_errors(value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }

    fn validator(&self, schema: &Value) -> Arc<Validator> {
        let mut whole = json!({ "allOf": [schema], "components": self.0["components"] });
        close(&mut whole);
        let validator = jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(&whole)
            .unwrap();
        let validator = Arc::new(validator);
        self.1
            .lock()
            .unwrap()
            .insert(schema.to_string(), validator.clone());
        validator
    }

    fn operation(&self, method: &Method, path: &str) -> &Value {
        &self.0["paths"][path][method.as_str().to_lowercase()]
    }

    /// Every answer that is described, as method, path, status and content type.
    fn described(&self) -> BTreeSet<Example> {
        let mut described = BTreeSet::new();
        for (path, operations) in entries(&self.0["paths"]) {
            for (method, operation) in entries(operations) {
                let replies =
                    entries(&operation["responses"]).filter(|(status, _)| *status != "default");
                for (status, kind) in replies.flat_map(|(status, reply)| {
                    entries(&reply["content"])
                        .map(move |(kind, _)| (status.parse().unwrap(), kind.clone()))
                }) {
                    described.insert((method.to_uppercase(), path.clone(), status, kind));
                }
            }
        }
        described
    }
}

/// Method, path, status and content type.
type Example = (String, String, u16, String);

/// Forbids every object the fields that its schema does not name.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            if fields
                .get("properties")
                .is_some_and(|properties| properties.get("properties").is_none())
            {
                fields.entry("additionalProperties").or_insert(json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object
        .as_object()
        .unwrap_or_else(|| panic!("{object}"))
        .iter()
}

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
        let content = &self.document.operation(&method, path)["responses"]["200"]["content"]["text/event-stream"];
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

const COACHES: &str = "/users/{userId}/coaches";
const COACH: &str = "/users/{userId}/coaches/{coachId}";
const CONVERSATIONS: &str = "/users/{userId}/coaches/{coachId}/conversations";
const CONVERSATION: &str = "/users/{userId}/coaches/{coachId}/conversations/{conversationId}";
const WORKOUTS: &str = "/users/{userId}/workouts";
const MEMORIES: &str = "/users/{userId}/memories";
const MEMORY: &str = "/users/{userId}/memories/{memoryId}";

fn below(rest: &str) -> String {
    format!("{CONVERSATION}{rest}")
}

#[tokio::test(start_paused = true)]
async fn every_route_has_an_answer_that_is_as_described() {
    let site = Site::new(|model| {
        model
            .route(scenes::workout_route())
            .reply(Scene::saying("Strong."))
            .extract(scenes::workout())
    });
    let mut site = site.set(|settings| {
        settings.jwks = Some(json!({ "keys": [{ "kty": "RSA" }] }).to_string());
        settings.prices = Arc::new(prices("scripted"));
        settings.sees_jobs_through = false;
    });
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
    let text = json!({ "userResponse": QUESTION, "timezone": "Europe/Berlin", "messageTimestamp": "2026-11-20T18:39:00Z" });
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
        examples.ask(method, path, &names, query, body).await;
    }
    streams(&mut examples, &path, &names).await;
    memories(&mut examples, &names).await;
    examples
        .ask(
            Method::DELETE,
            &format!("{WORKOUTS}/{{workoutId}}"),
            &names,
            "",
            json!(null),
        )
        .await;
    examples
        .ask(Method::DELETE, CONVERSATION, &names, "", json!(null))
        .await;
    examples
        .ask(Method::DELETE, COACH, &names, "", json!(null))
        .await;

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

/// A memory that is made, said again, changed, and forgotten by an index that takes its time.
async fn memories(examples: &mut Examples<'_>, names: &Names) {
    let memory = json!({ "content": "I hate burpees", "type": "preference", "coachId": "strength", "tags": ["burpees"] });
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
    for (method, path, query, body) in [
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
    for place in [
        "",
        "/usage",
        "/usage/calls/0",
        "/route",
        "/timings",
        "/context",
    ] {
        let mut wrong = turn.clone();
        wrong
            .pointer_mut(place)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .insert("secret".to_owned(), json!(1));
        assert!(
            !document
                .wrong(&document.component("Turn"), &wrong)
                .is_empty(),
            "{place}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_document_refers_to_nothing_that_is_not_there_and_has_nothing_to_which_nothing_refers()
{
    let Document(document, _) = Document::read().await;
    assert!(
        !document.to_string().contains("[`"),
        "a description speaks of the code"
    );
    let mut referred = BTreeSet::new();
    references(document, &mut referred);
    for reference in &referred {
        let there = reference
            .strip_prefix('#')
            .and_then(|pointer| document.pointer(pointer));
        assert!(there.is_some(), "{reference} is not there");
    }
    for (name, schema) in entries(&document["components"]["schemas"]) {
        assert!(
            jsonschema::draft202012::meta::is_valid(schema),
            "{name}: {schema}"
        );
        assert!(
            referred.contains(&format!("#/components/schemas/{name}")),
            "nothing refers to {name}"
        );
        assert!(
            !name.ends_with(|end: char| end.is_ascii_digit()),
            "{name}: two types have one name"
        );
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(
                fields
                    .get("$ref")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test(start_paused = true)]
async fn every_operation_names_its_parameters_and_who_may_call_it() {
    let document = Document::read().await;
    let (mut names, mut tags) = (BTreeSet::new(), BTreeMap::<&str, Vec<String>>::new());
    for route in ROUTES {
        let operation = document.operation(&route.method, route.path);
        assert!(
            names.insert(operation["operationId"].as_str().unwrap()),
            "{operation}"
        );
        let required = operation["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|parameter| parameter["in"] == "path");
        let required: Vec<String> = required
            .map(|parameter| format!("{{{}}}", parameter["name"].as_str().unwrap()))
            .collect();
        let in_path: Vec<&str> = route
            .path
            .split('/')
            .filter(|part| part.starts_with('{'))
            .collect();
        assert_eq!(required, in_path, "{}", route.path);
        let public = !route.path.starts_with("/users/");
        assert_eq!(
            operation["security"].as_array().unwrap().is_empty(),
            public,
            "{}",
            route.path
        );
        assert_eq!(
            operation["responses"]["default"]["$ref"],
            "#/components/responses/Refused"
        );
        let tag = operation["tags"][0].as_str().unwrap();
        assert_eq!(
            operation["tags"].as_array().unwrap().len(),
            1,
            "{operation}"
        );
        tags.entry(tag)
            .or_default()
            .push(format!("{} {}", route.method, route.path));
    }
    let told: Vec<&str> = document.0["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        told.iter().copied().collect::<BTreeSet<_>>(),
        tags.keys().copied().collect(),
        "{tags:#?}"
    );
    assert_eq!(told.len(), tags.len());
    assert_eq!(tags["turns"].len(), 5, "{tags:#?}");
    assert_eq!(
        tags["server"],
        [
            "GET /health",
            "GET /openapi.json",
            "GET /.well-known/jwks.json"
        ]
    );
    assert_eq!(document.0["servers"][0]["url"], "/");
    let conversation = document.operation(&Method::GET, &below("/messages"));
    let limit = conversation["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .find(|parameter| parameter["name"] == "limit");
    assert_eq!(
        limit.unwrap()["schema"],
        json!({ "type": "integer", "minimum": 1, "maximum": 200, "default": 50 })
    );
    let codes = document.0["components"]["schemas"]["Code"]["enum"]
        .as_array()
        .unwrap();
    assert_eq!(codes.len(), http_adapter::Code::ALL.len());
}

#[tokio::test(start_paused = true)]
async fn an_error_has_one_form_and_a_number_no_format_that_nobody_knows() {
    let Document(document, _) = Document::read().await;
    let refused = &document["components"]["responses"]["Refused"];
    let forms: Vec<&String> = entries(&refused["content"]).map(|(form, _)| form).collect();
    assert_eq!(forms, ["application/problem+json"]);
    assert_eq!(
        refused["x-event-schema"]["$ref"],
        "#/components/schemas/Refusal"
    );
    let mut formats = BTreeSet::new();
    formats_in(document, &mut formats);
    // Those of JSON Schema, and those that OpenAPI adds.
    let known = [
        "date-time",
        "date",
        "double",
        "float",
        "int32",
        "int64",
        "uri",
        "uuid",
        "email",
    ];
    assert!(
        formats
            .iter()
            .all(|format| known.contains(&format.as_str())),
        "{formats:?}"
    );
}

fn formats_in(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(
                fields
                    .get("format")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
            fields.values().for_each(|value| formats_in(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| formats_in(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

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
                json!({ "messageTimestamp": "2026-11-20T19:39:00+01:00", "timezone": "Europe/Berlin" }),
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
                json!({ "timezone": null, "messageTimestamp": null, "clientMessageId": null, "ifBusy": null }),
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
        let schema = &document.operation(&method, pattern)["requestBody"]["content"]["application/json"]
            ["schema"];
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
