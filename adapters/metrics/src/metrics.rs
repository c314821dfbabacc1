//! Hears of turns, and measures them.

use std::sync::{Arc, OnceLock};

use domain::{Job, Outcome, Prices, Timestamp, TurnEvent, TurnId};
use ports::{Clock, Feed, Swept, Watch};

use crate::measure::{Measured, Settled, Words};
use crate::requests::{Request, current};

/// Is told what was measured. It may not wait.
pub trait Sink: Send + Sync {
    /// A turn is over; `request` is what began it, if that is known.
    fn turn(&self, at: Timestamp, turn: &Measured, request: Option<&Request>);

    /// A try of a job has come to something.
    fn settled(&self, at: Timestamp, job: &Settled);

    /// A sweep is over.
    fn swept(&self, at: Timestamp, swept: &Swept);
}

/// Measures turns, and tells it to whoever is to know.
pub struct Metrics {
    clock: Arc<dyn Clock>,
    prices: Arc<Prices>,
    words: Words,
    sinks: Vec<Arc<dyn Sink>>,
    /// The first turn of this process.
    first: OnceLock<TurnId>,
}

impl Metrics {
    /// Makes one that tells nobody yet.
    pub fn new(clock: Arc<dyn Clock>, prices: Arc<Prices>, words: Words) -> Self {
        Self {
            clock,
            prices,
            words,
            sinks: Vec::new(),
            first: OnceLock::new(),
        }
    }

    /// Tells this one, too.
    #[must_use]
    pub fn to(mut self, sink: Arc<dyn Sink>) -> Self {
        self.sinks.push(sink);
        self
    }

    /// Tells what a sweep has done.
    pub fn swept(&self, swept: &Swept) {
        for sink in &self.sinks {
            sink.swept(self.clock.now(), swept);
        }
    }
}

impl Watch for Metrics {
    fn began(&self, feed: &Arc<Feed>) {
        self.first.get_or_init(|| feed.opening().turn.turn.clone());
    }

    fn ended(&self, feed: &Feed) {
        let (turn, events) = (feed.opening().turn.turn.clone(), feed.events());
        let closing = match events.last() {
            Some(TurnEvent::Ended(closing)) => Some(&**closing),
            _ => None,
        };
        let now = self.clock.now();
        let is_cold = self.first.get() == Some(&turn);
        let measured = Measured {
            is_cold,
            ..Measured::of(turn, closing, now, &self.prices, self.words)
        };
        let request = current();
        for sink in &self.sinks {
            sink.turn(now, &measured, request.as_deref());
        }
    }

    fn settled(&self, job: &Job, outcome: &Outcome) {
        let settled = Settled::of(job, outcome, &self.prices);
        for sink in &self.sinks {
            sink.settled(self.clock.now(), &settled);
        }
    }
}
