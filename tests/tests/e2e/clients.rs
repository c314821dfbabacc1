//! Clients that people have: curl, an EventSource library, a browser.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use coach_tests::{has, on_path};
use serde_json::Value;

use crate::server::{Server, run};

pub(crate) fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("node")
}

/// Node.js with the packages that the scripts need.
pub(crate) fn node(package: &str) -> bool {
    let installed = scripts().join("node_modules").join(package).is_dir();
    has(
        &format!("node with {package} (npm ci --prefix tests/node)"),
        on_path("node") && installed,
    )
}

#[test]
fn the_printed_command_works_when_pasted() {
    if !has("curl", on_path("curl")) {
        return;
    }
    let server = Server::start(&["--pace-ms", "2"]);
    let (out, ok) = run(
        Command::new("bash")
            .arg("-c")
            .arg(format!("{} -s", server.curl)),
        Duration::from_secs(60),
    );
    assert!(ok, "{}\n{out}", server.curl);
    let data = out.lines().filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = data
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds[..2], ["start", "contextual"]);
    assert_eq!(kinds.last(), Some(&"complete"));
    let turn = events[0]["turnId"].as_str().unwrap();
    let ids: Vec<&str> = out
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .collect();
    assert_eq!(
        ids,
        (0..events.len())
            .map(|seq| format!("{turn}.{seq}"))
            .collect::<Vec<_>>()
    );
}

#[test]
fn an_eventsource_client_follows_a_running_turn_unchanged() {
    if !node("eventsource") {
        return;
    }
    let server = Server::start(&[]);
    let (url, token) = (
        format!("{}/stream", server.conversation()),
        server.token("athlete"),
    );
    let mut curl = Command::new("bash")
        .arg("-c")
        .arg(format!("{} -s", server.curl))
        .spawn_quietly();
    // The turn is there as soon as the conversation says so.
    let health = format!("{}/health", server.base);
    for _ in 0..500 {
        let (out, _) = run(
            Command::new("curl").args(["-s", &health]),
            Duration::from_secs(5),
        );
        if out.contains("\"runningTurns\":1") {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let (out, ok) = run(
        Command::new("node")
            .arg(scripts().join("eventsource.mjs"))
            .args([&url, &token]),
        Duration::from_secs(60),
    );
    _ = curl.wait();
    assert!(ok, "{out}");
    let messages: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let last = data(messages.last().unwrap());
    let told: String = messages
        .iter()
        .map(data)
        .filter_map(|event| event["content"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(
        (&last["type"], &last["aiMessage"]["content"]),
        (&Value::from("complete"), &Value::from(told))
    );
}

#[test]
fn a_typescript_client_has_one_type_for_an_error() {
    if !node("openapi-typescript") || !node("typescript") {
        return;
    }
    let server = Server::start(&[]);
    let out = server.folder().join("types");
    let mut script = Command::new("node");
    script
        .arg(scripts().join("types.mjs"))
        .arg(format!("{}/openapi.json", server.base))
        .arg(&out);
    let (text, ok) = run(&mut script, Duration::from_secs(120));
    assert!(ok, "{text}");
}

/// What a message carries, whether the script has parsed it or not.
fn data(message: &Value) -> Value {
    message["data"].as_str().map_or_else(
        || message["data"].clone(),
        |text| serde_json::from_str(text).unwrap(),
    )
}

#[test]
fn a_person_can_talk_with_a_coach_on_the_page() {
    let chromium = has("chromium", Path::new("/usr/bin/chromium").exists());
    if !chromium || !node("playwright-core") {
        return;
    }
    let server = Server::start(&[]);
    let out = server.folder().join("page");
    let mut script = Command::new("node");
    script
        .arg(scripts().join("page.mjs"))
        .arg(&server.base)
        .arg(&out);
    let (text, ok) = run(&mut script, Duration::from_secs(120));
    assert!(ok, "{text}");
    let seen: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&seen["ok"], &seen["final"]),
        (&Value::Bool(true), &seen["afterReload"])
    );
    for picture in ["before.png", "after.png"] {
        assert!(
            out.join(picture)
                .metadata()
                .is_ok_and(|file| file.len() > 1_000),
            "{picture}"
        );
    }
}

#[test]
fn the_page_goes_on_in_a_new_conversation_when_the_server_has_forgotten_the_last() {
    let chromium = has("chromium", Path::new("/usr/bin/chromium").exists());
    if !chromium || !node("playwright-core") {
        return;
    }
    let server = Server::start(&["--pace-ms", "1"]);
    let folder = tempfile::tempdir().unwrap();
    let mut script = Command::new("node");
    script
        .arg(scripts().join("restart.mjs"))
        .arg(&server.base)
        .arg(folder.path());
    let mut script = script
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(script.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    lines.next().expect("the first message is answered");
    let _restarted = server.restart(&["--pace-ms", "1"]);
    writeln!(script.stdin.take().unwrap()).unwrap();
    let seen: Value = serde_json::from_str(&lines.next().unwrap()).unwrap();
    assert!(script.wait().unwrap().success(), "{seen}");
    for said in [&seen["restarted"], &seen["reopened"]] {
        assert!(
            said.as_str().unwrap().contains("This is a new one."),
            "{seen}"
        );
    }
}

trait Quietly {
    fn spawn_quietly(&mut self) -> std::process::Child;
}

impl Quietly for Command {
    fn spawn_quietly(&mut self) -> std::process::Child {
        self.stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    }
}
