//! What the athlete wants to be forgotten.

use serde::{Deserialize, Serialize};

use super::words::{Compared, Trace, normalised};
use super::{Memory, save::NEAR};
use crate::router::Command;
use crate::{MemoryId, Timestamp, TurnId};

/// What is left of a memory that was forgotten: enough to know it again, so that it is not learnt
/// from old messages once more and prompts no longer say it, and not a word that could be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tombstone {
    /// The memory that it stands for.
    pub memory_id: MemoryId,
    /// Its text, as far as that may be kept.
    pub trace: Trace,
    /// When it was to be forgotten.
    pub forgotten_at: Timestamp,
}

impl Tombstone {
    /// For this memory.
    pub fn of(memory: &Memory, now: Timestamp) -> Self {
        Self {
            memory_id: memory.id.clone(),
            trace: Trace::of_memory(&memory.content),
            forgotten_at: now,
        }
    }

    /// Whether a text that was said then is one that was to be forgotten later. Who says it again
    /// afterwards has changed their mind.
    pub fn blocks(&self, text: &str, said_at: Timestamp) -> bool {
        let says_it = |text: &Trace| self.is_like(text, self.trace.shared(text));
        self.forgotten_at > said_at && says_it(&Trace::of_memory(text))
    }

    /// Whether this memory goes with it: the one that it stands for, and those that said the same
    /// and were not said since.
    pub fn covers(&self, memory: &Memory) -> bool {
        self.memory_id == memory.id || self.blocks(&memory.content, memory.said_at())
    }

    /// Whether a text that shares so many words with it says the same.
    pub(super) fn is_like(&self, text: &Trace, shared: usize) -> bool {
        self.trace.is_like(text, shared, NEAR)
    }

    /// Whether the memory was made in this turn: a model may have put it into words that the
    /// athlete did not use.
    pub(super) fn is_from(&self, turn: &TurnId) -> bool {
        self.memory_id.as_str() == turn.as_str()
    }
}

/// Returns the memory saved last of those that were made in a conversation, which is what "forget
/// that" means there.
pub fn last_saved<'a>(made_here: impl IntoIterator<Item = &'a Memory>) -> Option<&'a MemoryId> {
    let last = made_here
        .into_iter()
        .max_by_key(|memory| (memory.created_at, &memory.id));
    last.map(|memory| &memory.id)
}

/// Which memory a request to forget is about. "That", "it" and nothing at all mean the one saved
/// last; otherwise it is the memory that has most of what the request names, at least half of it.
/// Of equals it is one that still holds before one that was superseded, and then the nearest and
/// the newest.
pub fn forgettable(
    request: &str,
    memories: &[Memory],
    last_saved: Option<&MemoryId>,
) -> Option<MemoryId> {
    let text = match Command::parse(request) {
        Some((Command::Forget, rest)) => rest,
        Some((Command::LogWorkout | Command::SaveMemory | Command::Help, _)) | None => request,
    };
    let wanted = wanted(text);
    if POINTERS.contains(&wanted.as_str()) {
        return last_saved
            .filter(|last| memories.iter().any(|memory| memory.id == **last))
            .cloned();
    }
    let wanted = Compared::of(&wanted);
    let fitting = memories.iter().filter_map(|memory| {
        let known = Compared::of(&memory.content);
        let share = wanted.share_in(&known).filter(|share| *share >= 0.5)?;
        Some((share, wanted.similarity(&known), memory))
    });
    let best = fitting.max_by(|(share, near, memory), (other_share, other_near, other)| {
        let holds = memory
            .superseded_by
            .is_none()
            .cmp(&other.superseded_by.is_none());
        let by_words = share
            .total_cmp(other_share)
            .then(holds)
            .then(near.total_cmp(other_near));
        by_words.then(memory.created_at.cmp(&other.created_at))
    });
    best.map(|(.., memory)| memory.id.clone())
}

/// What is to be forgotten, without the words that only ask for it.
fn wanted(text: &str) -> String {
    let text = normalised(text);
    let mut rest = text.as_str();
    while let Some(shorter) = ASKING.iter().find_map(|asking| {
        rest.strip_prefix(asking)
            .filter(|rest| rest.is_empty() || rest.starts_with(' '))
            .map(str::trim_start)
    }) {
        rest = shorter;
    }
    while let Some(shorter) = CLOSING
        .iter()
        .find_map(|closing| rest.strip_suffix(closing))
    {
        rest = shorter.trim_end();
    }
    rest.to_owned()
}

#[rustfmt::skip]
const ASKING: [&str; 19] = [
    "please", "forget about", "forget", "delete", "erase", "remove", "stop remembering", "do not remember",
    "dont remember", "you can", "you should", "can you", "could you", "i want you to", "what you know about",
    "what i said about", "what i told you about", "everything about", "the memory about",
];

const CLOSING: [&str; 4] = [" please", " again", " now", " from your memory"];

#[rustfmt::skip]
const POINTERS: [&str; 17] = [
    "", "that", "it", "this", "that one", "this one", "the last one", "that again", "that please", "the last thing",
    "what i just said", "what i just told you", "what you just saved", "the last memory", "that last one", "that memory",
    "about it",
];
