//! The floor of safety facts on labelled memories in five languages, without any model.

use domain::SafetyKind;
use serde::Deserialize;

/// What somebody says of themselves, and which safety fact it tells.
#[derive(Debug, Deserialize)]
struct Labelled {
    text: String,
    kind: Option<SafetyKind>,
}

/// Those whose labels were written before the lists were read, and those that came with the lists.
const CORPORA: [(&str, &str); 2] = [
    (
        "safety-facts",
        include_str!("../../corpus/safety-facts.jsonl"),
    ),
    (
        "safety-facts-own",
        include_str!("../../corpus/safety-facts-own.jsonl"),
    ),
];

/// Of a hundred that tell one, so many are found at least; of a hundred that are found, so many
/// tell one at least, and so many are of the kind that was meant.
const FLOORS: (usize, usize, usize) = (97, 97, 93);

/// What the floor makes of labelled memories.
#[derive(Debug, Default)]
struct Score {
    found: usize,
    of_kind: usize,
    missed: Vec<String>,
    wrong: Vec<(SafetyKind, String)>,
    negatives: usize,
}

fn score(lines: &str) -> Score {
    let mut score = Score::default();
    for line in lines.lines() {
        let one: Labelled = serde_json::from_str(line).unwrap_or_else(|error| {
            panic!("{error}: {line}");
        });
        let told = SafetyKind::floor(&one.text);
        score.negatives += usize::from(one.kind.is_none());
        match (one.kind, told) {
            (Some(meant), Some(told)) => {
                score.found += 1;
                score.of_kind += usize::from(meant == told);
            }
            (Some(_), None) => score.missed.push(one.text),
            (None, Some(told)) => score.wrong.push((told, one.text)),
            (None, None) => {}
        }
    }
    score
}

#[test]
fn the_floor_finds_safety_facts_and_leaves_alone_what_only_sounds_so() {
    let (mut positives, mut negatives) = (0, 0);
    for (name, lines) in CORPORA {
        let score = score(lines);
        let meant = score.found + score.missed.len();
        let told = score.found + score.wrong.len();
        println!(
            "{name}: {} of {meant} found, {} of {told} wrong, {} of the kind",
            score.found,
            score.wrong.len(),
            score.of_kind
        );
        let (recall, precision, kind) = FLOORS;
        assert!(
            score.found * 100 >= meant * recall,
            "{name} misses {:#?}",
            score.missed
        );
        assert!(
            score.found * 100 >= told * precision,
            "{name} is wrong: {:#?}",
            score.wrong
        );
        assert!(score.of_kind * 100 >= score.found * kind, "{name}");
        positives += meant;
        negatives += score.negatives;
    }
    assert!(positives >= 250 && negatives >= 250);
}
