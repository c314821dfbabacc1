//! Texts that are known again, and not kept.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::fact::Fact;
use super::words::{
    NOT, long_number, marks_in, normalised, number, speaks_of_somebody, stem_numbers, stems_in,
    without_lead,
};

/// What is kept of a text whose words must not be kept: a number for each, by which it is known
/// again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    words: BTreeSet<u32>,
    /// Of its numbers and negations.
    marks: BTreeSet<u32>,
    /// Of its sides.
    #[serde(default)]
    sides: BTreeSet<u32>,
    /// Of its names.
    #[serde(default)]
    names: BTreeSet<u32>,
    /// Of all its words in order; `None` in what was kept before there was such a number.
    #[serde(default)]
    whole: Option<u64>,
}

impl Trace {
    /// Returns what is kept of this text.
    pub fn of(text: &str) -> Self {
        let fact = Fact::of(text);
        let text = normalised(text);
        let marks = marks_in(&text).iter().map(|mark| number(mark)).collect();
        Self {
            words: stems_in(&text).collect(),
            marks,
            sides: fact.marks.sides.iter().map(|side| number(side)).collect(),
            names: fact.marks.names.iter().map(|name| number(name)).collect(),
            whole: Some(long_number(&fact.whole())),
        }
    }

    /// Returns what is kept of a memory: where a model speaks of somebody in it, without the words
    /// that only do so.
    pub(super) fn of_memory(content: &str) -> Self {
        let all = Self::of(content);
        if !speaks_of_somebody(content) {
            return all;
        }
        let own: BTreeSet<u32> = stem_numbers(&without_lead(content)).into_iter().collect();
        Self {
            words: if own.is_empty() { all.words } else { own },
            ..all
        }
    }

    pub(super) fn words(&self) -> impl Iterator<Item = u32> {
        self.words.iter().copied()
    }

    /// Returns whether the other says the same, in the same words in the same order.
    pub(super) fn is_equal(&self, other: &Self) -> bool {
        match (self.whole, other.whole) {
            (Some(one), Some(another)) => one == another,
            _ => !self.words.is_empty() && self.words == other.words && self.marks == other.marks,
        }
    }

    /// Returns whether a side, a name, a number or a negation sets the other apart: both have some,
    /// and neither has all of the other's; or one denies what the other does not.
    pub(super) fn is_apart(&self, other: &Self) -> bool {
        let differ = |one: &BTreeSet<u32>, another: &BTreeSet<u32>| {
            !one.is_subset(another) && !another.is_subset(one)
        };
        let not = number(NOT);
        let without_not = |marks: &BTreeSet<u32>| -> BTreeSet<u32> {
            marks.iter().copied().filter(|mark| *mark != not).collect()
        };
        differ(&self.sides, &other.sides)
            || differ(&self.names, &other.names)
            || differ(&without_not(&self.marks), &without_not(&other.marks))
            || self.marks.contains(&not) != other.marks.contains(&not)
    }

    /// Returns how much of its words so many are; none if it has no words.
    pub(super) fn share(&self, shared: usize) -> f32 {
        if self.words.is_empty() {
            0.0
        } else {
            shared as f32 / self.words.len() as f32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_equal_to_that_of_the_same_words_in_the_same_order_and_to_no_other() {
        let is_equal =
            |one: &str, other: &str| Trace::of_memory(one).is_equal(&Trace::of_memory(other));
        for (one, other, expected) in [
            ("I prefer mornings", "i prefer the  mornings!", true),
            ("User likes", "user likes", true),
            ("I prefer mornings", "prefers the morning", false),
            ("User dislikes burpees", "User likes burpees", false),
            ("user", "athlete", false),
            (
                "left knee before right hip",
                "right hip before left knee",
                false,
            ),
        ] {
            assert_eq!(is_equal(one, other), expected, "{one} / {other}");
        }
        let kept_before = Trace {
            whole: None,
            ..Trace::of("I prefer mornings")
        };
        assert!(kept_before.is_equal(&Trace::of("prefers the morning")));
        assert!(!kept_before.is_equal(&Trace::of("I don't prefer mornings")));
    }

    #[test]
    fn a_side_a_number_a_name_or_a_not_sets_a_text_apart() {
        let is_apart = |one: &str, other: &str| Trace::of(one).is_apart(&Trace::of(other));
        for (one, other) in [
            ("my left knee hurts", "my right knee hurts"),
            ("I train at 5 pm", "I train at 6 pm"),
            ("I train with Tom", "I train with Anna"),
            ("I like running", "I don't like running"),
            ("User likes running", "User dislikes running"),
            ("我每天早上都喜欢跑步", "我每天早上都不喜欢跑步"),
        ] {
            assert!(
                is_apart(one, other) && is_apart(other, one),
                "{one} / {other}"
            );
        }
        for (one, other) in [
            ("I cannot do lunges", "I can't do lunges"),
            ("I train at 5 pm", "at 5 pm I train"),
            ("my left knee hurts", "both my left and my right knee hurt"),
            ("my left knee hurts", "my knee hurts"),
            ("I train with Tom", "I train at 6"),
        ] {
            assert!(
                !is_apart(one, other) && !is_apart(other, one),
                "{one} / {other}"
            );
        }
    }
}
