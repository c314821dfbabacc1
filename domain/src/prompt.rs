//! What is said to a model, from what never changes to what always does.
//!
//! A reply's prompt is, in this order:
//!
//! 1. the coach's standing instructions, and a cache point;
//! 2. the history as the messages that they were, behind the summary of what is no longer sent, and
//!    a cache point;
//! 3. one last message of the athlete: what was looked up for this turn and the time, then their
//!    words.
//!
//! The first part is the same in every turn of a coach. The second only grows for many turns, and
//! is then cut in one step (`prompt/history.rs` has the rule). Only the third is new every time,
//! and it does not come back: later, the athlete's message stands in the history by itself.

mod context;
mod history;
mod wrap;

use std::sync::Arc;

use serde_json::Value;

use crate::coach::Coach;
use crate::router::RouterDecision;
use crate::turn::{ContextReport, Gathered, Loaded, Opening};

pub(crate) use history::recent;
pub use history::{LONGEST_HISTORY, MOST_HISTORY_TOKENS};
pub use wrap::data;
pub(crate) use wrap::{Room, neutral, one_line};

/// What is said to a model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prompt {
    /// The standing instructions: nothing that a user or a model wrote is ever in here.
    pub system: Vec<Block>,
    /// Alternating, beginning and ending with [`Speaker::User`].
    pub messages: Vec<ChatMessage>,
}

/// A stretch of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Text.
    Text(Arc<str>),
    /// All before this stays the same for a while, and is worth keeping at the model.
    CachePoint,
}

/// One side's turn to speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatMessage {
    /// Who speaks.
    pub speaker: Speaker,
    /// What is said.
    pub blocks: Vec<Block>,
}

/// The two sides of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Speaker {
    /// The athlete.
    User,
    /// The coach.
    Coach,
}

/// A form that a model is made to fill in.
#[derive(Debug, Clone, PartialEq)]
pub struct Extraction {
    /// The question.
    pub prompt: Prompt,
    /// The tool that the model is made to use.
    pub tool: &'static str,
    /// What it must fill in.
    pub schema: Value,
}

impl Prompt {
    /// One question under one instruction: what a router and a job ask.
    pub fn question(instruction: impl Into<Arc<str>>, question: impl Into<Arc<str>>) -> Self {
        Self {
            system: vec![Block::Text(instruction.into()), Block::CachePoint],
            messages: vec![ChatMessage {
                speaker: Speaker::User,
                blocks: vec![Block::Text(question.into())],
            }],
        }
    }

    /// What the reply is made from, and a report of what went in.
    ///
    /// It is for the turn's user: what belongs to anybody else is left out, whoever brought it.
    pub fn reply(
        coach: &Coach,
        loaded: &Loaded,
        gathered: Option<&Gathered>,
        decision: &RouterDecision,
        opening: &Opening,
    ) -> (Self, ContextReport) {
        let owner = &opening.turn.conversation.user;
        let (summary, history) = Some(loaded)
            .filter(|loaded| loaded.owner == *owner)
            .map(history::sent)
            .unwrap_or_default();
        let (context, selected) = context::block(
            gathered.filter(|gathered| gathered.owner == *owner),
            decision,
            opening,
        );
        let report = ContextReport {
            history_messages: history.len(),
            summary: summary.is_some(),
            ..selected
        };

        // The history begins with the athlete, so that the summary becomes part of their first
        // message.
        let mut messages = Vec::new();
        if let Some(summary) = summary {
            add(&mut messages, Speaker::User, data("summary", &summary));
        }
        for (speaker, text) in history {
            add(&mut messages, speaker, text);
        }
        if let Some(last) = messages.last_mut() {
            last.blocks.push(Block::CachePoint);
        }
        add(&mut messages, Speaker::User, context);
        add(&mut messages, Speaker::User, wrap::spoken(opening.text()));

        let prompt = Self {
            system: vec![Block::Text(coach.instructions().into()), Block::CachePoint],
            messages,
        };
        let report = ContextReport {
            prompt_tokens: prompt.estimated_tokens(),
            ..report
        };
        (prompt, report)
    }

    /// The same with the older half of its messages left out; `None` if only the last one remains.
    pub fn without_oldest(&self) -> Option<Self> {
        let half = self.messages.len().div_ceil(2) & !1;
        let newer = self
            .messages
            .get(half.max(2)..)
            .filter(|newer| !newer.is_empty())?;
        Some(Self {
            system: self.system.clone(),
            messages: newer.to_vec(),
        })
    }

    /// Its length in tokens, at four characters each.
    pub fn estimated_tokens(&self) -> u64 {
        estimated_tokens(self.blocks().map(Block::len).sum())
    }

    /// All of its text, in order, for those who only read it.
    pub fn text(&self) -> String {
        self.blocks()
            .filter_map(Block::text)
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.system
            .iter()
            .chain(self.messages.iter().flat_map(|message| &message.blocks))
    }
}

impl Block {
    /// Its text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::CachePoint => None,
        }
    }

    fn len(&self) -> usize {
        self.text().map_or(0, str::len)
    }
}

/// The tokens of a text of so many bytes, near enough for a budget.
pub fn estimated_tokens(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(4)).unwrap_or(u64::MAX)
}

/// Adds to what the speaker says already, or lets them speak: the two sides alternate.
fn add(messages: &mut Vec<ChatMessage>, speaker: Speaker, text: String) {
    let block = Block::Text(text.into());
    match messages.last_mut() {
        Some(last) if last.speaker == speaker => last.blocks.push(block),
        _ => messages.push(ChatMessage {
            speaker,
            blocks: vec![block],
        }),
    }
}

#[cfg(test)]
mod tests;
