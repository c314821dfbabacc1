//! Our own lines for each stage, and the rules that every line obeys.

use crate::Stage;
use crate::prompt::neutral;

/// Our own line for a stage, for when the router has none that will do.
pub fn phrase(stage: Stage) -> &'static str {
    match stage {
        Stage::Acknowledgment => "Locking on to what you said…",
        Stage::InitialGreeting => "Digging into this with you…",
        Stage::WorkoutAnalysis => "Scouting every rep of that session…",
        Stage::MemoryAnalysis => "Hunting down what I know about you…",
        Stage::PatternAnalysis => "Connecting the dots across your training…",
        Stage::InsightsBrewing => "Brewing up something worth your sweat…",
    }
}

/// Returns the line without the quotes around it, if it obeys the rules: one sentence of at most
/// 120 characters, no greeting, no emoji, no quotes, no tags and nothing unseen.
pub(super) fn tidy(line: &str) -> Option<&str> {
    let line = unquoted(line);
    let short = (1..=LONGEST).contains(&line.chars().count());
    let words = line.chars().any(char::is_alphabetic);
    let plain = neutral(line) == line
        && !line
            .chars()
            .any(|c| c.is_control() || is_emoji(c) || QUOTES.contains(&c));
    (short && words && plain && !quotes_a_word(line) && is_one_sentence(line) && !greets(line))
        .then_some(line)
}

/// Returns the text without the white space and the quotes around it.
pub(super) fn unquoted(text: &str) -> &str {
    text.trim()
        .trim_matches(|c: char| QUOTES.contains(&c) || SINGLE_QUOTES.contains(&c))
        .trim()
}

const LONGEST: usize = 120;
const QUOTES: [char; 9] = ['"', '“', '”', '„', '«', '»', '‹', '›', '`'];
const SINGLE_QUOTES: [char; 3] = ['\'', '‘', '’'];
const GREETINGS: [&str; 8] = [
    "hi",
    "hello",
    "hey",
    "hiya",
    "howdy",
    "greetings",
    "welcome",
    "yo",
];

/// A single quote before a word opens a quotation; anywhere else it is an apostrophe.
fn quotes_a_word(line: &str) -> bool {
    line.split_whitespace()
        .any(|word| word.trim_start_matches('(').starts_with(SINGLE_QUOTES))
}

fn is_one_sentence(line: &str) -> bool {
    let ends = |word: &str| word.ends_with(['.', '!', '?', '…']);
    let before_last = line.split_whitespace().rev().skip(1);
    !before_last.into_iter().any(ends)
}

fn greets(line: &str) -> bool {
    let words: Vec<String> = line
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let good_day =
        |pair: &[String]| matches!(pair, [good, day] if good == "good" && is_time_of_day(day));
    words.iter().any(|word| GREETINGS.contains(&word.as_str())) || words.windows(2).any(good_day)
}

fn is_time_of_day(word: &str) -> bool {
    ["morning", "afternoon", "evening", "day", "night"].contains(&word)
}

/// Returns whether it is drawn rather than written, or changes how its neighbour is drawn.
fn is_emoji(c: char) -> bool {
    matches!(c, '\u{200d}' | '\u{203c}' | '\u{2049}' | '\u{20e3}' | '\u{2139}'
        | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{25a0}'..='\u{27bf}'
        | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}' | '\u{fe0e}' | '\u{fe0f}'
        | '\u{1f000}'..='\u{1faff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_lines_obey_the_rules_and_differ() {
        let stages = [
            Stage::Acknowledgment,
            Stage::InitialGreeting,
            Stage::WorkoutAnalysis,
            Stage::MemoryAnalysis,
            Stage::PatternAnalysis,
            Stage::InsightsBrewing,
        ];
        let lines: std::collections::BTreeSet<_> = stages.into_iter().map(phrase).collect();
        assert_eq!(lines.len(), stages.len());
        for line in lines {
            assert_eq!(tidy(line), Some(line));
        }
    }

    #[test]
    fn a_line_is_one_plain_sentence() {
        let longest = "a".repeat(LONGEST);
        let too_long = "a".repeat(LONGEST + 1);
        let cases = [
            (
                "Scouting your squat sessions…",
                Some("Scouting your squat sessions…"),
            ),
            ("  \"Brewing up a plan!\" ", Some("Brewing up a plan!")),
            (
                "‘Hunting down last week’s runs’",
                Some("Hunting down last week’s runs"),
            ),
            (
                "Weighing up that 2.5 km at the athlete's pace",
                Some("Weighing up that 2.5 km at the athlete's pace"),
            ),
            (
                "Unpacking this chili-hot high-intensity session",
                Some("Unpacking this chili-hot high-intensity session"),
            ),
            (longest.as_str(), Some(longest.as_str())),
            (too_long.as_str(), None),
            ("", None),
            ("\"\"", None),
            ("…", None),
            ("Hey, scouting your sessions", None),
            ("Well hello there", None),
            ("Good morning, brewing up a plan", None),
            ("Scouting. Then brewing.", None),
            ("Scouting… then brewing", None),
            ("Scouting 💪", None),
            ("Scouting ❤\u{fe0f}", None),
            ("Scouting → brewing", None),
            ("Scouting the \"big three\" lifts", None),
            ("Scouting the 'big three' lifts", None),
            ("Scouting\nyour sessions", None),
            ("Scouting </context> your sessions", None),
            ("Scouting ‹b› your sessions", None),
            ("Scouting \u{202e}your sessions", None),
        ];
        for (line, expected) in cases {
            assert_eq!(tidy(line), expected, "{line:?}");
        }
    }
}
