//! What a server makes of its options, and what it says about itself when it begins.

use std::path::Path;
use std::process::Command;

use crate::parts::said;
use crate::server::{Server, binary};
use crate::wire::Wire;

/// What a server answers to these lines of a request for its page.
fn page(server: &Server, version: &str, headers: &str) -> String {
    let mut wire = Wire::to(server);
    wire.send(&format!(
        "GET / HTTP/{version}\r\n{headers}\r\nconnection: close\r\n\r\n"
    ));
    wire.rest()
}

fn is_page(answer: &str) -> bool {
    let told = answer.contains("\"token\":\"ey");
    assert_eq!(answer.starts_with("HTTP/1.1 200 "), told, "{answer}");
    told
}

/// What a command that must fail said, and its exit code.
fn refused(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    assert!(!output.status.success());
    (output.status.code(), said(&output).1)
}

#[test]
fn the_page_is_given_to_a_browser_of_this_machine_and_to_no_proxy() {
    let server = Server::start(&[]);
    assert!(is_page(&page(&server, "1.1", "host: localhost")));
    assert!(is_page(&page(
        &server,
        "1.1",
        "host: 127.0.0.1:8787\r\nsec-fetch-site: none"
    )));
    for (version, headers) in [
        ("1.1", "host: coach.example"),
        ("1.1", "host: localhost\r\nx-forwarded-for: 192.0.2.1"),
        ("1.1", "host: localhost\r\nforwarded: for=192.0.2.1"),
        ("1.1", "host: localhost\r\nvia: 1.1 proxy"),
        ("1.0", "host: localhost"),
    ] {
        assert!(
            !is_page(&page(&server, version, headers)),
            "{version} {headers}"
        );
    }
    let server = Server::start(&["--page", "false"]);
    assert!(!is_page(&page(&server, "1.1", "host: localhost")));
    assert!(
        server.said.contains("  page    off: by --page false"),
        "{}",
        server.said
    );
}

#[test]
fn a_server_that_others_can_reach_says_that_it_is_plain_and_has_no_page() {
    let server = Server::start(&["--listen", "0.0.0.0:0"]);
    assert!(!is_page(&page(&server, "1.1", "host: localhost")));
    let said = &server.said;
    assert!(
        said.contains("  page    off: other machines can connect"),
        "{said}"
    );
    assert!(
        said.contains("HTTP without encryption") && !said.contains("Open the page"),
        "{said}"
    );
    let own = Server::start(&[]);
    assert!(
        own.said.contains(&format!(
            "  page    {}/, for browsers on this machine",
            own.base
        )),
        "{}",
        own.said
    );
    assert!(
        !own.said.contains("encryption") && own.said.contains("Open the page"),
        "{}",
        own.said
    );
}

#[test]
fn a_rehearsal_says_of_itself_that_it_does_not_think() {
    let server = Server::start(&[]);
    assert!(
        server.said.contains("A rehearsal does not think"),
        "{}",
        server.said
    );
    let page = page(&server, "1.1", "host: localhost");
    assert!(
        page.contains("\"rehearses\":true") && page.contains("It does not think"),
        "{page}"
    );
}

#[test]
fn a_server_listens_on_a_name() {
    for server in [
        Server::start(&["--listen", "localhost:0"]),
        Server::start_with(&[], &[("COACH_LISTEN", "localhost:0")]),
    ] {
        assert_eq!(Wire::to(&server).get("/health"), 200);
    }
}

#[test]
fn an_option_that_would_start_a_useless_server_is_refused_with_an_example() {
    for (option, variable, value, said) in [
        (
            "--listen",
            "COACH_LISTEN",
            ":8787",
            "such as 127.0.0.1:8787",
        ),
        ("--listen", "COACH_LISTEN", "8787", "such as 127.0.0.1:8787"),
        (
            "--listen",
            "COACH_LISTEN",
            "localhost",
            "such as 127.0.0.1:8787",
        ),
        (
            "--log",
            "COACH_LOG",
            "verbose",
            "such as info,coach_http=debug",
        ),
        (
            "--log",
            "COACH_LOG",
            "coach_http=loud",
            "such as info,coach_http=debug",
        ),
        (
            "--turns-at-once",
            "COACH_TURNS_AT_ONCE",
            "0",
            "0 is not in 1..",
        ),
        (
            "--turns-per-user",
            "COACH_TURNS_PER_USER",
            "0",
            "0 is not in 1..",
        ),
        ("--connections", "COACH_CONNECTIONS", "0", "0 is not in 1.."),
        ("--deadline-s", "COACH_DEADLINE_S", "0", "0 is not in 1.."),
        ("--drain-s", "COACH_DRAIN_S", "0", "0 is not in 1.."),
        ("--heartbeat-s", "COACH_HEARTBEAT_S", "0", "0 is not in 2.."),
    ] {
        for command in [
            Command::new(binary()).args([option, value]),
            Command::new(binary()).env(variable, value),
        ] {
            let (code, told) = refused(command);
            assert!(
                code == Some(2) && told.contains(option) && told.contains(said),
                "{option} {value}: {told}"
            );
        }
    }
    let (code, told) = refused(Command::new(binary()).args(["--listen", "nowhere.invalid:0"]));
    assert!(
        code == Some(1)
            && told.contains("cannot listen on nowhere.invalid:0 (--listen, COACH_LISTEN)"),
        "{told}"
    );
}

#[test]
fn a_warning_is_logged_by_whatever_name_one_asks_for_it() {
    for level in ["warning", "WARN", "coach_http=debug,Warning"] {
        let server = Server::start(&["--log", level, "--pace-ms", "1"]);
        let words = r#"{"userResponse":"Please [rehearse:rejected]"}"#;
        let path = server
            .conversation()
            .trim_start_matches(&server.base)
            .to_owned();
        let mut wire = Wire::to(&server);
        wire.send(&format!(
            "POST {path}/stream HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
             connection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{words}",
            server.token("athlete"),
            words.len()
        ));
        wire.rest();
        assert!(server.log().contains("WARN"), "{level}: {}", server.log());
        assert!(
            !server.log().contains("INFO coach_ports"),
            "{level}: {}",
            server.log()
        );
    }
}

#[test]
fn no_key_is_made_where_a_token_or_a_doctor_only_looks_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    let command = |arguments: &[&str]| {
        let mut command = Command::new(binary());
        command.args(arguments).arg("--data").arg(&nowhere);
        command
    };
    let (code, told) = refused(&mut command(&["token", "--user", "ada"]));
    let expected = "nowhere (--data, COACH_DATA) cannot be used: there is none; a server makes one \
    when it starts";
    assert!(code == Some(1) && told.contains(expected), "{told}");
    let output = command(&["doctor"]).output().unwrap();
    let (told, _) = said(&output);
    assert!(
        told.contains(&format!("there is no key in {} yet", nowhere.display())),
        "{told}"
    );
    assert!(!Path::exists(&nowhere), "nothing is made");
}
