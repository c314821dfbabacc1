//! Turns that go well, and what else can be asked of a function.

use std::collections::BTreeSet;

use peers::bedrock::{Gate, Script, Step};
use serde_json::json;

use crate::function::{Function, events, job_states, json_of, last, plausible, sent, text, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_streams_each_event_as_it_comes() {
    let function = Function::start().await;
    let conversation = function.conversation().await;
    let answer = function
        .say(&conversation, "How should I warm up for squats?")
        .await;
    assert_eq!(answer.status(), 200, "{}", function.log());
    assert_eq!(
        answer.headers()["content-type"],
        "text/event-stream; charset=utf-8"
    );
    let events = events(answer).await;
    for (at, event) in &events {
        println!(
            "{:>6} ms  {}",
            at.as_millis(),
            event["type"].as_str().unwrap()
        );
    }
    let last = last(&events);
    assert_eq!(last["type"], "complete", "{last}");
    assert_eq!(last["aiMessage"]["content"], text(&events));
    let times: BTreeSet<_> = events.iter().map(|(at, _)| *at).collect();
    assert!(
        times.len() > events.len() / 4,
        "most came together: {times:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_streamed_answer_stays_open_until_the_work_it_leaves_is_done() {
    let function = Function::start().await;
    let conversation = function.conversation().await;
    let words = "/log-workout 2x5 back squats at 100 kg";
    let events = events(function.say(&conversation, words).await).await;
    let last = last(&events);
    assert_eq!(last["type"], "complete", "{last}");
    assert_ne!(last["jobs"], json!([]), "{last}");
    // Nothing is waited for here.
    let turn = last["turnId"].as_str().unwrap();
    let path = format!("{conversation}/turns/{turn}");
    let turn = json_of(function.request("GET", &path).send().await.unwrap()).await;
    assert_eq!(job_states(&turn), ["done"], "{turn}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_is_resumed_and_stopped_by_way_of_another_process() {
    let mut function = Function::start().await;
    function.run(&[]);
    let conversation = function.conversation().await;
    let gate = Gate::default();
    function.bedrock.play(routed());
    function.bedrock.play(Script::Play(vec![
        Step::text("Warm up "),
        Step::text("well, "),
        Step::Until(gate),
    ]));
    let begun = function
        .say(&conversation, "How should I warm up for squats?")
        .await;
    let turn = begun.headers()["x-turn-id"].to_str().unwrap().to_owned();
    let began = tokio::spawn(events(begun));
    until(|| async { function.kept(&conversation).await.contains("well") }).await;

    let stop = function.request("POST", &format!("{conversation}/turns/{turn}/stop"));
    let stopped = stop.send().await.unwrap();
    assert!(
        [200, 202].contains(&stopped.status().as_u16()),
        "{}",
        stopped.status()
    );
    let began = began.await.unwrap();
    let end = last(&began);
    assert_eq!(end["status"], "stopped", "{end}");

    let resume = function.request("GET", &format!("{conversation}/stream?turnId={turn}"));
    let resume = resume.header("last-event-id", format!("{turn}.0"));
    let resumed = events(resume.send().await.unwrap()).await;
    assert_eq!(last(&resumed), end);
    assert_eq!(text(&resumed), text(&began));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_else_is_answered_too_and_never_with_an_empty_body() {
    let function = Function::start().await;
    let conversation = function.conversation().await;
    let send = function.request("POST", &format!("{conversation}/send-message"));
    let said = sent(send, &json!({ "userResponse": "How should I warm up?" })).await;
    assert_eq!(said.status(), 200);
    let said = json_of(said).await;
    assert_eq!(said["status"], "finished", "{said}");

    for (method, path, status) in [
        ("GET", "/coaches/strength/conversations", 200),
        ("GET", conversation.as_str(), 200),
        ("HEAD", conversation.as_str(), 200),
        ("GET", &format!("{conversation}/messages"), 200),
        ("GET", "/memories", 200),
        ("GET", "/workouts?limit=2", 200),
        ("PUT", conversation.as_str(), 405),
        ("GET", "/nowhere", 404),
        ("GET", "/coaches/strength/conversations/none", 404),
        ("DELETE", conversation.as_str(), 200),
    ] {
        let answer = function.request(method, path).send().await.unwrap();
        assert_eq!(
            answer.status(),
            status,
            "{method} {path}: {}",
            function.log()
        );
        let body = answer.text().await.unwrap();
        assert!(!body.is_empty() || method == "HEAD", "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_good_token_is_refused_and_a_page_of_a_known_origin_may_ask() {
    let function = Function::start().await;
    let path = format!("{}/users/athlete/memories", function.url);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let without = http.get(&path).send().await.unwrap();
    assert_eq!(without.status(), 401);
    assert_eq!(json_of(without).await["code"], "MISSING_AUTH_HEADER");
    let garbage = http.get(&path).bearer_auth("garbage").send().await.unwrap();
    assert_eq!(garbage.status(), 401);
    let foreign = path.replace("athlete", "somebody");
    let foreign = http
        .get(&foreign)
        .bearer_auth(&function.token)
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), 403);

    let preflight = http
        .request("OPTIONS".parse().unwrap(), &path)
        .header("origin", "https://front.example")
        .header("access-control-request-method", "GET")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), 200);
    assert_eq!(
        preflight.headers()["access-control-allow-origin"],
        "https://front.example"
    );
    let allowed = preflight
        .headers()
        .get_all("access-control-allow-origin")
        .iter()
        .count();
    assert_eq!(allowed, 1);
    assert!(!preflight.bytes().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_invocations_at_once_share_a_process() {
    let mut function = Function::prepared(plausible()).await;
    function.run(&[("AWS_LAMBDA_MAX_CONCURRENCY", "8")]);
    function.lambda.asked(8).await;
    let mut conversations = Vec::new();
    for _ in 0..8 {
        conversations.push(function.conversation().await);
    }
    let said = conversations.iter().map(|conversation| async {
        events(function.say(conversation, "How are squats?").await).await
    });
    for events in futures::future::join_all(said).await {
        let last = last(&events);
        assert_eq!(last["type"], "complete", "{last}");
        assert_eq!(last["aiMessage"]["content"], text(&events));
    }
}

/// What the router says of a question.
fn routed() -> Script {
    let route = peers::bedrock::Answers::plausible().forms["route_message"].clone();
    Script::calling("route_message", route)
}
