//! What can be wrong with a request itself, as a table.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::Method;
use bytes::Bytes;
use coach_tests::{BOB, saying};
use futures::stream::{self, StreamExt};
use serde_json::json;

use super::{MakeBody, Row};

/// What is wrong with the request itself, at a site where nothing else is wrong.
pub(crate) fn rows(conversation: &str) -> Vec<Row> {
    let long = "a".repeat(65);
    let mut rows = Vec::new();
    for some in [unrouted, unauthorised, unfit, not_found, out_of_bounds] {
        rows.extend(some(conversation));
    }
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
    for call in ["stream", "send-message"] {
        let path = format!("{conversation}/{call}");
        rows.extend(BODIES.map(|(code, body)| Row::post(400, code, &path).body(body)));
    }
    rows
}

/// Addresses and methods that there are not.
fn unrouted(conversation: &str) -> Vec<Row> {
    let stream = format!("{conversation}/stream");
    vec![
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
    ]
}

/// Tokens and paths that are not theirs.
fn unauthorised(conversation: &str) -> Vec<Row> {
    let stream = format!("{conversation}/stream");
    vec![
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
    ]
}

/// Bodies and headers that are too long, too slow or in another form.
fn unfit(conversation: &str) -> Vec<Row> {
    let stream = format!("{conversation}/stream");
    vec![
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
    ]
}

/// What there is not.
fn not_found(conversation: &str) -> Vec<Row> {
    let stream = format!("{conversation}/stream");
    vec![
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
    ]
}

/// Parameters that cannot be.
fn out_of_bounds(conversation: &str) -> Vec<Row> {
    let stream = format!("{conversation}/stream");
    vec![
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
    ]
}

const BODIES: [(&str, MakeBody); 18] = [
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

/// A body of so many pieces, after which nothing comes, not even its end.
pub(super) fn slowly(size: usize, pieces: usize) -> Body {
    let pieces = stream::repeat(Bytes::from(" ".repeat(size)))
        .take(pieces)
        .map(Ok::<_, Infallible>);
    Body::from_stream(pieces.chain(stream::pending()))
}
