//! Texts made comparable. It is about letters, and knows nothing of what they mean.

use std::collections::BTreeSet;
use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher;

/// A text in lower case, its words apart by one space, without punctuation and invisible characters, and without a
/// lead such as "please remember that".
pub fn normalised(text: &str) -> String {
    let spaced = spaced(text);
    let mut rest = spaced.as_str();
    while let Some(shorter) = LEADS.iter().find_map(|lead| rest.strip_prefix(lead)) {
        rest = shorter;
    }
    rest.to_owned()
}

/// The words of a text that say something, in lower case and in order. Numbers and "not" do; "the" does not.
pub fn words(text: &str) -> impl Iterator<Item = String> + use<> {
    let words: Vec<String> = normalised(text).split(' ').map(str::to_owned).collect();
    words.into_iter().filter(|word| !word.is_empty() && !STOP_WORDS.contains(&word.as_str()))
}

/// How much two texts have in common, from 0 to 1: the cosine of their sets of words, whatever their endings.
pub fn similarity(a: &str, b: &str) -> f32 {
    let (one, other) = (stems(a), stems(b));
    if one.is_empty() || other.is_empty() {
        return if normalised(a) == normalised(b) { 1.0 } else { 0.0 };
    }
    cosine(&one, &other)
}

/// What is kept of a text whose words must not be kept: a number for each, by which it is known again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    words: BTreeSet<u32>,
    /// Of the words that make it say something else: see [`says_otherwise`].
    marks: BTreeSet<u32>,
}

impl Trace {
    /// What is kept of this text.
    pub fn of(text: &str) -> Self {
        let numbers = |words: BTreeSet<String>| words.iter().map(|word| number(word)).collect();
        Self { words: numbers(stems(text)), marks: numbers(marks(text)) }
    }

    /// Whether the other says the same: as near as `least`, and nothing to the contrary.
    pub(super) fn is_like(&self, other: &Self, least: f32) -> bool {
        let is_near = !self.words.is_empty() && !other.words.is_empty() && cosine(&self.words, &other.words) >= least;
        is_near && self.marks == other.marks
    }

    /// The share of its words that the other has; none if it has no words.
    pub(super) fn share_in(&self, whole: &Self) -> f32 {
        if self.words.is_empty() { 0.0 } else { share(&self.words, &whole.words) }
    }
}

/// The same in every process and every release.
fn number(word: &str) -> u32 {
    let mut hasher = SipHasher::new();
    hasher.write(word.as_bytes());
    (hasher.finish() >> 32) as u32
}

fn cosine<T: Ord>(one: &BTreeSet<T>, other: &BTreeSet<T>) -> f32 {
    one.intersection(other).count() as f32 / (one.len() as f32 * other.len() as f32).sqrt()
}

fn share<T: Ord>(part: &BTreeSet<T>, whole: &BTreeSet<T>) -> f32 {
    part.intersection(whole).count() as f32 / part.len() as f32
}

/// Whether one text has a number or a negation that the other has not: near as their words are, they say
/// different things.
pub(super) fn says_otherwise(a: &str, b: &str) -> bool {
    marks(a) != marks(b)
}

fn marks(text: &str) -> BTreeSet<String> {
    let marks = words(text).filter_map(|word| {
        let number = word.starts_with(|c: char| c.is_ascii_digit());
        let negation = NEGATIONS.contains(&word.as_str());
        if negation { Some("not".to_owned()) } else { number.then_some(word) }
    });
    marks.collect()
}

/// The share of `part`'s words that are also in `whole`, whatever their endings; `None` if it says nothing.
pub(super) fn share_in(part: &str, whole: &str) -> Option<f32> {
    let (part, whole) = (stems(part), stems(whole));
    (!part.is_empty()).then(|| share(&part, &whole))
}

/// In lower case, with one space between words, without what cannot be seen.
pub(super) fn spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len());
    for letter in text.chars().filter(|c| !is_invisible(*c) && !matches!(c, '\'' | '’' | '‘' | '`' | '´')) {
        let letter = narrow(letter);
        if letter.is_alphanumeric() {
            spaced.extend(letter.to_lowercase());
        } else if !spaced.is_empty() && !spaced.ends_with(' ') {
            spaced.push(' ');
        }
    }
    spaced.trim_end().to_owned()
}

/// Letters of full width are what they look like.
pub(super) fn narrow(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        _ => letter,
    }
}

pub(super) fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

fn stems(text: &str) -> BTreeSet<String> {
    words(text).map(|word| stem(&word).to_owned()).collect()
}

/// Without the commonest endings of English.
fn stem(word: &str) -> &str {
    let endings = ["ings", "ing", "ed", "es", "s", "e"];
    let shorter = endings.iter().find_map(|ending| word.strip_suffix(ending));
    shorter.filter(|stem| stem.chars().count() >= 3 && !word.ends_with("ss")).unwrap_or(word)
}

const LEADS: [&str; 12] = [
    "please ",
    "remember that ",
    "remember this ",
    "remember ",
    "note that ",
    "keep in mind that ",
    "dont forget that ",
    "never forget that ",
    "you should know that ",
    "save that ",
    "can you ",
    "could you ",
];

const NEGATIONS: [&str; 18] = [
    "no", "not", "never", "dont", "doesnt", "didnt", "cant", "cannot", "couldnt", "wont", "isnt", "arent", "wasnt",
    "without", "stopped", "quit", "hate", "dislike",
];

/// What English says without meaning anything by it. "No" and "not" are not among it.
#[rustfmt::skip]
const STOP_WORDS: [&str; 96] = [
    "a", "about", "after", "again", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "because", "been",
    "before", "being", "both", "but", "by", "can", "could", "did", "do", "does", "during", "for", "from", "had", "has",
    "have", "he", "her", "him", "his", "how", "i", "id", "if", "ill", "im", "in", "into", "is", "it", "its", "ive", "just",
    "me", "my", "myself", "of", "on", "or", "our", "out", "she", "should", "so", "some", "such", "than", "that", "the",
    "their", "them", "then", "there", "these", "they", "this", "those", "through", "to", "too", "up", "very", "was", "we",
    "were", "what", "when", "where", "which", "while", "who", "why", "will", "with", "would", "you", "your", "yours", "please",
    "really",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_differ_in_form_only_are_equal() {
        for (one, other) in [
            ("Please remember that I hate running!", "i hate   running"),
            ("I don't eat meat.", "I don’t eat meat"),
            ("no\u{200b} lunges", "No, lunges"),
            ("ＦＵＬＬ width", "full width"),
            ("Remember: 5 km", "5 KM"),
        ] {
            assert_eq!(normalised(one), normalised(other));
        }
        assert_ne!(normalised("I eat meat"), normalised("I do not eat meat"));
        assert_eq!((normalised(""), normalised("?!")), (String::new(), String::new()));
    }

    #[test]
    fn similarity_is_that_of_words_whatever_their_endings() {
        assert_eq!(similarity("I prefer training in the morning", "prefers to train mornings"), 1.0);
        assert_eq!(similarity("bad left knee", "vegan since 2019"), 0.0);
        let half = similarity("trains in the morning", "trains in the evening");
        assert!((half - 0.5).abs() < 1e-6, "{half}");
        assert_eq!(
            similarity("my left knee", "left knee dislikes lunges"),
            similarity("left knee dislikes lunges", "my left knee")
        );
        assert_eq!((similarity("", ""), similarity("the", "a"), similarity("", "knee")), (1.0, 0.0, 0.0));
    }

    #[test]
    fn a_number_or_a_not_says_otherwise() {
        assert!(says_otherwise("I train at 5 pm", "I train at 6 pm"));
        assert!(says_otherwise("I like running", "I don't like running"));
        assert!(!says_otherwise("I cannot do lunges", "I can't do lunges"));
        assert!(!says_otherwise("I train at 5 pm", "at 5 pm I train"));
    }
}
