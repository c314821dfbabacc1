use super::*;

/// What is said, and what it needs.
const SAID_SO: &[(&str, Care)] = &[
    ("I don't want to live anymore", Care::Crisis),
    ("i dont wanna live any more", Care::Crisis),
    ("Ich will nicht mehr leben", Care::Crisis),
    ("No quiero vivir más", Care::Crisis),
    ("Je n'ai plus envie de vivre", Care::Crisis),
    ("Não quero mais viver", Care::Crisis),
    ("chest pain after a workout", Care::Emergency),
    (
        "I have chest pain after my workout, 5x5 squats at 100 kg",
        Care::Emergency,
    ),
    ("Ich habe Schmerzen in der Brust", Care::Emergency),
    ("Me duele el pecho", Care::Emergency),
    ("J'ai mal à la poitrine", Care::Emergency),
    ("Estou com dor no peito", Care::Emergency),
    ("my dad died last night", Care::Grief),
    ("I have the flu", Care::Illness),
    ("my left knee hurts when I squat", Care::Injury),
    ("killing it today, 100 kg squat!", Care::None),
    ("dead after leg day", Care::None),
    ("I thought I would die during those burpees", Care::None),
    ("that workout killed me", Care::None),
    ("chest day tomorrow", Care::None),
    ("my heart rate was 160", Care::None),
    ("suicide runs at practice", Care::None),
    ("I ran 5 kms in 25 minutes", Care::None),
];

#[test]
fn what_is_said_says_what_it_needs() {
    let wrong: Vec<_> = SAID_SO
        .iter()
        .filter(|(text, care)| Care::floor(text) != *care)
        .map(|(text, care)| (text, care, Care::floor(text)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_manner_of_speaking_takes_nothing_else_back() {
    for (text, care) in [
        (
            "this workout is killing me and I want to kill myself",
            Care::Crisis,
        ),
        (
            "Killing it at the gym. I don't want to live anymore.",
            Care::Crisis,
        ),
        (
            "dead after leg day, and now my chest hurts",
            Care::Emergency,
        ),
        (
            "chest day was great but I passed out afterwards",
            Care::Emergency,
        ),
    ] {
        assert_eq!(Care::floor(text), care, "{text:?}");
    }
}

#[test]
fn every_word_of_the_lists_is_written_as_it_is_compared() {
    let lists = [
        include_str!("crisis.txt"),
        include_str!("emergency.txt"),
        include_str!("grief.txt"),
        include_str!("illness.txt"),
        include_str!("injury.txt"),
        include_str!("harmless.txt"),
        include_str!("thanks.txt"),
        include_str!("goodbye.txt"),
    ];
    for phrase in lists.into_iter().flat_map(str::lines) {
        crate::wording::assert_well_written(phrase);
    }
}

#[test]
fn a_tone_is_of_what_needs_care_first() {
    for (text, tone, language) in [
        ("thanks!", Tone::Thanks, Some(Language::En)),
        ("¡Muchas gracias!", Tone::Thanks, Some(Language::Es)),
        ("Tschüss, bis morgen", Tone::Goodbye, Some(Language::De)),
        (
            "merci, j'ai mal au genou",
            Tone::Calm(Care::Injury),
            Some(Language::Fr),
        ),
        ("quiero morir", Tone::Calm(Care::Crisis), Some(Language::Es)),
        ("back squat 5x5 at 100 kg", Tone::Keen, None),
        ("hello there", Tone::Plain, None),
        ("thanks, what about squats?", Tone::Keen, Some(Language::En)),
        ("", Tone::Plain, None),
    ] {
        assert_eq!(crate::router::tone(text), (tone, language), "{text:?}");
    }
}
