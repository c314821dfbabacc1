//! What a reply is made from, from what never changes to what always does.
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
//! is then cut in one step (`reply/history.rs` has the rule). Only the third is new every time,
//! and it does not come back: later, the athlete's message stands in the history by itself.

mod context;
mod gather;
mod history;
mod told;

use crate::coach::Coach;
use crate::prompt::{Block, ChatMessage, Prompt, Speaker, data, spoken};
use crate::router::RouterDecision;
use crate::turn::{ContextReport, Gathered, Loaded, Opening};

pub(crate) use gather::wanted;

impl Prompt {
    /// Returns what the reply is made from, and a report of what went in.
    ///
    /// It is for the turn's user: hits that belong to anybody else are left out, whoever brought
    /// them.
    pub fn reply(
        coach: &Coach,
        loaded: &Loaded,
        gathered: Option<&Gathered>,
        decision: &RouterDecision,
        opening: &Opening,
    ) -> (Self, ContextReport) {
        let (summary, history) = history::sent(loaded);
        let (context, selected) = context::block(&loaded.safety, gathered, decision, opening);
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
        add(&mut messages, Speaker::User, spoken(opening.text()));

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
