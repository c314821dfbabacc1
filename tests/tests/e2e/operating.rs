//! What those see who run a server: its log for programs, and its metrics.

use std::process::Command;
use std::time::Duration;

use coach_tests::{has, of_python};
use serde_json::{Value, json};

use crate::parts::reqwest_of;
use crate::server::{Server, run};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Logs a workout in a trace, and waits for its job: the id of its request and that of its turn.
async fn log_workout(server: &Server) -> (String, String) {
    let http = reqwest_of(&server.token("athlete"));
    let conversation = server.conversation();
    let body = json!({ "userResponse": "I did 5x5 back squats at 100 kg today" });
    let post = http
        .post(format!("{conversation}/stream"))
        .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"))
        .header("content-type", "application/json");
    let answer = post.body(body.to_string()).send().await.unwrap();
    let id = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    let ids = (id("x-request-id"), id("x-turn-id"));
    assert!(answer.text().await.unwrap().contains("\"complete\""));
    let jobs = format!("{conversation}/turns/{}?wait=jobs", ids.1);
    let jobs = http.get(jobs).send().await.unwrap();
    assert!(jobs.status().is_success());
    ids
}

#[tokio::test]
async fn every_line_of_a_turn_names_its_request_its_trace_and_its_turn_also_in_json() {
    let server = Server::start(&["--pace-ms", "1", "--log-format", "json"]);
    let (request, turn) = log_workout(&server).await;
    let log = server.log();
    let lines = log.lines().map(|line| {
        let read = serde_json::from_str::<Value>(line);
        read.unwrap_or_else(|error| panic!("{error}: {line}"))
    });
    let of_turn: Vec<Value> = lines.filter(|line| line["turn"] == *turn).collect();
    let said: Vec<_> = of_turn.iter().map(|line| &line["message"]).collect();
    assert!(
        said.contains(&&json!("turn")) && said.contains(&&json!("job")),
        "{log}"
    );
    let expected = json!([
        { "name": "request", "id": request, "trace": TRACE, "sampled": true },
        { "name": "turn", "id": turn },
    ]);
    for line in of_turn {
        assert_eq!(line["spans"], expected, "{line}");
    }

    let server = Server::start(&["--pace-ms", "1"]);
    let (request, turn) = log_workout(&server).await;
    let log = server.log();
    let of_turn: Vec<_> = log.lines().filter(|line| line.contains(&turn)).collect();
    assert!(of_turn.len() >= 2, "{log}");
    for line in of_turn {
        for named in [request.as_str(), TRACE] {
            assert!(line.contains(named), "{named} in {line}");
        }
    }
}

#[tokio::test]
async fn prometheus_is_told_of_turns_at_an_address_of_its_own_until_the_server_ends() {
    let mut server = Server::start(&["--pace-ms", "1", "--metrics-listen", "127.0.0.1:0"]);
    let said = server.said.clone();
    let metrics = said.lines().find_map(|line| line.split_once("  metrics "));
    let (_, metrics) = metrics.unwrap_or_else(|| panic!("{said}"));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    log_workout(&server).await;

    let told = http.get(metrics).send().await.unwrap();
    let kind = told.headers()["content-type"].to_str().unwrap().to_owned();
    assert_eq!(
        kind,
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let told = told.text().await.unwrap();
    for line in [
        r#"coach_turns_total{outcome="finished",code="",route="model"} 1.0"#,
        r#"coach_first_token_seconds_count{outcome="finished"} 1"#,
        r#"coach_jobs_total{kind="workout",outcome="done"} 1.0"#,
        r#"coach_calls_total{kind="extraction"} 1.0"#,
        "coach_cold_starts_total 1.0",
        "coach_running 0",
    ] {
        assert!(told.lines().any(|told| told == line), "{line} in\n{told}");
    }
    is_read_by_prometheus(&told);

    let elsewhere = metrics.replace("/metrics", "/");
    let of_main = format!("{}/metrics", server.base);
    for (request, status) in [
        (http.get(&elsewhere), 404),
        (http.get(&of_main), 404),
        (http.post(metrics), 405),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status);
        assert!(answer.text().await.unwrap().contains("\"code\":"));
    }
    assert_eq!(server.terminate(), Some(0), "{}", server.log());
    assert!(http.get(metrics).send().await.is_err());
}

/// The parser of Prometheus' own client for Python reads every line, and finds what we count.
fn is_read_by_prometheus(told: &str) {
    let python = of_python("python");
    if !has("python (.ci/run makes it of tests/python)", python.exists()) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("metrics");
    std::fs::write(&file, told).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/openmetrics.py");
    let mut command = Command::new(python);
    let (out, ok) = run(command.arg(script).arg(&file), Duration::from_secs(60));
    assert!(ok, "{out}");
    let read: Value = serde_json::from_str(&out).unwrap();
    let expected = [
        ("coach_turns", "counter"),
        ("coach_running", "gauge"),
        ("coach_total_seconds", "histogram"),
        ("coach_input_tokens", "counter"),
    ];
    for (name, kind) in expected {
        assert_eq!(read[name], kind, "{name} in {out}");
    }
}
