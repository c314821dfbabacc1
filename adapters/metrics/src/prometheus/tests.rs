use domain::Ending;

use super::*;
use crate::measure::tests::{closing, measured};

/// All that is told after one turn of each kind, one job and one sweep.
fn told() -> String {
    let prometheus = Prometheus::new(Arc::default());
    let at = Timestamp(0);
    let mut cold = measured(Some(&closing(Ending::Finished)));
    cold.is_cold = true;
    prometheus.turn(at, &cold, None);
    prometheus.turn(at, &measured(None), None);
    let turn = "turn-1".parse().unwrap();
    let dead = Settled {
        turn,
        kind: "workout",
        outcome: "dead",
        calls: measured(Some(&closing(Ending::Finished))).calls,
    };
    prometheus.settled(at, &dead);
    let swept = Swept {
        turns: 1,
        done: 2,
        refused: 1,
        again: 5,
        ..Swept::default()
    };
    prometheus.swept(at, &swept);
    prometheus.told()
}

#[test]
fn sums_and_distributions_are_told_by_the_names_of_the_table() {
    let told = told();
    for line in [
        "# TYPE coach_running gauge",
        "coach_running 0",
        r#"coach_turns_total{outcome="finished",code="",route="default"} 1.0"#,
        r#"coach_turns_total{outcome="taken",code="",route=""} 1.0"#,
        "coach_cold_starts_total 1.0",
        "# UNIT coach_first_token_seconds seconds",
        r#"coach_first_token_seconds_sum{outcome="finished"} 0.9"#,
        r#"coach_first_token_seconds_bucket{le="0.75",outcome="finished"} 0"#,
        r#"coach_first_token_seconds_bucket{le="1.0",outcome="finished"} 1"#,
        r#"coach_total_seconds_sum{outcome="finished"} 2.05"#,
        r#"coach_calls_total{kind="reply"} 2.0"#,
        r#"coach_cache_read_tokens_total{kind="router"} 6000.0"#,
        r#"coach_cost_total{kind="reply"} 0.0141"#,
        r#"coach_jobs_total{kind="workout",outcome="dead"} 1.0"#,
        r#"coach_dead_letters_total{kind="workout"} 1.0"#,
        "coach_swept_jobs_total 3.0",
        "coach_swept_turns_total 1.0",
    ] {
        assert!(told.lines().any(|told| told == line), "{line} in\n{told}");
    }
    assert!(told.ends_with("# EOF\n"), "{told}");
    assert!(!told.contains("turn-1"), "{told}");
}

#[test]
fn nothing_is_told_apart_by_a_user_or_by_what_was_said() {
    let told = told();
    let told = told.lines().filter(|line| !line.starts_with('#'));
    for line in told {
        let labels = line.split_once('{').map_or("", |(_, rest)| rest);
        let labels = labels.split_once('}').map_or("", |(labels, _)| labels);
        let names = labels.split(',').filter_map(|label| label.split_once('='));
        for (name, _) in names {
            let known = ["outcome", "code", "route", "kind", "le"];
            assert!(known.contains(&name), "{name} in {line}");
        }
    }
}
