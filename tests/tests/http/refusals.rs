//! Requests that lead to nothing, and what is said then.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use bytes::Bytes;
use coach_tests::scenes::QUESTION;
use coach_tests::{ADA, Answer, BOB, Client, EVENTS, JSON, Mishap, Site, VirtualClock, saying};
use domain::Fault;
use futures::stream::{self, StreamExt};
use http_adapter::{Code, refusing};
use ports::Clock;
use rehearsal::{Line, Scene};
use serde_json::json;

use crate::openapi::Document;
use crate::{asked, replying};

/// A request, and how it is refused.
pub(crate) struct Row {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: MakeBody,
    token: Option<&'static str>,
    status: u16,
    pub(crate) code: &'static str,
}

/// How long an answer may take in these tests, in virtual time: nothing waits for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// A body can be sent once only.
type MakeBody = fn() -> Body;

impl Row {
    pub(crate) fn new(
        status: u16,
        code: &'static str,
        method: Method,
        path: impl Into<String>,
    ) -> Self {
        let body = || Body::from(saying("Hello?").to_string());
        let headers = vec![(JSON.0, JSON.1.to_owned())];
        Self {
            method,
            path: path.into(),
            headers,
            body,
            token: Some(ADA),
            status,
            code,
        }
    }

    pub(crate) fn get(status: u16, code: &'static str, path: impl Into<String>) -> Self {
        Self {
            body: Body::empty,
            ..Self::new(status, code, Method::GET, path)
        }
    }

    pub(crate) fn post(status: u16, code: &'static str, path: impl Into<String>) -> Self {
        Self::new(status, code, Method::POST, path)
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(self, body: MakeBody) -> Self {
        Self { body, ..self }
    }

    pub(crate) fn showing(self, token: Option<&'static str>) -> Self {
        Self { token, ..self }
    }

    /// Sends it as a page and as a reader of streams; both are refused alike.
    pub(crate) async fn check(&self, client: &Client) -> Answer {
        let name = format!("{} {:.80} {}", self.method, self.path, self.code);
        let plain = self.send(client, None).await;
        let json = plain.json();
        assert_eq!(
            (plain.status.as_u16(), json["code"].as_str()),
            (self.status, Some(self.code)),
            "{name}: {json}"
        );
        assert_eq!(
            plain.header("content-type"),
            "application/problem+json",
            "{name}"
        );
        assert_eq!(
            (json["status"].as_u64(), json["type"].as_str()),
            (Some(self.status.into()), Some("about:blank"))
        );
        assert_eq!(json["requestId"], plain.header("x-request-id"), "{name}");
        assert!(
            json["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty()),
            "{name}"
        );
        assert!(json["retryable"].is_boolean(), "{name}: {json}");
        assert_eq!(
            plain.header("www-authenticate"),
            challenge(self.code),
            "{name}"
        );
        let document = Document::read().await;
        document.holds(&document.component("Problem"), &json);

        let streamed = self.send(client, Some(EVENTS)).await;
        let event = streamed.json();
        assert_eq!(
            (streamed.status.as_u16(), event["code"].as_str()),
            (self.status, Some(self.code)),
            "{name}: {event}"
        );
        assert_eq!(
            streamed.header("content-type"),
            "text/event-stream; charset=utf-8",
            "{name}"
        );
        assert_eq!(
            (event["type"].as_str(), event["partial"].as_bool()),
            (Some("error"), Some(false)),
            "{name}"
        );
        assert_eq!(event["retryable"], json["retryable"], "{name}");
        document.holds(&document.component("Refusal"), &event);
        assert_eq!(streamed.body.matches("data: ").count(), 1, "{name}");
        let waits = [429, 503].contains(&self.status);
        assert_eq!(
            (
                !plain.header("retry-after").is_empty(),
                event["retryAfterMs"].is_number()
            ),
            (waits, waits),
            "{name}"
        );
        plain
    }

    async fn send(&self, client: &Client, accept: Option<(&'static str, &'static str)>) -> Answer {
        Answer::read(client.send(self.request(client, accept)).await).await
    }

    /// The request itself, with one more header if there is one.
    pub(crate) fn request(
        &self,
        client: &Client,
        accept: Option<(&'static str, &'static str)>,
    ) -> Request<Body> {
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .chain(accept)
            .collect();
        client
            .showing(self.token)
            .request(self.method.clone(), &self.path, &headers, (self.body)())
    }
}

/// What a refusal asks for: a token, and not why one was not taken.
fn challenge(code: &str) -> &'static str {
    match code {
        "MISSING_AUTH_HEADER" => r#"Bearer realm="coach""#,
        "INVALID_TOKEN" | "MISSING_CUSTOM_USER_ID" => {
            r#"Bearer realm="coach", error="invalid_token""#
        }
        _ => "",
    }
}

/// What is wrong with the request itself, at a site where nothing else is wrong.
pub(crate) fn rows(conversation: &str) -> Vec<Row> {
    let stream = format!("{conversation}/stream");
    let long = "a".repeat(65);
    let mut rows = vec![
        Row::get(404, "NOT_FOUND", "/nowhere"),
        Row::get(404, "NOT_FOUND", "/"),
        Row::get(404, "NOT_FOUND", "/users/ada").showing(None),
        Row::get(404, "NOT_FOUND", format!("{stream}/")),
        Row::get(404, "NOT_FOUND", "/.well-known/jwks.json"),
        Row::new(405, "METHOD_NOT_ALLOWED", Method::PUT, &stream),
        Row::new(
            405,
            "METHOD_NOT_ALLOWED",
            Method::DELETE,
            format!("{conversation}/messages"),
        )
        .showing(None),
        Row::post(405, "METHOD_NOT_ALLOWED", "/health"),
        Row::post(401, "MISSING_AUTH_HEADER", &stream).showing(None),
        Row::post(401, "MISSING_AUTH_HEADER", &stream)
            .showing(None)
            .with("authorization", "Basic YTpi"),
        Row::post(401, "MISSING_AUTH_HEADER", &stream)
            .showing(None)
            .with("authorization", "Bearer "),
        Row::post(401, "INVALID_TOKEN", &stream).showing(Some("mallory")),
        Row::post(401, "INVALID_TOKEN", &stream).with("authorization", "Bearer ada"),
        Row::post(401, "INVALID_TOKEN", &stream).with("x-coach-authorization", "Bearer ada"),
        Row::post(401, "MISSING_AUTH_HEADER", &stream)
            .showing(None)
            .with("authorization", "Bearer \u{e9}"),
        Row::post(403, "USER_ID_MISMATCH", &stream).showing(Some(BOB)),
        Row::get(403, "USER_ID_MISMATCH", "/users/bob/workouts"),
        Row::get(400, "INVALID_PATH", "/users/%FF/workouts"),
        Row::get(400, "INVALID_PATH", "/users/ada/coaches/%C3"),
        Row::post(415, "UNSUPPORTED_MEDIA_TYPE", &stream).with("content-type", "text/plain"),
        Row::post(415, "UNSUPPORTED_MEDIA_TYPE", &stream).with("content-encoding", "gzip"),
        Row::post(415, "UNSUPPORTED_MEDIA_TYPE", &stream).with("content-encoding", "identity, BR"),
        Row::new(
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            Method::PUT,
            "/users/ada/coaches/mine",
        )
        .with("content-encoding", "zstd"),
        Row::post(415, "UNSUPPORTED_MEDIA_TYPE", "/users/ada/memories")
            .with("content-encoding", "deflate"),
        Row::post(431, "HEADERS_TOO_LARGE", &stream).with("x-much", "a".repeat(33_000)),
        Row::get(
            431,
            "HEADERS_TOO_LARGE",
            format!("/health?{}", "a".repeat(33_000)),
        ),
        Row::post(413, "PAYLOAD_TOO_LARGE", &stream)
            .body(|| Body::from(" ".repeat(512 * 1024 + 1))),
        Row::post(413, "PAYLOAD_TOO_LARGE", &stream).body(|| slowly(1_000, 525)),
        Row::post(413, "PAYLOAD_TOO_LARGE", &stream).with("content-length", "524289"),
        Row::post(
            413,
            "PAYLOAD_TOO_LARGE",
            "/users/ada/coaches/strength/conversations",
        )
        .body(|| " ".repeat(16_385).into()),
        Row::post(408, "REQUEST_TIMEOUT", &stream).body(|| slowly(1, 1)),
        Row::get(404, "COACH_CONFIG_NOT_FOUND", "/users/ada/coaches/nobody"),
        Row::post(
            404,
            "COACH_CONFIG_NOT_FOUND",
            "/users/ada/coaches/nobody/conversations",
        )
        .body(Body::empty),
        Row::post(
            404,
            "COACH_CONFIG_NOT_FOUND",
            stream.replace("strength", "nobody"),
        ),
        Row::post(
            404,
            "CONVERSATION_NOT_FOUND",
            stream.replace("strength", "mobility"),
        ),
        Row::post(
            404,
            "CONVERSATION_NOT_FOUND",
            "/users/ada/coaches/strength/conversations/x/send-message",
        ),
        Row::get(
            404,
            "CONVERSATION_NOT_FOUND",
            "/users/ada/coaches/strength/conversations/x",
        ),
        Row::get(
            404,
            "CONVERSATION_NOT_FOUND",
            "/users/ada/coaches/strength/conversations/x/messages",
        ),
        Row::get(
            404,
            "CONVERSATION_NOT_FOUND",
            "/users/ada/coaches/strength/conversations/x/stream",
        ),
        Row::get(404, "TURN_NOT_FOUND", format!("{conversation}/turns/x")),
        Row::post(
            404,
            "TURN_NOT_FOUND",
            format!("{conversation}/turns/x/stop"),
        ),
        Row::get(404, "RECORD_NOT_FOUND", "/users/ada/workouts/x"),
        Row::get(404, "TURN_NOT_FOUND", format!("{stream}?turnId=x")),
        Row::get(404, "TURN_NOT_FOUND", &stream).with("last-event-id", "x.3"),
        Row::get(400, "INVALID_ID", format!("{stream}?turnId=a%20b")),
        Row::get(
            400,
            "INVALID_FIELD",
            format!("{conversation}/messages?limit=0"),
        ),
        Row::get(
            400,
            "INVALID_FIELD",
            format!("{conversation}/messages?limit=201"),
        ),
        Row::get(
            400,
            "INVALID_FIELD",
            format!("{conversation}/messages?cursor=x"),
        ),
        Row::get(
            400,
            "INVALID_FIELD",
            format!("{conversation}/turns/x?wait=foo"),
        ),
        Row::get(
            400,
            "INVALID_FIELD",
            format!("{conversation}/turns/x?wait="),
        ),
        Row::get(
            400,
            "INVALID_FIELD",
            format!("{conversation}/turns/x?wait=true&wait=jobs"),
        ),
        Row::get(400, "INVALID_FIELD", "/users/ada/memories?superseded=1"),
        Row::get(400, "INVALID_FIELD", "/users/ada/memories?coachId="),
        Row::get(400, "INVALID_FIELD", "/users/ada/workouts?to="),
        Row::get(400, "INVALID_FIELD", "/users/ada/usage?from=today"),
        Row::get(400, "INVALID_FIELD", "/users/ada/workouts?from=yesterday"),
        Row::post(400, "INVALID_FIELD", &stream).with("idempotency-key", "a b"),
    ];
    for id in [
        "a%2Fb", "..", "%2E%2E", "a%00", "%zz", "a%20b", "%C3%A9", &long,
    ] {
        rows.push(Row::get(400, "INVALID_ID", format!("/users/{id}/workouts")));
        rows.push(Row::get(
            400,
            "INVALID_ID",
            format!("/users/ada/coaches/{id}"),
        ));
        rows.push(Row::post(
            400,
            "INVALID_ID",
            format!("/users/ada/coaches/strength/conversations/{id}/stream"),
        ));
        rows.push(Row::get(
            400,
            "INVALID_ID",
            format!("{conversation}/turns/{id}"),
        ));
    }
    let bodies: [(&str, MakeBody); 18] = [
        ("MISSING_REQUEST_BODY", || "\u{feff} ".into()),
        ("INVALID_JSON", || Body::from(&b"\xff\xfe{\0}\0"[..])),
        ("INVALID_JSON", || "\u{feff}\u{feff}{}".into()),
        ("INVALID_USER_RESPONSE", || {
            saying("\u{200b}\u{e0041} \u{7}\u{2069}\u{3164}")
                .to_string()
                .into()
        }),
        ("MISSING_REQUEST_BODY", Body::empty),
        ("MISSING_REQUEST_BODY", || " \r\n".into()),
        ("INVALID_JSON", || "{".into()),
        ("INVALID_JSON", || {
            Body::from(&b"{\"userResponse\":\"\xff\"}"[..])
        }),
        ("INVALID_JSON", || {
            Body::from_stream(stream::iter([Ok(Bytes::from("{")), Err("cut")]))
        }),
        ("INVALID_BODY", || "[]".into()),
        ("INVALID_USER_RESPONSE", || "{}".into()),
        ("INVALID_USER_RESPONSE", || {
            saying(" \u{a0}\n").to_string().into()
        }),
        ("INVALID_USER_RESPONSE", || {
            saying(&"é".repeat(32_001)).to_string().into()
        }),
        ("INVALID_TIMESTAMP", || {
            json!({ "userResponse": "a", "messageTimestamp": "today" })
                .to_string()
                .into()
        }),
        ("INVALID_TIMEZONE", || {
            json!({ "userResponse": "a", "timezone": "Mars/Olympus" })
                .to_string()
                .into()
        }),
        ("INVALID_FIELD", || {
            json!({ "userResponse": "a", "ifBusy": "wait" })
                .to_string()
                .into()
        }),
        ("INVALID_FIELD", || {
            json!({ "userResponse": "a", "clientMessageId": "a b" })
                .to_string()
                .into()
        }),
        ("INVALID_FIELD", || {
            json!({ "userResponse": "a", "clientMessageId": "" })
                .to_string()
                .into()
        }),
    ];
    for call in ["stream", "send-message"] {
        let path = format!("{conversation}/{call}");
        rows.extend(bodies.map(|(code, body)| Row::post(400, code, &path).body(body)));
    }
    rows
}

/// A body of so many pieces, after which nothing comes, not even its end.
fn slowly(size: usize, pieces: usize) -> Body {
    let pieces = stream::repeat(Bytes::from(" ".repeat(size)))
        .take(pieces)
        .map(Ok::<_, Infallible>);
    Body::from_stream(pieces.chain(stream::pending()))
}

#[tokio::test(start_paused = true)]
async fn another_users_path_is_refused_before_anything_is_looked_up() {
    let site = replying(Scene::saying("Sit."));
    let path = site.conversation().await;
    let (messages, records) = (site.messages.all_calls(), site.records.all_calls());
    for call in ["", "/stream", "/messages", "/turns/x"] {
        Row::get(403, "USER_ID_MISMATCH", format!("{path}{call}"))
            .showing(Some(BOB))
            .check(&site.client())
            .await;
    }
    for call in ["stream", "send-message"] {
        Row::post(403, "USER_ID_MISMATCH", format!("{path}/{call}"))
            .showing(Some(BOB))
            .check(&site.client())
            .await;
    }
    assert_eq!(
        (site.messages.all_calls(), site.records.all_calls()),
        (messages, records)
    );
}

#[tokio::test(start_paused = true)]
async fn a_wrong_method_is_told_the_right_ones() {
    let site = replying(Scene::saying("Sit."));
    let path = "/users/ada/coaches/strength/conversations/x";
    for (path, allowed) in [
        (format!("{path}/stream"), "POST, GET"),
        (format!("{path}/send-message"), "POST"),
        ("/health".to_owned(), "GET"),
    ] {
        let answer = site.client().ask(Method::PATCH, &path, &[], "").await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (StatusCode::METHOD_NOT_ALLOWED, allowed),
            "{path}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_token_may_come_in_the_other_header() {
    let site = replying(Scene::saying("Sit."));
    let client = site.client().showing(None);
    let ours = ("x-coach-authorization", "bearer ada");
    for headers in [
        vec![ours],
        vec![("authorization", "AWS4-HMAC-SHA256 Credential=x"), ours],
    ] {
        let answer = client
            .ask(Method::GET, "/users/ada/workouts", &headers, "")
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{headers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_waited_for_ten_seconds() {
    let site = replying(Scene::saying("Sit."));
    let path = format!("{}/stream", site.conversation().await);
    Row::post(408, "REQUEST_TIMEOUT", path)
        .body(|| slowly(1, 1))
        .check(&site.client())
        .await;
    assert_eq!(site.clock.ms(), 20_000);
}

#[tokio::test(start_paused = true)]
async fn whoever_finds_the_conversation_busy_is_told_where_to_watch() {
    let site = replying(Scene(vec![Line::Hang]));
    let path = site.conversation().await;
    let mut running = site
        .client()
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await;
    let turn = running.next().await.unwrap().text("turnId").to_owned();
    for client in [site.client(), site.elsewhere()] {
        let json = Row::post(409, "CONVERSATION_BUSY", format!("{path}/stream"))
            .check(&client)
            .await
            .json();
        assert_eq!(json["turnId"], turn.as_str());
        let resume = json["resumeUrl"].as_str().unwrap();
        let mut resumed = client.follow(resume, &[]).await;
        assert_eq!(resumed.next().await.unwrap().text("turnId"), turn);
    }
}

#[tokio::test(start_paused = true)]
async fn no_answer_is_empty() {
    let site = replying(Scene::saying("Sit.")).set(|settings| {
        settings.cors_origins = vec![HeaderValue::from_static("https://a.example")]
    });
    for (method, path) in [
        (Method::OPTIONS, "/health"),
        (Method::OPTIONS, "/nowhere"),
        (Method::GET, "/health"),
        (Method::TRACE, "/health"),
    ] {
        let answer = site
            .client()
            .ask(method.clone(), path, &[("origin", "https://a.example")], "")
            .await;
        assert!(!answer.body.is_empty(), "{method} {path}");
    }
    let get = site.client().get("/health").await;
    let head = site.client().ask(Method::HEAD, "/health", &[], "").await;
    assert_eq!(head.status, StatusCode::OK);
    assert_eq!(
        head.header(header::CONTENT_LENGTH.as_str()),
        get.body.len().to_string(),
        "HEAD tells the size of GET"
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_no_more_says_so_to_everybody() {
    let full = Client::new(refusing(Code::Overloaded), Some(ADA), VirtualClock::start());
    for row in [
        Row::get(503, "OVERLOADED", "/health"),
        Row::post(503, "OVERLOADED", "/users/ada/workouts"),
    ] {
        row.check(&full).await;
    }
}

/// Sends requests that are refused for the state of things; the codes that were told.
pub(crate) async fn refused_for_the_state_of_things() -> Vec<&'static str> {
    let ready = || replying(Scene::saying("Sit."));
    let mut told = Vec::new();
    let mut add = async |site: &Site, row: Row| {
        let checked = tokio::time::timeout(PATIENCE, row.check(&site.client())).await;
        assert!(
            checked.is_ok(),
            "{} is never answered: {}",
            row.path,
            row.code
        );
        told.push(row.code);
    };
    let posting = |path: &str, status, code| Row::post(status, code, format!("{path}/stream"));

    let site = ready().set(|settings| settings.turns_at_once = 0);
    let path = site.conversation().await;
    add(&site, posting(&path, 503, "OVERLOADED")).await;

    let site = replying(Scene(vec![Line::Hang])).set(|settings| settings.turns_per_user = 1);
    let path = site.conversation().await;
    let (busy, other) = (path.clone(), site.conversation().await);
    let key = [("idempotency-key", "k1")];
    site.client()
        .stream(&format!("{path}/stream"), &key, &saying(QUESTION))
        .await;
    for row in [
        posting(&busy, 409, "CONVERSATION_BUSY"),
        posting(&busy, 409, "IDEMPOTENCY_MISMATCH").with("idempotency-key", "k1"),
        posting(&busy, 409, "IDEMPOTENCY_MISMATCH").with("idempotency-key", "\"k1\""),
        posting(&other, 429, "RATE_LIMITED"),
    ] {
        add(&site, row).await;
    }

    for (method, mishap, status, code) in [
        (
            "admit",
            Mishap::Fail(Fault::Throttled),
            503,
            "STORE_UNAVAILABLE",
        ),
        ("admit", Mishap::Hang, 503, "STORE_UNAVAILABLE"),
        ("admit", Mishap::Panic, 500, "INTERNAL"),
    ] {
        let site = ready();
        let path = site.conversation().await;
        site.messages.plan(method, .., mishap);
        add(&site, posting(&path, status, code)).await;
    }
    let unavailable = |path| Row::get(503, "STORE_UNAVAILABLE", path);
    for mishap in [Mishap::Fail(Fault::Unavailable), Mishap::Hang] {
        for (method, call) in [
            ("conversation", ""),
            ("conversation", "/messages"),
            ("messages", "/messages"),
            ("conversation", "/stream"),
            ("turn", "/stream?turnId=x"),
            ("turn", "/turns/x"),
        ] {
            let site = ready();
            let path = site.conversation().await;
            site.messages.plan(method, .., mishap);
            add(&site, unavailable(format!("{path}{call}"))).await;
        }
        for (method, path) in [
            ("list", "/users/ada/workouts"),
            ("list", "/users/ada/coaches"),
            ("get", "/users/ada/coaches/strength"),
        ] {
            let site = ready();
            site.records.plan(method, .., mishap);
            add(&site, unavailable(path.to_owned())).await;
        }
        let site = ready();
        let path = site.conversation().await;
        site.records.plan("get", .., mishap);
        add(&site, posting(&path, 503, "STORE_UNAVAILABLE")).await;
    }
    let site = ready();
    let (path, events) = asked(&site, QUESTION).await;
    let turn = events[0].text("turnId").to_owned();
    site.clock
        .sleep_until(site.clock.now() + Duration::from_secs(26 * 3_600))
        .await;
    for call in ["/stream?turnId=", "/turns/"] {
        add(
            &site,
            Row::get(410, "TURN_EXPIRED", format!("{path}{call}{turn}")),
        )
        .await;
    }
    told
}
