//! Words without their endings, in five languages: enough to know "allergies" by "allergic".

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Returns the word in lower case, without accents.
pub(super) fn folded(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    for letter in word.nfkd().filter(|letter| !is_combining_mark(*letter)) {
        match letter {
            'ß' => folded.push_str("ss"),
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            'ı' => folded.push('i'),
            other => folded.extend(other.to_lowercase()),
        }
    }
    folded
}

/// Returns a folded word without its ending. What is left has at least three letters. Endings that
/// make another word of it, such as "rodillo" of "rodilla", stay.
pub(super) fn stem(word: &str) -> String {
    if let Some((_, regular)) = IRREGULAR.iter().find(|(irregular, _)| *irregular == word) {
        return (*regular).to_owned();
    }
    if !word.is_ascii() || word.starts_with(|first: char| first.is_ascii_digit()) {
        return word.to_owned();
    }
    if let Some(both) = of_both_genders(word) {
        return both;
    }
    // "Schultern" are more than one "Schulter".
    let is_many = word.len() > 5 && (word.ends_with("ern") || word.ends_with("eln"));
    let word = word.strip_suffix('n').filter(|_| is_many).unwrap_or(word);
    let shorter = ENDINGS.iter().find_map(|ending| {
        let stem = word.strip_suffix(ending)?;
        let is_double = *ending == "s" && (stem.ends_with('s') || stem.ends_with('u'));
        // "PBs" is short, and no word.
        let is_short = !stem.contains(['a', 'e', 'i', 'o', 'u']) && *ending == "s";
        let least = if is_short { 2 } else { SHORTEST };
        (stem.len() >= least && !is_double).then_some(stem)
    });
    let stem = shorter.unwrap_or(word);
    // "Swimm" of "swimming".
    let mut letters = stem.chars().rev();
    let (last, before) = (letters.next(), letters.next());
    let is_doubled = stem.len() > SHORTEST && last == before && !stem.ends_with(['s', 'e', 'o']);
    let stem = if is_doubled {
        stem.get(..stem.len() - 1).unwrap_or(stem)
    } else {
        stem
    };
    stem.to_owned()
}

/// "Máxima" and "máximo" are one word, "rodillo" and "rodilla" are two, as "Dan" and "Dana" are.
fn of_both_genders(word: &str) -> Option<String> {
    let bare = word.strip_suffix('s').unwrap_or(word);
    if GENDERED.contains(&bare) {
        return Some(format!("{bare}'"));
    }
    // "Trabaja" is of "trabajar".
    let infinitive = bare.strip_suffix("ar").filter(|stem| stem.len() > SHORTEST);
    let stem = infinitive.or_else(|| bare.strip_suffix(['a', 'o']))?;
    let is_other = bare.ends_with("ica") || bare.ends_with("ico");
    let is_kept = stem.len() < SHORTEST || is_other;
    (!is_kept && !stem.ends_with(['i', 'u', 'e', 'o'])).then(|| format!("{stem}o"))
}

/// What is another thing with another ending.
#[rustfmt::skip]
const GENDERED: [&str; 66] = [
    "rodillo", "libro", "libra", "puerto", "puerta", "cuento", "cuenta", "plato", "plata", "pato",
    "pata", "casa", "caso", "moda", "modo", "punto", "punta", "carro",
    // Who it is.
    "hijo", "hija", "hermano", "hermana", "amigo", "amiga", "tio", "tia", "abuelo", "abuela",
    "primo", "prima", "novio", "novia", "esposo", "esposa", "nino", "nina", "nieto", "nieta",
    "sobrino", "sobrina", "suegro", "suegra", "cunado", "cunada", "filho", "filha", "neto", "neta",
    "namorado", "namorada", "sogro", "sogra", "gato", "gata", "perro", "perra", "menino", "menina",
    "ami", "amie", "cousin", "cousine", "voisin", "voisine", "enteado", "enteada",
];

const SHORTEST: usize = 3;

/// The longest first.
const ENDINGS: [&str; 34] = [
    "ierende", "ierung", "ischen", "ieren", "iques", "ische", "isch", "iere", "iert", "ique",
    "ions", "ings", "icos", "icas", "ies", "ion", "ing", "ico", "ica", "ics", "ias", "ien", "ied",
    "ed", "es", "en", "em", "ie", "ia", "ic", "s", "e", "y", "x",
];

const IRREGULAR: [(&str, &str); 30] = [
    ("ran", "run"),
    ("ate", "eat"),
    ("eaten", "eat"),
    ("swam", "swim"),
    ("felt", "feel"),
    ("broke", "break"),
    ("broken", "break"),
    ("tore", "tear"),
    ("torn", "tear"),
    ("slept", "sleep"),
    ("went", "go"),
    ("going", "go"),
    ("herrn", "her"),
    ("schlaft", "schlaf"),
    ("isst", "ess"),
    ("nimmt", "nehm"),
    ("trinkt", "trink"),
    ("klettert", "kletter"),
    ("schwimmt", "schwim"),
    ("lauft", "lauf"),
    ("laufst", "lauf"),
    ("feet", "foot"),
    ("children", "child"),
    ("drank", "drink"),
    ("rode", "ride"),
    ("won", "win"),
    ("lost", "lose"),
    ("left", "left"),
    ("bought", "buy"),
    ("taught", "teach"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_known_by_its_beginning_whatever_its_ending() {
        for group in [
            &[
                "allergic",
                "allergy",
                "allergies",
                "Allergie",
                "allergisch",
                "allergique",
            ][..],
            &["alergia", "alérgico", "alergias"],
            &[
                "train",
                "training",
                "trains",
                "trained",
                "trainiere",
                "trainieren",
            ],
            &["swim", "swimming", "swims", "swam"],
            &["knee", "knees"],
            &["lunge", "lunges", "lunging"],
            &["genou", "genoux"],
            &["Knie"],
        ] {
            let stems: Vec<String> = group.iter().map(|word| stem(&folded(word))).collect();
            assert!(stems.windows(2).all(|pair| pair[0] == pair[1]), "{stems:?}");
        }
        for (one, other) in [
            ("rodilla", "rodillo"),
            ("peanut", "pea"),
            ("press", "pre"),
            ("run", "rung"),
            ("hip", "hop"),
        ] {
            assert_ne!(stem(one), stem(other));
        }
    }
}
