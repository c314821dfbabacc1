use std::sync::Arc;

use domain::{Ending, Fault, TurnError};

use super::*;
use crate::measure::tests::{closing, measured};

/// The schema that is published with the specification of the format.
const SCHEMA: &str = include_str!("schema.json");

#[derive(Clone, Default)]
struct Out(Arc<Mutex<Vec<u8>>>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What is written, line by line, of what is done with the sink.
fn written(tell: impl FnOnce(&Emf)) -> Vec<Value> {
    let out = Out::default();
    let emf = Emf::new(
        "CoachStream".to_owned(),
        "prod".to_owned(),
        Box::new(out.clone()),
    );
    tell(&emf);
    let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
    assert!(text.ends_with('\n'), "{text}");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn request() -> Request {
    Request {
        id: "r-1".to_owned(),
        trace: Some("t-1".to_owned()),
        is_sampled: false,
    }
}

fn every_line() -> Vec<Value> {
    written(|emf| {
        let failed = Ending::from(TurnError::Model(Fault::TimedOut));
        for closing in [Some(closing(Ending::Finished)), Some(closing(failed)), None] {
            emf.turn(Timestamp(7), &measured(closing.as_ref()), Some(&request()));
        }
        let mut cold = measured(None);
        cold.is_cold = true;
        emf.turn(Timestamp(7), &cold, None);
        for outcome in ["done", "dead"] {
            emf.settled(Timestamp(8), &job(outcome));
        }
        emf.swept(Timestamp(9), &Swept::default());
    })
}

fn job(outcome: &'static str) -> Settled {
    let turn = "turn-1".parse().unwrap();
    Settled {
        turn,
        kind: "workout",
        outcome,
        calls: measured(Some(&closing(Ending::Finished))).calls,
    }
}

#[test]
fn every_line_is_as_the_published_schema_says() {
    let schema = jsonschema::validator_for(&serde_json::from_str(SCHEMA).unwrap()).unwrap();
    let lines = every_line();
    assert_eq!(lines.len(), 7);
    for line in lines {
        let errors: Vec<_> = schema
            .iter_errors(&line)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?} in {line}");
        // What the schema cannot say: a directive points at members of the root.
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            let metrics = directive["Metrics"].as_array().unwrap();
            assert!((1..=100).contains(&metrics.len()), "{line}");
            for metric in metrics {
                let name = metric["Name"].as_str().unwrap();
                assert!(line[name].is_number(), "{name} in {line}");
            }
            for dimension in directive["Dimensions"][0].as_array().unwrap() {
                assert!(line[dimension.as_str().unwrap()].is_string(), "{line}");
            }
        }
    }
}

fn count(name: &str) -> Value {
    json!({ "Name": name, "Unit": "Count" })
}

/// What a line of a turn that has reached everything says of its numbers.
fn metrics_of_a_turn() -> Vec<Value> {
    let times = [
        "FirstEvent",
        "Load",
        "Route",
        "Recall",
        "FirstToken",
        "Finish",
        "Total",
    ];
    let of_calls = [
        "Calls",
        "InputTokens",
        "OutputTokens",
        "CacheReadTokens",
        "CacheWriteTokens",
    ];
    let ms = |name: &str| json!({ "Name": name, "Unit": "Milliseconds" });
    [count("Turns")]
        .into_iter()
        .chain(times.map(ms))
        .chain(of_calls.map(count))
        .chain([json!({ "Name": "Cost", "Unit": "None" })])
        .collect()
}

#[test]
fn a_turn_is_one_line_with_its_numbers_and_what_it_can_be_found_by() {
    let turn = measured(Some(&closing(Ending::Finished)));
    let line = written(|emf| emf.turn(Timestamp(7), &turn, Some(&request())));
    let (metrics, count) = (metrics_of_a_turn(), count("Turns"));
    let expected = json!({
        "_aws": {
            "Timestamp": 7,
            "CloudWatchMetrics": [
                { "Namespace": "CoachStream", "Dimensions": [["stage"]], "Metrics": metrics },
                {
                    "Namespace": "CoachStream",
                    "Dimensions": [["stage", "outcome"]],
                    "Metrics": [count],
                },
            ],
        },
        "stage": "prod",
        "outcome": "finished",
        "turnId": "turn-1",
        "requestId": "r-1",
        "trace": "t-1",
        "route": "default",
        "start": "warm",
        "Turns": 1,
        "FirstEvent": 6,
        "Load": 20,
        "Route": 300,
        "Recall": 80,
        "FirstToken": 900,
        "Finish": 50,
        "Total": 2_050,
        "Calls": 3,
        "InputTokens": 3_000,
        "OutputTokens": 600,
        "CacheReadTokens": 9_000,
        "CacheWriteTokens": 120,
        "Cost": 0.00705,
    });
    assert_eq!(line, [expected]);
}

#[test]
fn what_is_not_known_is_left_out() {
    let line = written(|emf| emf.turn(Timestamp(7), &measured(None), None)).remove(0);
    let names: Vec<_> = line.as_object().unwrap().keys().collect();
    let expected = ["_aws", "stage", "outcome", "turnId", "start", "Turns"];
    assert_eq!(names, expected, "{line}");
    assert!(!line.to_string().contains("null"), "{line}");
}

#[test]
fn a_job_that_was_given_up_is_a_dead_letter_and_no_other_is() {
    for (outcome, is_dead) in [
        ("done", false),
        ("refused", false),
        ("again", false),
        ("dead", true),
    ] {
        let line = written(|emf| emf.settled(Timestamp(8), &job(outcome))).remove(0);
        assert_eq!((&line["Jobs"], &line["Calls"]), (&json!(1), &json!(3)));
        assert_eq!(line.get("DeadLetters").is_some(), is_dead, "{line}");
        assert_eq!(
            (&line["kind"], &line["turnId"]),
            (&json!("workout"), &json!("turn-1"))
        );
    }
}

#[test]
fn a_sweep_tells_also_that_it_had_nothing_to_do() {
    let line = written(|emf| emf.swept(Timestamp(9), &Swept::default())).remove(0);
    for name in ["SweptJobs", "SweptTurns", "SweepTroubles"] {
        assert_eq!(line[name], 0, "{line}");
    }
    // Its jobs are told one by one, and nothing is counted twice.
    assert_eq!((line.get("DeadLetters"), line.get("Jobs")), (None, None));
}
