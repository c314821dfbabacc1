//! What an athlete needs more than training, and how they are met at once.
//!
//! Lists in five languages are a floor under a model's judgement: they are looked at before any
//! model is asked, and what they find, no model takes away. A manner of speaking ("killing it")
//! takes a phrase back only where the phrase stands inside of it.

mod help;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::Language;
use crate::wording::{CLASSES, Found, Lexicon, Written};

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
    /// Returns the tone of a message that only calm words fit, if it is one, and in which language
    /// it is written, if that is clear. One that is small talk does no more than to thank or part.
    pub(crate) fn quiet(text: &str, is_small_talk: bool) -> (Option<Self>, Option<Language>) {
        let written = Written::of(text);
        let language = Language::of_written(&written);
        let calm = said(&written).map(|(care, of)| (Self::Calm(care), of));
        let courteous = || {
            let courtesy = COURTESIES.find(&written).into_iter().next()?;
            let is_all = is_small_talk || written.words().count() <= COURTESY;
            is_all.then_some(courtesy.says)
        };
        match calm.or_else(courteous) {
            Some((tone, of)) => (Some(tone), language.or(Language::from_code(of))),
            None => (None, language),
        }
    }

    /// Returns whether lines of what the coach is at would be out of place.
    pub fn is_quiet(self) -> bool {
        match self {
            Self::Calm(_) | Self::Thanks | Self::Goodbye => true,
            Self::Keen | Self::Plain => false,
        }
    }
}

/// A message that thanks or parts in so many words does hardly more than that.
const COURTESY: usize = 3;

/// Returns what the message says that needs the most care, and the code of the language that says
/// it.
fn said(written: &Written) -> Option<(Care, &'static str)> {
    let taken_back = TAKEN_BACK.find(written);
    let is_meant = |found: &Found<(Care, &str)>| {
        let care = found.says.0;
        let is_about = |(least, most): (Care, Care)| least <= care && care <= most;
        let mut phrases = taken_back.iter();
        !phrases.any(|phrase| is_about(phrase.says.0) && found.ends_inside(phrase))
    };
    let said = SAID.find(written).into_iter().filter(is_meant);
    let said = said.chain(MEANT.find(written)).map(|found| found.says);
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

/// What no manner of speaking takes back.
static MEANT: LazyLock<Lexicon<Care>> = LazyLock::new(|| {
    Lexicon::of(
        &[
            (Care::Emergency, include_str!("care/emergency_meant.txt")),
            (Care::Crisis, include_str!("care/crisis_meant.txt")),
        ],
        CLASSES,
    )
});

/// What says that something is not so, and of which care: of the least to the most.
static TAKEN_BACK: LazyLock<Lexicon<(Care, Care)>> = LazyLock::new(|| {
    let bodily = (Care::Injury, Care::Illness);
    let emergency = (Care::Emergency, Care::Emergency);
    let any = (Care::None, Care::Crisis);
    Lexicon::of(
        &[
            (bodily, include_str!("care/denied.txt")),
            (emergency, include_str!("care/past.txt")),
            (any, include_str!("care/harmless.txt")),
        ],
        CLASSES,
    )
});

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
