//! What the athlete wants to be forgotten.

use super::Memory;
use super::words::{Compared, normalised};
use crate::MemoryId;
use crate::router::Command;

/// Returns the memory saved last of those that were made in a conversation, which is what "forget
/// that" means there.
pub fn last_saved<'a>(made_here: impl IntoIterator<Item = &'a Memory>) -> Option<&'a MemoryId> {
    let last = made_here
        .into_iter()
        .max_by_key(|memory| (memory.created_at, &memory.id));
    last.map(|memory| &memory.id)
}

/// Returns which memory a request to forget is about. "That", "it" and nothing at all mean the one
/// saved last; otherwise it is the memory that has most of what the request names, at least half of
/// it. Of equals it is one that still holds before one that was superseded, and then the nearest
/// and the newest.
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
        let last = last_saved?;
        let is_there = memories.iter().any(|memory| memory.id == *last);
        return is_there.then(|| last.clone());
    }
    let wanted = Compared::of(&wanted);
    let mut fitting = Vec::new();
    for memory in memories {
        let known = Compared::of(&memory.content);
        // Half of what is wanted must be in it: to forget something else cannot be undone.
        if let Some(share) = wanted.share_in(&known)
            && share >= 0.5
        {
            fitting.push((share, wanted.similarity(&known), memory));
        }
    }
    let best = fitting.into_iter();
    let best = best.max_by(|(share, near, memory), (other_share, other_near, other)| {
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

/// Returns what is to be forgotten, without the words that only ask for it.
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
    "please", "forget about", "forget", "delete", "erase", "remove", "stop remembering",
    "do not remember", "dont remember", "you can", "you should", "can you", "could you",
    "i want you to", "what you know about", "what i said about", "what i told you about",
    "everything about", "the memory about",
];

const CLOSING: [&str; 4] = [" please", " again", " now", " from your memory"];

#[rustfmt::skip]
const POINTERS: [&str; 17] = [
    "", "that", "it", "this", "that one", "this one", "the last one", "that again", "that please",
    "the last thing", "what i just said", "what i just told you", "what you just saved",
    "the last memory", "that last one", "that memory", "about it",
];
