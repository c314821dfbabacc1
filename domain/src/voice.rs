//! All that the coach says in words of its own, in five languages: one table.

mod english;
mod french;
mod german;
mod portuguese;
mod spanish;
mod table;

use crate::Language;
use crate::care::{Care, Tone};

pub use table::MemoryWords;
pub(crate) use table::{CommandWords, Words};

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

/// Returns what is said in this language of what is remembered and forgotten.
pub fn of_memory(language: Language) -> &'static MemoryWords {
    &words(language).memory
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
                words.memory.cannot_use,
                words.memory.how_to_choose,
                words.memory.nothing_like_it,
                words.memory.second_miss,
                words.memory.unread,
                words.memory.everything,
                words.memory.known,
                words.memory.nothing_to_forget,
                words.refusals.is_too_long,
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
