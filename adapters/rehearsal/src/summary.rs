//! Sums up by retelling: what was summed up before, and the newest things that the athlete said.

use domain::Prompt;
use serde_json::json;

use crate::heard::{self, Heard};

/// How many words a summary has at most.
const WORDS: usize = 120;

/// And how many characters: a word may be as long as a message.
const CHARACTERS: usize = 2_000;

/// Returns the form of a summary, filled in.
pub(crate) fn answer(prompt: &Prompt) -> String {
    let asked = heard::last_block(prompt);
    let before = between(asked, "<summary>", "</summary>");
    let said = between(asked, "<messages>", "</messages>")
        .lines()
        .filter_map(|line| line.strip_prefix("athlete: "));
    let said: Vec<&str> = said.collect();
    let retold = format!("{before} The athlete said: {}.", said.join("; "));
    let words: Vec<&str> = retold.split_whitespace().collect();
    let newest = words
        .get(words.len().saturating_sub(WORDS)..)
        .unwrap_or_default()
        .join(" ");
    let outdated = newest.chars().count().saturating_sub(CHARACTERS);
    let narrative: String = newest.chars().skip(outdated).collect();
    let limits = said.iter().filter(|line| {
        Heard::new(line).says(&["hurts", "injury", "injured", "can't", "cannot", "allergic"])
    });
    let form = json!({
        "narrative": narrative,
        "currentGoals": [],
        "recentProgress": [],
        "preferences": [],
        "constraints": limits.take(4).map(short).collect::<Vec<_>>(),
        "emotionalState": "",
        "keyInsights": [],
        "tags": ["training", "rehearsal"],
    });
    form.to_string()
}

/// As much of what was said as a line of a summary has room for.
fn short(line: &&str) -> String {
    line.chars().take(160).collect()
}

fn between<'a>(text: &'a str, opening: &str, closing: &str) -> &'a str {
    let rest = text.split_once(opening).map_or("", |(_, rest)| rest);
    rest.split_once(closing)
        .map_or(rest, |(inner, _)| inner)
        .trim()
}

#[cfg(test)]
mod tests {
    use domain::summary;

    use super::*;

    #[test]
    fn a_summary_can_be_used_however_long_the_words_and_however_many() {
        for said in [
            "I squat.".to_owned(),
            "x".repeat(32_000),
            "深".repeat(9_000),
            "go ".repeat(9_000),
        ] {
            let asked = format!("<summary>\n</summary>\n<messages>\nathlete: {said}\n</messages>");
            let answer = answer(&Prompt::question("Sum up.", asked));
            let (summary, left_out) = summary::check(&answer, 1..=6).unwrap();
            assert!(
                summary.narrative.ends_with('.') && left_out.is_empty(),
                "{left_out:?}"
            );
        }
    }
}
