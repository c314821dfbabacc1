use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::call::{CallKind, CallOutcome, CallRecord};
use domain::prompt::estimated_tokens;
use domain::{Timestamp, Usage};

use super::Clock;

/// The model calls that are made on the way to something else, such as a vector for a search.
///
/// It is handed down to whoever makes them, so that none is lost when what it was made for fails or
/// is given up. A clone is the same bill.
#[derive(Clone, Default)]
pub struct Bill {
    /// Without one, no call has taken any time.
    clock: Option<Arc<dyn Clock>>,
    calls: Arc<Mutex<Vec<CallRecord>>>,
}

impl Bill {
    /// Makes an empty bill, whose times `clock` measures.
    pub fn new(clock: &Arc<dyn Clock>) -> Self {
        Self {
            clock: Some(clock.clone()),
            calls: Arc::default(),
        }
    }

    /// Returns all calls so far.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.lock().clone()
    }

    /// Notes that a text of so many bytes is about to become a vector.
    pub fn embedding(&self, bytes: usize) -> Item<'_> {
        self.open(CallKind::Embedding, estimated_tokens(bytes))
    }

    /// Notes that a model is about to be asked by a prompt of so many tokens. If nothing more is
    /// heard of the call, it counts as one that was hung up on, with an estimate of what it cost.
    pub(crate) fn open(&self, kind: CallKind, prompt_tokens: u64) -> Item<'_> {
        let usage = Usage {
            input_tokens: prompt_tokens,
            estimated: true,
            ..Usage::default()
        };
        let outcome = CallOutcome::Abandoned;
        let mut calls = self.lock();
        let place = calls.len();
        calls.push(CallRecord {
            kind,
            usage,
            ms: 0,
            attempts: 1,
            outcome,
        });
        Item {
            bill: self,
            place,
            since: self.now(),
        }
    }

    fn now(&self) -> Timestamp {
        self.clock
            .as_ref()
            .map_or(Timestamp(0), |clock| clock.now())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<CallRecord>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call on a [`Bill`] that is under way.
pub struct Item<'a> {
    bill: &'a Bill,
    place: usize,
    since: Timestamp,
}

impl Item<'_> {
    /// Notes how often it was asked, and what that has cost; what becomes of it is still to be
    /// told.
    pub(crate) fn costs(&self, attempts: u32, usage: Usage) {
        if let Some(call) = self.bill.lock().get_mut(self.place) {
            (call.attempts, call.usage) = (attempts, usage);
        }
    }

    /// Notes what came of it, and what it has cost if that is known.
    pub fn close(self, outcome: CallOutcome, usage: Option<Usage>) {
        if let Some(call) = self.bill.lock().get_mut(self.place) {
            call.outcome = outcome;
            call.usage = usage.unwrap_or_else(|| call.usage.clone());
        }
    }
}

impl Drop for Item<'_> {
    fn drop(&mut self) {
        let ms = self.bill.now().0.saturating_sub(self.since.0);
        if let Some(call) = self.bill.lock().get_mut(self.place) {
            call.ms = ms;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_of_which_nothing_more_is_heard_is_estimated_and_one_that_was_answered_says_its_cost()
    {
        let bill = Bill::default();
        drop(bill.embedding(10));
        let told = Usage {
            model: Some("titan".into()),
            input_tokens: 7,
            ..Usage::default()
        };
        bill.embedding(10)
            .close(CallOutcome::Ok, Some(told.clone()));
        bill.embedding(8)
            .close(CallOutcome::Failed(domain::Fault::Unavailable), None);
        let estimated = |input_tokens| Usage {
            input_tokens,
            estimated: true,
            ..Usage::default()
        };
        let found: Vec<_> = bill
            .calls()
            .into_iter()
            .map(|call| (call.outcome, call.usage))
            .collect();
        let expected = [
            (CallOutcome::Abandoned, estimated(3)),
            (CallOutcome::Ok, told),
            (
                CallOutcome::Failed(domain::Fault::Unavailable),
                estimated(2),
            ),
        ];
        assert_eq!(found, expected);
    }
}
