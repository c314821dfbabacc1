//! Libraries that people read streams with: each must hand out exactly the events.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use coach_tests::{has, of_python, on_path};
use serde_json::{Value, json};

use crate::clients::{node, scripts};
use crate::server::{Server, run};

/// Each library, and whether it is one of Python's.
const LIBRARIES: [(&str, bool); 5] = [
    ("eventsource", false),
    ("eventsource-parser", false),
    ("fetch-event-source", false),
    ("httpx-sse", true),
    ("sseclient-py", true),
];

/// Says twenty words and then nothing, until the turn is out of time; with what some take for the
/// end of a line.
const QUESTION: &str = "Naïve \u{2028} \u{85} \u{b} 👩‍👩‍👧 \r\n\r\ndata: x\n\n: hb [rehearse:stall]";

#[test]
fn every_sse_library_sees_exactly_the_events_of_a_stream_with_heartbeats() {
    let python = has(
        "python (.ci/run makes it of tests/python)",
        of_python("python").exists(),
    );
    if !python || !node("eventsource-parser") || !has("curl", on_path("curl")) {
        return;
    }
    let server = Server::start(&["--pace-ms", "1", "--heartbeat-s", "2", "--deadline-s", "5"]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert!(
                said(&server, &conversation(&server)).contains("\n: hb\n"),
                "no heartbeat"
            )
        });
        for (library, of_python) in LIBRARIES {
            let server = &server;
            scope.spawn(move || sees_exactly_the_events(server, library, of_python));
        }
    });
}

/// Reads a new turn with a library, and looks at it again from another place.
fn sees_exactly_the_events(server: &Server, library: &str, of_python: bool) {
    let stream = format!("{}/stream", conversation(server));
    let seen = read(server, library, of_python, &stream, Some(&saying()));
    let start: Value = serde_json::from_str(&seen[0].1).unwrap();
    let turn = start["turnId"].as_str().unwrap();
    let raw = curl(server, &["-N", &format!("{stream}?turnId={turn}")]);
    let told: Vec<(String, Value)> = frames(&raw);
    assert_eq!(told.last().unwrap().1["status"], "deadline", "{library}");
    assert_eq!(seen.len(), told.len(), "{library}: {seen:?}");
    for ((id, data), (told_id, told_data)) in seen.iter().zip(&told) {
        let mut data: Value =
            serde_json::from_str(data).unwrap_or_else(|_| panic!("{library}: {data:?}"));
        // Another look at a turn says that it is one.
        data.as_object_mut()
            .unwrap()
            .get_mut("resumed")
            .into_iter()
            .for_each(|resumed| *resumed = json!(true));
        assert_eq!((id, &data), (told_id, told_data), "{library}");
    }

    let resumed = read(
        server,
        library,
        of_python,
        &format!("{stream}?turnId={turn}&after=3"),
        None,
    );
    assert_eq!(resumed.len(), told.len() - 3, "{library}: {resumed:?}");
    let (start, rest) = resumed.split_first().unwrap();
    assert!(
        start.0.is_empty() && start.1.contains("\"resumed\":true"),
        "{library}: {start:?}"
    );
    for ((id, data), told) in rest.iter().zip(&told[4..]) {
        assert_eq!(
            (id, &serde_json::from_str::<Value>(data).unwrap()),
            (&told.0, &told.1),
            "{library}"
        );
    }
}

/// What a library hands out of a stream: id and data.
fn read(
    server: &Server,
    library: &str,
    of_python: bool,
    url: &str,
    body: Option<&str>,
) -> Vec<(String, String)> {
    let mut script = if of_python {
        let mut python = Command::new(coach_tests::of_python("python"));
        python.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python/sse.py"));
        python
    } else {
        let mut node = Command::new("node");
        node.arg(scripts().join("sse.mjs"));
        node
    };
    script
        .args([library, url, &server.token("athlete")])
        .args(body);
    let (out, ok) = run(&mut script, Duration::from_secs(90));
    assert!(ok, "{library}: {out}");
    let lines = out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    lines
        .map(|event| {
            // Nobody has named an event, and most libraries say `message` then.
            assert!(
                ["", "message"].contains(&text(&event["event"]).as_str()),
                "{library}: {event}"
            );
            (text(&event["id"]), text(&event["data"]))
        })
        .collect()
}

/// The events of a stream as its bytes have them.
fn frames(raw: &str) -> Vec<(String, Value)> {
    let (mut frames, mut id) = (Vec::new(), String::new());
    for line in raw.split('\n') {
        if let Some(told) = line.strip_prefix("id: ") {
            told.clone_into(&mut id);
        }
        if let Some(data) = line.strip_prefix("data: ") {
            frames.push((id.clone(), serde_json::from_str(data).unwrap()));
        }
    }
    frames
}

/// Makes a conversation; its address.
fn conversation(server: &Server) -> String {
    let conversations = format!(
        "{}/users/athlete/coaches/strength/conversations",
        server.base
    );
    let made: Value = serde_json::from_str(&curl(server, &["-X", "POST", &conversations])).unwrap();
    format!(
        "{conversations}/{}",
        made["conversationId"].as_str().unwrap()
    )
}

/// All bytes of a stream.
fn said(server: &Server, conversation: &str) -> String {
    let json = "content-type: application/json";
    curl(
        server,
        &[
            "-N",
            "-H",
            json,
            "-d",
            &saying(),
            &format!("{conversation}/stream"),
        ],
    )
}

fn saying() -> String {
    json!({ "userResponse": QUESTION }).to_string()
}

fn curl(server: &Server, arguments: &[&str]) -> String {
    let bearer = format!("authorization: Bearer {}", server.token("athlete"));
    let (out, ok) = run(
        Command::new("curl")
            .args(["-s", "-H", &bearer])
            .args(arguments),
        Duration::from_secs(60),
    );
    assert!(ok, "{arguments:?}: {out}");
    out
}
