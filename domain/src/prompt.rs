//! What is said to a model, from what never changes to what always does.

use std::sync::Arc;

use crate::coach::Coach;
use crate::conversation::Message;
use crate::memory::Recalled;
use crate::router::RouterDecision;
use crate::turn::{ContextReport, Gathered, Loaded, Opening, RecalledReport};
use crate::{Body, UserScope};

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

impl Prompt {
    /// One question under one instruction: what a router and a job ask.
    pub fn question(instruction: impl Into<Arc<str>>, question: impl Into<Arc<str>>) -> Self {
        Self {
            system: vec![Block::Text(instruction.into()), Block::CachePoint],
            messages: vec![ChatMessage { speaker: Speaker::User, blocks: vec![Block::Text(question.into())] }],
        }
    }

    /// What the reply is made from, and a report of what went in.
    ///
    /// The coach's instructions come first and never change; then the history, which only grows;
    /// last the context and the athlete's words. Records of anybody but the turn's user are left out.
    pub fn reply(
        coach: &Coach,
        loaded: &Loaded,
        gathered: Option<&Gathered>,
        decision: &RouterDecision,
        opening: &Opening,
    ) -> (Self, ContextReport) {
        let gathered = gathered.filter(|gathered| gathered.owner == opening.turn.conversation.user);
        let history = within_budget(&loaded.history);
        let mut messages: Vec<ChatMessage> = Vec::new();
        let mut history_messages = 0;
        for message in history {
            let Some(text) = message.for_history() else { continue };
            let speaker = match message.body {
                Body::User { .. } => Speaker::User,
                Body::Assistant { .. } => Speaker::Coach,
            };
            if messages.is_empty() && speaker == Speaker::Coach {
                continue;
            }
            history_messages += 1;
            add(&mut messages, speaker, Block::Text(text.into()));
        }
        if let (Some(summary), Some(first)) = (&loaded.summary, messages.first_mut()) {
            first.blocks.insert(0, Block::Text(data("summary", &summary.narrative).into()));
        }
        if let Some(last) = messages.last_mut() {
            last.blocks.push(Block::CachePoint);
        }
        let (context, selected) = context_block(gathered, decision, opening);
        add(&mut messages, Speaker::User, Block::Text(context.into()));
        add(&mut messages, Speaker::User, Block::Text(opening.text().into()));
        let system = vec![Block::Text(coach.instructions().into()), Block::CachePoint];
        let prompt = Self { system, messages };
        let report = ContextReport {
            history_messages,
            summary: loaded.summary.is_some(),
            prompt_tokens: prompt.estimated_tokens(),
            ..selected
        };
        (prompt, report)
    }

    /// The same with the older half of its messages left out; `None` if only the last one remains.
    pub fn without_oldest(&self) -> Option<Self> {
        let half = self.messages.len().div_ceil(2) & !1;
        let newer = self.messages.get(half.max(2)..).filter(|newer| !newer.is_empty())?;
        Some(Self { system: self.system.clone(), messages: newer.to_vec() })
    }

    /// Its length in tokens, at four characters each.
    pub fn estimated_tokens(&self) -> u64 {
        let blocks = self.system.iter().chain(self.messages.iter().flat_map(|message| &message.blocks));
        estimated_tokens(blocks.map(Block::len).sum())
    }

    /// All of its text, in order, for those who only read it.
    pub fn text(&self) -> String {
        let blocks = self.system.iter().chain(self.messages.iter().flat_map(|message| &message.blocks));
        blocks.filter_map(Block::text).collect::<Vec<_>>().join("\n")
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

/// Wraps what a user or a model wrote, so that it is read as data: it cannot close its own wrapping.
pub fn data(tag: &str, text: &str) -> String {
    format!("<{tag}>\n{}\n</{tag}>", text.replace('<', "‹").replace('>', "›"))
}

/// The longest history, in estimated tokens.
const HISTORY_BUDGET: u64 = 12_000;

/// The newest messages that fit the budget, whole.
fn within_budget(history: &[Message]) -> &[Message] {
    let mut left = HISTORY_BUDGET;
    let fits = |message: &&Message| {
        let size = estimated_tokens(message.for_history().map_or(0, |text| text.len()));
        let fits = size <= left;
        left = left.saturating_sub(size);
        fits
    };
    let kept = history.iter().rev().take_while(fits).count();
    history.get(history.len() - kept..).unwrap_or_default()
}

/// Adds to what the speaker says already, or lets them speak: the two sides alternate.
fn add(messages: &mut Vec<ChatMessage>, speaker: Speaker, block: Block) {
    match messages.last_mut() {
        Some(last) if last.speaker == speaker => last.blocks.push(block),
        _ => messages.push(ChatMessage { speaker, blocks: vec![block] }),
    }
}

/// What the athlete's words stand behind: all that changes from turn to turn.
fn context_block(gathered: Option<&Gathered>, decision: &RouterDecision, opening: &Opening) -> (String, ContextReport) {
    let mut report = ContextReport::default();
    let mut lines = vec![format!("Now: {}", opening.when().in_words(opening.zone()))];
    if let Some(gathered) = gathered {
        for memory in gathered.memories.iter().filter(|_| decision.memory_processing.needs_retrieval) {
            lines.push(data("memory", &memory.content));
            report.memories.push(memory.id.to_string());
        }
        for workout in gathered.workouts.iter().filter(|_| decision.wants_own_training()) {
            lines.push(data("workout", &workout.in_words()));
            report.workouts.push(workout.id.to_string());
        }
        let own = |whose: &Option<UserScope>| whose.as_ref().is_none_or(|whose| *whose == gathered.owner);
        let hits = gathered.recalled.iter().filter(|hit| decision.wants(hit.kind) && own(&hit.owner));
        for Recalled { kind, id, text, score, .. } in hits {
            lines.push(data("recalled", text));
            report.recalled.push(RecalledReport { kind: *kind, id: id.clone(), score: *score });
        }
    }
    (format!("<context>\n{}\n</context>", lines.join("\n")), report)
}
