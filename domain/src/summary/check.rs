//! What is taken of a model's answer about a conversation, and what is not.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use serde_json::Value;

use super::Summary;
use crate::Timestamp;
use crate::router::answer::{Parts, schema_of};

/// The answer cannot be used, for this reason; the model may be asked again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

/// Returns the summary in a model's answer, which covers these messages, and the fields of which
/// something could not be used.
///
/// White space is tidied, and blank or repeated items are left out. So is what the question did not
/// allow: what is no text, or too long, or too many. Only without a narrative of the right length
/// is the answer unusable: what is too long was not summed up.
pub fn check(
    answer: &str,
    range: RangeInclusive<u64>,
) -> Result<(Summary, Vec<String>), Malformed> {
    let mut parts = Parts::of(answer, &SCHEMA).map_err(Malformed)?;
    let narrative = tidy(&parts.take::<String>("narrative").unwrap_or_default());
    let words = narrative.split(' ').count();
    let is_long = words > MOST_WORDS || narrative.chars().count() > LONGEST_NARRATIVE;
    if narrative.is_empty() || is_long {
        return Err(Malformed(format!(
            "a narrative that has not 1 to {MOST_WORDS} words"
        )));
    }
    let mut items = |name| list(&mut parts, name, MOST_ITEMS, LONGEST_ITEM);
    let summary = Summary {
        narrative,
        current_goals: items("currentGoals"),
        recent_progress: items("recentProgress"),
        preferences: items("preferences"),
        constraints: items("constraints"),
        key_insights: items("keyInsights"),
        emotional_state: text(&mut parts, "emotionalState"),
        tags: tags(&mut parts),
        from: *range.start(),
        through: *range.end(),
        made_at: Timestamp::default(),
        earlier: Vec::new(),
    };
    Ok((summary, parts.dropped))
}

/// Returns what the model must fill in.
pub(super) fn schema() -> Value {
    SCHEMA.clone()
}

/// What is asked for; the fields of an answer are taken one by one.
#[derive(schemars::JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "it only says its schema")]
struct Answer {
    /// The story so far, in 150 to 300 words.
    narrative: String,
    /// What the athlete works towards.
    current_goals: Vec<String>,
    /// What has been achieved lately.
    recent_progress: Vec<String>,
    /// What the athlete likes and dislikes.
    preferences: Vec<String>,
    /// Injuries, equipment, time: what limits the training.
    constraints: Vec<String>,
    /// How the athlete feels about it all; empty when nothing tells.
    emotional_state: String,
    /// What a coach should know about this athlete.
    key_insights: Vec<String>,
    /// Two to five single words to find the conversation by.
    tags: Vec<String>,
}

static SCHEMA: LazyLock<Value> = LazyLock::new(schema_of::<Answer>);

/// Models count badly: a third more than was asked for is let pass.
const MOST_WORDS: usize = 400;
const MOST_ITEMS: usize = 8;
const MOST_TAGS: usize = 5;
// In characters.
const LONGEST_NARRATIVE: usize = 4_000;
const LONGEST_ITEM: usize = 300;
const LONGEST_TAG: usize = 40;

/// Returns the items of a list that can be used, of each the first, as many as there may be.
fn list(parts: &mut Parts<'_>, name: &str, most: usize, longest: usize) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for told in parts.take_list(name) {
        let item = told.as_str().map(tidy);
        let Some(item) = item.filter(|item| item.chars().count() <= longest) else {
            parts.note_dropped(name);
            continue;
        };
        if !item.is_empty() && !items.contains(&item) {
            items.push(item);
        }
    }
    if items.len() > most {
        items.truncate(most);
        parts.note_dropped(name);
    }
    items
}

fn tags(parts: &mut Parts<'_>) -> Vec<String> {
    let tags = list(parts, "tags", usize::MAX, LONGEST_TAG);
    let mut lower: Vec<String> = Vec::new();
    for tag in tags.iter().map(|tag| tag.to_lowercase()) {
        if !lower.contains(&tag) {
            lower.push(tag);
        }
    }
    if lower.len() > MOST_TAGS {
        lower.truncate(MOST_TAGS);
        parts.note_dropped("tags");
    }
    lower
}

/// A text that may be empty; one that is too long is left out.
fn text(parts: &mut Parts<'_>, name: &str) -> String {
    let told = tidy(&parts.take::<String>(name).unwrap_or_default());
    if told.chars().count() <= LONGEST_ITEM {
        return told;
    }
    parts.note_dropped(name);
    String::new()
}

fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
