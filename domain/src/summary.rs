//! What a conversation has been about so far: asking a model, and taking no more than can be used.

mod check;
mod question;

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::prompt::{LONGEST_HISTORY, Room, one_line};
use crate::router::RouterDecision;
use crate::{Message, Timestamp};

pub use check::{Malformed, check};
pub use question::{LONGEST_MESSAGE, TOOL, summarise, summed_up};

/// What a conversation has been about, from its beginning up to a message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The story so far.
    pub narrative: String,
    pub current_goals: Vec<String>,
    pub recent_progress: Vec<String>,
    pub preferences: Vec<String>,
    pub constraints: Vec<String>,
    /// Empty when nothing is known of it.
    pub emotional_state: String,
    pub key_insights: Vec<String>,
    /// Two to five words to find it by.
    pub tags: Vec<String>,
    /// The number of the first message that it covers.
    pub from: u64,
    /// The number of the last message that it covers.
    pub through: u64,
    /// When it was begun: it can say nothing that was said later.
    #[serde(default)]
    pub made_at: Timestamp,
    /// What it said before it was renewed: while a version stands before a history, prompts go on
    /// saying it. To erase something from a summary, empty this too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Version>,
}

/// A summary as prompts say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    pub words: String,
    pub through: u64,
}

impl Summary {
    /// All of it for a prompt: the story, then of the rest what fits, line by line.
    pub fn in_words(&self) -> String {
        let list = |items: &[String]| {
            let items: Vec<String> = items.iter().map(|item| one_line(item)).collect();
            items.join("; ")
        };
        let lines = [
            ("Constraints", list(&self.constraints)),
            ("Current goals", list(&self.current_goals)),
            ("Preferences", list(&self.preferences)),
            ("Recent progress", list(&self.recent_progress)),
            ("Key insights", list(&self.key_insights)),
            ("Emotional state", one_line(&self.emotional_state)),
        ];
        let narrative = one_line(&self.narrative);
        let narrative = narrative
            .get(..narrative.floor_char_boundary(LONGEST_IN_WORDS))
            .unwrap_or_default();
        let mut room = Room(MOST_TOKENS);
        room.takes(narrative);
        let mut words = narrative.to_owned();
        for (label, told) in lines {
            let line = format!("\n{label}: {told}");
            if !told.is_empty() && room.takes(&line) {
                words += &line;
            }
        }
        words
    }

    /// Returns what stands for the messages up to this one: the first version that covers them all,
    /// so that it stays the same while this is renewed.
    pub fn standing_for(&self, through: u64) -> String {
        let earlier = self
            .earlier
            .iter()
            .find(|version| version.through >= through);
        earlier.map_or_else(|| self.in_words(), |version| version.words.clone())
    }

    /// Returns everything that it says, and said before.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let lists = [
            &self.current_goals,
            &self.recent_progress,
            &self.preferences,
            &self.constraints,
            &self.key_insights,
            &self.tags,
        ];
        let items = lists.into_iter().flatten().map(String::as_str);
        let earlier = self.earlier.iter().map(|version| version.words.as_str());
        [self.narrative.as_str(), self.emotional_state.as_str()]
            .into_iter()
            .chain(items)
            .chain(earlier)
    }

    /// Returns whether this covers more than the previous one, and all of it.
    pub fn replaces(&self, previous: Option<&Self>) -> bool {
        previous
            .is_none_or(|previous| self.from <= previous.from && self.through > previous.through)
    }

    /// This in place of the previous one; `None` if it does not replace it.
    #[must_use]
    pub fn in_place_of(self, previous: Option<Self>) -> Option<Self> {
        if !self.replaces(previous.as_ref()) {
            return None;
        }
        let Some(mut previous) = previous else {
            return Some(self);
        };
        let version = Version {
            words: previous.in_words(),
            through: previous.through,
        };
        let mut earlier = std::mem::take(&mut previous.earlier);
        // With versions so far apart, the last of them reach back over the longest history.
        if earlier
            .last()
            .is_none_or(|last| version.through >= last.through + EVERY)
        {
            earlier.push(version);
        }
        let outdated = earlier.len().saturating_sub(MOST_VERSIONS);
        Some(Self {
            earlier: earlier.split_off(outdated),
            ..self
        })
    }
}

/// Returns whether a summary is due that covers more than the last one did: after six more
/// messages, or when the decision says so.
pub fn due(last_through: u64, messages_saved: u64, decision: &RouterDecision) -> bool {
    let more = messages_saved.saturating_sub(last_through);
    more >= EVERY || (more > 0 && decision.conversation_complexity.needs_summary)
}

/// Returns which messages a summary of these covers, on top of the previous one; `None` if there is
/// nothing new.
pub fn range(previous: Option<&Summary>, messages: &[Message]) -> Option<RangeInclusive<u64>> {
    let new = unseen(previous, messages);
    let from = previous.map_or_else(
        || new.first().map(|first| first.number),
        |previous| Some(previous.from),
    )?;
    new.last().map(|last| from..=last.number)
}

/// In messages.
const EVERY: u64 = 6;

const MOST_VERSIONS: usize = LONGEST_HISTORY / 6 + 1;

const MOST_TOKENS: u64 = 800;
/// In bytes: as many as these tokens have.
const LONGEST_IN_WORDS: usize = 3_200;

fn unseen<'a>(previous: Option<&Summary>, messages: &'a [Message]) -> &'a [Message] {
    let seen = previous.map_or(0, |previous| previous.through);
    let (_, unseen) = messages.split_at(messages.partition_point(|message| message.number <= seen));
    unseen
}

#[cfg(test)]
mod tests;
