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
    let shorter = ENDINGS.iter().find_map(|ending| {
        let stem = word.strip_suffix(ending)?;
        let is_double = *ending == "s" && (stem.ends_with('s') || stem.ends_with('u'));
        (stem.len() >= SHORTEST && !is_double).then_some(stem)
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

const SHORTEST: usize = 3;

/// The longest first.
const ENDINGS: [&str; 33] = [
    "ierende", "ierung", "ischen", "ieren", "iques", "ische", "isch", "iere", "iert", "ique",
    "ings", "icos", "icas", "ies", "ing", "ico", "ica", "ics", "ias", "ien", "ied", "ed", "es",
    "en", "em", "ie", "ia", "ic", "er", "s", "e", "y", "x",
];

const IRREGULAR: [(&str, &str); 22] = [
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
    ("slip", "slip"),
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
