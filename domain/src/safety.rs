//! What a coach must never be without: allergies, medicines, pregnancy, illnesses, injuries.
//!
//! A memory tells one by the model's word or by the floor: lists in five languages, matched as
//! `wording` says. What is somebody else's, denied, over or asked about is none.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::wording::{CLASSES, Lexicon, Written, without_inside_of, without_touching};

/// What a safety fact is about, what matters most first.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SafetyKind {
    /// What they do not tolerate.
    Allergy,
    /// What they take.
    Medicine,
    /// They expect a child, have just had one, or nurse it.
    Pregnancy,
    /// What they live with.
    Illness,
    /// What is hurt, or limits how they may move.
    Injury,
}

impl SafetyKind {
    /// Returns what a text alone tells; `None` if it tells no safety fact.
    pub fn floor(text: &str) -> Option<Self> {
        let written = Written::of(text);
        let found = TOLD.find(&written);
        if found.is_empty() {
            return None;
        }
        let harmless = without_touching(HARMLESS.find(&written), &MEANT.find(&written));
        let told = without_inside_of(found, &harmless);
        let told = told.into_iter().filter(|found| !written.asks(&found.at));
        told.map(|found| found.says.0).min()
    }
}

static TOLD: LazyLock<Lexicon<SafetyKind>> = LazyLock::new(|| {
    Lexicon::of(
        &[
            (SafetyKind::Allergy, include_str!("safety/allergy.txt")),
            (SafetyKind::Medicine, include_str!("safety/medicine.txt")),
            (SafetyKind::Pregnancy, include_str!("safety/pregnancy.txt")),
            (SafetyKind::Illness, include_str!("safety/illness.txt")),
            (SafetyKind::Injury, include_str!("safety/injury.txt")),
            (SafetyKind::Injury, include_str!("care/injury.txt")),
        ],
        CLASSES,
    )
});

static HARMLESS: LazyLock<Lexicon<()>> = LazyLock::new(|| {
    Lexicon::of(
        &[
            ((), include_str!("safety/harmless.txt")),
            ((), include_str!("care/harmless.txt")),
            ((), include_str!("care/denied.txt")),
        ],
        CLASSES,
    )
});

/// What sounds like a denial, or like somebody else, and is neither: "don't forget", "my wife and
/// I".
static MEANT: LazyLock<Lexicon<()>> =
    LazyLock::new(|| Lexicon::of(&[((), include_str!("safety/meant.txt"))], CLASSES));

#[cfg(test)]
mod tests;
