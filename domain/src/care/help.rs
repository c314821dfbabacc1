//! What the operator of a server says to somebody who is in danger.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Care;
use crate::Language;
use crate::prompt::one_line;
use crate::voice;

/// Where help is, in the operator's words. Where there are none, the coach's own name no number:
/// one that is wrong where the athlete lives costs time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HelpLines {
    /// For [`Care::Emergency`].
    pub emergency: BTreeMap<Language, String>,
    /// For [`Care::Crisis`].
    pub crisis: BTreeMap<Language, String>,
}

/// The longest that is taken, in characters, for each language.
pub const LONGEST_HELP: usize = 500;

/// Words that cannot be used as they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unhelpful {
    #[error("{0}")]
    Malformed(String),
    #[error(
        "what is said in {} of {what} is empty, or longer than {LONGEST_HELP} characters",
        .language.code()
    )]
    Length {
        what: &'static str,
        language: Language,
    },
}

impl HelpLines {
    /// Reads them from JSON: for `emergency` and for `crisis` the words of each language.
    pub fn read(json: &str) -> Result<Self, Unhelpful> {
        let read: Result<Self, _> = serde_json::from_str(json);
        let lines = read.map_err(|error| Unhelpful::Malformed(error.to_string()))?;
        for (what, told) in [("emergency", &lines.emergency), ("crisis", &lines.crisis)] {
            for (language, words) in told {
                if words.trim().is_empty() || words.chars().count() > LONGEST_HELP {
                    let language = *language;
                    return Err(Unhelpful::Length { what, language });
                }
            }
        }
        Ok(lines)
    }

    /// Returns what is said at once; nothing unless it is urgent. Where the operator has no words
    /// in this language, those of another have the right number.
    pub fn words(&self, care: Care, language: Language) -> Option<&str> {
        let own = voice::words(language);
        let (told, own) = match care {
            Care::None | Care::Injury | Care::Illness | Care::Grief => return None,
            Care::Emergency => (&self.emergency, own.emergency_help),
            Care::Crisis => (&self.crisis, own.crisis_help),
        };
        let told = told.get(&language).or_else(|| told.values().next());
        Some(told.map_or(own, |words| words.trim()))
    }

    /// Returns what a model is told to say, in every language that there are words in.
    pub(crate) fn in_words(&self) -> String {
        let mut lines = String::new();
        for (what, told) in [
            ("an emergency", &self.emergency),
            ("somebody who may harm themselves", &self.crisis),
        ] {
            for (language, words) in told {
                let (code, words) = (language.code(), one_line(words));
                lines.push_str(&format!("- Help for {what}, in {code}: {words}\n"));
            }
        }
        lines
    }
}
