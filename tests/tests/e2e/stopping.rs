//! A server that is told to end while somebody is still asking.

use serde_json::Value;

use crate::aws::Elsewhere;
use crate::parts::reqwest_of;
use crate::server::Server;
use crate::wire::{Wire, assert_is_overloaded};

const WORDS: &str = r#"{"userResponse":"/log-workout 5x5 back squats at 100 kg"}"#;

/// The head of a request to say these words; the server says when it waits for them.
fn head(server: &Server) -> String {
    let path = server
        .conversation()
        .trim_start_matches(&server.base)
        .to_owned();
    format!(
        "POST {path}/stream HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
        server.token("athlete"),
        WORDS.len()
    )
}

/// Sends half a request, and has the server told to end as soon as it waits for the other half.
fn ask_and_stop(server: &Server) -> (Wire, &'static str) {
    let mut wire = Wire::to(server);
    let (half, rest) = WORDS.split_at(20);
    wire.send(&head(server));
    wire.until("HTTP/1.1 100 Continue\r\n\r\n");
    wire.send(half);
    server.tell_to_stop();
    server.until_logged("told to stop");
    (wire, rest)
}

#[test]
fn a_turn_of_a_request_that_was_still_being_sent_ends_with_its_charge_and_its_jobs() {
    let elsewhere = Elsewhere::start();
    elsewhere.command(&["table", "create"]);
    let here = [
        "--llm",
        "rehearsal",
        "--index",
        "lexical",
        "--pace-ms",
        "20",
    ];
    let mut first = elsewhere.server(&here);
    let (mut wire, rest) = ask_and_stop(&first);
    wire.send(rest);
    wire.until("\"start\"");
    // Nobody is connected any more; the turn goes on.
    wire.hang_up();
    assert_eq!(first.ended(), Some(0), "{}", first.log());
    assert!(!first.log().contains("still running"), "{}", first.log());

    let second = elsewhere.server(&here);
    let user = format!("{}/users/athlete", second.base);
    let read = |url: String| elsewhere.read(&second, &url);
    let messages = read(format!("{}/messages", second.conversation()));
    assert_eq!(
        messages["messages"][1]["status"],
        Value::from("complete"),
        "{messages}"
    );
    let workouts = read(format!("{user}/workouts"));
    assert_eq!(
        workouts["workouts"].as_array().map(Vec::len),
        Some(1),
        "{workouts}"
    );
    let usage = read(format!("{user}/usage"));
    assert_eq!(
        usage["total"]["calls"],
        Value::from(2),
        "the reply and the extraction: {usage}"
    );
}

#[tokio::test]
async fn what_a_stopping_server_began_is_told_to_whoever_asked() {
    let mut server = Server::start(&["--pace-ms", "5"]);
    let told = tokio::task::spawn_blocking(move || {
        let (mut wire, rest) = ask_and_stop(&server);
        wire.send(rest);
        (wire.rest(), server.ended(), server.log())
    });
    let (told, code, log) = told.await.unwrap();
    assert!(
        told.contains("\"type\":\"complete\"") && told.contains("\"status\":\"finished\""),
        "{told}"
    );
    assert_eq!(
        (code, log.matches("outcome=\"done\"").count()),
        (Some(0), 1),
        "its job is done: {log}"
    );
}

#[test]
fn a_request_that_is_not_whole_when_the_time_is_over_is_refused() {
    let mut server = Server::start(&["--drain-s", "1"]);
    let (mut wire, _) = ask_and_stop(&server);
    assert_is_overloaded(&wire.rest());
    assert_eq!(server.ended(), Some(0));
    assert!(!server.log().contains("still running"), "{}", server.log());
}

/// What is at an address.
impl Elsewhere {
    fn read(&self, server: &Server, url: &str) -> Value {
        let http = reqwest_of(&server.token("athlete"));
        self.run(async move {
            let answer = http
                .get(url)
                .send()
                .await
                .unwrap()
                .error_for_status()
                .unwrap();
            serde_json::from_str(&answer.text().await.unwrap()).unwrap()
        })
    }
}
