//! Texts made comparable. It is about letters, and knows nothing of what they mean.

use std::collections::BTreeSet;
use std::hash::Hasher;
use std::iter;

use siphasher::sip::SipHasher;

/// How much of a memory the athlete must have said; the rest is a model's grammar.
pub(super) const SAID: f32 = 0.33;

/// A text in lower case, its words apart by one space, without punctuation and invisible
/// characters, and without a lead such as "please remember that".
pub fn normalised(text: &str) -> String {
    let spaced = spaced(text);
    let mut rest = spaced.as_str();
    while let Some(shorter) = LEADS.iter().find_map(|lead| rest.strip_prefix(lead)) {
        rest = shorter;
    }
    rest.to_owned()
}

/// Returns the words of a text that say something, in lower case and in order. Numbers and "not"
/// do; "the" does not.
pub fn words(text: &str) -> impl Iterator<Item = String> + use<> {
    let text = normalised(text);
    let mut at = 0;
    // One by one, so that who reads a long text can stop, or pause, wherever they want.
    let words = iter::from_fn(move || {
        let word = text.get(at..)?.split(' ').next()?;
        at += word.len() + 1;
        Some(word.to_owned())
    });
    words.filter(|word| says_something(word))
}

/// Returns the words of a text that is normalised already.
fn words_in(normalised: &str) -> impl Iterator<Item = &str> {
    normalised.split(' ').filter(|word| says_something(word))
}

fn says_something(word: &str) -> bool {
    let is_stop_word = word.len() <= LONGEST_STOP_WORD && STOP_WORDS.binary_search(&word).is_ok();
    !word.is_empty() && !is_stop_word
}

/// Returns how much two texts have in common, from 0 to 1: the cosine of their sets of words,
/// whatever their endings.
pub fn similarity(a: &str, b: &str) -> f32 {
    Compared::of(a).similarity(&Compared::of(b))
}

/// A text, taken apart once to be compared with many.
pub(super) struct Compared {
    pub(super) normalised: String,
    stems: BTreeSet<u32>,
}

impl Compared {
    pub(super) fn of(text: &str) -> Self {
        let normalised = normalised(text);
        let stems = stems_in(&normalised).collect();
        Self { normalised, stems }
    }

    /// Returns how much both have in common: see [`similarity`].
    pub(super) fn similarity(&self, other: &Self) -> f32 {
        if self.stems.is_empty() || other.stems.is_empty() {
            return if self.normalised == other.normalised {
                1.0
            } else {
                0.0
            };
        }
        cosine(&self.stems, &other.stems)
    }
}

/// Returns what texts are compared by, as numbers: words without their endings, and where a script
/// has no spaces, pairs of letters.
pub(super) fn stem_numbers(text: &str) -> Vec<u32> {
    stems_in(&normalised(text)).collect()
}

pub(super) fn stems_in(normalised: &str) -> impl Iterator<Item = u32> {
    words_in(normalised).flat_map(|word| {
        let pairs = pairs_of(word);
        let own = if pairs.is_empty() {
            Some(number(stem(word)))
        } else {
            None
        };
        pairs.into_iter().map(|pair| number(&pair)).chain(own)
    })
}

/// The same in every process and every release.
pub(super) fn number(word: &str) -> u32 {
    (long_number(word) >> 32) as u32
}

pub(super) fn long_number(text: &str) -> u64 {
    let mut hasher = SipHasher::new();
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// Stands for every negation.
pub(super) const NOT: &str = "not";

fn cosine<T: Ord>(one: &BTreeSet<T>, other: &BTreeSet<T>) -> f32 {
    one.intersection(other).count() as f32 / (one.len() as f32 * other.len() as f32).sqrt()
}

fn share<T: Ord>(part: &BTreeSet<T>, whole: &BTreeSet<T>) -> f32 {
    part.intersection(whole).count() as f32 / part.len() as f32
}

/// Returns the numbers and negations.
pub(super) fn marks_in(normalised: &str) -> BTreeSet<String> {
    let marks = words_in(normalised).filter_map(|word| {
        let is_number = word.starts_with(|c: char| c.is_ascii_digit());
        if is_negation(word) {
            Some(NOT.to_owned())
        } else {
            is_number.then(|| word.to_owned())
        }
    });
    marks.collect()
}

fn is_negation(word: &str) -> bool {
    if word.is_ascii() {
        return NEGATIONS.contains(&word);
    }
    UNSPACED_NEGATIONS.iter().any(|not| word.contains(not))
}

/// Returns the share of `part`'s words that are also in `whole`, whatever their endings; `None` if
/// it says nothing.
pub(super) fn share_in(part: &str, whole: &str) -> Option<f32> {
    let [part, whole] = [part, whole].map(|text| BTreeSet::from_iter(stem_numbers(text)));
    (!part.is_empty()).then(|| share(&part, &whole))
}

/// In lower case, with one space between words, without what cannot be seen.
pub(super) fn spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            spaced.push(letter.to_ascii_lowercase());
            continue;
        }
        if is_invisible(letter) || matches!(letter, '\'' | '’' | '‘' | '`' | '´') {
            continue;
        }
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
    matches!(
        letter,
        '\u{ad}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Without the words in which models speak of somebody.
pub(super) fn without_lead(content: &str) -> String {
    let content = normalised(content);
    let own = content
        .split(' ')
        .filter(|word| !SOMEBODY.contains(word) && !SAID_OF_SOMEBODY.contains(word));
    own.collect::<Vec<_>>().join(" ")
}

pub(super) fn speaks_of_somebody(content: &str) -> bool {
    let content = normalised(content);
    let first = content
        .strip_prefix("the ")
        .unwrap_or(&content)
        .split(' ')
        .next();
    first.is_some_and(|word| SOMEBODY.contains(&word))
}

/// Returns whether there is Chinese or Japanese in it.
fn is_unspaced(word: &str) -> bool {
    let kana_or_han = [
        '\u{3040}'..='\u{30ff}',
        '\u{3400}'..='\u{9fff}',
        '\u{20000}'..='\u{3ffff}',
    ];
    word.chars()
        .any(|letter| kana_or_han.iter().any(|letters| letters.contains(&letter)))
}

/// Returns the pairs of letters of a word whose script has no spaces; none for any other.
pub fn pairs_of(word: &str) -> Vec<String> {
    if is_unspaced(word) {
        pairs(word)
    } else {
        Vec::new()
    }
}

fn pairs(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters
        .windows(letters.len().min(2))
        .map(|pair| pair.iter().collect())
        .collect()
}

/// Without the commonest endings of English.
fn stem(word: &str) -> &str {
    let endings = ["ings", "ing", "ed", "es", "s", "e"];
    let shorter = endings.iter().find_map(|ending| word.strip_suffix(ending));
    shorter
        .filter(|stem| stem.chars().count() >= 3 && !word.ends_with("ss"))
        .unwrap_or(word)
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
    "no", "not", "never", "dont", "doesnt", "didnt", "cant", "cannot", "couldnt", "wont", "isnt",
    "arent", "wasnt", "without", "stopped", "quit", "hate", "dislike", "hates", "dislikes",
];

const UNSPACED_NEGATIONS: [&str; 10] = [
    "不",
    "没",
    "沒",
    "無",
    "无",
    "嫌",
    "厌",
    "厭",
    "ない",
    "ません",
];

/// What English says without meaning anything by it, sorted. "No" and "not" are not among it.
#[rustfmt::skip]
const STOP_WORDS: [&str; 96] = [
    "a", "about", "after", "again", "all", "also", "am", "an", "and", "any", "are", "as", "at",
    "be", "because", "been", "before", "being", "both", "but", "by", "can", "could", "did", "do",
    "does", "during", "for", "from", "had", "has", "have", "he", "her", "him", "his", "how", "i",
    "id", "if", "ill", "im", "in", "into", "is", "it", "its", "ive", "just", "me", "my", "myself",
    "of", "on", "or", "our", "out", "please", "really", "she", "should", "so", "some", "such",
    "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those",
    "through", "to", "too", "up", "very", "was", "we", "were", "what", "when", "where", "which",
    "while", "who", "why", "will", "with", "would", "you", "your", "yours",
];

const LONGEST_STOP_WORD: usize = 7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_say_nothing_are_known_by_their_order() {
        assert!(
            STOP_WORDS
                .iter()
                .all(|word| word.len() <= LONGEST_STOP_WORD)
        );
        assert!(STOP_WORDS.is_sorted(), "they are searched by halves");
        assert_eq!(
            words("Please, what about the knee? I'd not!").collect::<Vec<_>>(),
            ["knee", "not"]
        );
    }

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
        assert_eq!(
            (normalised(""), normalised("?!")),
            (String::new(), String::new())
        );
    }

    #[test]
    fn similarity_is_that_of_words_whatever_their_endings() {
        assert_eq!(
            similarity(
                "I prefer training in the morning",
                "prefers to train mornings"
            ),
            1.0
        );
        assert_eq!(similarity("bad left knee", "vegan since 2019"), 0.0);
        let half = similarity("trains in the morning", "trains in the evening");
        assert!((half - 0.5).abs() < 1e-6, "{half}");
        assert_eq!(
            similarity("my left knee", "left knee dislikes lunges"),
            similarity("left knee dislikes lunges", "my left knee")
        );
        assert_eq!(
            (
                similarity("", ""),
                similarity("the", "a"),
                similarity("", "knee")
            ),
            (1.0, 0.0, 0.0)
        );
    }

    #[test]
    fn where_no_spaces_are_written_two_letters_are_a_word() {
        for (part, whole, least) in [
            (
                "バーピーが嫌い",
                "私はバーピーが嫌いです。覚えておいて",
                1.0,
            ),
            ("讨厌波比跳", "我讨厌波比跳，请记住", 1.0),
            ("User dislikes 波比跳", "我讨厌波比跳", 0.6),
            ("膝", "膝", 1.0),
        ] {
            assert!(
                share_in(&without_lead(part), whole) >= Some(least),
                "{part} / {whole}"
            );
        }
        assert_eq!(similarity("讨厌波比跳", "喜欢游泳"), 0.0);
    }
}
