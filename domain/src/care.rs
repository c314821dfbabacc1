//! What an athlete needs more than training, and how they are met at once.
//!
//! Lists in five languages are a floor under a model's judgement: they are looked at before any
//! model is asked, and what they find, no model takes away. A manner of speaking ("killing it")
//! takes a phrase back only where the phrase stands inside of it.

mod help;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::Language;
use crate::wording::{CLASSES, Found, Lexicon, Written, without_ending_in};

pub use help::{HelpLines, LONGEST_HELP, Unhelpful};

/// What an athlete needs more than training, the least first.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Care {
    /// Nothing.
    #[default]
    None,
    /// Something of the body is hurt.
    Injury,
    /// They are ill, or live with an illness.
    Illness,
    /// They have lost somebody, or something that mattered.
    Grief,
    /// They may need an ambulance now.
    Emergency,
    /// They may be about to harm themselves, or somebody harms them.
    Crisis,
}

impl Care {
    /// Returns what the words of a message alone say: the least that holds, whatever a model says.
    pub fn floor(text: &str) -> Self {
        said(&Written::of(text)).map_or(Self::None, |(care, _)| care)
    }

    /// Returns whether nothing of the message is kept but the message.
    pub fn is_urgent(self) -> bool {
        self >= Self::Emergency
    }
}

/// How a message is met, before anything is looked up or decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Something needs care.
    Calm(Care),
    /// It is nothing but thanks.
    Thanks,
    /// It is nothing but a goodbye.
    Goodbye,
    /// It is plainly of training, and nothing in it needs care.
    Keen,
    /// It may be about anything.
    Plain,
}

impl Tone {
    /// Returns how this message is met, and in which language it is written if that is clear.
    pub fn of(text: &str) -> (Self, Option<Language>) {
        let written = Written::of(text);
        let language = Language::of_written(&written);
        if let Some((care, of_phrase)) = said(&written) {
            return (Self::Calm(care), language.or(Some(of_phrase)));
        }
        let has_parted = COURTESIES.find(&written).into_iter().next();
        if let Some(Found { says, .. }) = has_parted.filter(|_| is_courteous(text)) {
            let (tone, of_phrase) = says;
            return (tone, language.or(Some(of_phrase)));
        }
        let tone = if crate::router::names_fitness(text) {
            Self::Keen
        } else {
            Self::Plain
        };
        (tone, language)
    }

    /// Returns whether lines of what the coach is at would be out of place.
    pub fn is_quiet(self) -> bool {
        match self {
            Self::Calm(_) | Self::Thanks | Self::Goodbye => true,
            Self::Keen | Self::Plain => false,
        }
    }
}

/// Returns whether a message that thanks or parts does hardly more than that.
fn is_courteous(text: &str) -> bool {
    text.chars().count() <= LONGEST_COURTESY
        && !text.contains(['?', '¿'])
        && !text.contains(|c: char| c.is_ascii_digit())
}

/// In characters.
const LONGEST_COURTESY: usize = 60;

/// Returns what the message says that needs the most care, and the language that says it.
fn said(written: &Written) -> Option<(Care, Language)> {
    let found = SAID.find(written);
    if found.is_empty() {
        return None;
    }
    let found = without_ending_in(found, &HARMLESS.find(written));
    let said = found.into_iter().map(|found| found.says);
    said.max_by_key(|(care, _)| *care)
}

static SAID: LazyLock<Lexicon<Care>> = LazyLock::new(|| {
    Lexicon::of(
        &[
            (Care::Injury, include_str!("care/injury.txt")),
            (Care::Illness, include_str!("care/illness.txt")),
            (Care::Grief, include_str!("care/grief.txt")),
            (Care::Emergency, include_str!("care/emergency.txt")),
            (Care::Crisis, include_str!("care/crisis.txt")),
        ],
        CLASSES,
    )
});

static HARMLESS: LazyLock<Lexicon<()>> =
    LazyLock::new(|| Lexicon::of(&[((), include_str!("care/harmless.txt"))], CLASSES));

static COURTESIES: LazyLock<Lexicon<Tone>> = LazyLock::new(|| {
    Lexicon::of(
        &[
            (Tone::Thanks, include_str!("care/thanks.txt")),
            (Tone::Goodbye, include_str!("care/goodbye.txt")),
        ],
        CLASSES,
    )
});

#[cfg(test)]
mod tests;
