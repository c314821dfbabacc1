use super::*;

#[test]
fn every_word_of_the_lists_is_written_as_it_is_compared() {
    let lists = [
        include_str!("allergy.txt"),
        include_str!("medicine.txt"),
        include_str!("pregnancy.txt"),
        include_str!("illness.txt"),
        include_str!("injury.txt"),
        include_str!("harmless.txt"),
    ];
    for phrase in lists.into_iter().flat_map(str::lines) {
        crate::wording::assert_well_written(phrase);
    }
}

/// What somebody says, and what fact that tells.
const TOLD_SO: &[(&str, Option<SafetyKind>)] = &[
    ("I'm allergic to peanuts", Some(SafetyKind::Allergy)),
    ("Ich vertrage keine Laktose", Some(SafetyKind::Allergy)),
    ("I take metformin every morning", Some(SafetyKind::Medicine)),
    ("Tomo pastillas para la tensión", Some(SafetyKind::Medicine)),
    ("I'm 20 weeks pregnant", Some(SafetyKind::Pregnancy)),
    ("Je suis enceinte", Some(SafetyKind::Pregnancy)),
    ("User has type 1 diabetes", Some(SafetyKind::Illness)),
    ("Tenho asma", Some(SafetyKind::Illness)),
    (
        "my left knee dislikes deep lunges",
        Some(SafetyKind::Injury),
    ),
    ("Bandscheibenvorfall L5/S1", Some(SafetyKind::Injury)),
    ("my wife is allergic to nuts", None),
    ("I was pregnant in 2019", None),
    ("am I pregnant?", None),
    ("allergic to Mondays", None),
    ("no injuries", None),
    ("painters, Tornado, hearty, Heartland", None),
    ("killing it", None),
    ("likes the medicine ball", None),
    ("enceinte Bluetooth", None),
    ("trains at dawn", None),
];

#[test]
fn a_text_tells_what_matters_most_of_it_or_nothing() {
    let wrong: Vec<_> = TOLD_SO
        .iter()
        .filter(|(text, kind)| SafetyKind::floor(text) != *kind)
        .map(|(text, kind)| (text, kind, SafetyKind::floor(text)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
