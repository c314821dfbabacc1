//! All that Bedrock can do to a reply, what the adapter makes of it, and what the client sees.

use std::time::Duration;

use coach_tests::scenes::Outcome::{self, Complete, Error};
use domain::{Fault, StopReason};
use peers::bedrock::{EXCEPTIONS, Script, Step};
use serde_json::json;

/// One thing that can happen on the wire.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) script: Script,
    /// What the adapter says at the end; `None` if it waits for ever.
    pub(super) end: Option<Result<StopReason, Fault>>,
    /// How the turn ends.
    pub(super) outcome: Outcome,
    /// How often the model was asked.
    pub(super) asked: usize,
}

pub(super) const WORDS: &str = "Sit down.";

/// What each exception means, and the code that a client sees when nothing else comes: kept apart
/// from the adapter's own table on purpose.
pub(super) const MEANINGS: [(&str, Fault, &str); 10] = [
    ("AccessDeniedException", Fault::Rejected, "MODEL_REFUSED"),
    (
        "InternalServerException",
        Fault::Unavailable,
        "MODEL_UNAVAILABLE",
    ),
    (
        "ModelErrorException",
        Fault::Unavailable,
        "MODEL_UNAVAILABLE",
    ),
    (
        "ModelNotReadyException",
        Fault::Unavailable,
        "MODEL_UNAVAILABLE",
    ),
    (
        "ModelStreamErrorException",
        Fault::Truncated,
        "MODEL_STREAM_TRUNCATED",
    ),
    ("ModelTimeoutException", Fault::TimedOut, "MODEL_TIMEOUT"),
    (
        "ResourceNotFoundException",
        Fault::Rejected,
        "MODEL_REFUSED",
    ),
    (
        "ServiceUnavailableException",
        Fault::Unavailable,
        "MODEL_UNAVAILABLE",
    ),
    ("ThrottlingException", Fault::Throttled, "MODEL_THROTTLED"),
    ("ValidationException", Fault::Rejected, "MODEL_REFUSED"),
];

const TRUNCATED: &str = "MODEL_STREAM_TRUNCATED";

/// What Bedrock says when a prompt is too long.
pub(super) const TOO_LONG: &str = "Input is too long for requested model.";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = exceptions();
    rows.extend(stop_reasons());
    rows.extend(damages());
    rows.extend(silences());
    rows.extend(oddities());
    rows
}

fn exceptions() -> Vec<Row> {
    let mut rows = Vec::new();
    for ((name, fault, code), (kind, _, within)) in MEANINGS.into_iter().zip(EXCEPTIONS) {
        assert_eq!(name, kind);
        rows.push(failed(
            &format!("{kind} instead of a stream"),
            Script::refuse(kind),
            fault,
            code,
        ));
        if within {
            rows.push(failed(
                &format!("{kind} before a word"),
                play(&[Step::exception(kind)]),
                fault,
                code,
            ));
            let steps = [Step::text(WORDS), Step::exception(kind)];
            rows.push(spoilt(&format!("{kind} after words"), &steps, fault, code));
        }
    }
    let long = Script::refuse_saying("ValidationException", TOO_LONG);
    rows.push(failed(
        "too long an input",
        long,
        Fault::TooLong,
        "MODEL_REFUSED",
    ));
    let long = play(&[Step::Exception("ValidationException", TOO_LONG.to_owned())]);
    rows.push(failed(
        "too long an input within a stream",
        long,
        Fault::TooLong,
        "MODEL_REFUSED",
    ));
    let other = |status, kind| Script::Refuse {
        status,
        kind,
        message: String::new(),
    };
    rows.push(failed(
        "keys that ran out",
        other(403, "ExpiredTokenException"),
        Fault::Rejected,
        "MODEL_REFUSED",
    ));
    rows.push(failed(
        "a gateway in trouble",
        other(502, "BadGateway"),
        Fault::Unavailable,
        "MODEL_UNAVAILABLE",
    ));
    rows.push(failed(
        "a gateway that throttles",
        other(429, "SlowDown"),
        Fault::Throttled,
        "MODEL_THROTTLED",
    ));
    rows
}

fn stop_reasons() -> Vec<Row> {
    use StopReason::{Filtered, Length};
    let finished = |reason| ended(reason, &[], StopReason::Complete, "finished");
    let unavailable = "MODEL_UNAVAILABLE";
    let stop = |reason| Step::Stop(reason);
    let mut rows = vec![
        finished("end_turn"),
        finished("stop_sequence"),
        ended("max_tokens", &[], Length, "truncated"),
        ended("model_context_window_exceeded", &[], Length, "truncated"),
        ended("guardrail_intervened", &[], Filtered, "filtered"),
        ended("content_filtered", &[], Filtered, "filtered"),
    ];
    for (reason, fault, code) in [
        ("malformed_model_output", Fault::Unavailable, unavailable),
        ("malformed_tool_use", Fault::Unavailable, unavailable),
        ("tool_use", Fault::Truncated, TRUNCATED),
        ("a_new_reason", Fault::Truncated, TRUNCATED),
    ] {
        rows.push(failed(
            &format!("{reason} at once"),
            play(&[stop(reason)]),
            fault,
            code,
        ));
        rows.push(spoilt(
            &format!("{reason} after words"),
            &[Step::text(WORDS), stop(reason)],
            fault,
            code,
        ));
    }
    for reason in ["end_turn", "stop_sequence", "max_tokens"] {
        let blank = [Step::text(" \n"), stop(reason)];
        for (when, steps) in [("at once", &blank[1..]), ("after blanks", &blank)] {
            rows.push(failed(
                &format!("{reason} {when}"),
                play(steps),
                Fault::Truncated,
                TRUNCATED,
            ));
        }
    }
    let full = play(&[stop("model_context_window_exceeded")]);
    rows.push(failed(
        "model_context_window_exceeded at once",
        full,
        Fault::TooLong,
        "MODEL_REFUSED",
    ));
    for reason in ["guardrail_intervened", "content_filtered"] {
        rows.push(Row {
            name: format!("{reason} at once"),
            script: play(&[stop(reason)]),
            end: Some(Ok(Filtered)),
            outcome: Error("MODEL_REFUSED", false),
            asked: 1,
        });
    }
    rows
}

fn damages() -> Vec<Row> {
    let mut rows = vec![failed(
        "a connection cut at once",
        Script::Cut,
        Fault::Unavailable,
        "MODEL_UNAVAILABLE",
    )];
    for (name, steps) in [
        ("an end", vec![]),
        ("a cut", vec![Step::Cut]),
        ("half a frame and an end", vec![Step::half_a_frame()]),
        (
            "half a frame and a cut",
            vec![Step::half_a_frame(), Step::Cut],
        ),
        (
            "a damaged frame",
            vec![Step::damaged_frame(), Step::Stop("end_turn")],
        ),
        ("an unknown exception", vec![Step::future_exception()]),
        (
            "what is no frame",
            vec![
                Step::Bytes("data: [DONE]\n\n".into()),
                Step::Stop("end_turn"),
            ],
        ),
    ] {
        rows.push(failed(
            &format!("{name} before a word"),
            play(&steps),
            Fault::Truncated,
            TRUNCATED,
        ));
        let steps = [&[Step::text(WORDS)], &steps[..]].concat();
        rows.push(spoilt(
            &format!("{name} after words"),
            &steps,
            Fault::Truncated,
            TRUNCATED,
        ));
    }
    rows
}

fn silences() -> [Row; 3] {
    let silent = |name: &str, script, partial, asked| Row {
        name: name.to_owned(),
        script,
        end: None,
        outcome: Error("MODEL_TIMEOUT", partial),
        asked,
    };
    [
        silent("silence instead of a stream", Script::Silence, false, 3),
        silent("silence before a word", play(&[Step::Silence]), false, 3),
        silent(
            "silence after words",
            play(&[Step::text(WORDS), Step::Silence]),
            true,
            1,
        ),
    ]
}

fn oddities() -> [Row; 3] {
    let reasoning = |delta| {
        Step::Event(
            "contentBlockDelta",
            json!({ "contentBlockIndex": 0, "delta": delta }),
        )
    };
    let thinking = [
        reasoning(json!({ "reasoningContent": { "text": "hmm" } })),
        reasoning(json!({ "citation": { "title": "a book" } })),
        reasoning(json!({ "somethingNew": { "text": "!" } })),
    ];
    let news = [
        Step::Event("brandNewEvent", json!({ "text": "!" })),
        Step::Event("contentBlockStop", json!({ "contentBlockIndex": 0 })),
    ];
    let pause = [Step::Pause(Duration::from_millis(5)), Step::text("")];
    [
        Row {
            name: "reasoning and citations".to_owned(),
            ..ended("end_turn", &thinking, StopReason::Complete, "finished")
        },
        Row {
            name: "events of the future".to_owned(),
            ..ended("end_turn", &news, StopReason::Complete, "finished")
        },
        Row {
            name: "pauses and empty deltas".to_owned(),
            ..ended("end_turn", &pause, StopReason::Complete, "finished")
        },
    ]
}

/// Nothing was said: a fault that may pass is met three times.
fn failed(name: &str, script: Script, fault: Fault, code: &'static str) -> Row {
    let asked = if matches!(fault, Fault::Rejected | Fault::TooLong) {
        1
    } else {
        3
    };
    Row {
        name: name.to_owned(),
        script,
        end: Some(Err(fault)),
        outcome: Error(code, false),
        asked,
    }
}

/// Words were said, and stand.
fn spoilt(name: &str, steps: &[Step], fault: Fault, code: &'static str) -> Row {
    Row {
        name: name.to_owned(),
        script: play(steps),
        end: Some(Err(fault)),
        outcome: Error(code, true),
        asked: 1,
    }
}

fn ended(stop: &'static str, before: &[Step], reason: StopReason, status: &'static str) -> Row {
    let steps = [
        before,
        &[
            Step::text(WORDS),
            Step::Stop(stop),
            Step::Usage([10, 5, 4, 3]),
        ],
    ]
    .concat();
    Row {
        name: format!("{stop} after words"),
        script: play(&steps),
        end: Some(Ok(reason)),
        outcome: Complete(status),
        asked: 1,
    }
}

fn play(steps: &[Step]) -> Script {
    Script::Play(steps.to_vec())
}
