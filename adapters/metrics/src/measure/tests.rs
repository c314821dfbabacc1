use domain::call::{CallOutcome, Usage};
use domain::turn::Report;
use domain::{
    ConversationKey, Fault, JobKind, JobState, Timings, TurnError, TurnKey, UserScope, router,
};

use super::*;

pub(crate) fn words(ending: Ending) -> (&'static str, Option<&'static str>) {
    if let Ending::Failed(_) = ending {
        ("failed", Some("MODEL_TIMEOUT"))
    } else {
        ("finished", None)
    }
}

pub(crate) fn prices() -> Prices {
    let table = r#"{"currency": "USD", "models": {"priced":
        {"input": 3, "output": 15, "cacheRead": 0.3, "cacheWrite": 3.75}}}"#;
    serde_json::from_str(table).unwrap()
}

fn call(kind: CallKind, model: &str, ms: u64) -> CallRecord {
    CallRecord {
        kind,
        usage: Usage {
            model: Some(model.into()),
            input_tokens: 1_000,
            output_tokens: 200,
            cache_read_tokens: 3_000,
            cache_write_tokens: 40,
            ..Usage::default()
        },
        ms,
        attempts: 1,
        outcome: CallOutcome::Ok,
    }
}

/// A turn that was asked for at 10,000 and began to end at 12,000.
pub(crate) fn closing(ending: Ending) -> Closing {
    let timings = Timings {
        admit: Some(5),
        start: Some(6),
        load: Some(26),
        route: Some(326),
        gather: Some(106),
        first_token: Some(900),
        last_token: Some(1_990),
        finish: Some(2_000),
    };
    let calls = vec![
        call(CallKind::Embedding, "free", 30),
        call(CallKind::Router, "free", 300),
        call(CallKind::Reply, "priced", 1_600),
    ];
    Closing {
        ending,
        at: Timestamp(12_000),
        jobs: Vec::new(),
        report: Report {
            route: Some(router::fallback("How do I squat?")),
            context: None,
            calls,
            timings,
        },
    }
}

pub(crate) fn measured(closing: Option<&Closing>) -> Measured {
    let turn = "turn-1".parse().unwrap();
    Measured::of(turn, closing, Timestamp(12_050), &prices(), words)
}

#[test]
fn the_steps_of_a_turn_are_measured_one_by_one() {
    let measured = measured(Some(&closing(Ending::Finished)));
    let times = [
        measured.first_event,
        measured.load,
        measured.router,
        measured.recall,
        measured.first_token,
        measured.finish,
        measured.total,
    ];
    assert_eq!(
        times.map(Option::unwrap),
        [6, 20, 300, 80, 900, 50, 2_050],
        "{measured:?}"
    );
    assert_eq!(
        (measured.outcome, measured.code, measured.route),
        ("finished", None, Some("default"))
    );
}

#[test]
fn what_a_turn_has_not_reached_has_no_number() {
    let mut closing = closing(TurnError::Model(Fault::TimedOut).into());
    closing.report = Report {
        timings: Timings {
            start: Some(6),
            finish: Some(3_000),
            ..Timings::default()
        },
        ..Report::default()
    };
    let failed = measured(Some(&closing));
    let expected = Measured {
        outcome: "failed",
        code: Some("MODEL_TIMEOUT"),
        first_event: Some(6),
        finish: Some(50),
        total: Some(3_050),
        ..Measured::nothing("turn-1".parse().unwrap())
    };
    assert_eq!(failed, expected);
    assert_eq!(measured(None).outcome, "taken");
    assert_eq!(measured(None).total, None);
}

#[test]
fn a_call_costs_what_its_model_costs_and_nothing_is_made_up_for_others() {
    let measured = measured(Some(&closing(Ending::Finished)));
    let costs: Vec<_> = measured
        .calls
        .iter()
        .map(|call| (call.kind, call.cost))
        .collect();
    // 1,000 at 3, 200 at 15, 3,000 at 0.3 and 40 at 3.75, each for a million.
    let expected = [
        ("embedding", None),
        ("router", None),
        ("reply", Some(0.00705)),
    ];
    assert_eq!(costs, expected);
}

#[test]
fn the_calls_of_a_job_are_told_once_with_its_last_try() {
    let turn = TurnKey {
        conversation: ConversationKey {
            user: UserScope::verified("ada".parse().unwrap()),
            coach: "strength".parse().unwrap(),
            conversation: "c-1".parse().unwrap(),
        },
        turn: "turn-1".parse().unwrap(),
    };
    let job = Job {
        turn,
        kind: JobKind::Summary,
        attempts: 2,
        state: JobState::Due(Timestamp(0)),
        calls: vec![call(CallKind::Summary, "priced", 9); 2],
    };
    let reason = || "nothing of it".to_owned();
    for (outcome, word, calls) in [
        (Outcome::Done(serde_json::Value::Null), "done", 2),
        (Outcome::Refused(reason()), "refused", 2),
        (Outcome::Dead(reason()), "dead", 2),
        (Outcome::Again(Timestamp(9)), "again", 0),
    ] {
        let settled = Settled::of(&job, &outcome, &prices());
        assert_eq!((settled.kind, settled.outcome), ("summary", word));
        assert_eq!(settled.calls.len(), calls, "{word}");
    }
}

#[test]
fn a_clock_that_was_set_back_makes_no_huge_number() {
    let turn = "turn-1".parse().unwrap();
    let closing = closing(Ending::Finished);
    let measured = Measured::of(turn, Some(&closing), Timestamp(0), &prices(), words);
    assert_eq!((measured.finish, measured.total), (Some(0), Some(2_000)));
}
