//! Work that a turn leaves behind, and what is planned for it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::CallRecord;
use crate::{Timestamp, TurnKey};

/// How often a job is tried before it is kept as a dead letter.
pub const ATTEMPTS: u32 = 5;

/// Work that a turn left behind. Its identity is (turn, kind), and so is that of what it makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The turn that left it.
    pub turn: TurnKey,
    /// What is to be done.
    pub kind: JobKind,
    /// How often it was claimed.
    pub attempts: u32,
    /// Where it is.
    pub state: JobState,
    /// The model calls that it has cost so far.
    pub calls: Vec<CallRecord>,
}

/// The kinds of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobKind {
    /// Extract the workout from the athlete's message, and log it.
    Workout,
    /// Remember what the athlete has said.
    Memory,
    /// Forget what the athlete wants forgotten.
    Forget,
    /// Bring the conversation's summary up to date.
    Summary,
}

/// Where a job is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum JobState {
    /// To be done at this time or later.
    Due(Timestamp),
    /// Somebody is at it until this time; then it is due again.
    Claimed(Timestamp),
    /// Done, with this result.
    Done(Value),
    /// There was nothing to do, for this reason, which the athlete may see.
    Refused(String),
    /// Given up, for this reason.
    Dead(String),
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is done, with this result.
    Done(Value),
    /// There is nothing to do, for this reason, which the athlete may see.
    Refused(String),
    /// It is to be tried again.
    Again(Timestamp),
    /// It is given up, for this reason.
    Dead(String),
}

impl Outcome {
    /// What follows from a try that failed, the `attempts`th: 2, 4, 8 and 16 seconds' pause, then
    /// none.
    pub fn after(reason: impl std::fmt::Display, attempts: u32, now: Timestamp) -> Self {
        if attempts >= ATTEMPTS {
            return Self::Dead(reason.to_string());
        }
        Self::Again(now + Duration::from_secs(1 << attempts.clamp(1, 6)))
    }
}

impl From<Outcome> for JobState {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done(result) => Self::Done(result),
            Outcome::Refused(reason) => Self::Refused(reason),
            Outcome::Again(at) => Self::Due(at),
            Outcome::Dead(reason) => Self::Dead(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;

    #[test]
    fn a_failed_job_is_tried_five_times_with_growing_pauses() {
        let now = Timestamp(1_000_000);
        let pauses: Vec<_> = (1..=5)
            .map(
                |attempts| match Outcome::after(Fault::Unavailable, attempts, now) {
                    Outcome::Again(at) => Some(at.since(now).as_secs()),
                    Outcome::Done(_) | Outcome::Refused(_) | Outcome::Dead(_) => None,
                },
            )
            .collect();
        assert_eq!(pauses, [Some(2), Some(4), Some(8), Some(16), None]);
    }
}
