//! How right the rules are without a model, field by field, and how right they must be at least.
//!
//! `COACH_CORPUS_FIELD=isWorkoutLog` (or another row of the table) also prints each message that
//! they get wrong.

use std::collections::BTreeMap;
use std::env;
use std::fmt;

use domain::router::UserIntent;
use serde::{Deserialize, Serialize};

use super::{Kind, Labelled, Labels, corpus, decided};

/// Precision and recall of each field, for each group of messages.
type Scores = BTreeMap<String, BTreeMap<String, Score>>;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Score {
    precision: f64,
    recall: f64,
}

#[test]
fn the_rules_are_as_right_as_they_ever_were() {
    let tallies = tallies();
    for (group, fields) in &tallies {
        print!("{}", Table(group, fields));
    }
    let scores: Scores = tallies
        .into_iter()
        .map(|(group, fields)| (group, scores(fields)))
        .collect();
    let held: Scores = serde_json::from_str(include_str!("../../corpus/score.json")).unwrap();
    let fields = |scores: &Scores| -> Vec<(String, String)> {
        let pairs = |(group, fields): (&String, &BTreeMap<String, Score>)| -> Vec<_> {
            fields
                .keys()
                .map(|field| (group.clone(), field.clone()))
                .collect()
        };
        scores.iter().flat_map(pairs).collect()
    };
    assert_eq!(
        fields(&scores),
        fields(&held),
        "tests/corpus/score.json should be\n{}",
        written(&scores)
    );
    let mut fell = Vec::new();
    for (group, field) in fields(&held) {
        let (now, before) = (scores[&group][&field], held[&group][&field]);
        if now.precision < before.precision || now.recall < before.recall {
            fell.push(format!("{group} {field}: {before:?} fell to {now:?}"));
        }
    }
    if fell.is_empty() && scores != held {
        println!(
            "Better than before: write this to tests/corpus/score.json\n{}",
            written(&scores)
        );
    }
    assert!(
        fell.is_empty(),
        "{}\nIf this is wanted, tests/corpus/score.json is\n{}",
        fell.join("\n"),
        written(&scores)
    );
}

/// What the rules promise, whatever the ratchet holds.
#[test]
fn logs_in_english_are_found_and_little_else_is_taken_for_one() {
    let score = tallies()["english"]["isWorkoutLog"].score();
    assert!(score.precision >= 0.97 && score.recall >= 0.85, "{score:?}");
}

fn tallies() -> BTreeMap<String, BTreeMap<String, Tally>> {
    let shown = env::var("COACH_CORPUS_FIELD");
    let mut groups: BTreeMap<String, BTreeMap<String, Tally>> = BTreeMap::new();
    for Labelled { text, kind, expect } in corpus() {
        let (decision, by_rule) = decided(&text);
        let labels = Labels::of(&decision, by_rule);
        let english = (kind != Kind::OtherLanguage).then_some("english");
        for group in english.into_iter().chain(["all"]) {
            let fields = groups.entry(group.to_owned()).or_default();
            for ((field, wanted), (_, was)) in flags(&expect).into_iter().zip(flags(&labels)) {
                if wanted != was && group == "all" && shown.as_deref() == Ok(field.as_str()) {
                    println!(
                        "{} {kind:?} {text:?}",
                        if wanted { "missed" } else { "wrong " }
                    );
                }
                fields.entry(field).or_default().count(wanted, was);
            }
        }
    }
    groups
}

/// Every field as something that is so or not.
fn flags(labels: &Labels) -> Vec<(String, bool)> {
    use UserIntent::{
        Acknowledgment, ForgetRequest, General, MemoryRequest, ProgressCheck, Question,
        WorkoutLogging,
    };
    let intents = [
        Acknowledgment,
        ForgetRequest,
        General,
        MemoryRequest,
        ProgressCheck,
        Question,
        WorkoutLogging,
    ];
    let intent = |intent: UserIntent| (format!("intent {intent:?}"), labels.intent == intent);
    let named = [
        ("isWorkoutLog", labels.is_workout_log),
        ("wantsUpdates", labels.wants_updates),
        ("isMemoryRequest", labels.is_memory_request),
        ("isForgetRequest", labels.is_forget_request),
        ("needsRetrieval", labels.needs_retrieval),
        ("wantsSearch", labels.wants_search),
        ("byRule", labels.by_rule),
    ];
    named
        .map(|(field, flag)| (field.to_owned(), flag))
        .into_iter()
        .chain(intents.map(intent))
        .collect()
}

fn scores(fields: BTreeMap<String, Tally>) -> BTreeMap<String, Score> {
    fields
        .into_iter()
        .map(|(field, tally)| (field, tally.score()))
        .collect()
}

fn written(scores: &Scores) -> String {
    serde_json::to_string_pretty(scores).unwrap()
}

/// How often a flag was wanted, was said, and both.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    wanted: usize,
    said: usize,
    right: usize,
}

impl Tally {
    fn count(&mut self, wanted: bool, said: bool) {
        self.wanted += usize::from(wanted);
        self.said += usize::from(said);
        self.right += usize::from(wanted && said);
    }

    fn score(self) -> Score {
        Score {
            precision: share(self.right, self.said),
            recall: share(self.right, self.wanted),
        }
    }
}

/// Rounded down to a thousandth; whoever says nothing says nothing wrong.
fn share(right: usize, of: usize) -> f64 {
    let thousandths = (right * 1_000).checked_div(of).unwrap_or(1_000);
    thousandths as f64 / 1_000.0
}

struct Table<'a>(&'a str, &'a BTreeMap<String, Tally>);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = format!("rules alone, {}", self.0);
        writeln!(
            f,
            "{title:<24} {:>6} {:>6} {:>6} {:>10} {:>7} {:>6}",
            "wanted", "said", "right", "precision", "recall", "F1"
        )?;
        for (field, tally) in self.1 {
            let Score { precision, recall } = tally.score();
            let f1 = 2.0 * tally.right as f64 / (tally.wanted + tally.said).max(1) as f64;
            let Tally {
                wanted,
                said,
                right,
            } = tally;
            writeln!(
                f,
                "{field:<24} {wanted:>6} {said:>6} {right:>6} {precision:>10.3} {recall:>7.3} \
                {f1:>6.3}"
            )?;
        }
        writeln!(f)
    }
}
