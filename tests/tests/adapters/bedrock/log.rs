//! What is logged of a turn.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Arc;

use coach_tests::{ADA, Site, saying};
use in_memory::KnownTokens;
use peers::bedrock::{Bedrock as Peer, Request, Script, Step};
use serde_json::json;
use tracing_subscriber::EnvFilter;

use super::{KEYS, adapter};

/// What the athlete, the models and Bedrock say, and what the athlete shows.
const SAID: [&str; 5] = [
    "athlete-canary",
    "reply-canary",
    "update-canary",
    "exception-canary",
    "token-canary",
];

#[tokio::test]
async fn a_log_of_whole_turns_has_no_text_no_token_and_no_key() {
    listen();
    let peer = Peer::start(answer).await.unwrap();
    let mut site = Site::new(|model| model);
    site.app.ports.llm = Arc::new(adapter(&peer));
    site.app.tokens = Arc::new(KnownTokens::default().with("token-canary", ADA.parse().unwrap()));
    let statuses = talk(&site).await;
    assert_eq!(
        statuses,
        [
            "finished",
            "MODEL_REFUSED",
            "MODEL_UNAVAILABLE",
            "MODEL_STREAM_TRUNCATED"
        ]
    );
    let log = LOG.with_borrow(|log| String::from_utf8_lossy(log).into_owned());
    for kept in [
        "peer-request",
        "ValidationException",
        "InternalServerException",
        "coach_bedrock",
    ] {
        assert!(log.contains(kept), "no {kept} in\n{log}");
    }
    let failed: Vec<_> = log
        .lines()
        .filter(|line| line.contains("a step failed"))
        .collect();
    assert!(
        failed.len() == 3
            && failed
                .iter()
                .all(|line| line.contains("request peer-request")),
        "{failed:#?}"
    );
    for canary in SAID.iter().chain(&KEYS) {
        let told: Vec<_> = log.lines().filter(|line| line.contains(canary)).collect();
        assert!(told.is_empty(), "{told:#?}");
    }
    eprintln!("{} lines of log", log.lines().count());
}

async fn talk(site: &Site) -> Vec<String> {
    let mut statuses = Vec::new();
    for trouble in ["well", "refused", "broken", "unknown"] {
        let path = "/users/ada/coaches/strength/conversations";
        let client = site.client().showing(Some("token-canary"));
        let path = client
            .post(path, &json!({}))
            .await
            .header("location")
            .to_owned();
        let text = format!("How deep do I squat, athlete-canary? ({trouble})");
        let events = client
            .stream(&format!("{path}/stream"), &[], &saying(&text))
            .await
            .rest()
            .await;
        statuses.push(format!(
            "{}{}",
            events.last().unwrap().text("status"),
            events.last().unwrap().text("code")
        ));
        site.settled().await;
    }

    statuses
}

fn answer(request: &Request) -> Script {
    let body = request.json().to_string();
    if request.tool().is_some() {
        return Script::calling(
            domain::router::TOOL,
            coach_tests::scenes::routing(&[("pattern_analysis", "update-canary")], false),
        );
    }
    let reply = Step::text("reply-canary ");
    match ["(refused)", "(broken)", "(unknown)"].map(|trouble| body.contains(trouble)) {
        [true, ..] => Script::refuse_saying("ValidationException", "exception-canary"),
        [_, true, _] => Script::Play(vec![
            reply,
            Step::Exception("InternalServerException", "exception-canary".to_owned()),
        ]),
        [.., true] => Script::Play(vec![reply, Step::future_exception()]),
        _ => Script::Play(vec![reply, Step::Stop("end_turn")]),
    }
}

thread_local! {
    /// What this thread has logged; a test has a thread of its own.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Has every thread keep what it logs. A subscriber for one thread only would miss what others have
/// met first.
fn listen() {
    let filter = EnvFilter::new("trace").add_directive(bedrock::QUIET.parse().unwrap());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Log)
        .init();
}

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
