//! What was asked and answered, written down byte for byte.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use axum::body::{Body, HttpBody};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Request};
use coach_tests::masks::named;
use coach_tests::{Answer, Client, EVENTS, JSON, Sse, VirtualClock};
use futures::future::join_all;
use http_adapter::{Code, ROUTES};
use http_body_util::BodyExt;
use serde_json::Value;

/// The longest body of a request that is written down; of a longer one only how long it is.
const LONGEST: usize = 2_000;

/// A form of an answer: the media type.
type Form = String;

/// One file of requests and their answers.
#[derive(Default)]
pub(super) struct Book {
    text: String,
    cursors: Vec<String>,
    /// Which routes were answered, with which status, and in which form.
    pub(super) served: BTreeSet<(String, &'static str, u16, Form)>,
    /// Which codes were told, and in which form.
    pub(super) told: BTreeSet<(&'static str, Form)>,
}

/// A stream that is still read.
pub(super) struct Open {
    parts: Parts,
    sent: String,
    sse: Sse,
}

impl Open {
    /// Sends a request whose answer is a stream.
    pub(super) async fn send(request: Request<Body>, client: &Client) -> Self {
        let (parts, sent, request) = copied(request).await;
        let sse = Sse::of(client.send(request).await, VirtualClock::start());
        Self { parts, sent, sse }
    }

    pub(super) fn turn(&self) -> String {
        self.sse.header("x-turn-id").to_owned()
    }

    /// Reads so many events more.
    pub(super) async fn read(&mut self, events: usize) {
        assert_eq!(self.sse.take(events).await.len(), events);
    }
}

impl Book {
    /// Says what the next requests are about.
    pub(super) fn about(&mut self, title: &str) {
        writeln!(self.text, "# {title}\n").unwrap();
    }

    /// Sends a request, and writes down what it says and what is answered.
    pub(super) async fn send(&mut self, client: &Client, request: Request<Body>) -> Answer {
        let (parts, sent, request) = copied(request).await;
        let answer = Answer::read(client.send(request).await).await;
        let head = (answer.status.as_u16(), &answer.headers);
        self.note(&parts, &sent, head, &answer.body);
        answer
    }

    /// The same for a request of these words: a method and an address, headers and a body.
    pub(super) async fn ask(
        &mut self,
        client: &Client,
        line: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let (method, path) = line.split_once(' ').unwrap();
        let method = method.parse().unwrap();
        self.send(client, client.request(method, path, headers, body))
            .await
    }

    pub(super) async fn get(&mut self, client: &Client, path: &str) -> Answer {
        self.ask(client, &format!("GET {path}"), &[], "").await
    }

    pub(super) async fn json(&mut self, client: &Client, line: &str, body: &Value) -> Answer {
        self.ask(client, line, &[JSON], body.to_string()).await
    }

    /// Says something to be answered by a stream, and does not read it yet.
    pub(super) async fn open(&mut self, client: &Client, path: &str, body: &Value) -> Open {
        let headers = [JSON, EVENTS];
        Open::send(
            client.request(Method::POST, path, &headers, body.to_string()),
            client,
        )
        .await
    }

    /// Reads a stream to its end, and writes it down.
    pub(super) async fn close(&mut self, open: Open) {
        self.close_all(vec![open]).await;
    }

    /// Reads streams to their ends, all at once, and writes them down one after another.
    pub(super) async fn close_all(&mut self, mut opened: Vec<Open>) {
        join_all(opened.iter_mut().map(|open| open.sse.rest())).await;
        for open in opened {
            let head = (open.sse.status.as_u16(), &open.sse.headers);
            self.note(&open.parts, &open.sent, head, &open.sse.raw());
        }
    }

    /// Asks for the OpenAPI document, and writes it down in lines: what was sent is the same
    /// without white space.
    pub(super) async fn document(&mut self, client: &Client) {
        let request = client.request(Method::GET, "/openapi.json", &[], "");
        let (parts, sent, request) = copied(request).await;
        let answer = Answer::read(client.send(request).await).await;
        let document = answer.json();
        assert_eq!(document.to_string(), answer.body);
        let head = (answer.status.as_u16(), &answer.headers);
        self.note(&parts, &sent, head, &format!("{document:#}"));
    }

    fn note(&mut self, parts: &Parts, sent: &str, head: (u16, &HeaderMap), body: &str) {
        let (status, headers) = head;
        let form = headers
            .get("content-type")
            .map(|form| form.to_str().unwrap());
        let form = form.unwrap_or_default();
        let form = form.split(';').next().unwrap().to_owned();
        self.cursors.extend(cursor_in(body));
        self.told
            .extend(codes_in(body).map(|code| (code, form.clone())));
        if let Some(path) = template(&parts.method, parts.uri.path()) {
            let served = (parts.method.to_string(), path, status, form);
            self.served.insert(served);
        }
        let out = &mut self.text;
        writeln!(
            out,
            "> {} {}",
            parts.method,
            shortened(parts.uri.to_string())
        )
        .unwrap();
        write_headers(out, &parts.headers);
        writeln!(out, "\n{sent}\n< {status}").unwrap();
        write_headers(out, headers);
        writeln!(out, "\n{body}\n---").unwrap();
    }

    /// All that was written down, with numbered names in place of what chance has made.
    fn masked(&self) -> String {
        let mut text = self.text.clone();
        let mut known: Vec<&String> = Vec::new();
        for cursor in &self.cursors {
            if !known.contains(&cursor) {
                known.push(cursor);
                text = text.replace(cursor, &format!("<cursor {}>", known.len()));
            }
        }
        named(&text)
    }

    /// Compares what was written down with the record of this name, or makes that anew if
    /// `COACH_RECORD` is set; the first line that differs.
    pub(super) fn difference(&self, name: &str) -> Option<String> {
        let (path, now) = (record(name), self.masked());
        if std::env::var_os("COACH_RECORD").is_some() {
            std::fs::write(&path, &now).unwrap();
        }
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        if before == now {
            return None;
        }
        let mut lines = before.split('\n').zip(now.split('\n')).enumerate();
        let first = lines.find(|(_, (before, now))| before != now);
        Some(match first {
            Some((at, (before, now))) => {
                format!("{name}, line {}:\n- {before}\n+ {now}", at + 1)
            }
            None => format!("{name} ends elsewhere"),
        })
    }
}

fn record(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http/golden/recorded");
    folder.join(format!("{name}.txt"))
}

/// A request, what it says, and once more the request: a body that is there can be read before.
async fn copied(request: Request<Body>) -> (Parts, String, Request<Body>) {
    let (parts, body) = request.into_parts();
    let (sent, body) = if body.size_hint().exact().is_some() {
        let bytes = body.collect().await.unwrap().to_bytes();
        let sent = if bytes.len() > LONGEST {
            format!("({} bytes)", bytes.len())
        } else {
            String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| bytes.escape_ascii().to_string())
        };
        (sent, Body::from(bytes))
    } else {
        ("(a body in pieces)".to_owned(), body)
    };
    (parts.clone(), sent, Request::from_parts(parts, body))
}

fn write_headers(out: &mut String, headers: &HeaderMap) {
    for (name, value) in headers {
        let value = value.as_bytes().escape_ascii().to_string();
        writeln!(out, "{name}: {}", shortened(value)).unwrap();
    }
}

fn shortened(text: String) -> String {
    if text.len() > LONGEST {
        format!("({} bytes)", text.len())
    } else {
        text
    }
}

/// The cursor that a page of records or conversations ends with; those of messages are numbers, and
/// no chance is in them.
fn cursor_in(body: &str) -> Option<String> {
    let (_, rest) = body.split_once("\"nextCursor\":\"")?;
    let (cursor, _) = rest.split_once('"')?;
    cursor.contains('.').then(|| cursor.to_owned())
}

/// The codes that a problem or any event of a stream tells.
fn codes_in(body: &str) -> impl Iterator<Item = &'static str> {
    let codes = Code::ALL.iter().map(|code| code.as_str());
    codes.filter(move |code| body.contains(&format!("\"code\":\"{code}\"")))
}

/// The row of the table that this leads to.
fn template(method: &Method, path: &str) -> Option<&'static str> {
    let fits = |template: &str| {
        let (parts, named) = (path.split('/'), template.split('/'));
        parts.clone().count() == named.clone().count()
            && parts
                .zip(named)
                .all(|(part, name)| part == name || name.starts_with('{'))
    };
    let mut rows = ROUTES.iter().filter(|route| route.method == *method);
    rows.find(|route| fits(route.path)).map(|route| route.path)
}
