//! What is taken of a model's answer about a conversation, and what is not.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::Summary;
use crate::Timestamp;
use crate::router::answer::{read, schema_of};

/// The answer cannot be used, for this reason; the model may be asked again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

/// The summary in a model's answer, which covers these messages.
///
/// White space is tidied, and blank or repeated items are left out. Whatever else the question did not
/// allow makes the answer unusable: what is too long was not summed up.
pub fn check(answer: &str, range: RangeInclusive<u64>) -> Result<Summary, Malformed> {
    let answer: Answer = read(answer, &SCHEMA).map_err(Malformed)?;
    let narrative = tidy(&answer.narrative);
    let words = narrative.split(' ').count();
    if narrative.is_empty() || words > MOST_WORDS || narrative.chars().count() > LONGEST_NARRATIVE {
        return Err(Malformed(format!("a narrative that has not 1 to {MOST_WORDS} words")));
    }
    let emotional_state = tidy(&answer.emotional_state);
    if emotional_state.chars().count() > LONGEST_ITEM {
        return Err(Malformed("an emotional state that is too long".to_owned()));
    }
    let tags = answer.tags.iter().map(|tag| tag.to_lowercase()).collect();
    let tags = list(tags, MOST_TAGS, LONGEST_TAG, "tags")?;
    if tags.len() < LEAST_TAGS {
        return Err(Malformed(format!("fewer than {LEAST_TAGS} tags")));
    }
    let items = |told, what| list(told, MOST_ITEMS, LONGEST_ITEM, what);
    Ok(Summary {
        narrative,
        current_goals: items(answer.current_goals, "goals")?,
        recent_progress: items(answer.recent_progress, "steps of progress")?,
        preferences: items(answer.preferences, "preferences")?,
        constraints: items(answer.constraints, "constraints")?,
        emotional_state,
        key_insights: items(answer.key_insights, "insights")?,
        tags,
        from: *range.start(),
        through: *range.end(),
        made_at: Timestamp::default(),
        earlier: Vec::new(),
    })
}

/// What the model must fill in.
pub(super) fn schema() -> Value {
    SCHEMA.clone()
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
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
const LEAST_TAGS: usize = 2;
const MOST_TAGS: usize = 5;
// In characters.
const LONGEST_NARRATIVE: usize = 4_000;
const LONGEST_ITEM: usize = 300;
const LONGEST_TAG: usize = 40;

fn list(told: Vec<String>, most: usize, longest: usize, what: &str) -> Result<Vec<String>, Malformed> {
    let mut items: Vec<String> = Vec::new();
    for item in told.iter().map(|item| tidy(item)).filter(|item| !item.is_empty()) {
        if item.chars().count() > longest {
            return Err(Malformed(format!("{what} that are too long")));
        }
        if !items.contains(&item) {
            items.push(item);
        }
    }
    if items.len() > most { Err(Malformed(format!("more than {most} {what}"))) } else { Ok(items) }
}

fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
