//! All that the coach says in words of its own, in five languages: one table.

mod english;
mod french;
mod german;
mod portuguese;
mod spanish;

use crate::Language;
use crate::care::{Care, Tone};

/// The coach's own words in one language.
pub(crate) struct Words {
    /// Fits any message.
    pub(crate) plain: [&'static str; 5],
    /// Fits what is plainly of training.
    pub(crate) keen: [&'static str; 4],
    pub(crate) thanks: &'static str,
    pub(crate) goodbye: &'static str,
    pub(crate) injury: &'static str,
    pub(crate) illness: &'static str,
    pub(crate) grief: &'static str,
    pub(crate) emergency: &'static str,
    pub(crate) crisis: &'static str,
    /// What to do in an emergency, if the operator has no words for it. It names no number, for
    /// those differ from place to place.
    pub(crate) emergency_help: &'static str,
    /// The same for somebody who may harm themselves.
    pub(crate) crisis_help: &'static str,
    /// Said of an emergency or a crisis: that nothing of it was kept, and how to.
    pub(crate) not_kept: &'static str,
    /// Before what is going to be remembered.
    pub(crate) remembering: &'static str,
    /// Before the list of commands.
    pub(crate) help: &'static str,
    pub(crate) log_workout: CommandWords,
    pub(crate) save_memory: CommandWords,
    pub(crate) forget: CommandWords,
    pub(crate) list_commands: CommandWords,
    pub(crate) refusals: Refusals,
}

/// What is said of a command.
pub(crate) struct CommandWords {
    /// What is to stand behind it; empty if nothing is.
    pub(crate) takes: &'static str,
    pub(crate) does: &'static str,
    /// What is answered when nothing stands behind it, with an example.
    pub(crate) hint: &'static str,
}

/// Why something is not done.
pub(crate) struct Refusals {
    pub(crate) nothing_to_remember: &'static str,
    pub(crate) reads_like_an_instruction: &'static str,
    pub(crate) was_not_said: &'static str,
    pub(crate) was_forgotten: &'static str,
}

/// Returns the coach's own words in this language.
pub(crate) fn words(language: Language) -> &'static Words {
    match language {
        Language::En => &english::WORDS,
        Language::De => &german::WORDS,
        Language::Es => &spanish::WORDS,
        Language::Fr => &french::WORDS,
        Language::Pt => &portuguese::WORDS,
    }
}

impl Words {
    /// Returns what may be said first to a message of this tone.
    pub(crate) fn acknowledgments(&self, tone: Tone) -> Vec<&'static str> {
        match tone {
            Tone::Keen => self.plain.iter().chain(&self.keen).copied().collect(),
            Tone::Plain | Tone::Calm(Care::None) => self.plain.to_vec(),
            Tone::Thanks => vec![self.thanks],
            Tone::Goodbye => vec![self.goodbye],
            Tone::Calm(Care::Injury) => vec![self.injury],
            Tone::Calm(Care::Illness) => vec![self.illness],
            Tone::Calm(Care::Grief) => vec![self.grief],
            Tone::Calm(Care::Emergency) => vec![self.emergency],
            Tone::Calm(Care::Crisis) => vec![self.crisis],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_language_lacks_a_word_or_borrows_a_sentence() {
        let mut told = std::collections::BTreeSet::new();
        for language in Language::ALL {
            let words = words(language);
            let sentences = [
                words.emergency_help,
                words.crisis_help,
                words.not_kept,
                words.help,
                words.log_workout.does,
                words.save_memory.hint,
                words.forget.hint,
                words.refusals.was_not_said,
                words.refusals.was_forgotten,
                words.refusals.nothing_to_remember,
                words.refusals.reads_like_an_instruction,
            ];
            for sentence in sentences.into_iter().chain(words.keen).chain(words.plain) {
                assert!(
                    !sentence.trim().is_empty() && told.insert(sentence),
                    "{sentence:?}"
                );
            }
        }
    }

    #[test]
    fn no_number_is_named_that_may_be_wrong_where_the_athlete_lives() {
        for language in Language::ALL {
            let words = words(language);
            for help in [words.emergency_help, words.crisis_help] {
                assert!(!help.contains(|c: char| c.is_ascii_digit()), "{help}");
            }
            assert!(words.not_kept.contains("/log-workout"));
            assert!(words.not_kept.contains("/save-memory"));
        }
    }
}
