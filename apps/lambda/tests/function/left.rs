//! What a process leaves to others, and the sweep that does it.

use std::time::Duration;

use domain::{ConversationKey, TurnKey, UserScope};
use peers::bedrock::{Gate, Script, Step};
use ports::{Admission, Admitting, Clock, IfBusy, admit};
use serde_json::{Value, json};
use system_clock::SystemClock;

use crate::function::{Function, USER, events, job_states, json_of, last, plausible, sent, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_answer_leaves_its_work_and_wakes_the_sweep_which_does_it() {
    let mut function = Function::prepared(plausible()).await;
    function.run(&[("COACH_SWEEP_FUNCTION", "coach-sweep")]);
    let conversation = function.conversation().await;
    let send = function.request("POST", &format!("{conversation}/send-message"));
    let words = "/log-workout 2x5 back squats at 100 kg";
    let said = json_of(sent(send, &json!({ "userResponse": words })).await).await;
    let turn = said["turnId"].as_str().unwrap().to_owned();
    let path = format!("{conversation}/turns/{turn}");
    let seen = json_of(function.request("GET", &path).send().await.unwrap()).await;
    assert_eq!(job_states(&seen), ["pending"], "{seen}");
    let woken = function.lambda.asynchronous();
    assert_eq!(woken.len(), 1, "{woken:?} {}", function.log());
    assert_eq!(woken[0].0, "coach-sweep");

    let swept = swept(&mut function).await;
    assert_eq!(swept["jobs"]["done"], 1, "{swept}");
    function.lambda.kill();
    function.run(&[]);
    let seen = json_of(function.request("GET", &path).send().await.unwrap()).await;
    assert_eq!(job_states(&seen), ["done"], "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_leaves_nothing_wakes_nobody() {
    let mut function = Function::prepared(plausible()).await;
    function.run(&[("COACH_SWEEP_FUNCTION", "coach-sweep")]);
    let conversation = function.conversation().await;
    let send = function.request("POST", &format!("{conversation}/send-message"));
    let said = sent(send, &json!({ "userResponse": "How should I warm up?" })).await;
    assert_eq!(json_of(said).await["jobs"], json!([]));
    assert!(function.lambda.asynchronous().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_streamed_answer_does_its_work_itself_and_wakes_nobody() {
    let mut function = Function::prepared(plausible()).await;
    function.run(&[("COACH_SWEEP_FUNCTION", "coach-sweep")]);
    let conversation = function.conversation().await;
    let said = function
        .say(&conversation, "/log-workout 2x5 back squats at 100 kg")
        .await;
    let events = events(said).await;
    assert_ne!(last(&events)["jobs"], json!([]), "{}", last(&events));
    assert!(function.lambda.asynchronous().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_ends_the_turn_of_a_process_that_is_gone() {
    let mut function = Function::start().await;
    let conversation = function.conversation().await;
    let id = conversation.rsplit('/').next().unwrap();
    let turn = begun_long_ago(&function, id).await;
    let swept = swept(&mut function).await;
    assert_eq!(swept["turns"], 1, "{swept}");
    function.lambda.kill();
    function.run(&[]);
    let path = format!("{conversation}/turns/{}", turn.turn);
    let seen = json_of(function.request("GET", &path).send().await.unwrap()).await;
    assert_eq!(seen["state"], "failed", "{seen}");
    assert_eq!(seen["code"], "PRODUCER_LOST", "{seen}");
}

/// Has a process in the role of the sweep take the place of all others, and wakes it.
async fn swept(function: &mut Function) -> Value {
    function.lambda.kill();
    function.run(&[("COACH_ROLE", "sweep")]);
    let scheduled = json!({ "source": "aws.scheduler" });
    function.lambda.invoke(scheduled).await.expect("it sweeps")
}

/// Admits a turn as a process would have that died ten minutes ago.
async fn begun_long_ago(function: &Function, conversation: &str) -> TurnKey {
    let then = SystemClock.now().before(Duration::from_secs(600));
    let conversation = ConversationKey {
        user: UserScope::verified(USER.parse().unwrap()),
        coach: "strength".parse().unwrap(),
        conversation: conversation.parse().unwrap(),
    };
    let turn = TurnKey {
        conversation,
        turn: "gone".parse().unwrap(),
    };
    let admission = Admission {
        turn: turn.clone(),
        key: "gone".parse().unwrap(),
        body: [0; 32],
        user_message: "question".parse().unwrap(),
        assistant_message: "answer".parse().unwrap(),
        text: "How should I warm up?".into(),
        sent: None,
        zone: None,
        now: then,
        lease_until: then + Duration::from_secs(15),
        over_by: then + Duration::from_secs(150),
        kept_until: then + Duration::from_secs(3_600),
        holds: Vec::new(),
    };
    let store = function.table.messages();
    let admitted = admit(&store, &SystemClock, &admission, IfBusy::Reject).await;
    assert!(matches!(admitted, Ok(Admitting::Begin(_))), "{admitted:?}");
    turn
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_in_mid_reply_leaves_what_it_had_said() {
    let mut function = Function::start().await;
    let conversation = function.conversation().await;
    function.bedrock.play(Script::calling(
        "route_message",
        peers::bedrock::Answers::plausible().forms["route_message"].clone(),
    ));
    function.bedrock.play(Script::Play(vec![
        Step::text("Warm up well, "),
        Step::Until(Gate::default()),
    ]));
    let begun = function
        .say(&conversation, "How should I warm up for squats?")
        .await;
    let turn = begun.headers()["x-turn-id"].to_str().unwrap().to_owned();
    until(|| async { function.kept(&conversation).await.contains("well") }).await;
    function.lambda.kill();
    drop(begun);
    function.run(&[]);
    let path = format!("{conversation}/turns/{turn}");
    let seen = json_of(function.request("GET", &path).send().await.unwrap()).await;
    assert_eq!(seen["state"], "running", "{seen}");
}
