//! How long a turn's steps may take, and how a reply is asked for.

use std::time::Duration;

use crate::Timestamp;

/// Which of the configured models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tier {
    /// Small and quick: the router's and the jobs'.
    Fast,
    /// The coach's voice.
    Reply,
    /// Its stand-in.
    SecondReply,
}

/// Whether a reply arrives word by word or at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// Word by word.
    Streamed,
    /// All at once.
    Whole,
}

/// How long things may take, and how much they may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Until a streamed reply's first word.
    pub first_word: Duration,
    /// Until a reply that comes whole: its first word is its last.
    pub whole: Duration,
    /// Between a model's words.
    pub silence: Duration,
    /// How often a reply is asked for, while none of it was told.
    pub attempts: u32,
    /// How the reply arrives, as long as it does; the last attempt takes it whole.
    pub delivery: Delivery,
    /// Whether there is a second model for the second attempt.
    pub second_model: bool,
    /// From one checkpoint to the next, also when nothing was told.
    pub checkpoint: Duration,
    /// How much may be told before a checkpoint is due at once, in bytes.
    pub checkpoint_bytes: usize,
    /// How far told text may be ahead of what is kept, in bytes.
    pub window: usize,
    /// The longest reply, in bytes; the rest is cut off.
    pub reply_bytes: usize,
    /// Until a finishing write that failed is repeated.
    pub again: Duration,
    /// How long the finishing write is repeated.
    pub save: Duration,
}

/// How long before the deadline the last attempt at a reply is given up.
const LAST_MOMENT: Duration = Duration::from_secs(1);

impl Limits {
    pub(super) fn ask(&self, attempt: u32) -> (Tier, Delivery) {
        let last = attempt + 1 >= self.attempts && attempt > 0;
        let tier = if attempt == 1 && self.second_model {
            Tier::SecondReply
        } else {
            Tier::Reply
        };
        (tier, if last { Delivery::Whole } else { self.delivery })
    }

    /// Until when something of a reply must have come that is asked for now. The last attempt is
    /// given up a little before the deadline, so that it is the model that is said to have been
    /// silent.
    pub(super) fn patience(&self, attempt: u32, now: Timestamp, deadline: Timestamp) -> Timestamp {
        let (_, delivery) = self.ask(attempt);
        let until = now
            + match delivery {
                Delivery::Streamed => self.first_word,
                Delivery::Whole => self.whole,
            };
        let last_moment = deadline.before(LAST_MOMENT);
        let is_last = attempt + 1 >= self.attempts;
        if is_last && last_moment > now {
            until.min(last_moment)
        } else {
            until
        }
    }

    pub(super) fn back_off(&self, attempt: u32, seed: u64) -> Duration {
        Duration::from_millis((200 << attempt.min(6)) + seed % 100)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            first_word: Duration::from_secs(30),
            whole: Duration::from_secs(90),
            silence: Duration::from_secs(20),
            attempts: 3,
            delivery: Delivery::Streamed,
            second_model: false,
            checkpoint: Duration::from_millis(500),
            checkpoint_bytes: 1024,
            window: 4096,
            reply_bytes: 128 * 1024,
            again: Duration::from_millis(300),
            save: Duration::from_secs(8),
        }
    }
}
