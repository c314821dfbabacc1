//! The floor of safety facts on labelled memories in five languages, without any model.

use std::collections::BTreeMap;

use domain::{Language, SafetyKind};
use serde::Deserialize;

/// What somebody says of themselves, and which safety fact it tells.
#[derive(Debug, Deserialize)]
struct Labelled {
    text: String,
    lang: Language,
    kind: Option<SafetyKind>,
}

const CORPUS: &str = include_str!("../../corpus/safety-facts.jsonl");

/// Of a hundred that tell one, so many are found at least; of a hundred that are found, so many
/// tell one at least; of a hundred that are found, so many are of the kind that was meant.
const FLOORS: (usize, usize, usize) = (97, 97, 93);

#[test]
fn the_floor_finds_safety_facts_and_leaves_alone_what_only_sounds_so() {
    let all: Vec<Labelled> = CORPUS
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let mut sizes: BTreeMap<(Language, bool), usize> = BTreeMap::new();
    let (mut found, mut missed, mut wrong, mut of_kind) = (0, Vec::new(), Vec::new(), 0);
    for one in &all {
        *sizes.entry((one.lang, one.kind.is_some())).or_default() += 1;
        match (one.kind, SafetyKind::floor(&one.text)) {
            (Some(meant), Some(told)) => {
                found += 1;
                of_kind += usize::from(meant == told);
            }
            (Some(_), None) => missed.push(&one.text),
            (None, Some(told)) => wrong.push((told, &one.text)),
            (None, None) => {}
        }
    }
    println!(
        "safety facts: {found} found, {} missed, {} wrong, {of_kind} of the kind",
        missed.len(),
        wrong.len()
    );
    let positives = found + missed.len();
    assert!(positives >= 250 && all.len() - positives >= 250);
    assert!(sizes.values().all(|size| *size >= 40), "{sizes:?}");
    let (recall, precision, kind) = FLOORS;
    assert!(found * 100 >= positives * recall, "missed {missed:#?}");
    assert!(
        found * 100 >= (found + wrong.len()) * precision,
        "wrong {wrong:#?}"
    );
    assert!(of_kind * 100 >= found * kind, "{of_kind} of {found}");
}
