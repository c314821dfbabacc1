//! The floor of care on labelled messages in five languages, without any model.

use std::collections::BTreeMap;

use domain::{Care, Language, Tone, router};
use serde::Deserialize;

/// A message, and what the coach must rise to.
#[derive(Debug, Deserialize)]
struct Labelled {
    text: String,
    lang: Language,
    care: Care,
}

/// Those whose labels were written before the lists were read, and those that came with the lists.
const CORPORA: [(&str, &str); 2] = [
    ("care", include_str!("../../corpus/care.jsonl")),
    ("care-own", include_str!("../../corpus/care-own.jsonl")),
];

/// Of a hundred urgent messages, so many are found at least.
const LEAST_FOUND: usize = 95;
/// Of a hundred messages that need no care, so many are taken for others at most.
const MOST_FALSE: usize = 2;

fn labelled(lines: &str) -> Vec<Labelled> {
    let lines = lines.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[test]
fn the_floor_finds_what_is_urgent_and_leaves_manners_of_speaking_alone() {
    for (name, lines) in CORPORA {
        let all = labelled(lines);
        let urgent: Vec<_> = all.iter().filter(|one| one.care.is_urgent()).collect();
        let (found, missed): (Vec<&Labelled>, Vec<&Labelled>) = urgent
            .iter()
            .partition(|one| Care::floor(&one.text).is_urgent());
        let plain: Vec<_> = all.iter().filter(|one| one.care == Care::None).collect();
        let is_false = |one: &&&Labelled| Care::floor(&one.text) != Care::None;
        let wrong: Vec<_> = plain.iter().filter(is_false).collect();
        println!(
            "{name}: {} of {} urgent found, {} of {} false",
            found.len(),
            urgent.len(),
            wrong.len(),
            plain.len()
        );
        assert!(urgent.len() >= 75 && plain.len() >= 75, "{name}");
        assert!(
            found.len() * 100 >= urgent.len() * LEAST_FOUND,
            "{name} misses {missed:#?}"
        );
        assert!(
            wrong.len() * 100 <= plain.len() * MOST_FALSE,
            "{name} takes for more than they are {wrong:#?}"
        );
    }
}

#[test]
fn no_message_that_needs_care_is_met_with_cheer() {
    let coaches = domain::coach::shipped();
    let cheerful = |said: &str| CHEERFUL.contains(&said);
    let mut met: BTreeMap<bool, usize> = BTreeMap::new();
    for (name, lines) in CORPORA {
        for one in labelled(lines) {
            if one.care == Care::None {
                continue;
            }
            let (tone, written_in) = router::tone(&one.text);
            *met.entry(matches!(tone, Tone::Calm(_))).or_default() += 1;
            for (seed, coach) in (0..9).flat_map(|seed| coaches.iter().map(move |c| (seed, c))) {
                let language = written_in.unwrap_or(one.lang);
                let said = coach.acknowledgment(tone, language, seed);
                assert!(!cheerful(said), "{name}: {said:?} to {:?}", one.text);
            }
        }
    }
    println!("met calmly, or with neutral words: {met:?}");
}

/// What fits only where nothing hurts, in all languages.
#[rustfmt::skip]
const CHEERFUL: [&str; 20] = [
    "Alright, let's work.", "Got it, let's go.", "Good, let's get after it.",
    "Let's make this count.", "Also los, an die Arbeit.", "Alles klar, los geht's.",
    "Gut, packen wir es an.", "Machen wir etwas daraus.", "Muy bien, a trabajar.",
    "Listo, vamos.", "Bien, a por ello.", "Hagamos que cuente.", "Allez, au travail.",
    "C'est noté, on y va.", "Bien, on s'y met.", "Faisons en sorte que ça compte.",
    "Muito bem, ao trabalho.",
    "Certo, vamos lá.", "Bom, vamos com tudo.", "Vamos fazer valer.",
];

#[test]
fn a_message_is_answered_in_the_language_that_it_is_written_in_or_in_none_that_is_wrong() {
    let mut wrong = Vec::new();
    let mut all = 0;
    for one in CORPORA.iter().flat_map(|(_, lines)| labelled(lines)) {
        let (_, written_in) = router::tone(&one.text);
        all += 1;
        if written_in.is_some_and(|known| known != one.lang) {
            wrong.push((one.text, written_in));
        }
    }
    println!("{} of {all} in a wrong language", wrong.len());
    assert!(wrong.len() * 100 <= all * 3, "{wrong:#?}");
}

/// What a model may say of a message, and what the message itself says.
#[test]
fn a_rule_may_add_care_and_takes_none_away() {
    use domain::router::{by_rule, fallback, parse};
    let cares = [
        "none",
        "injury",
        "illness",
        "grief",
        "emergency",
        "crisis",
        "odd",
    ];
    for one in CORPORA.iter().flat_map(|(_, lines)| labelled(lines)) {
        let floor = Care::floor(&one.text);
        for said in cares {
            let answer = serde_json::json!({
                "workoutDetection": { "isWorkoutLog": true, "confidence": 1.0 },
                "memoryProcessing": {
                    "needsRetrieval": true, "isMemoryRequest": false, "isForgetRequest": true,
                    "confidence": 1.0,
                },
                "conversationTitle": "A title",
                "care": said,
            });
            let decision = parse(&answer.to_string(), &one.text, true, &[]).unwrap();
            let model: Option<Care> = serde_json::from_value(said.into()).ok();
            assert_eq!(
                decision.care,
                floor.max(model.unwrap_or_default()),
                "{:?}",
                one.text
            );
            let is_kept = decision.logs_workout()
                || decision.memory_processing.is_forget_request
                || decision.conversation_title.is_some();
            assert_eq!(is_kept, !decision.care.is_urgent(), "{:?}", one.text);
        }
        let unasked = by_rule(&one.text, one.lang).map(|ruled| ruled.decision);
        let decision = unasked.unwrap_or_else(|| fallback(&one.text));
        assert_eq!(decision.care, floor, "{:?}", one.text);
        assert!(floor == Care::None || decision.updates().is_empty());
    }
}
