//! Answers of a model that are not what was asked for: refused as a whole, or in part, or repaired
//! as is documented, and never the end of a turn.

use std::sync::Arc;

use domain::call::{CallKind, CallOutcome};
use domain::router;
use domain::{
    Body, ConversationKey, Effect, Ending, Input, Limits, Loaded, Message, Opening, Output, Report,
    Task, Timestamp, Tries, Turn, TurnKey, Usage, UserScope,
};
use serde::Deserialize;
use serde_json::{Map, Value};

const TEXT: &str = "I did 5x5 squats at 100 kg, how was that for you my friend of numbers";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    why: String,
    answer: String,
    /// What is read all the same, by its place in the decision; without it the answer is refused.
    #[serde(default)]
    repaired: Option<Map<String, Value>>,
}

fn answers() -> Vec<Answer> {
    let lines = include_str!("../../corpus/malformed.jsonl").lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// Too large to stand in a file.
fn monsters() -> [(&'static str, String); 5] {
    let whole = answers()
        .into_iter()
        .find(|answer| answer.why == "a whole number")
        .map(|answer| answer.answer)
        .unwrap();
    let bomb = format!("{}{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
    [
        ("a megabyte of prose", "word ".repeat(200_000)),
        ("a deep list", "[".repeat(1_000_000)),
        ("a deep object", bomb),
        (
            "deep in an unknown field",
            whole.replacen(
                '{',
                &format!(r#"{{"x":{}1{},"#, "[".repeat(5_000), "]".repeat(5_000)),
                1,
            ),
        ),
        (
            "a number of a million digits",
            whole.replacen(
                '{',
                &format!(r#"{{"confidence":{},"#, "9".repeat(1_000_000)),
                1,
            ),
        ),
    ]
}

#[test]
fn an_answer_is_refused_or_repaired_as_documented() {
    let answers = answers();
    assert!(answers.len() >= 120, "only {}", answers.len());
    for Answer {
        why,
        answer,
        repaired,
    } in answers
    {
        match (router::parse(&answer, TEXT, true, &[]), repaired) {
            (Err(_), None) => {}
            (Ok(decision), Some(repaired)) => {
                let decision = serde_json::to_value(decision).unwrap();
                for (place, expected) in repaired {
                    assert_eq!(decision.pointer(&place), Some(&expected), "{why}: {place}");
                }
            }
            (Ok(_), None) => panic!("{why}: taken, {answer}"),
            (Err(refused), Some(_)) => panic!("{why}: {refused}, {answer}"),
        }
    }
    for (why, answer) in monsters() {
        assert!(router::parse(&answer, TEXT, true, &[]).is_err(), "{why}");
    }
}

#[test]
fn wherever_an_answer_breaks_off_it_is_refused() {
    let whole = answers()
        .into_iter()
        .find(|answer| answer.why == "a whole number")
        .unwrap()
        .answer;
    assert!(router::parse(&whole, TEXT, true, &[]).is_ok());
    for end in (0..whole.len()).filter(|&end| whole.is_char_boundary(end)) {
        assert!(
            router::parse(&whole[..end], TEXT, true, &[]).is_err(),
            "cut at {end}"
        );
    }
}

#[test]
fn a_refused_answer_leads_to_the_safe_default_and_the_turn_goes_on() {
    let refused = answers()
        .into_iter()
        .filter(|answer| answer.repaired.is_none());
    let refused = refused.map(|answer| (answer.why, answer.answer));
    let monsters = monsters().map(|(why, answer)| (why.to_owned(), answer));
    for (why, answer) in refused.chain(monsters) {
        let (report, asks_for_a_reply) = routed(answer);
        assert_eq!(report.route, Some(router::fallback(TEXT)), "{why}");
        let outcome = report
            .calls
            .iter()
            .find(|call| call.kind == CallKind::Router)
            .map(|call| call.outcome);
        assert_eq!(outcome, Some(CallOutcome::Malformed), "{why}");
        assert!(asks_for_a_reply, "{why}");
    }
}

/// What is reported of a turn whose router answers like this, and whether a reply was asked for.
fn routed(answer: String) -> (Report, bool) {
    let now = Timestamp(0);
    let task = task();
    let mut turn = Turn::new(task, Limits::default(), now);
    turn.handle_input(
        Input::Loaded(Ok(Loaded {
            history: Vec::new(),
            summary: None,
            forgotten: Vec::new(),
            safety: domain::SafetyFacts::default(),
            memories: Ok(Vec::new()),
            before: Vec::new(),
        })),
        now,
    );
    turn.handle_input(
        Input::Routed(Ok((answer, Usage::default())), Tries::default()),
        now,
    );
    turn.handle_input(Input::Gathered(Err(domain::Fault::Unavailable)), now);
    turn.handle_input(Input::StopAsked, now);
    let mut replies = false;
    while let Some(output) = turn.poll_output() {
        match output {
            Output::Perform(Effect::Reply(..)) => replies = true,
            Output::Perform(Effect::Finish(finish)) => {
                assert_eq!(finish.closing.ending, Ending::Stopped);
                return (finish.closing.report.clone(), replies);
            }
            Output::Perform(_) | Output::Tell(_) => {}
        }
    }
    panic!("the turn does not finish");
}

fn task() -> Task {
    let user = UserScope::verified("ann".parse().unwrap());
    let conversation = ConversationKey {
        user,
        coach: "coach".parse().unwrap(),
        conversation: "conversation".parse().unwrap(),
    };
    let turn = TurnKey {
        conversation,
        turn: "turn".parse().unwrap(),
    };
    let user_message = Message {
        id: "question".parse().unwrap(),
        number: 1,
        turn: turn.clone(),
        created: Timestamp(0),
        body: Body::User {
            text: TEXT.into(),
            sent: None,
            zone: None,
        },
    };
    Task {
        opening: Opening {
            turn,
            user_message,
            assistant_message: "answer".parse().unwrap(),
        },
        coach: Arc::new(serde_json::from_value(serde_json::json!({ "coachId": "coach" })).unwrap()),
        seed: 7,
        asked: Timestamp(0),
        deadline: Timestamp(60_000),
    }
}
