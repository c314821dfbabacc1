//! Every error code that a server on one machine can be brought to answer with, by curl.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use coach_tests::{codes_to_come, has, on_path};
use http_adapter::Code;
use serde_json::Value;

use crate::server::{Server, run};
use crate::troubles::troubles;

/// What was tried, and what came of it.
#[derive(Default)]
pub(crate) struct Tried {
    seen: BTreeSet<&'static str>,
    table: String,
}

impl Tried {
    /// Runs curl, and holds its answer against the code: status, body and code, in both forms.
    pub(crate) fn expect(&mut self, code: Code, arguments: &[&str]) {
        for accept in ["accept: application/json", "accept: text/event-stream"] {
            let mut curl = Command::new("curl");
            curl.args(["-s", "-H", accept, "-w", "\n%{http_code}"])
                .args(arguments);
            let (out, _) = run(&mut curl, Duration::from_secs(60));
            let (body, status) = out.rsplit_once('\n').unwrap_or(("", &out));
            let event = body
                .lines()
                .rev()
                .find_map(|line| line.strip_prefix("data: "));
            let json = event.unwrap_or(body);
            let answer: Value =
                serde_json::from_str(json).unwrap_or_else(|_| panic!("{code:?} {accept}: {out:?}"));
            // After `start` the status is that of a stream that began.
            let streamed = body.contains("\"type\":\"start\"");
            assert!(
                event.is_some() == (streamed || accept.ends_with("event-stream")),
                "{code:?} {accept}: {out:?}"
            );
            let expected = if streamed {
                200
            } else {
                code.status().as_u16()
            };
            assert_eq!(
                (status, &answer["code"]),
                (expected.to_string().as_str(), &Value::from(code.as_str())),
                "{arguments:?} {out}"
            );
            self.table.push_str(&format!(
                "{:24} {status} {:>5} bytes  {accept}\n",
                code.as_str(),
                body.len()
            ));
        }
        self.seen.insert(code.as_str());
    }
}

#[test]
fn every_code_can_be_seen_with_curl() {
    if !has("curl", on_path("curl")) {
        return;
    }
    let groups = [requests, memories, models, limits, keys, stalls, troubles];
    let tried = std::thread::scope(|scope| {
        let running = groups.map(|group| {
            scope.spawn(move || {
                let mut tried = Tried::default();
                group(&mut tried);
                tried
            })
        });
        running.map(|group| group.join().unwrap()).into_iter().fold(
            Tried::default(),
            |mut all, tried| {
                all.seen.extend(tried.seen);
                all.table.push_str(&tried.table);
                all
            },
        )
    });
    println!("{}", tried.table);
    let never = Code::ALL.iter().map(|code| code.as_str());
    let never: Vec<&str> = never.filter(|code| !tried.seen.contains(code)).collect();
    assert_eq!(never, codes_to_come(), "what nobody has tried");
}

const BODIES: [(Code, &str); 7] = [
    (Code::MissingRequestBody, ""),
    (Code::InvalidJson, "{"),
    (Code::InvalidBody, "[]"),
    (Code::InvalidUserResponse, r#"{"userResponse":"  "}"#),
    (
        Code::InvalidTimestamp,
        r#"{"userResponse":"hi","messageTimestamp":"soon"}"#,
    ),
    (
        Code::InvalidTimezone,
        r#"{"userResponse":"hi","timezone":"Mars/Olympus"}"#,
    ),
    (
        Code::InvalidField,
        r#"{"userResponse":"hi","ifBusy":"wait"}"#,
    ),
];

fn urls(server: &Server, conversation: &str) -> Vec<(Code, String)> {
    let base = &server.base;
    let user = format!("{base}/users/athlete");
    vec![
        (Code::InvalidPath, format!("{user}/coaches/%ff")),
        (Code::InvalidId, format!("{user}/coaches/a%2Fb")),
        (
            Code::UserIdMismatch,
            format!("{base}/users/somebody-else/coaches"),
        ),
        (Code::NotFound, format!("{base}/nowhere")),
        (
            Code::ConversationNotFound,
            format!("{user}/coaches/strength/conversations/none"),
        ),
        (Code::CoachConfigNotFound, format!("{user}/coaches/none")),
        (Code::RecordNotFound, format!("{user}/workouts/none")),
        (Code::TurnNotFound, format!("{conversation}/turns/none")),
    ]
}

fn requests(tried: &mut Tried) {
    let server = Server::start(&["--pace-ms", "1"]);
    let bearer = format!("authorization: Bearer {}", server.token("athlete"));
    let conversation = server.conversation();
    let stream = format!("{conversation}/stream");
    let json = "content-type: application/json";
    let long = format!("{{\"userResponse\":\"{}\"}}", "x".repeat(600_000));
    let body = server.folder().join("long.json");
    std::fs::write(&body, long).unwrap();
    let long = format!("@{}", body.display());
    let wide = format!("x-filler: {}", "x".repeat(40_000));
    for (code, body) in BODIES {
        tried.expect(code, &["-H", &bearer, "-H", json, "-d", body, &stream]);
    }
    for (code, url) in urls(&server, &conversation) {
        tried.expect(code, &["-H", &bearer, &url]);
    }
    let plain = "content-type: text/plain";
    let token = "authorization: Bearer x.y.z";
    tried.expect(Code::MissingAuthHeader, &[&conversation]);
    tried.expect(Code::InvalidToken, &["-H", token, &conversation]);
    tried.expect(
        Code::MethodNotAllowed,
        &["-X", "DELETE", "-H", &bearer, &stream],
    );
    tried.expect(
        Code::PayloadTooLarge,
        &["-H", &bearer, "-H", json, "-d", &long, &stream],
    );
    tried.expect(
        Code::UnsupportedMediaType,
        &["-H", &bearer, "-H", plain, "-d", "hi", &stream],
    );
    tried.expect(
        Code::HeadersTooLarge,
        &["-H", &bearer, "-H", &wide, &conversation],
    );
    let one = r#"{"userResponse":"one","clientMessageId":"key-1"}"#;
    run(
        Command::new("curl").args(["-s", "-H", &bearer, "-H", json, "-d", one, &stream]),
        Duration::from_secs(30),
    );
    let two = r#"{"userResponse":"two","clientMessageId":"key-1"}"#;
    tried.expect(
        Code::IdempotencyMismatch,
        &["-H", &bearer, "-H", json, "-d", two, &stream],
    );
    let slow = [
        "-H",
        &bearer,
        "-H",
        json,
        "-H",
        "expect:",
        "-H",
        "content-length: 50",
        "-d",
        "{",
        &stream,
    ];
    tried.expect(Code::RequestTimeout, &slow);
}

/// Restores a memory that nothing is in place of.
fn memories(tried: &mut Tried) {
    let server = Server::start(&["--pace-ms", "1"]);
    let bearer = format!("authorization: Bearer {}", server.token("athlete"));
    let memories = format!("{}/users/athlete/memories", server.base);
    let json = "content-type: application/json";
    let memory = r#"{"content":"I train at dawn","type":"context"}"#;
    let (made, _) = run(
        Command::new("curl").args(["-s", "-H", &bearer, "-H", json, "-d", memory, &memories]),
        Duration::from_secs(30),
    );
    let made: Value = serde_json::from_str(&made).unwrap();
    let id = made["memoryId"].as_str().unwrap_or_default();
    let restore = format!("{memories}/{id}/restore");
    tried.expect(
        Code::NotSuperseded,
        &["-X", "POST", "-H", &bearer, &restore],
    );
}

fn models(tried: &mut Tried) {
    let server = Server::start(&["--pace-ms", "1", "--deadline-s", "2"]);
    let bearer = format!("authorization: Bearer {}", server.token("athlete"));
    let stream = format!("{}/stream", server.conversation());
    for (code, directive) in [
        (Code::ModelThrottled, "throttled"),
        (Code::ModelUnavailable, "unavailable"),
        (Code::ModelRefused, "rejected"),
        (Code::ModelStreamTruncated, "cut"),
        (Code::Internal, "panic"),
        (Code::Deadline, "silent"),
    ] {
        let body = format!("{{\"userResponse\":\"Please [rehearse:{directive}]\"}}");
        for path in [
            stream.clone(),
            format!("{}/send-message", server.conversation()),
        ] {
            // The answer of `send-message` has the status of the code, since nothing was sent
            // before it.
            tried.expect(
                code,
                &[
                    "-H",
                    &bearer,
                    "-H",
                    "content-type: application/json",
                    "-d",
                    &body,
                    &path,
                ],
            );
        }
    }
}

fn limits(tried: &mut Tried) {
    let server = Server::start(&["--turns-per-user", "1", "--turns-at-once", "2"]);
    let json = "content-type: application/json";
    let body = r#"{"userResponse":"Please [rehearse:silent]"}"#;
    let hold = |user: &str| {
        let bearer = format!("authorization: Bearer {}", server.token(user));
        let conversations = format!(
            "{}/users/{user}/coaches/strength/conversations",
            server.base
        );
        let (made, _) = run(
            Command::new("curl").args(["-s", "-X", "POST", "-H", &bearer, &conversations]),
            Duration::from_secs(10),
        );
        let made: Value = serde_json::from_str(&made).unwrap();
        let stream = format!(
            "{conversations}/{}/stream",
            made["conversationId"].as_str().unwrap()
        );
        (bearer, stream)
    };
    let begin = |(bearer, stream): &(String, String)| {
        let mut curl = Command::new("curl");
        curl.args([
            "-s",
            "-N",
            "--max-time",
            "1",
            "-H",
            bearer,
            "-H",
            json,
            "-d",
            body,
            stream,
        ]);
        let (out, _) = run(&mut curl, Duration::from_secs(10));
        assert!(out.contains("\"start\""), "{out}");
    };
    let (first, second) = (hold("athlete"), hold("athlete"));
    begin(&first);
    tried.expect(
        Code::ConversationBusy,
        &["-H", &first.0, "-H", json, "-d", body, &first.1],
    );
    tried.expect(
        Code::RateLimited,
        &["-H", &second.0, "-H", json, "-d", body, &second.1],
    );
    begin(&hold("another"));
    let third = hold("third");
    tried.expect(
        Code::Overloaded,
        &["-H", &third.0, "-H", json, "-d", body, &third.1],
    );
}

fn keys(tried: &mut Tried) {
    let token = format!(
        "authorization: Bearer {}",
        Server::start(&[]).token("athlete")
    );
    let nowhere = [
        "--issuer",
        "https://issuer.example",
        "--audience",
        "a",
        "--jwks-url",
        "http://127.0.0.1:9/jwks.json",
    ];
    let server = Server::start(&nowhere);
    tried.expect(
        Code::KeysUnavailable,
        &["-H", &token, &server.conversation()],
    );
}

fn stalls(tried: &mut Tried) {
    let server = Server::start(&["--pace-ms", "1"]);
    let bearer = format!("authorization: Bearer {}", server.token("athlete"));
    let body = r#"{"userResponse":"Please [rehearse:stall]"}"#;
    let stream = format!("{}/stream", server.conversation());
    tried.expect(
        Code::ModelTimeout,
        &[
            "-H",
            &bearer,
            "-H",
            "content-type: application/json",
            "-d",
            body,
            &stream,
        ],
    );
}
