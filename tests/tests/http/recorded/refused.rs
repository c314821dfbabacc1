//! Requests that lead to nothing, in both forms; and those of pages.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use coach_tests::scenes::QUESTION;
use coach_tests::{Client, Closed, EVENTS, JSON, Mishap, Site, VirtualClock, saying};
use domain::Fault;
use http_adapter::{Code, refusing};
use ports::{Clock, PortError, TokenRefusal};
use rehearsal::{Line, Scene};
use serde_json::json;

use super::book::Book;
use crate::errors::{failing, orphan};
use crate::refusals::{Row, rows};
use crate::{asked, replying};

/// What clients and careless programs say that they accept.
const ACCEPTED: [&str; 38] = [
    "text/event-stream",
    "application/json, text/event-stream",
    "text/event-stream, application/json",
    "text/event-stream,*/*;q=0.1",
    "TEXT/Event-Stream",
    "text/event-stream; charset=utf-8",
    "text/event-stream;charset=\"utf-8\"",
    "text/event-stream ; q=0.5",
    "text/event-stream;q=1",
    "text/event-stream;q=1.000",
    "text/event-stream;q=0.001",
    "text/event-stream;charset=utf-8;q=0.2",
    "application/json, text/event-stream;q=0.001",
    "application/json;q=0,text/event-stream",
    "text/event-stream;q=0",
    "text/event-stream;q=0.0",
    "text/event-stream;q=0.000",
    "text/event-stream;Q=0",
    "text/event-stream; Q=0.000, application/json",
    "text/event-stream;charset=utf-8;q=0",
    "text/event-stream;q=0, */*",
    "text/*;q=1, text/event-stream;q=0",
    "*/*;q=0, text/event-stream",
    "text/event-stream, text/event-stream;q=0",
    "text/event-streams",
    "text/event-stream+json",
    "application/event-stream",
    "application/json;a=text/event-stream",
    "text/*",
    "*/*",
    "application/json",
    "application/problem+json",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "",
    ",",
    ", text/event-stream",
    "text",
    ";q=1",
];

/// A header in one or several lines.
pub(super) async fn accept() -> Book {
    let (mut book, site) = (Book::default(), ready());
    let client = site.client();
    let nowhere = "GET /users/ada/workouts/x";
    for accept in ACCEPTED {
        book.ask(&client, nowhere, &[("accept", accept)], "").await;
    }
    let several: [&[&str]; 4] = [
        &["application/json", "text/event-stream"],
        &["text/event-stream", "application/json"],
        &["text/event-stream;q=0", "*/*"],
        &["\u{e9}", "text/event-stream"],
    ];
    for lines in several {
        let headers: Vec<_> = lines.iter().map(|line| ("accept", *line)).collect();
        book.ask(&client, nowhere, &headers, "").await;
    }
    book.about("what is there has one form, whatever is accepted");
    for accept in ["text/event-stream", "text/html", "application/json;q=0"] {
        let headers = [("accept", accept)];
        book.ask(&client, "GET /health", &headers, "").await;
    }
    book
}

/// What is wrong with a request itself, as a page and as a reader of streams is told it.
pub(super) async fn addresses() -> Book {
    let (mut book, site) = (Book::default(), ready());
    let path = site.conversation().await;
    for row in rows(&path) {
        both(&mut book, &site.client(), &row).await;
    }
    book.about("other methods");
    for line in [
        "PATCH /health",
        "HEAD /health",
        "HEAD /nowhere",
        "OPTIONS /health",
        "OPTIONS /nowhere",
        "TRACE /health",
        "BREW /health",
        "DELETE /users/ada/usage",
    ] {
        book.ask(&site.client(), line, &[], "").await;
    }
    let head = format!("HEAD {path}");
    book.ask(&site.client(), &head, &[], "").await;
    book.about("bodies that are called otherwise");
    let send = format!("POST {path}/send-message");
    for kind in [
        "application/vnd.coach+json",
        "Application/JSON; charset=utf-8",
        "application/json;",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonl",
        "",
    ] {
        let headers = [("content-type", kind)];
        book.ask(&site.client(), &send, &headers, "{}").await;
    }
    book.ask(&site.client(), &send, &[], "{}").await;
    for coding in ["identity", "", "gzip", "identity, br"] {
        let headers = [JSON, ("content-encoding", coding)];
        book.ask(&site.client(), &send, &headers, "{}").await;
    }
    book.about("tokens in other places");
    let anybody = site.client().showing(None);
    let get = "GET /users/ada/workouts";
    let (ours, basic) = (
        ("x-coach-authorization", "bearer ada"),
        ("authorization", "Basic YTpi"),
    );
    for headers in [&[ours][..], &[basic, ours], &[ours, ours], &[basic]] {
        book.ask(&anybody, get, headers, "").await;
    }
    book
}

/// What is refused although nothing is wrong with the request.
pub(super) async fn by_the_state_of_things() -> Book {
    let mut book = Book::default();
    let full = Client::new(refusing(Code::Overloaded), None, VirtualClock::start());
    both(&mut book, &full, &Row::get(503, "OVERLOADED", "/health")).await;

    let site = ready().set(|settings| settings.turns_at_once = 0);
    let path = site.conversation().await;
    both(&mut book, &site.client(), &stream(&path)).await;

    let site = replying(Scene(vec![Line::Hang])).set(|settings| settings.turns_per_user = 1);
    let (path, other) = (site.conversation().await, site.conversation().await);
    let key = [("idempotency-key", "k1")];
    let running = site
        .client()
        .stream(&format!("{path}/stream"), &key, &saying(QUESTION))
        .await;
    let mismatch = stream(&path).with("idempotency-key", "k1");
    for row in [stream(&path), mismatch, stream(&other)] {
        both(&mut book, &site.client(), &row).await;
        both(&mut book, &site.elsewhere(), &row).await;
    }
    drop(running);

    for mishap in [Mishap::Fail(Fault::Throttled), Mishap::Panic] {
        let site = ready();
        let path = site.conversation().await;
        site.messages.plan("admit", .., mishap);
        both(&mut book, &site.client(), &stream(&path)).await;
        site.messages.plan("conversation", .., mishap);
        both(&mut book, &site.client(), &Row::get(503, "", &path)).await;
    }
    let keys = || TokenRefusal::KeysUnavailable(PortError::new("issuer", Fault::Unavailable));
    let mut site = ready();
    site.app.tokens = Arc::new(Closed(keys));
    both(
        &mut book,
        &site.client(),
        &stream("/users/ada/coaches/c/conversations/c"),
    )
    .await;
    site.app.tokens = Arc::new(Closed(|| TokenRefusal::MissingUserId));
    both(
        &mut book,
        &site.client(),
        &stream("/users/ada/coaches/c/conversations/c"),
    )
    .await;

    expired(&mut book).await;
    book
}

async fn expired(book: &mut Book) {
    book.about("a turn that has expired");
    let site = ready();
    let (path, events) = asked(&site, QUESTION).await;
    let turn = events[0].text("turnId");
    let day = Duration::from_secs(26 * 3_600);
    site.clock.sleep_until(site.clock.now() + day).await;
    for call in [
        format!("/stream?turnId={turn}"),
        format!("/turns/{turn}"),
        format!("/turns/{turn}?wait=jobs"),
    ] {
        let row = Row::get(410, "TURN_EXPIRED", format!("{path}{call}"));
        both(book, &site.client(), &row).await;
    }
    let stop = Row::post(410, "TURN_EXPIRED", format!("{path}/turns/{turn}/stop"));
    both(book, &site.client(), &stop).await;
    book.get(&site.client(), &format!("{path}/messages")).await;
}

/// Turns that fail: as a stream tells it, as `send-message` does, and as it is looked at later.
pub(super) async fn failed() -> Book {
    let mut book = Book::default();
    for (code, _, site) in failing() {
        book.about(code);
        let streaming = site();
        let path = streaming.conversation().await;
        let (client, stream) = (streaming.client(), format!("{path}/stream"));
        let streamed = book.open(&client, &stream, &saying(QUESTION)).await;
        book.close(streamed).await;
        book.get(&client, &format!("{path}/messages")).await;
        for headers in [&[JSON][..], &[JSON, EVENTS]] {
            let site = site();
            let send = format!("POST {}/send-message", site.conversation().await);
            let body = saying(QUESTION).to_string();
            book.ask(&site.client(), &send, headers, body).await;
        }
    }
    book.about("PRODUCER_LOST");
    let site = ready();
    let path = site.conversation().await;
    let turn = orphan(&site, &path, "t1").await;
    let stream = format!("GET {path}/stream?turnId={turn}");
    book.ask(&site.client(), &stream, &[EVENTS], "").await;
    let ahead = format!("{stream}&after=7");
    book.ask(&site.client(), &ahead, &[EVENTS], "").await;
    let again = json!({ "userResponse": QUESTION, "clientMessageId": turn }).to_string();
    let send = format!("POST {path}/send-message");
    for headers in [&[JSON][..], &[JSON, EVENTS]] {
        book.ask(&site.client(), &send, headers, again.clone())
            .await;
    }
    book
}

/// What pages of this and of other origins are told.
pub(super) async fn pages_of_other_origins() -> Book {
    let mut book = Book::default();
    let site = ready().set(|settings| {
        settings.cors_origins = vec![HeaderValue::from_static("https://coach.example")];
        settings.cors_headers = vec![HeaderName::from_static("x-client")];
    });
    let stream = "OPTIONS /users/ada/coaches/strength/conversations/c/stream";
    let page = site.client().showing(None);
    for origin in ["https://coach.example", "https://evil.example", "null"] {
        let origin = ("origin", origin);
        for method in ["POST", "PATCH", "TRACE"] {
            let headers = [
                origin,
                ("access-control-request-method", method),
                ("access-control-request-headers", "content-type,x-client"),
            ];
            book.ask(&page, stream, &headers, "").await;
        }
        book.ask(&page, "OPTIONS /nowhere", &[origin], "").await;
        book.ask(&page, "GET /health", &[origin], "").await;
        book.ask(&page, "GET /users/ada/workouts", &[origin], "")
            .await;
        let ada = site.client();
        book.ask(&ada, "GET /users/ada/workouts", &[origin], "")
            .await;
    }
    book
}

fn ready() -> Site {
    replying(Scene::saying("Sit."))
}

/// A message; how it is answered is for the record to say.
fn stream(path: &str) -> Row {
    Row::post(0, "", format!("{path}/stream"))
}

/// As a page sends it, and as a reader of streams does.
async fn both(book: &mut Book, client: &Client, row: &Row) {
    for accept in [None, Some(EVENTS)] {
        book.send(client, row.request(client, accept)).await;
    }
}
