//! What was told, and how much of it is safe.

use super::given::{Kept, Refused};
use super::limits::Limits;
use super::made::TurnEvent;
use crate::Timestamp;
use crate::conversation::{PartKind, Said};

/// Every event of a turn, in order, and how many of them a store has confirmed.
///
/// At most one checkpoint is under way. The next is due when enough was told or enough time has
/// passed: even if nothing was told, to renew the lease and to hear of a request to stop. Clients
/// see an event once it is kept, or while all that is shown and not kept fits the window.
#[derive(Debug)]
pub struct Journal {
    events: Vec<TurnEvent>,
    reply_bytes: usize,
    shown: usize,
    kept: usize,
    /// Bytes of the events that are shown and not kept.
    ahead: usize,
    under_way: Option<usize>,
    /// Bytes told since the last checkpoint began.
    unsaved: usize,
    due: Timestamp,
}

impl Journal {
    pub(super) fn new(now: Timestamp, limits: &Limits) -> Self {
        let due = now + limits.checkpoint;
        Self {
            events: Vec::new(),
            reply_bytes: 0,
            shown: 0,
            kept: 0,
            ahead: 0,
            under_way: None,
            unsaved: 0,
            due,
        }
    }

    /// Returns everything so far; the first has number 0.
    pub fn told(&self) -> &[TurnEvent] {
        &self.events
    }

    /// Returns whether any of the reply was told.
    pub fn has_reply(&self) -> bool {
        self.reply_bytes > 0
    }

    /// Returns how much of the reply was told.
    pub fn reply_bytes(&self) -> usize {
        self.reply_bytes
    }

    /// Returns when the next checkpoint is due, unless one is under way.
    pub fn due(&self) -> Option<Timestamp> {
        self.under_way.is_none().then_some(self.due)
    }

    pub(super) fn tell(&mut self, event: TurnEvent, now: Timestamp, limits: &Limits) {
        if let TurnEvent::Said(Said {
            kind: PartKind::Reply,
            text,
            ..
        }) = &event
        {
            self.reply_bytes += text.len();
        }
        self.unsaved += event.text_len();
        self.events.push(event);
        self.hasten(now, limits);
    }

    /// Returns the next event that clients may see, if any.
    pub(super) fn show(&mut self, window: usize) -> Option<TurnEvent> {
        let event = self.events.get(self.shown)?.clone();
        if self.shown >= self.kept {
            let ahead = self.ahead + event.text_len();
            if ahead > window {
                return None;
            }
            self.ahead = ahead;
        }
        self.shown += 1;
        Some(event)
    }

    /// Everything is safe: the finishing write was confirmed.
    pub(super) fn all_kept(&mut self) {
        self.kept_through(self.events.len());
    }

    /// Returns what to save now, if anything: the number of the first event, and the events.
    pub(super) fn checkpoint(&mut self, now: Timestamp) -> Option<(usize, Vec<TurnEvent>)> {
        if self.under_way.is_some() || now < self.due {
            return None;
        }
        self.under_way = Some(self.events.len());
        self.unsaved = 0;
        Some((
            self.kept,
            self.events.get(self.kept..).unwrap_or_default().to_vec(),
        ))
    }

    pub(super) fn answered(
        &mut self,
        answer: Result<Kept, Refused>,
        now: Timestamp,
        limits: &Limits,
    ) -> Result<Kept, Refused> {
        if let (Some(through), Ok(_)) = (self.under_way.take(), answer) {
            self.kept_through(through);
        }
        self.due = now + limits.checkpoint;
        self.hasten(now, limits);
        answer
    }

    fn hasten(&mut self, now: Timestamp, limits: &Limits) {
        if self.unsaved >= limits.checkpoint_bytes {
            self.due = self.due.min(now);
        }
    }

    fn kept_through(&mut self, kept: usize) {
        self.kept = kept;
        let ahead = self.events.get(kept..self.shown).unwrap_or_default();
        self.ahead = ahead.iter().map(TurnEvent::text_len).sum();
    }
}
