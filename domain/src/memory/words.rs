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
        Self { words: numbers(&stems(text)), marks: numbers(&marks(text)) }
    }

    /// What is kept of a memory: where a model speaks of somebody in it, without the words that only do so.
    pub(super) fn of_memory(content: &str) -> Self {
        let all = Self::of(content);
        let own = if speaks_of_somebody(content) { numbers(&stems(&without_lead(content))) } else { BTreeSet::new() };
        Self { words: if own.is_empty() { all.words } else { own }, ..all }
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

fn numbers(words: &BTreeSet<String>) -> BTreeSet<u32> {
    words.iter().map(|word| number(word)).collect()
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
        let negation = NEGATIONS.contains(&word.as_str()) || UNSPACED_NEGATIONS.iter().any(|not| word.contains(not));
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

/// Without the words in which models speak of somebody.
pub(super) fn without_lead(content: &str) -> String {
    let content = normalised(content);
    let own = content.split(' ').filter(|word| !SOMEBODY.contains(word) && !SAID_OF_SOMEBODY.contains(word));
    own.collect::<Vec<_>>().join(" ")
}

fn speaks_of_somebody(content: &str) -> bool {
    let content = normalised(content);
    let first = content.strip_prefix("the ").unwrap_or(&content).split(' ').next();
    first.is_some_and(|word| SOMEBODY.contains(&word))
}

/// What two texts are compared by: words without their endings, and where a script has no spaces, pairs of letters.
fn stems(text: &str) -> BTreeSet<String> {
    words(text).flat_map(|word| if is_unspaced(&word) { pairs(&word) } else { vec![stem(&word).to_owned()] }).collect()
}

/// Whether there is Chinese or Japanese in it.
fn is_unspaced(word: &str) -> bool {
    word.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}'))
}

fn pairs(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters.windows(letters.len().min(2)).map(|pair| pair.iter().collect()).collect()
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

const SOMEBODY: [&str; 5] = ["user", "users", "athlete", "athletes", "client"];
const SAID_OF_SOMEBODY: [&str; 5] = ["prefers", "likes", "wants", "dislikes", "states"];

const NEGATIONS: [&str; 20] = [
    "no", "not", "never", "dont", "doesnt", "didnt", "cant", "cannot", "couldnt", "wont", "isnt", "arent", "wasnt",
    "without", "stopped", "quit", "hate", "dislike", "hates", "dislikes",
];

const UNSPACED_NEGATIONS: [&str; 10] = ["不", "没", "沒", "無", "无", "嫌", "厌", "厭", "ない", "ません"];

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
    fn where_no_spaces_are_written_two_letters_are_a_word() {
        for (part, whole, least) in [
            ("バーピーが嫌い", "私はバーピーが嫌いです。覚えておいて", 1.0),
            ("讨厌波比跳", "我讨厌波比跳，请记住", 1.0),
            ("User dislikes 波比跳", "我讨厌波比跳", 0.6),
            ("膝", "膝", 1.0),
        ] {
            assert!(share_in(&without_lead(part), whole) >= Some(least), "{part} / {whole}");
        }
        assert_eq!(similarity("讨厌波比跳", "喜欢游泳"), 0.0);
    }

    #[test]
    fn a_trace_is_without_the_words_in_which_models_speak_of_somebody_and_with_what_they_deny() {
        let is_like = |one: &str, other: &str| Trace::of_memory(one).is_like(&Trace::of_memory(other), 0.9);
        for (one, other, expected) in [
            ("User prefers mornings", "mornings", true),
            ("The user's left knee hurts", "left knee hurts", true),
            ("I prefer mornings", "prefers the morning", true),
            ("User dislikes burpees", "User likes burpees", false),
            ("User likes", "user likes", true),
            ("user", "athlete", false),
        ] {
            assert_eq!(is_like(one, other), expected, "{one} / {other}");
        }
        let said = |memory: &str, sentence: &str| Trace::of_memory(memory).share_in(&Trace::of(sentence));
        assert_eq!(said("I like hills", "The athlete likes hills"), 1.0);
        assert_eq!(said("User dislikes burpees", "As I said, I hate burpees"), 1.0);
    }

    #[test]
    fn a_number_or_a_not_says_otherwise() {
        assert!(says_otherwise("I train at 5 pm", "I train at 6 pm"));
        assert!(says_otherwise("I like running", "I don't like running"));
        assert!(says_otherwise("User likes running", "User dislikes running"));
        assert!(says_otherwise("我每天早上都喜欢跑步", "我每天早上都不喜欢跑步"));
        assert!(!says_otherwise("I cannot do lunges", "I can't do lunges"));
        assert!(!says_otherwise("I train at 5 pm", "at 5 pm I train"));
    }
}
