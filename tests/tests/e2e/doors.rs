//! More connections than there is room for.

use std::time::Duration;

use coach_tests::{has, on_path};

use crate::server::Server;
use crate::wire::{Wire, assert_is_overloaded};

const SLOW: &str = "GET /health HTTP/1.1\r\nhost: localhost\r\nx-slow: ";
const REST: &str = "yes\r\n\r\n";

/// A question whose answer takes until the client hangs up.
fn silent(server: &Server, token: &str) -> String {
    let path = server
        .conversation()
        .trim_start_matches(&server.base)
        .to_owned();
    let body = r#"{"userResponse":"Please [rehearse:silent]","ifBusy":"interrupt"}"#;
    format!(
        "POST {path}/stream HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn of_too_many_connections_the_oldest_that_has_not_asked_goes_first_and_is_told() {
    let server = Server::start(&["--connections", "8"]);
    let mut idle = Wire::to(&server);
    assert_eq!(idle.get("/health"), 200);
    let mut slow: Vec<Wire> = (0..16).map(|_| Wire::to(&server)).collect();
    slow.iter_mut().for_each(|wire| wire.send(SLOW));
    let mut asking = Wire::to(&server);
    assert_eq!(asking.get("/health"), 200, "who asks is answered");

    assert_eq!(
        idle.rest(),
        "",
        "who was answered before is closed without a word"
    );
    let (oldest, newest) = slow.split_at_mut(9);
    for wire in oldest {
        assert_is_overloaded(&wire.rest());
    }
    for wire in newest {
        wire.send(REST);
        let answer = wire.until("\r\n\r\n");
        assert!(
            answer.starts_with("HTTP/1.1 200 "),
            "the newest are still served: {answer}"
        );
    }
}

#[test]
fn who_sends_a_body_slowly_has_not_asked_yet() {
    let server = Server::start(&["--connections", "4"]);
    let token = server.token("athlete");
    let question = silent(&server, &token);
    let half = &question[..question.len() - 5];
    let mut slow: Vec<Wire> = (0..4).map(|_| Wire::to(&server)).collect();
    slow.iter_mut().for_each(|wire| wire.send(half));
    let mut others: Vec<Wire> = (0..4).map(|_| Wire::to(&server)).collect();
    assert!(others.iter_mut().all(|wire| wire.get("/health") == 200));
    for wire in &mut slow {
        assert_is_overloaded(&wire.rest());
    }
}

#[test]
fn who_has_asked_keeps_the_place_and_all_the_others_are_told_that_there_is_none() {
    let server = Server::start(&["--connections", "1"]);
    let mut asked = Wire::to(&server);
    asked.send(&silent(&server, &server.token("athlete")));
    asked.until("\"start\"");

    let mut others: Vec<Wire> = (0..600).map(|_| Wire::to(&server)).collect();
    others
        .iter_mut()
        .for_each(|wire| wire.send("GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    for wire in &mut others {
        assert_is_overloaded(&wire.rest());
    }
    asked.until(": hb");
}

#[test]
fn a_server_without_files_left_waits_for_some_and_recovers() {
    if !has("sh", on_path("sh")) {
        return;
    }
    let server = Server::start_limited(32, &[]);
    let mut known = Wire::to(&server);
    assert_eq!(known.get("/health"), 200);
    let crowd: Vec<Wire> = (0..64).map(|_| Wire::to(&server)).collect();
    let complaints = || server.log().matches("could not be accepted").count();
    while complaints() == 0 {
        assert_eq!(known.get("/health"), 200, "who is there is served");
        std::thread::sleep(Duration::from_millis(10));
    }
    // The loop would have come round thousands of times meanwhile.
    let begun = std::time::Instant::now();
    for _ in 0..200 {
        assert_eq!(known.get("/health"), 200, "who is there is served");
    }
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap();
    assert!(
        complaints() <= 3 + seconds,
        "{} complaints in {seconds} s",
        complaints()
    );
    drop(crowd);
    assert_eq!(Wire::to(&server).get("/health"), 200);
}
