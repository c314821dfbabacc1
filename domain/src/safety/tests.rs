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
        include_str!("meant.txt"),
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
    (
        "don't forget I'm allergic to peanuts",
        Some(SafetyKind::Allergy),
    ),
    (
        "vergiss nicht, dass ich Asthma habe",
        Some(SafetyKind::Illness),
    ),
    (
        "no olvides que soy alérgico al maní",
        Some(SafetyKind::Allergy),
    ),
    (
        "n'oublie pas que je suis asthmatique",
        Some(SafetyKind::Illness),
    ),
    ("não esqueça que tenho asma", Some(SafetyKind::Illness)),
    ("I never skip my insulin", Some(SafetyKind::Medicine)),
    (
        "can't run because of a stress fracture",
        Some(SafetyKind::Injury),
    ),
    ("Keine Nüsse, Allergie!", Some(SafetyKind::Allergy)),
    ("no tolero el gluten", Some(SafetyKind::Allergy)),
    ("Bluthochdruck seit zehn Jahren", Some(SafetyKind::Illness)),
    (
        "my wife and I both have diabetes",
        Some(SafetyKind::Illness),
    ),
    ("my doctor put me on metoprolol", Some(SafetyKind::Medicine)),
    (
        "I'm pregnant, can I do crunches?",
        Some(SafetyKind::Pregnancy),
    ),
    (
        "Ich habe Asthma, was soll ich tun?",
        Some(SafetyKind::Illness),
    ),
    ("they say statins cause cramps, true?", None),
    ("Sonnenallergie", Some(SafetyKind::Allergy)),
    ("I take Brilinta", Some(SafetyKind::Medicine)),
    ("frozen shoulder", Some(SafetyKind::Injury)),
    ("no asthma, diabetes or allergies", None),
    ("my husband is on Ozempic", None),
    ("ya no tomo metformina", None),
    ("I came off prednisone last year", None),
    ("mon frère a mal au dos", None),
    ("minha mãe tem pressão alta", None),
    ("pots and pans", None),
    ("dairy is a no go, I get hives", Some(SafetyKind::Allergy)),
    ("Schulterverletzung links", Some(SafetyKind::Injury)),
    ("tuve un infarto hace 3 años", Some(SafetyKind::Illness)),
    ("tive um AVC em 2019", Some(SafetyKind::Illness)),
    ("mein Opa hatte einen Schlaganfall", None),
    ("my wife's knee is bad", None),
    ("tested negative for celiac", None),
    ("finished my antibiotics last week", None),
    ("allergy season is over", None),
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
