//! The router on what athletes write and on what models answer: the rules alone, scored on labelled
//! messages, and answers that are not what was asked for.
//!
//! `cargo test -p coach-tests --test corpus -- --nocapture` prints the scores.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use domain::router::{self, Command, RouterDecision, Ruled, UserIntent};
use domain::{Language, Stage};
use serde::Deserialize;

mod care;
mod instructions;
mod malformed;
mod safety;
mod score;

/// A message, and what a careful reader would decide.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Labelled {
    text: String,
    kind: Kind,
    expect: Labels,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Log,
    Question,
    Plan,
    Feeling,
    Memory,
    Forget,
    Slash,
    Thanks,
    Mixed,
    Typo,
    OtherLanguage,
    Injection,
    Naughty,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Labels {
    intent: UserIntent,
    is_workout_log: bool,
    wants_updates: bool,
    is_memory_request: bool,
    is_forget_request: bool,
    needs_retrieval: bool,
    wants_search: bool,
    /// A rule may decide alone; it need not.
    by_rule: bool,
}

impl Labels {
    fn of(decision: &RouterDecision, by_rule: bool) -> Self {
        Self {
            intent: decision.user_intent,
            is_workout_log: decision.logs_workout(),
            wants_updates: !decision.updates().is_empty(),
            is_memory_request: decision.memory_processing.is_memory_request,
            is_forget_request: decision.memory_processing.is_forget_request,
            needs_retrieval: decision.memory_processing.needs_retrieval,
            wants_search: decision.context_needs.needs_pinecone_search,
            by_rule,
        }
    }
}

fn corpus() -> Vec<Labelled> {
    let lines = include_str!("../../corpus/messages.jsonl").lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// What is decided without a model, and whether a rule was certain.
fn decided(text: &str) -> (RouterDecision, bool) {
    match router::by_rule(text, Language::En) {
        Some(Ruled { decision, .. }) => (decision, true),
        None => (router::fallback(text), false),
    }
}

#[test]
fn the_corpus_is_large_and_varied_and_says_nothing_twice() {
    let corpus = corpus();
    let texts: BTreeSet<&str> = corpus.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts.len(), corpus.len(), "a text stands there twice");
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    for message in &corpus {
        *kinds.entry(message.kind).or_default() += 1;
    }
    assert!(
        corpus.len() >= 420 && kinds.len() == 13 && kinds.values().all(|&count| count >= 15),
        "{kinds:?}"
    );
}

#[test]
fn a_rule_that_decides_alone_is_right_every_time() {
    for Labelled { text, expect, .. } in corpus() {
        let (decision, true) = decided(&text) else {
            continue;
        };
        assert!(expect.by_rule, "no rule may decide on {text:?}");
        assert_eq!(Labels::of(&decision, true), expect, "{text:?}");
    }
}

#[test]
fn every_command_is_obeyed() {
    let corpus = corpus();
    let commands = corpus
        .iter()
        .filter(|message| message.kind == Kind::Slash && message.expect.by_rule);
    for Labelled { text, .. } in commands {
        let (command, rest) = Command::parse(text).unwrap_or_else(|| panic!("{text:?}"));
        let ruled = router::by_rule(text, Language::En).unwrap_or_else(|| panic!("{text:?}"));
        assert_eq!(
            ruled.answer.is_some(),
            rest.is_empty() || command == Command::Help,
            "{text:?}"
        );
    }
}

#[test]
fn no_rule_decides_on_a_message_that_says_more() {
    use Kind::{Feeling, Forget, Log, Memory, Mixed, Plan, Question};
    let corpus = corpus();
    let of = |kinds: &'static [Kind]| {
        corpus
            .iter()
            .filter(|message| kinds.contains(&message.kind))
    };
    for Labelled { text, .. } in of(&[Mixed]) {
        assert_eq!(router::by_rule(text, Language::En), None, "{text:?}");
    }
    let thanks = corpus
        .iter()
        .filter(|message| message.kind == Kind::Thanks && message.expect.by_rule);
    for Labelled { text: thanks, .. } in thanks {
        for Labelled { text, .. } in of(&[Log, Question, Plan, Feeling, Memory, Forget]) {
            for both in [
                format!("{thanks} {text}"),
                format!("{thanks}, {text}"),
                format!("{text}\n{thanks}"),
            ] {
                assert_eq!(router::by_rule(&both, Language::En), None, "{both:?}");
            }
        }
    }
}

#[test]
fn nothing_hostile_or_broken_is_logged_or_remembered() {
    let corpus = corpus();
    for Labelled { text, .. } in corpus
        .iter()
        .filter(|message| [Kind::Injection, Kind::Naughty].contains(&message.kind))
    {
        let (decision, by_rule) = decided(text);
        let memory = &decision.memory_processing;
        assert!(!by_rule && !decision.logs_workout(), "{text:?}");
        assert!(
            !memory.is_memory_request && !memory.is_forget_request && memory.memory.is_none(),
            "{text:?}"
        );
    }
}

#[test]
fn every_update_obeys_its_rules() {
    let mut told = 0;
    for Labelled { text, .. } in corpus() {
        let decision = decided(&text).0;
        let memory = &decision.memory_processing;
        let mut stages = BTreeSet::new();
        for update in decision.updates() {
            let line = &update.text;
            assert!(
                stages.insert(format!("{:?}", update.stage)),
                "{text:?}: {:?} twice",
                update.stage
            );
            let fits = match update.stage {
                Stage::Acknowledgment => false,
                Stage::WorkoutAnalysis => decision.workout_detection.is_workout_log,
                Stage::MemoryAnalysis => memory.needs_retrieval || memory.is_memory_request,
                Stage::InitialGreeting | Stage::PatternAnalysis | Stage::InsightsBrewing => true,
            };
            assert!(fits, "{text:?}: {:?}", update.stage);
            let letters = |c: char| c.is_alphanumeric() || " ,.…'’-!".contains(c);
            assert!(
                (1..=120).contains(&line.chars().count()) && line.chars().all(letters),
                "{line:?}"
            );
            let inside = line.trim_end_matches(['.', '…', '!']);
            assert!(
                !inside.contains(['.', '…', '!']),
                "more than one sentence: {line:?}"
            );
            let opening = line
                .split([' ', ','])
                .next()
                .map(str::to_lowercase)
                .unwrap_or_default();
            assert!(
                opening.ends_with("ing") && opening != "checking",
                "no energetic verb begins {line:?}"
            );
            told += 1;
        }
        assert!(stages.len() <= 5, "{text:?}");
    }
    assert!(told >= 100, "only {told} updates were told");
}
