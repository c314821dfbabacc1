//! Sums up by retelling: what was summed up before, and the newest things that the athlete said.

use domain::Prompt;
use serde_json::json;

use super::heard::{self, Heard};

/// How many words a summary has at most.
const WORDS: usize = 120;

/// The form of a summary, filled in.
pub(super) fn answer(prompt: &Prompt) -> String {
    let asked = heard::last_block(prompt);
    let before = between(asked, "<summary>", "</summary>");
    let said = between(asked, "<messages>", "</messages>").lines().filter_map(|line| line.strip_prefix("athlete: "));
    let said: Vec<&str> = said.collect();
    let retold = format!("{before} The athlete said: {}.", said.join("; "));
    let words: Vec<&str> = retold.split_whitespace().collect();
    let newest = words.get(words.len().saturating_sub(WORDS)..).unwrap_or_default();
    let limits = said
        .iter()
        .filter(|line| Heard::new(line).says(&["hurts", "injury", "injured", "can't", "cannot", "allergic"]));
    let form = json!({
        "narrative": newest.join(" "),
        "currentGoals": [],
        "recentProgress": [],
        "preferences": [],
        "constraints": limits.take(4).map(|line| line.chars().take(160).collect::<String>()).collect::<Vec<_>>(),
        "emotionalState": "",
        "keyInsights": [],
        "tags": ["training", "rehearsal"],
    });
    form.to_string()
}

fn between<'a>(text: &'a str, opening: &str, closing: &str) -> &'a str {
    let rest = text.split_once(opening).map_or("", |(_, rest)| rest);
    rest.split_once(closing).map_or(rest, |(inner, _)| inner).trim()
}
