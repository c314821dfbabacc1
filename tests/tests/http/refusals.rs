//! Requests that lead to nothing, and what is said then.

mod rows;
mod state;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use coach_tests::scenes::QUESTION;
use coach_tests::{ADA, Answer, BOB, Client, EVENTS, JSON, VirtualClock, saying};
use http_adapter::{Code, refusing};
use rehearsal::{Line, Scene};

use crate::openapi::Document;
use crate::replying;
use rows::slowly;

pub(crate) use rows::rows;
pub(crate) use state::refused_for_the_state_of_things;

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
        self.check_as_event(client, &plain).await;
        plain
    }

    /// Sends it as a reader of streams, who is told the same.
    async fn check_as_event(&self, client: &Client, plain: &Answer) {
        let name = format!("{} {:.80} {}", self.method, self.path, self.code);
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
        assert_eq!(event["retryable"], plain.json()["retryable"], "{name}");
        let document = Document::read().await;
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
