//! What the athlete chooses of several memories that may be meant.

use super::phrases::{BUT, EACH, MEANS_ONE, NONE, ORDINALS, YES};
use super::request::Part;
use super::{Known, judged};
use crate::MemoryId;
use crate::memory::Memory;
use crate::memory::fact::{Token, tokens};

/// What a message says to a list of memories that was told right before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// These of them.
    These(Vec<MemoryId>),
    /// None of them.
    None,
    /// It means one of them, and nobody knows which.
    Unclear,
    /// It is about something else.
    Else,
}

/// Returns which of the memories, in the order in which they were told, the message chooses: by
/// place, by words, all or none of them.
pub fn choose(text: &str, offered: &[Memory]) -> Chosen {
    let words = tokens(text);
    if text.contains(['?', '/']) || words.is_empty() || words.len() > LONGEST {
        return Chosen::Else;
    }
    let said: Vec<&str> = words.iter().map(|token| token.folded.as_str()).collect();
    let polite = |word: &&&str| !POLITE.contains(*word);
    let bare: Vec<&str> = said.iter().filter(polite).copied().collect();
    if NONE.contains(&bare.join(" ").as_str()) {
        return Chosen::None;
    }
    if let Some(chosen) = by_place(&bare, offered) {
        return chosen;
    }
    let known: Vec<Known<'_>> = offered.iter().map(Known::of).collect();
    let fits = judged(&Part::of(text), &known).fits;
    match fits.as_slice() {
        [_] => Chosen::These(fits),
        [] if means_one(&words) => Chosen::Unclear,
        [] => Chosen::Else,
        _ => Chosen::Unclear,
    }
}

/// A longer message is about more.
const LONGEST: usize = 8;

#[rustfmt::skip]
const POLITE: [&str; 24] = [
    "please", "ok", "okay", "thanks", "just", "bitte", "danke", "por", "favor", "merci", "forget",
    "delete", "vergiss", "olvida", "oublie", "esquece", "stp", "of", "them", "the", "it", "ah",
    "oh", "coach",
];

/// Returns what is chosen if the message has nothing but places, "all", "yes", and words between
/// them.
fn by_place(words: &[&str], offered: &[Memory]) -> Option<Chosen> {
    let (mut places, mut kept) = (Vec::new(), Vec::new());
    let (mut is_each, mut is_but, mut is_yes) = (false, false, false);
    let is_alone = words.len() == 1;
    for word in words {
        if let Some(place) = place(word, offered.len()).filter(|_| *word != "one" || is_alone) {
            if is_but { &mut kept } else { &mut places }.push(place);
        } else if EACH.contains(word) {
            is_each = true;
        } else if BUT.contains(word) {
            is_but = true;
        } else if YES.contains(word) {
            is_yes = true;
        } else if !BETWEEN.contains(word) && !MEANS_ONE.contains(word) {
            return None;
        }
    }
    let all = 1..=offered.len();
    let is_out = |place: &usize| !all.contains(place);
    if places.iter().chain(&kept).any(is_out) {
        return Some(Chosen::Unclear);
    }
    let chosen: Vec<usize> = match (is_each, is_yes) {
        _ if !places.is_empty() && kept.is_empty() => places,
        (true, _) if places.is_empty() && (!is_but || !kept.is_empty()) => {
            all.filter(|place| !kept.contains(place)).collect()
        }
        (false, true) if places.is_empty() && !is_but && offered.len() == 1 => vec![1],
        (false, true) if !is_but => return Some(Chosen::Unclear),
        _ => return None,
    };
    let ids = chosen.iter().filter_map(|place| offered.get(place - 1));
    Some(Chosen::These(ids.map(|memory| memory.id.clone()).collect()))
}

/// Returns which place of so many a word names.
fn place(word: &str, many: usize) -> Option<usize> {
    let named = |(_, words): &&(usize, &str)| words.split_whitespace().any(|known| known == word);
    let (place, _) = ORDINALS.iter().find(named)?;
    Some(if *place == usize::MAX { many } else { *place })
}

#[rustfmt::skip]
const BETWEEN: [&str; 18] = [
    "and", "und", "y", "et", "e", "los", "las", "les", "os", "as", "a", "das", "do", "i", "mean",
    "to", "el", "that",
];

/// Returns whether it is said as one of several would be: "the green one".
fn means_one(words: &[Token]) -> bool {
    let is_one =
        |token: Option<&Token>| token.is_some_and(|token| MEANS_ONE.contains(&&*token.folded));
    words.len() <= 5 && (is_one(words.first()) || is_one(words.last()))
}
