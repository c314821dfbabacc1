//! What a client sees of what comes over the wire, and how often the machine asks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bedrock::{Bedrock, Settings};
use coach_tests::scenes::{Outcome, QUESTION, routing};
use coach_tests::{Event, Site, saying, told};
use domain::{Delivery, Limits, router, summary};
use futures::stream::{self, StreamExt};
use peers::bedrock::{Answers, Bedrock as Peer, Operation, Request, Script};
use serde_json::Value;

use super::rows::{Row, TOO_LONG, WORDS, rows};
use super::{adapter, at, config};

/// What fills in the router's form, and says that nothing is to be looked up.
fn forms() -> Answers {
    Answers {
        forms: BTreeMap::from([(router::TOOL, routing(&[], false))]),
        ..Answers::default()
    }
}

/// A Bedrock that routes well, and replies like this.
async fn replying(reply: impl Fn(&Request) -> Script + Send + Sync + 'static) -> Peer {
    let forms = forms();
    let answer = move |request: &Request| {
        if request.tool().is_some() {
            forms.script(request)
        } else {
            reply(request)
        }
    };
    Peer::start(answer).await.unwrap()
}

/// A site whose model is at this peer.
fn site(peer: &Peer) -> Site {
    let mut site = Site::new(|model| model);
    site.app.ports.llm = Arc::new(adapter(peer));
    site
}

fn replies(peer: &Peer) -> Vec<Request> {
    peer.requests()
        .into_iter()
        .filter(|request| request.tool().is_none())
        .collect()
}

fn chunks(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .filter(|event| event.kind() == "chunk")
        .map(|event| event.text("content"))
        .collect()
}

async fn asked(site: &Site, path: &str, text: &str) -> Vec<Event> {
    site.client()
        .stream(&format!("{path}/stream"), &[], &saying(text))
        .await
        .rest()
        .await
}

#[tokio::test]
async fn whatever_comes_ends_the_turn_as_documented_after_as_many_tries() {
    let rows = rows();
    stream::iter(&rows).for_each_concurrent(16, ends).await;
    eprintln!("{} rows, each of them a whole turn", rows.len());
}

async fn ends(row: &Row) {
    let script = row.script.clone();
    let peer = replying(move |_| script.clone()).await;
    let mut site = site(&peer);
    let partial = matches!(row.outcome, Outcome::Error(_, true));
    if row.end.is_none() {
        let limits = Limits {
            silence: Duration::from_millis(300),
            ..Limits::default()
        };
        let limits = if partial {
            limits
        } else {
            Limits {
                first_word: Duration::from_secs(1),
                ..limits
            }
        };
        site = site.set(|settings| settings.limits = limits);
    }
    let path = site.conversation().await;
    let events = asked(&site, &path, QUESTION).await;
    let last = events.last().unwrap();
    let replied: String = chunks(&events).concat().trim().to_owned();
    let (outcome, words) = match last.kind() {
        "complete" => (format!("complete {}", last.text("status")), WORDS),
        _ => {
            let partial = last.json["partial"].as_bool().unwrap();
            (
                format!("{} {partial}", last.text("code")),
                if partial { WORDS } else { "" },
            )
        }
    };
    let expected = match row.outcome {
        Outcome::Complete(status) => format!("complete {status}"),
        Outcome::Error(code, partial) => format!("{code} {partial}"),
    };
    assert_eq!(outcome, expected, "{}", row.name);
    assert_eq!(replied, words, "{}", row.name);
    let streamed = [Operation::Stream, Operation::Stream, Operation::Whole];
    let operations: Vec<_> = replies(&peer)
        .iter()
        .map(|request| request.operation)
        .collect();
    assert_eq!(operations, streamed[..row.asked], "{}", row.name);
}

#[tokio::test]
async fn a_turn_with_bedrock_is_streamed_saved_and_counted() {
    let mut answers = forms();
    answers.prose = "Sit between your hips, and breathe.".to_owned();
    let prose = answers.prose.clone();
    let peer = Peer::start(move |request| answers.script(request))
        .await
        .unwrap();
    let site = site(&peer);
    let path = site.conversation().await;
    let events = asked(&site, &path, QUESTION).await;
    let complete = events.last().unwrap();
    assert_eq!(complete.text("status"), "finished");
    assert_eq!(
        complete.json["aiMessage"]["content"].as_str().unwrap(),
        told(&events)
    );
    assert!(told(&events).ends_with(&prose));
    assert_eq!(complete.json["route"]["routerMetadata"]["source"], "model");
    let calls: Vec<_> = complete.json["usage"]["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(call)
        .collect();
    let settings = Settings::default();
    let expected = [
        ("router", settings.fast.as_str(), 100, false),
        ("reply", settings.reply.as_str(), 100, false),
    ];
    assert_eq!(calls, expected);
    let tokens = prose.len().div_ceil(4) as u64;
    assert_eq!(complete.json["usage"]["outputTokens"], 50 + tokens);
}

fn call(call: &Value) -> (&str, &str, u64, bool) {
    let estimated = call["estimated"].as_bool().unwrap();
    (
        call["kind"].as_str().unwrap(),
        call["model"].as_str().unwrap(),
        call["inputTokens"].as_u64().unwrap(),
        estimated,
    )
}

#[tokio::test]
async fn too_long_a_prompt_is_asked_again_with_the_older_half_left_out() {
    let peer = replying(|_| Script::saying(WORDS)).await;
    let site = site(&peer);
    let path = site.conversation().await;
    for _ in 0..3 {
        asked(&site, &path, QUESTION).await;
    }
    let before = replies(&peer).len();
    let messages = |request: &Request| request.json()["messages"].as_array().unwrap().len();
    let refusing = replying(move |request| {
        if messages(request) > 3 {
            Script::refuse_saying("ValidationException", TOO_LONG)
        } else {
            Script::saying(WORDS)
        }
    })
    .await;
    let mut again = site.clone();
    again.app.ports.llm = Arc::new(adapter(&refusing));
    let events = asked(&again, &path, QUESTION).await;
    assert_eq!(
        (before, events.last().unwrap().text("status")),
        (3, "finished")
    );
    assert_eq!(
        replies(&refusing).iter().map(messages).collect::<Vec<_>>(),
        [7, 3]
    );
}

#[tokio::test]
async fn the_second_model_stands_in_at_the_second_attempt() {
    let peer = replying(|request| {
        if request.model == "second" {
            Script::saying(WORDS)
        } else {
            Script::refuse("ThrottlingException")
        }
    })
    .await;
    let settings = Settings {
        reply: "first".to_owned(),
        second_reply: Some("second".to_owned()),
        ..at(&peer)
    };
    let mut site = site(&peer).set(|settings| settings.limits.second_model = true);
    site.app.ports.llm = Arc::new(Bedrock::new(&config(), settings));
    let path = site.conversation().await;
    let events = asked(&site, &path, QUESTION).await;
    let complete = events.last().unwrap();
    assert_eq!(
        (complete.kind(), complete.text("status")),
        ("complete", "finished")
    );
    assert_eq!(
        replies(&peer)
            .iter()
            .map(|request| request.model.clone())
            .collect::<Vec<_>>(),
        ["first", "second"]
    );
    let reply = &complete.json["usage"]["calls"][1];
    assert_eq!(
        (reply["model"].as_str(), reply["attempts"].as_u64()),
        (Some("second"), Some(2))
    );
}

#[tokio::test]
async fn without_streaming_the_reply_is_one_converse_and_one_chunk() {
    let peer = replying(|_| Script::saying("Sit down, and breathe.")).await;
    let site = site(&peer).set(|settings| settings.limits.delivery = Delivery::Whole);
    let path = site.conversation().await;
    let events = asked(&site, &path, QUESTION).await;
    assert_eq!(chunks(&events), ["Sit down, and breathe."]);
    assert_eq!(
        replies(&peer)
            .iter()
            .map(|request| request.operation)
            .collect::<Vec<_>>(),
        [Operation::Whole]
    );
}

#[tokio::test]
async fn whoever_stops_a_turn_has_the_model_hung_up_on() {
    let peer = replying(|_| {
        Script::Play(vec![
            peers::bedrock::Step::text(WORDS),
            peers::bedrock::Step::Silence,
        ])
    })
    .await;
    let site = site(&peer);
    let path = site.conversation().await;
    let mut sse = site
        .client()
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await;
    let mut turn = String::new();
    while let Some(event) = sse.next().await {
        match event.kind() {
            "start" => turn = event.text("turnId").to_owned(),
            "chunk" => break,
            _ => {}
        }
    }
    let stopped = site
        .client()
        .post(&format!("{path}/turns/{turn}/stop"), &Value::Null)
        .await;
    assert_eq!(stopped.json()["status"], "stopped");
    assert_eq!(sse.rest().await.last().unwrap().text("status"), "stopped");
    super::wire::until(|| peer.hang_ups() == 1).await;
}

#[tokio::test]
async fn a_server_can_talk_to_the_peer_as_it_comes() {
    let Answers { forms, prose, .. } = Answers::plausible();
    router::parse(&forms[router::TOOL].to_string(), "What now?", true, &[]).unwrap();
    summary::check(&forms[summary::TOOL].to_string(), 1..=2).unwrap();
    let answers = Answers {
        forms,
        prose,
        pace: Duration::ZERO,
    };
    let peer = Peer::start(move |request| answers.script(request))
        .await
        .unwrap();
    let site = site(&peer);
    let path = site.conversation().await;
    let events = asked(&site, &path, "/log-workout squats, 5 times 5 at 100 kg").await;
    let complete = events.last().unwrap();
    assert_eq!(complete.text("status"), "finished");
    assert!(told(&events).contains("warm up well"));
    site.settled().await;
    let turn = site
        .client()
        .get(&format!("{path}/turns/{}", complete.text("turnId")))
        .await
        .json();
    let job = &turn["jobs"][0];
    assert_eq!(
        (job["kind"].as_str(), job["state"].as_str()),
        (Some("workout"), Some("refused")),
        "{turn}"
    );
}
