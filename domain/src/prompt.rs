//! What is said to a model: instructions, and messages of both sides.
//!
//! Whoever asks a model makes one of these; the reply's is made in `reply`, the others beside the
//! answers that they ask for.

mod wrap;

use std::sync::Arc;

use serde_json::Value;

pub(crate) use wrap::{Room, neutral, one_line, spoken};
pub use wrap::{data, estimated_tokens};

/// The longest history that a prompt has, in messages; more need not be loaded.
pub const LONGEST_HISTORY: usize = 60;

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
    /// How long the answer may be.
    pub max_tokens: u32,
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

    /// Returns the same with the older half of its messages left out; `None` if only the last one
    /// remains.
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
