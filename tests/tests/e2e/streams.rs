//! What a client gets from a server that was started as the README says.

use std::time::Duration;

use eventsource_stream::Eventsource;
use futures::StreamExt;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::server::{Server, binary};

const QUESTION: &str = "How should I warm up for squats?";

async fn post(server: &Server, path: &str, text: &str) -> Response {
    let url = format!("{}/{path}", server.conversation());
    let body = json!({ "userResponse": text });
    let request = Client::new()
        .post(url)
        .bearer_auth(server.token("athlete"))
        .body(body.to_string());
    request
        .header("content-type", "application/json")
        .send()
        .await
        .unwrap()
}

async fn read(server: &Server, path: &str) -> Value {
    let url = if path.starts_with('/') {
        format!("{}{path}", server.base)
    } else {
        format!("{}/{path}", server.conversation())
    };
    let answer = Client::new()
        .get(url)
        .bearer_auth(server.token("athlete"))
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

/// All events of a stream: id and data.
async fn events(response: Response) -> Vec<(String, Value)> {
    let events = response.bytes_stream().eventsource();
    events
        .map(|event| {
            event
                .map(|event| (event.id, serde_json::from_str(&event.data).unwrap()))
                .unwrap()
        })
        .collect()
        .await
}

fn of_type<'a>(events: &'a [(String, Value)], kind: &str) -> Vec<&'a Value> {
    events
        .iter()
        .map(|(_, event)| event)
        .filter(|event| event["type"] == kind)
        .collect()
}

fn told(events: &[(String, Value)]) -> String {
    let texts = events
        .iter()
        .filter(|(_, event)| event["type"] == "chunk" || event["type"] == "contextual");
    texts
        .map(|(_, event)| event["content"].as_str().unwrap())
        .collect()
}

/// What was told, what `complete` says was told, and what is stored are one text.
async fn assert_saved(server: &Server, events: &[(String, Value)]) {
    let complete = &events.last().unwrap().1;
    assert_eq!(complete["type"], "complete", "{complete}");
    assert_eq!(complete["aiMessage"]["content"], told(events));
    let messages = read(server, "messages").await;
    assert_eq!(
        messages["messages"].as_array().unwrap().last().unwrap(),
        &complete["aiMessage"]
    );
}

#[tokio::test]
async fn a_turn_streams_while_it_is_made_and_is_saved_as_it_was_streamed() {
    let server = Server::start(&[]);
    let response = post(&server, "stream", QUESTION).await;
    assert_eq!(
        response.headers()["content-type"],
        "text/event-stream; charset=utf-8"
    );
    let turn = response.headers()["x-turn-id"].to_str().unwrap().to_owned();

    let mut stream = response.bytes_stream().eventsource();
    let (mut seen, mut state_at_first_chunk) = (Vec::new(), None);
    while let Some(event) = stream.next().await {
        let event = event.unwrap();
        let data: Value = serde_json::from_str(&event.data).unwrap();
        if data["type"] == "chunk" && state_at_first_chunk.is_none() {
            state_at_first_chunk =
                Some(read(&server, &format!("turns/{turn}")).await["state"].clone());
        }
        seen.push((event.id, data));
    }
    assert_eq!(
        state_at_first_chunk,
        Some(json!("running")),
        "the first chunk arrives while the rest does not exist"
    );
    for (seq, (id, event)) in seen.iter().enumerate() {
        assert_eq!(
            (id.as_str(), &event["seq"]),
            (format!("{turn}.{seq}").as_str(), &json!(seq))
        );
    }
    assert_eq!(seen[0].1["type"], "start");
    assert_eq!(seen[1].1["stage"], "acknowledgment");
    assert!(of_type(&seen, "chunk").len() > 50, "word by word");
    assert_saved(&server, &seen).await;
}

#[tokio::test]
async fn the_server_can_speak_in_the_four_original_types() {
    let server = Server::start_with(
        &[],
        &[
            ("COACH_CONTEXTUAL_AS_CHUNK", "true"),
            ("COACH_PACE_MS", "1"),
        ],
    );
    let seen = events(post(&server, "stream", QUESTION).await).await;
    let foreign = seen.iter().find(|(_, event)| {
        !["start", "chunk", "complete", "error"].contains(&event["type"].as_str().unwrap())
    });
    assert_eq!(foreign, None);
    assert_saved(&server, &seen).await;
}

#[tokio::test]
async fn without_full_streaming_the_reply_is_one_chunk() {
    let server = Server::start_with(
        &[],
        &[("COACH_FULL_STREAMING", "false"), ("COACH_PACE_MS", "1")],
    );
    let seen = events(post(&server, "stream", QUESTION).await).await;
    assert_eq!(of_type(&seen, "chunk").len(), 1);
    assert!(!of_type(&seen, "contextual").is_empty());
    assert_saved(&server, &seen).await;
}

#[tokio::test]
async fn a_workout_is_logged_after_the_turn_is_complete() {
    let server = Server::start(&["--pace-ms", "1"]);
    let seen = events(post(&server, "stream", "I did 5x5 back squats at 100 kg today").await).await;
    let complete = &seen.last().unwrap().1;
    assert_eq!(
        complete["jobs"],
        json!([{ "kind": "workout", "state": "pending", "attempts": 0 }])
    );

    let turn = complete["turnId"].as_str().unwrap();
    let over = read(&server, &format!("turns/{turn}?wait=jobs")).await;
    assert_eq!(over["jobs"][0]["state"], "done", "{over}");
    let kinds: Vec<&Value> = over["usage"]["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| &call["kind"])
        .collect();
    assert_eq!(kinds, ["router", "reply", "extraction"]);

    let workouts = read(&server, "/users/athlete/workouts").await;
    let workout = &workouts["workouts"][0];
    assert_eq!(workout["turnId"], turn);
    let sets = workout["exercises"][0]["sets"].as_array().unwrap();
    assert_eq!(
        (sets.len(), &sets[0]["reps"], &sets[0]["weight"]),
        (5, &json!(5), &json!({ "value": 100.0, "unit": "kg" }))
    );
}

#[tokio::test]
async fn thanks_cost_one_model_call_and_bring_no_updates() {
    let server = Server::start(&["--pace-ms", "1"]);
    let seen = events(post(&server, "stream", "thanks!").await).await;
    let stages: Vec<&Value> = of_type(&seen, "contextual")
        .into_iter()
        .map(|event| &event["stage"])
        .collect();
    assert_eq!(stages, ["acknowledgment"]);
    let calls = seen.last().unwrap().1["usage"]["calls"].as_array().unwrap();
    assert_eq!(
        calls.iter().map(|call| &call["kind"]).collect::<Vec<_>>(),
        ["reply"]
    );
    assert_eq!(
        seen.last().unwrap().1["route"]["routerMetadata"]["source"],
        "rule"
    );
}

#[tokio::test]
async fn a_server_that_is_told_to_end_finishes_what_it_began() {
    let mut server = Server::start(&["--pace-ms", "20"]);
    let response = post(&server, "stream", QUESTION).await;
    let reader = tokio::spawn(events(response));
    let ended = tokio::task::spawn_blocking(move || (server.terminate(), server));
    let (seen, (code, server)) = (reader.await.unwrap(), ended.await.unwrap());
    assert_eq!(seen.last().unwrap().1["status"], "finished");
    assert_eq!(code, Some(0), "{}", server.log());
}

#[tokio::test]
async fn nothing_that_anybody_said_is_logged_and_no_token() {
    for format in ["text", "json"] {
        logs_nothing_that_anybody_said(format).await;
    }
}

async fn logs_nothing_that_anybody_said(format: &str) {
    let debug = ["--log", "debug", "--log-format", format];
    let server = Server::start(&[&["--pace-ms", "1"], &debug[..]].concat());
    let token = server.token("athlete");
    let canary = "I did 5x5 zercher squats at 100 kg today, canary-7f3a";
    let seen = events(post(&server, "stream", canary).await).await;
    let turn = seen.last().unwrap().1["turnId"]
        .as_str()
        .unwrap()
        .to_owned();
    read(&server, &format!("turns/{turn}?wait=jobs")).await;
    let refused = Client::new()
        .get(server.conversation())
        .bearer_auth(format!("{token}x"))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 401);

    let log = server.log();
    assert!(log.contains(&turn), "a turn leaves a line: {log}");
    let reply = seen.last().unwrap().1["aiMessage"]["content"]
        .as_str()
        .unwrap();
    let told = reply.lines().filter(|line| line.len() > 20);
    for secret in told.chain([
        "canary-7f3a",
        "zercher",
        token.as_str(),
        token.rsplit('.').next().unwrap(),
    ]) {
        assert!(!log.contains(secret), "{secret:?} is in the log");
    }
}

#[test]
fn a_bad_setting_ends_the_start_with_a_sentence_that_names_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (options, named) in [
        (vec!["--listen", taken.as_str()], "--listen"),
        (
            vec!["--data", "/dev/null/coach", "--listen", "127.0.0.1:0"],
            "--data",
        ),
        (vec!["--pace-ms", "soon"], "--pace-ms"),
        (vec!["--store", "papyrus"], "--store"),
        (vec!["--heartbeat-s", "60"], "--heartbeat-s"),
        (vec!["--cors-origin", "localhost"], "--cors-origin"),
        (vec!["--cors-header", "a b"], "--cors-header"),
        (vec!["--issuer", "https://issuer.example"], "--audience"),
        (vec!["token"], "--user"),
        (vec!["token", "--user", "a b"], "--user"),
    ] {
        let data = tempfile::tempdir().unwrap();
        let output = std::process::Command::new(binary())
            .args(&options)
            .current_dir(data.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && said.contains(named),
            "{options:?}: {said}"
        );
        assert!(!said.contains("panicked"), "{options:?}: {said}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_as_http_is_refused_by_its_status_alone() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = Server::start(&[]);
    let address = server.base.trim_start_matches("http://");
    let many: String = (0..101).map(|n| format!("x-{n}: y\r\n")).collect();
    for (request, status) in [
        ("hello\r\n\r\n".to_owned(), "400"),
        (
            format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(70_000)),
            "414",
        ),
        (
            format!("GET /health HTTP/1.1\r\nhost: x\r\n{many}\r\n"),
            "431",
        ),
    ] {
        let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
        assert!(
            answer.contains("content-length: 0\r\n") && answer.ends_with("\r\n\r\n"),
            "{answer}"
        );
    }
    read(&server, "messages").await;
}

#[tokio::test]
async fn pages_may_send_the_headers_that_were_set() {
    let server = Server::start_with(
        &["--cors-origin", "https://a.example"],
        &[("COACH_CORS_HEADER", "X-One,x-two")],
    );
    let preflight = Client::new().request(reqwest::Method::OPTIONS, server.conversation());
    let preflight = preflight
        .header("origin", "https://a.example")
        .header("access-control-request-method", "GET");
    let answer = preflight.send().await.unwrap();
    let allowed = answer.headers()["access-control-allow-headers"]
        .to_str()
        .unwrap();
    for header in ["x-one", "x-two", "baggage", "authorization"] {
        assert!(
            allowed.split(',').any(|name| name.trim() == header),
            "{header} in {allowed}"
        );
    }
}

#[tokio::test]
async fn a_client_that_sends_no_headers_is_let_go() {
    let server = Server::start(&[]);
    let address = server.base.trim_start_matches("http://").to_owned();
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    socket.write_all(b"GET /health HT").await.unwrap();
    let closed =
        tokio::time::timeout(Duration::from_secs(30), socket.read_to_end(&mut Vec::new())).await;
    assert!(closed.is_ok(), "the connection is still open after 30 s");
}
