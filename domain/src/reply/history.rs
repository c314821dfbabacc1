//! How much of a conversation is sent again.
//!
//! A model that has kept the beginning of a prompt reads it at a fraction of the price, as long as
//! the beginning stays the same to the byte. So the history must not lose a message in every turn,
//! and where it begins must follow from what was loaded: the last messages, without a note of where
//! it began the last time, and without the sizes of what came before them. The rule:
//!
//! - The history is full at 12,000 estimated tokens or 60 messages. It never begins so early that
//!   it is more than full.
//! - It may begin with any message of the athlete that leaves it at least 60 % full. Among these it
//!   begins with the **roundest**: count the messages in pairs, and take the pair whose number can
//!   be halved most often. The conversation's very first message is the roundest of all.
//! - If none leaves it 60 % full, the conversation is short, or a single message is huge: then it
//!   begins as early as fits.
//!
//! As a conversation grows, the places that are allowed move forward and never back. A round place
//! stays the roundest until it falls out at the old end, or until a rounder one comes in at the new
//! end, which then stays for at least as long. In between, and that is about as long as it takes
//! for 40 % of a history to be said, the history only grows. When it is cut, it is cut by a step.
//!
//! What was cut is stood for by a summary: the first version that covers all of it, and not the
//! newest, which changes every few messages and tells what the history still says word for word.
//!
//! What the athlete wanted forgotten counts for as much as it said: a message that one line stands
//! for takes no other one out of the history and lets none in, so that the beginning stays where it
//! was, and only what may be sent at all has to be looked through.

use crate::memory::{FORGOTTEN, silent};
use crate::prompt::{LONGEST_HISTORY, Speaker, estimated_tokens, spoken};
use crate::turn::Loaded;
use crate::{Body, Message};

/// The longest history, in estimated tokens.
pub(super) const MOST_HISTORY_TOKENS: u64 = 12_000;

/// Returns the summary of what was cut, if anything was, and the messages that are sent.
pub(super) fn sent(loaded: &Loaded) -> (Option<String>, Vec<(Speaker, String)>) {
    let newest = loaded.history.last().map_or(0, |message| message.number);
    let said = chosen(&loaded.history);
    let cut = match said.first() {
        Some(first) => first.number.saturating_sub(1),
        None => newest,
    };
    // A summary stands only for what is not sent.
    let summary = match &loaded.summary {
        Some(summary) if cut > 0 => Some(summary.standing_for(cut)),
        _ => None,
    };
    let sent = said.into_iter().map(|told| (told.speaker, told.text));
    (summary, sent.collect())
}

/// Returns the messages without those that are too old to be sent, whatever is left out of the
/// others: what is forgotten moves nothing else. The newest is always among them; it says nothing
/// if none is sent.
pub(super) fn recent(mut history: Vec<Message>) -> Vec<Message> {
    let first = chosen(&history).first().map(|told| told.number);
    match first {
        Some(first) => history.retain(|message| message.number >= first),
        None => history = history.pop().map(silent).into_iter().collect(),
    }
    history
}

/// Returns the messages that are sent, as they are sent.
fn chosen(history: &[Message]) -> Vec<Told> {
    let newest = history.last().map_or(0, |message| message.number);
    let mut tokens = 0;
    let fits = |told: &Told| {
        tokens += told.tokens();
        tokens <= MOST_HISTORY_TOKENS && told.span(newest) <= LONGEST_HISTORY as u64
    };
    let mut said: Vec<Told> = history
        .iter()
        .rev()
        .filter_map(Told::of)
        .take_while(fits)
        .collect();
    said.reverse();
    let start = start(&said, newest).unwrap_or(said.len());
    said.split_off(start)
}

/// A message as it is sent.
struct Told {
    number: u64,
    speaker: Speaker,
    text: String,
}

impl Told {
    fn of(message: &Message) -> Option<Self> {
        let text = spoken(&message.for_history()?);
        let speaker = match message.body {
            Body::User { .. } => Speaker::User,
            Body::Assistant { .. } => Speaker::Coach,
            Body::Unreadable => return None,
        };
        (!text.trim().is_empty()).then_some(Self {
            number: message.number,
            speaker,
            text,
        })
    }

    /// None for the line that stands for what was forgotten: it may be longer than that was.
    fn tokens(&self) -> u64 {
        if self.text == FORGOTTEN {
            0
        } else {
            estimated_tokens(self.text.len())
        }
    }

    /// Returns how many messages there are from this one on.
    fn span(&self, newest: u64) -> u64 {
        newest.saturating_sub(self.number) + 1
    }
}

/// Returns which of the messages that fit is the first that is sent.
fn start(said: &[Told], newest: u64) -> Option<usize> {
    let mut tokens = 0;
    let places = said.iter().enumerate().rev().filter_map(|(at, told)| {
        tokens += told.tokens();
        let is_enough = tokens * 10 >= MOST_HISTORY_TOKENS * 6
            || told.span(newest) * 10 >= LONGEST_HISTORY as u64 * 6;
        let roundness = (told.number / 2).trailing_zeros();
        (told.speaker == Speaker::User).then_some(Place {
            at,
            is_enough,
            roundness,
        })
    });
    // The newest is the first of them, so that the last of several is the oldest.
    let places: Vec<Place> = places.collect();
    let roundest = places
        .iter()
        .filter(|place| place.is_enough)
        .max_by_key(|place| place.roundness);
    roundest.or(places.last()).map(|place| place.at)
}

/// Where a history may begin.
struct Place {
    at: usize,
    is_enough: bool,
    roundness: u32,
}
