//! How long a process stays, and what it does meanwhile.

use std::time::Duration;

use domain::Timestamp;

/// How long before its process may be frozen a turn begins to end: for so long its last write is
/// repeated until it is answered.
const SAVE: Duration = Duration::from_secs(8);

/// What becomes of a turn's jobs in the process that has driven it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AfterTurn {
    /// They are waited for, and tried again until none is open.
    #[default]
    SeenThrough,
    /// Each is tried once, with a few that earlier turns have left; the rest is left to a
    /// [`sweep`](crate::sweep).
    TriedOnce,
    /// They are left to a [`sweep`](crate::sweep).
    Left,
}

/// How long the process of a turn stays with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stay {
    /// What it does once the turn has ended.
    pub after: AfterTurn,
    /// When it may be frozen or ended, if that is known. What does not fit before is left to
    /// others.
    pub until: Option<Timestamp>,
}

impl Stay {
    /// Returns until when a turn may go on that must end by `deadline` in any case.
    pub(crate) fn deadline(&self, deadline: Timestamp) -> Timestamp {
        match self.until {
            Some(until) => deadline.min(until - SAVE),
            None => deadline,
        }
    }
}
