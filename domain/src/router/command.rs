//! What a message can order outright.

use crate::Language;
use crate::voice::{self, CommandWords};

/// What a message can order outright.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// `/log-workout <what was done>`
    LogWorkout,
    /// `/save-memory <what to remember>`
    SaveMemory,
    /// `/forget <what to forget>`
    Forget,
    /// `/help`
    Help,
}

/// Every command, as people know it: what is not here is none.
pub(super) const COMMANDS: [(Command, &str); 4] = [
    (Command::LogWorkout, "/log-workout"),
    (Command::SaveMemory, "/save-memory"),
    (Command::Forget, "/forget"),
    (Command::Help, "/help"),
];

impl Command {
    /// Returns the command that the message begins with, and what stands behind it.
    pub fn parse(text: &str) -> Option<(Self, &str)> {
        let text = text.trim();
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let known = COMMANDS
            .iter()
            .find(|(_, known)| known.eq_ignore_ascii_case(word))?;
        Some((known.0, rest.trim()))
    }

    /// Returns what is said of it in a language.
    pub(super) fn in_words(self, language: Language) -> &'static CommandWords {
        let words = voice::words(language);
        match self {
            Self::LogWorkout => &words.log_workout,
            Self::SaveMemory => &words.save_memory,
            Self::Forget => &words.forget,
            Self::Help => &words.list_commands,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_begins_the_message_or_is_none() {
        let cases = [
            (
                "/log-workout 5x5 squats",
                Some((Command::LogWorkout, "5x5 squats")),
            ),
            (
                "/LOG-Workout\n  run\n5 km ",
                Some((Command::LogWorkout, "run\n5 km")),
            ),
            (
                "  /save-memory\tno lunges",
                Some((Command::SaveMemory, "no lunges")),
            ),
            ("/forget that", Some((Command::Forget, "that"))),
            ("/forget", Some((Command::Forget, ""))),
            ("/help me", Some((Command::Help, "me"))),
            ("/log-workouts 5x5", None),
            ("/log workout 5x5", None),
            ("/log-workout: 5x5", None),
            ("/logworkout", None),
            ("/unknown", None),
            ("/", None),
            ("", None),
            ("log-workout 5x5", None),
            ("please /log-workout 5x5", None),
            ("//help", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Command::parse(text), expected, "{text:?}");
        }
    }
}
