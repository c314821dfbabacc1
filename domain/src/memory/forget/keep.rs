//! What somebody does not want forgotten.

use super::phrases::VERBS;
use crate::memory::stem::folded;

/// Returns what follows "don't forget that" and the like; all of it, if hardly anything does.
pub(crate) fn kept(text: &str) -> &str {
    let text = text.trim();
    let Some(behind) = behind_verb(text) else {
        return text;
    };
    let mut rest = behind;
    while let Some((_, after)) = first_word(rest).filter(|(word, _)| is_lead(word)) {
        rest = after;
    }
    if rest.split_whitespace().count() < 2 {
        text
    } else {
        rest
    }
}

fn behind_verb(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some((word, after)) = first_word(rest) {
        let word = bare(word);
        let verb = word.rsplit(['\'', '’']).next().unwrap_or(&word);
        if VERBS.contains(&verb) {
            return Some(after);
        }
        rest = after;
    }
    None
}

fn first_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (!word.is_empty()).then_some((word, rest.trim_start()))
}

fn bare(word: &str) -> String {
    folded(word.trim_matches(|c: char| !c.is_alphanumeric()))
}

fn is_lead(word: &str) -> bool {
    let word = bare(word);
    word.is_empty() || LEADS.contains(&&*word)
}

#[rustfmt::skip]
const LEADS: [&str; 13] = [
    "that", "about", "please", "pls", "nicht", "bitte", "dass", "das", "pas", "que", "de", "por",
    "favor",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_is_kept_in_the_words_that_were_said() {
        for (text, expected) in [
            ("Don't forget that I hate burpees!", "I hate burpees!"),
            (
                "please never forget: no jumping for me",
                "no jumping for me",
            ),
            (
                "vergiss bitte nicht, dass ich montags trainiere",
                "ich montags trainiere",
            ),
            ("No olvides que soy celiaca", "soy celiaca"),
            ("N'oublie pas que j'ai mal au genou", "j'ai mal au genou"),
            ("não esqueças que treino às terças", "treino às terças"),
            (
                "my knee is bad, don't forget that",
                "my knee is bad, don't forget that",
            ),
            ("don't forget", "don't forget"),
        ] {
            assert_eq!(kept(text), expected);
        }
    }
}
