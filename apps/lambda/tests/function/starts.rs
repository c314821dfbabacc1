//! Starting, also when not all is there.

use tokio::net::TcpListener;

use crate::function::{Function, json_of, plausible};

#[tokio::test(flavor = "multi_thread")]
async fn a_function_starts_whoever_is_not_there_or_does_not_answer() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", silent.local_addr().unwrap());
    for part in [
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
        "COACH_JWKS_URL",
    ] {
        for address in ["http://127.0.0.1:9", silent.as_str()] {
            let mut function = Function::prepared(plausible()).await;
            function.run(&[(part, address)]);
            function.lambda.asked(1).await;
            let first = function.lambda.first_asked().unwrap();
            println!("{part} {address}: asked for the first invocation after {first:?}");
            let answer = function.request("GET", "/memories").send().await.unwrap();
            let (status, told) = (answer.status(), json_of(answer).await);
            let needs_it = part != "AWS_ENDPOINT_URL_BEDROCK_RUNTIME";
            assert_eq!(
                status,
                if needs_it { 503 } else { 200 },
                "{part} {address}: {told}"
            );
            assert!(function.lambda.runs(), "{}", function.log());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_whose_settings_are_wrong_ends_with_a_sentence() {
    for (name, value, said) in [
        ("COACH_ISSUER", "", "COACH_ISSUER"),
        ("COACH_DEADLINE_S", "soon", "COACH_DEADLINE_S"),
        ("COACH_LOG", "loud", "COACH_LOG"),
        ("COACH_ROLE", "cook", "COACH_ROLE"),
    ] {
        let mut function = Function::prepared(plausible()).await;
        function.run(&[(name, value)]);
        assert_ne!(function.lambda.ended(), Some(0), "{name}={value}");
        let log = function.log();
        let option = said
            .trim_start_matches("COACH_")
            .to_lowercase()
            .replace('_', "-");
        assert!(
            log.contains(said) || log.contains(&option),
            "{name}={value}: {log}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_tell_a_cold_turn_from_a_warm_one_and_nothing_that_was_said() {
    let function = Function::start().await;
    let conversation = function.conversation().await;
    for words in ["How are canary squats?", "And canary lunges?"] {
        crate::function::events(function.say(&conversation, words).await).await;
    }
    // The lines are written before the answers end.
    let log = function.log();
    let lines = log.lines().filter(|line| line.contains(r#""_aws""#));
    let lines: Vec<serde_json::Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let starts: Vec<_> = lines
        .iter()
        .filter_map(|line| line["start"].as_str())
        .collect();
    assert_eq!(starts, ["cold", "warm"], "{log}");
    assert!(
        lines[0]["FirstToken"].is_number() && lines[0]["turnId"].is_string(),
        "{}",
        lines[0]
    );
    assert!(
        !log.contains("canary") && !log.contains(&function.token),
        "{log}"
    );
}
