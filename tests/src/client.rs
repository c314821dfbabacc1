#![expect(clippy::unwrap_used, reason = "a client of tests may panic")]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, header};
use eventsource_stream::Eventsource;
use futures::stream::{BoxStream, StreamExt};
use http_adapter::Within;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::VirtualClock;

/// Asks a router, without any socket, in somebody's name.
#[derive(Debug, Clone)]
pub struct Client {
    router: Router,
    token: Option<String>,
    within: Option<Within>,
    clock: VirtualClock,
}

impl Client {
    /// A client of this router, who shows `token` if there is one.
    pub fn new(router: Router, token: Option<&str>, clock: VirtualClock) -> Self {
        Self {
            router,
            token: token.map(str::to_owned),
            within: None,
            clock,
        }
    }

    /// The same client in another's name, or in none.
    #[must_use]
    pub fn showing(&self, token: Option<&str>) -> Self {
        Self {
            token: token.map(str::to_owned),
            ..self.clone()
        }
    }

    /// The same client, whose requests are enclosed by this.
    #[must_use]
    pub fn within(&self, within: Option<Within>) -> Self {
        Self {
            within,
            ..self.clone()
        }
    }

    /// A request as [`ask`](Self::ask) sends it.
    pub fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body.into()).unwrap()
    }

    /// Sends a request; the answer's body is still to be read.
    pub async fn send(&self, mut request: Request<Body>) -> Response<Body> {
        if let Some(within) = &self.within {
            request.extensions_mut().insert(within.clone());
        }
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Asks, and reads the whole answer.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        Answer::read(self.send(self.request(method, path, headers, body)).await).await
    }

    /// Reads what is at `path`.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[], "").await
    }

    /// Sends JSON to `path`.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::POST, path, &[JSON], body.to_string())
            .await
    }

    /// Changes what is at `path` by JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::PATCH, path, &[JSON], body.to_string())
            .await
    }

    /// Puts JSON at `path`.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::PUT, path, &[JSON], body.to_string()).await
    }

    /// Deletes what is at `path`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, &[], "").await
    }

    /// Sends JSON to `path`, whose answer is a stream of events.
    pub async fn stream(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Sse {
        let headers = [&[JSON, EVENTS], headers].concat();
        let request = self.request(Method::POST, path, &headers, body.to_string());
        Sse::of(self.send(request).await, self.clock)
    }

    /// Reads a stream of events.
    pub async fn follow(&self, path: &str, headers: &[(&str, &str)]) -> Sse {
        let request = self.request(Method::GET, path, &[&[EVENTS], headers].concat(), "");
        Sse::of(self.send(request).await, self.clock)
    }
}

/// What a request with JSON says about its body.
pub const JSON: (&str, &str) = ("content-type", "application/json");
/// What a request says that wants a stream of events.
pub const EVENTS: (&str, &str) = ("accept", "text/event-stream");

/// An answer that was read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.into()).unwrap(),
        }
    }

    /// Its JSON, or that of its only event.
    pub fn json(&self) -> Value {
        let json = match self.body.strip_prefix("data: ") {
            Some(event) => event.strip_suffix("\n\n").unwrap(),
            None => &self.body,
        };
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        text(&self.headers, name)
    }
}

/// A stream of events that is read as it arrives. Whoever drops it has hung up.
pub struct Sse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    events: BoxStream<'static, Event>,
    raw: Arc<Mutex<Vec<(u64, String)>>>,
}

impl Sse {
    /// Reads an answer as a stream of events.
    pub fn of(response: Response<Body>, clock: VirtualClock) -> Self {
        let (parts, body) = response.into_parts();
        let raw: Arc<Mutex<Vec<(u64, String)>>> = Arc::default();
        let kept = raw.clone();
        let pieces = body.into_data_stream().inspect(move |piece| {
            let text = String::from_utf8(piece.as_ref().unwrap().to_vec()).unwrap();
            kept.lock().unwrap().push((clock.ms(), text));
        });
        let events = pieces.eventsource().map(move |event| {
            let event = event.unwrap();
            Event {
                id: event.id,
                at: clock.ms(),
                json: serde_json::from_str(&event.data).unwrap(),
            }
        });
        Self {
            status: parts.status,
            headers: parts.headers,
            events: events.boxed(),
            raw,
        }
    }

    /// The next event, when it comes; none at the end.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.next().await
    }

    /// The next so many events.
    pub async fn take(&mut self, count: usize) -> Vec<Event> {
        self.events.by_ref().take(count).collect().await
    }

    /// All events that are still to come.
    pub async fn rest(&mut self) -> Vec<Event> {
        self.events.by_ref().collect().await
    }

    /// Every byte that has come so far.
    pub fn raw(&self) -> String {
        self.pieces().into_iter().map(|(_, piece)| piece).collect()
    }

    /// Every piece of the body that has come so far, and after how many milliseconds.
    pub fn pieces(&self) -> Vec<(u64, String)> {
        self.raw.lock().unwrap().clone()
    }

    pub fn header(&self, name: &str) -> &str {
        text(&self.headers, name)
    }
}

/// An event as a browser sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// That of the last frame that had one; empty before.
    pub id: String,
    /// When it came, in milliseconds of virtual time.
    pub at: u64,
    pub json: Value,
}

impl Event {
    pub fn kind(&self) -> &str {
        self.text("type")
    }

    /// A field that is a text; empty if it is none.
    pub fn text(&self, field: &str) -> &str {
        self.json
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

/// The text that these events tell, joined.
pub fn told(events: &[Event]) -> String {
    let texts = events
        .iter()
        .filter(|event| matches!(event.kind(), "contextual" | "chunk"));
    texts.map(|event| event.text("content")).collect()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .map(|value| value.to_str().unwrap())
        .unwrap_or_default()
}
