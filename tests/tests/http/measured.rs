//! What is told of turns to those who run the server.

use std::io;
use std::sync::{Arc, Mutex};

use coach_tests::scenes::{self, Outcome, QUESTION, workout_route};
use coach_tests::{Site, saying};
use domain::{Fault, Prices, Timestamp};
use metrics::requests::Request;
use metrics::table::{self, Metric, Unit};
use metrics::{Emf, Measured, Metrics, Prometheus, Settled, Sink};
use ports::{Swept, Watches};
use rehearsal::Scene;
use serde_json::Value;

use crate::{asked, replying, warnings};

/// Everything that was told.
#[derive(Default)]
struct Kept {
    turns: Mutex<Vec<Measured>>,
    jobs: Mutex<Vec<Settled>>,
}

impl Sink for Kept {
    fn turn(&self, _: Timestamp, turn: &Measured, _: Option<&Request>) {
        self.turns.lock().unwrap().push(turn.clone());
    }

    fn settled(&self, _: Timestamp, job: &Settled) {
        self.jobs.lock().unwrap().push(job.clone());
    }

    fn swept(&self, _: Timestamp, _: &Swept) {}
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The same site, of whose turns and jobs this one is told.
fn telling(site: Site, sink: Arc<dyn Sink>) -> Site {
    let clock = Arc::new(site.clock);
    let metrics = Metrics::new(clock, Arc::new(Prices::default()), http_adapter::words);
    site.watched(Arc::new(metrics.to(sink)))
}

#[tokio::test(start_paused = true)]
async fn every_turn_is_measured_once_by_what_its_client_saw() {
    for reply in scenes::replies() {
        let kept = Arc::new(Kept::default());
        let site = telling(replying(reply.scene), kept.clone());
        let path = site.conversation().await;
        let began = site.clock.ms();
        let client = site.client();
        let stream = format!("{path}/stream");
        let mut stream = client.stream(&stream, &[], &saying(QUESTION)).await;
        let events = stream.rest().await;
        site.settled().await;
        let turns = kept.turns.lock().unwrap();
        let [turn] = &turns[..] else {
            panic!("{}: {turns:?}", reply.name);
        };
        let expected = match reply.outcome {
            Outcome::Complete(status) => (status, None),
            Outcome::Error(code, _) => ("failed", Some(code)),
        };
        assert_eq!((turn.outcome, turn.code), expected, "{}", reply.name);
        if turn.code == Some("INTERNAL") {
            // Its report is lost with what panicked.
            assert_eq!(
                (turn.first_event, turn.total),
                (None, None),
                "{}",
                reply.name
            );
            continue;
        }
        let after = |at: u64| Some(at - began);
        let chunk = events.iter().find(|event| event.kind() == "chunk");
        let first_token = chunk.and_then(|chunk| after(chunk.at));
        assert_eq!(turn.first_token, first_token, "{}", reply.name);
        assert_eq!(turn.first_event, after(events[0].at), "{}", reply.name);
        let last = events.last().unwrap().at;
        assert_eq!(turn.total, after(last), "{}", reply.name);
        let kinds: Vec<_> = turn.calls.iter().map(|call| call.kind).collect();
        assert_eq!(kinds, ["router", "reply"], "{}", reply.name);
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_first_turn_of_a_process_is_cold() {
    let kept = Arc::new(Kept::default());
    let site = telling(replying(Scene::saying("Sit.")), kept.clone());
    for _ in 0..3 {
        asked(&site, QUESTION).await;
    }
    let turns = kept.turns.lock().unwrap();
    let cold: Vec<bool> = turns.iter().map(|turn| turn.is_cold).collect();
    assert_eq!(cold, [true, false, false]);
}

#[tokio::test(start_paused = true)]
async fn every_try_of_a_job_is_told_and_what_all_of_them_cost_with_the_last() {
    let kept = Arc::new(Kept::default());
    let failing = Scene::failing(Fault::Unavailable);
    let site = Site::new(|model| {
        let model = model.route(workout_route()).reply(Scene::saying("Strong."));
        let model = model.extract(failing.clone()).extract(failing);
        model.extract(scenes::workout())
    });
    let site = telling(site, kept.clone());
    asked(&site, "I did 5x5 back squats at 100 kg.").await;
    let jobs = kept.jobs.lock().unwrap();
    let told: Vec<_> = jobs
        .iter()
        .map(|job| (job.kind, job.outcome, job.calls.len()))
        .collect();
    let again = ("workout", "again", 0);
    assert_eq!(told, [again, again, ("workout", "done", 3)]);
}

#[tokio::test(start_paused = true)]
async fn a_line_names_its_request_and_its_trace_and_nothing_that_was_said() {
    warnings::listen();
    let lines = Lines::default();
    let out = Box::new(lines.clone());
    let emf = Emf::new("CoachStream".to_owned(), "test".to_owned(), out);
    let site = replying(Scene::saying("Mind the reply-canary."));
    let prometheus = Arc::new(Prometheus::new(site.app.feeds.clone()));
    let both = [Arc::new(emf) as Arc<dyn Sink>, prometheus.clone()];
    let watches = both.map(|sink| telling(site.clone(), sink).app.watch);
    let site = site.watched(Arc::new(Watches(watches.into())));
    let path = site.conversation().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let mut sse = site
        .client()
        .stream(
            &format!("{path}/stream"),
            &[("traceparent", &parent)],
            &saying("How do I squat with a knee-canary?"),
        )
        .await;
    let events = sse.rest().await;
    site.settled().await;
    let told = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let line: Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
    assert_eq!(line["requestId"], sse.header("x-request-id"), "{line}");
    assert_eq!(line["trace"], trace, "{line}");
    assert_eq!(line["turnId"], events[0].text("turnId"), "{line}");
    assert_eq!(
        (&line["start"], &line["route"]),
        (&"cold".into(), &"model".into())
    );
    let metrics = prometheus.told();
    assert!(metrics.contains("coach_turns_total"), "{metrics}");
    for secret in ["canary", "ada", "squat", "strength"] {
        assert!(
            !told.contains(secret) && !metrics.contains(secret),
            "{secret}"
        );
    }
}

/// Returns a name in Prometheus, from that in CloudWatch.
fn in_prometheus<T>(metric: &Metric<T>) -> String {
    let words = metric.name.chars().map(|letter| match letter {
        'A'..='Z' => format!("_{}", letter.to_ascii_lowercase()),
        _ => letter.to_string(),
    });
    let suffix = match metric.unit {
        Unit::Milliseconds => "seconds",
        Unit::Count | Unit::Money => "total",
    };
    format!("coach{}_{suffix}", words.collect::<String>())
}

fn rows<T>(table: &[Metric<T>]) -> Vec<String> {
    let row = |metric: &Metric<T>| format!("| `{}` | `{}` |", metric.name, in_prometheus(metric));
    table.iter().map(row).collect()
}

#[test]
fn the_page_for_operators_has_a_row_for_every_metric_and_no_other() {
    let page = include_str!("../../../docs/operating.md");
    let page = page.lines().filter(|line| line.contains("| `coach_"));
    let mut told: Vec<String> = page
        .map(|line| line.split('|').take(3).collect::<Vec<_>>().join("|") + "|")
        .collect();
    assert_eq!(told.pop().unwrap(), "| | `coach_running` |");
    let expected = [
        rows(table::OF_TURNS),
        rows(table::OF_CALLS),
        rows(table::OF_JOBS),
        rows(table::OF_SWEEPS),
    ];
    assert_eq!(told, expected.concat());
}
