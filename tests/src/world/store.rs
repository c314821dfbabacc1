//! What a store has of one turn. It fences, and it complains of writes that cannot be right.

use std::sync::Arc;

use domain::{Finish, JobKind, Kept, Refused, TurnEvent};

/// The store's view of one turn.
#[derive(Debug, Default, PartialEq)]
pub struct Store {
    /// The events that it has, the ending excluded.
    pub log: Vec<TurnEvent>,
    pub ended: Option<Arc<Finish>>,
    /// Every job that it was ever given.
    pub jobs: Vec<JobKind>,
    pub stop_asked: bool,
    /// Another has the lease.
    pub reaped: bool,
    pub complaints: Vec<String>,
}

impl Store {
    pub(super) fn checkpoint(
        &mut self,
        from: usize,
        events: &[TurnEvent],
    ) -> Result<Kept, Refused> {
        if self.reaped || self.ended.is_some() {
            return Err(Refused::LeaseLost);
        }
        if from > self.log.len() {
            self.complaints.push(format!(
                "a checkpoint from {from} leaves a gap after {}",
                self.log.len()
            ));
        }
        let there = self.log.get(from..).unwrap_or_default();
        if there.iter().zip(events).any(|(old, new)| old != new) {
            self.complaints.push(format!(
                "a checkpoint from {from} contradicts an earlier one"
            ));
        }
        // A write that comes late, after a longer one, takes nothing away.
        let more = events.get(there.len()..).unwrap_or_default();
        self.log.extend_from_slice(more);
        Ok(Kept {
            stop_asked: self.stop_asked,
        })
    }

    pub(super) fn finish(&mut self, finish: &Arc<Finish>) -> Result<(), Refused> {
        if self.reaped {
            return Err(Refused::LeaseLost);
        }
        if let Some(ended) = &self.ended {
            if ended != finish {
                self.complaints
                    .push("it was finished twice, differently".to_owned());
            }
            return Ok(());
        }
        if !finish.events.starts_with(&self.log) {
            self.complaints
                .push("the finishing write contradicts a checkpoint".to_owned());
        }
        self.log.clone_from(&finish.events);
        self.jobs.extend_from_slice(&finish.closing.jobs);
        self.ended = Some(finish.clone());
        Ok(())
    }

    /// Somebody takes the turn away, unless it has ended.
    pub(super) fn reap(&mut self) {
        self.reaped |= self.ended.is_none();
    }
}
