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

/// Said in hints, in haste, of others, and beside what is harmless.
const MEANT_SO: &[(&str, Care)] = &[
    ("i wnat to die", Care::Crisis),
    ("want 2 die", Care::Crisis),
    ("kiero morirme", Care::Crisis),
    ("n quero mais viver", Care::Crisis),
    ("i want to die for real", Care::Crisis),
    ("I wish I was dead during my run", Care::Crisis),
    (
        "I've been thinking about killing myself after leg day",
        Care::Crisis,
    ),
    ("I don't want to live like this", Care::Crisis),
    ("my daughter is cutting herself", Care::Crisis),
    ("mi hermano se quiere matar", Care::Crisis),
    ("mon ami veut mourir", Care::Crisis),
    ("meu amigo quer se matar", Care::Crisis),
    ("I'm scared of my boyfriend, he threatens me", Care::Crisis),
    ("mein Freund hat mich gewürgt", Care::Crisis),
    ("tengo miedo de mi esposo", Care::Crisis),
    ("j'ai peur de mon conjoint", Care::Crisis),
    ("tenho medo do meu marido", Care::Crisis),
    ("goodbye cruel world", Care::Crisis),
    ("ya no quiero vivir en este mundo", Care::Crisis),
    ("No, chest pain", Care::Emergency),
    (
        "any advice? no sleep and crushing chest pain",
        Care::Emergency,
    ),
    (
        "5x5 squats at 100 kg, then chest pain down my left arm",
        Care::Emergency,
    ),
    ("I just swallowed 30 paracetamol", Care::Emergency),
    (
        "ich krieg keine Luft mehr nach dem Training",
        Care::Emergency,
    ),
    ("ich blute und es hört nicht auf", Care::Emergency),
    ("se me durmió media cara", Care::Emergency),
    ("n consigo respirar direito", Care::Emergency),
    ("going through a breakup", Care::Grief),
    ("we had to put our dog to sleep", Care::Grief),
    ("I purge after every meal", Care::Illness),
    ("machuquei o ombro", Care::Injury),
    ("no one cares if I live or die", Care::Crisis),
    ("$uicide is on my mind", Care::Crisis),
    ("he grabbed me by the throat", Care::Crisis),
    ("mi entrenador me tocó", Care::Crisis),
    ("je me suis coupé les veines", Care::Crisis),
    ("Hoffentlich wache ich morgen nicht mehr auf", Care::Crisis),
    ("queria que um carro me atropelasse", Care::Crisis),
    ("everything would be easier if I just died", Care::Crisis),
    ("minha namorada ameaçou se matar", Care::Crisis),
    ("meine Tochter ritzt sich", Care::Crisis),
    ("mi hermana se corta", Care::Crisis),
    ("I want to hurt myself, squats 5x5 100 kg", Care::Crisis),
    ("5x5 squats 100 kg puis je veux mourir", Care::Crisis),
    ("woke up on the gym floor", Care::Emergency),
    ("orina con sangre después del maratón", Care::Emergency),
    ("meu casamento acabou", Care::Grief),
    ("tudo ficou preto e eu caí", Care::Emergency),
    ("crise d'asthme sans ventoline", Care::Emergency),
    ("pinkel colafarben seit gestern", Care::Emergency),
    ("I had a seizure this morning", Care::Emergency),
    ("I lost my best friend to cancer", Care::Grief),
    ("my baby has no heartbeat", Care::Grief),
    ("mein Papa ist nicht mehr da", Care::Grief),
    ("I had a heart attack two years ago", Care::Illness),
    ("hatte 2020 einen Herzinfarkt", Care::Illness),
    ("tuve un infarto hace 3 años", Care::Illness),
    ("j'ai fait un AVC en 2018", Care::Illness),
    ("tive um AVC há 3 anos", Care::Illness),
    ("I carry an epipen", Care::Illness),
];

/// What sounds like it, and is denied or a manner of speaking.
const NOT_MEANT_SO: &[&str] = &[
    "no chest pain today",
    "no dizziness, no chest pain, no shortness of breath",
    "keine Brustschmerzen heute",
    "no tengo dolor de pecho",
    "pas de douleur à la poitrine",
    "não tenho dor no peito",
    "kein Knieschmerz mehr",
    "sin dolor de rodilla",
    "sem dor no joelho",
    "Brust tut weh vom Bankdrücken, Muskelkater",
    "I'm not going to kill myself over a missed workout",
    "matarme en el gym es mi hobby",
    "my garmin passed away lol",
    "sick gains",
    "mi hermana se corta el pelo hoy",
    "he said he'd kill me with burpees lol",
    "toes to bar 5x10",
    "how can I breathe better while running?",
    "can't feel my legs after squats haha",
    "voy a saltar la cuerda hoy",
    "vou pular corda hoje",
    "mon mari me bat au tennis",
    "I broke my fast with eggs",
    "terminamos o treino",
    "my dad had a heart attack last year",
    "anaphylactic to peanuts",
];

#[test]
fn a_hint_in_haste_is_heard_and_a_denial_is_believed() {
    let harmless = NOT_MEANT_SO.iter().map(|text| (*text, Care::None));
    let wrong: Vec<_> = harmless
        .chain(MEANT_SO.iter().copied())
        .filter(|(text, care)| Care::floor(text) != *care)
        .map(|(text, care)| (text, care, Care::floor(text)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
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
        include_str!("denied.txt"),
        include_str!("past.txt"),
        include_str!("crisis_meant.txt"),
        include_str!("emergency_meant.txt"),
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
