//! What can go wrong between a function and Lambda.

use std::path::Path;
use std::time::Duration;

use in_memory::ManualClock;
use peers::bedrock::{Answers, Gate, Script, Step};
use peers::lambda::{Behaviour, Front, Lambda};
use ports::{Clock, end_if_abandoned};
use serde_json::{Value, json};
use system_clock::SystemClock;

use crate::function::{
    Function, USER, events, json_of, last, plausible, sent, text, turn_key, until,
};

const QUESTION: &str = "How should I warm up for squats?";

#[tokio::test(flavor = "multi_thread")]
async fn the_store_ends_as_if_a_client_had_stayed_that_leaves_at_any_event() {
    let reply = "Warm up well, then add a little.";
    let answers = || Answers {
        prose: reply.to_owned(),
        ..plausible()
    };
    let function = {
        let mut function = Function::prepared(answers()).await;
        function.run(&[("AWS_LAMBDA_MAX_CONCURRENCY", "4")]);
        function
    };
    let stayed = function.conversation().await;
    let all = events(function.say(&stayed, QUESTION).await).await;
    let expected = said(&function, &stayed).await;
    for seen in 0..all.len() {
        let conversation = function.conversation().await;
        let mut answer = function.say(&conversation, QUESTION).await;
        let turn = answer.headers()["x-turn-id"].to_str().unwrap().to_owned();
        let mut told = 0;
        while told < seen {
            let Some(chunk) = answer.chunk().await.unwrap() else {
                break;
            };
            told += String::from_utf8_lossy(&chunk)
                .matches("\ndata:")
                .count()
                .max(1);
        }
        drop(answer);
        function.over(&conversation, &turn).await;
        assert_eq!(
            said(&function, &conversation).await.1,
            expected.1,
            "after {seen} events"
        );
    }
    println!("left after each of {} events", all.len());
}

/// The texts of a conversation's messages: the question and the reply, without its drawn lines.
async fn said(function: &Function, conversation: &str) -> (String, String) {
    let path = format!("{conversation}/messages");
    let listed = json_of(function.request("GET", &path).send().await.unwrap()).await;
    let texts = listed["messages"].as_array().unwrap().iter();
    let texts: Vec<_> = texts
        .map(|message| message["content"].as_str().unwrap())
        .collect();
    let reply = texts[1].rsplit_once("\n\n").unwrap().1;
    (texts[0].to_owned(), reply.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_would_outlast_its_invocation_is_saved_as_far_as_it_got() {
    let mut function = Function::prepared(plausible()).await;
    function.run(&[]);
    let conversation = function.conversation().await;
    function.lambda.limit(Duration::from_secs(9));
    plays(
        &function,
        vec![Step::text("Warm up "), Step::Until(Gate::default())],
    );
    let events = events(function.say(&conversation, QUESTION).await).await;
    let end = last(&events);
    assert_eq!(
        (&end["type"], &end["status"]),
        (&json!("complete"), &json!("deadline")),
        "{end}"
    );
    assert!(
        end["aiMessage"]["content"]
            .as_str()
            .unwrap()
            .contains("Warm up"),
        "{end}"
    );
    assert_eq!(end["aiMessage"]["content"], text(&events));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_turn_ends_that_turn_and_nothing_else() {
    let mut lambda = Lambda::start().await.unwrap();
    let url = lambda.front(Front::Url).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_coach-lambda"));
    let program = program.with_file_name("examples/panicking");
    assert!(program.exists(), "`cargo test --workspace` builds it");
    lambda.run(&program, &[], log).unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let post = |path: &str, body: &Value| {
        let path = format!("{url}/users/{USER}/coaches/strength/conversations{path}");
        let request = http
            .post(path)
            .bearer_auth("token")
            .header("accept", "text/event-stream");
        let body = body.clone();
        async move { sent(request, &body).await }
    };
    let mut ends = Vec::new();
    for _ in 0..2 {
        let made = json_of(post("", &json!({})).await).await;
        let path = format!("/{}/stream", made["conversationId"].as_str().unwrap());
        let events = events(post(&path, &json!({ "userResponse": QUESTION })).await).await;
        let end = last(&events);
        ends.push((end["type"].clone(), end["code"].clone()));
    }
    assert_eq!(ends[0], (json!("error"), json!("INTERNAL")));
    assert_eq!(ends[1].0, "complete");
    assert!(lambda.runs());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_lambda_refuses_or_cuts_off_is_stored_and_the_next_is_answered() {
    for behaviour in [
        Behaviour::Refuses(400),
        Behaviour::Refuses(410),
        Behaviour::Refuses(500),
        Behaviour::Cuts(600),
        Behaviour::Cuts(0),
        Behaviour::Slow(Duration::from_millis(300)),
    ] {
        let mut function = Function::start().await;
        let conversation = function.conversation().await;
        function.lambda.behave(behaviour.clone());
        let gate = Gate::default();
        plays(
            &function,
            vec![
                Step::text("Warm up well, "),
                Step::Until(gate.clone()),
                Step::text("then begin."),
                Step::Stop("end_turn"),
                Step::Usage([100, 50, 0, 0]),
            ],
        );
        // The client may never hear of it.
        let path = format!("{conversation}/stream");
        let request = function
            .request("POST", &path)
            .timeout(Duration::from_secs(20));
        let request = request.header("content-type", "application/json");
        let request = request
            .body(json!({ "userResponse": QUESTION }).to_string())
            .send();
        let request = tokio::spawn(request);
        until(|| async { function.kept(&conversation).await.contains("well") }).await;
        function.lambda.behave(Behaviour::Sound);
        gate.open();
        until(|| async { function.kept(&conversation).await.contains("then begin.") }).await;
        request.abort();
        let read = function.request("GET", &conversation).send().await.unwrap();
        assert_eq!(read.status(), 200, "{behaviour:?}: {}", function.log());
        assert!(function.lambda.runs(), "{behaviour:?}: {}", function.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_frozen_in_mid_reply_can_write_nothing_when_it_thaws() {
    let function = Function::start().await;
    let conversation = function.conversation().await;
    let gate = Gate::default();
    plays(
        &function,
        vec![
            Step::text("Warm up well, "),
            Step::Until(gate.clone()),
            Step::text("then begin."),
            Step::Stop("end_turn"),
        ],
    );
    let begun = function.say(&conversation, QUESTION).await;
    let turn = begun.headers()["x-turn-id"].to_str().unwrap().to_owned();
    let begun = tokio::spawn(events(begun));
    until(|| async { function.kept(&conversation).await.contains("well") }).await;
    function.lambda.signal("STOP").unwrap();

    // A minute later for everybody else, somebody looks at the turn.
    let later = ManualClock::at(SystemClock.now() + Duration::from_secs(60));
    let (store, key) = (function.table.messages(), turn_key(&conversation, &turn));
    assert!(end_if_abandoned(&store, &later, &key).await.unwrap());
    let ended = function.kept(&conversation).await;
    assert!(
        ended.contains("PRODUCER_LOST") || ended.contains("ProducerLost"),
        "{ended}"
    );

    function.lambda.signal("CONT").unwrap();
    gate.open();
    let told = begun.await.unwrap();
    let end = last(&told);
    assert_eq!(
        (&end["type"], &end["code"]),
        (&json!("error"), &json!("PRODUCER_LOST")),
        "{end}"
    );
    assert_eq!(function.kept(&conversation).await, ended);
    function.conversation().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_told_to_end_saves_what_was_said() {
    let mut function = Function::start().await;
    let conversation = function.conversation().await;
    plays(
        &function,
        vec![Step::text("Warm up well, "), Step::Until(Gate::default())],
    );
    let begun = function.say(&conversation, QUESTION).await;
    let begun = tokio::spawn(events(begun));
    until(|| async { function.kept(&conversation).await.contains("well") }).await;
    function.lambda.signal("TERM").unwrap();
    let told = begun.await.unwrap();
    assert_eq!(last(&told)["status"], "deadline", "{}", last(&told));
    assert_eq!(function.lambda.ended(), Some(0), "{}", function.log());
}

/// Has the next message routed as a question, and replied to by these steps.
fn plays(function: &Function, reply: Vec<Step>) {
    let route = Answers::plausible().forms["route_message"].clone();
    function
        .bedrock
        .play(Script::calling("route_message", route));
    function.bedrock.play(Script::Play(reply));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_of_several_invocations_loses_none_of_its_places_to_broken_answers() {
    let mut function = Function::prepared(plausible()).await;
    function.run(&[("AWS_LAMBDA_MAX_CONCURRENCY", "2")]);
    let conversation = function.conversation().await;
    function.lambda.behave(Behaviour::Cuts(0));
    for _ in 0..5 {
        let request = function.request("GET", &conversation);
        let request = request.timeout(Duration::from_secs(5));
        _ = request.send().await;
    }
    function.lambda.behave(Behaviour::Sound);
    let answers = (0..4).map(|_| function.say(&conversation, QUESTION));
    for answer in futures::future::join_all(answers).await {
        assert!(
            [200, 409].contains(&answer.status().as_u16()),
            "{}",
            answer.status()
        );
    }
    assert!(function.lambda.runs(), "{}", function.log());
    assert!(
        !function.log().contains("Concurrent worker exited"),
        "{}",
        function.log()
    );
}
