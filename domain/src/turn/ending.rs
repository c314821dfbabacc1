//! How a turn can end, and why.

use serde::{Deserialize, Serialize};

use crate::Fault;

/// Why the model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the field's own words")]
pub enum StopReason {
    Complete,
    Length,
    Filtered,
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the protocol's own words")]
pub enum Ending {
    Finished,
    Truncated,
    Filtered,
    Stopped,
    Deadline,
    Failed(TurnError),
}

impl Ending {
    /// Returns whether the jobs that the turn promised are left behind.
    pub fn keeps_promises(self) -> bool {
        !matches!(self, Self::Failed(_))
    }
}

impl From<TurnError> for Ending {
    fn from(error: TurnError) -> Self {
        Self::Failed(error)
    }
}

impl From<StopReason> for Ending {
    fn from(reason: StopReason) -> Self {
        match reason {
            StopReason::Complete => Self::Finished,
            StopReason::Length => Self::Truncated,
            StopReason::Filtered => Self::Filtered,
        }
    }
}

/// Why a turn failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the protocol's own words")]
pub enum TurnError {
    Store(Fault),
    Model(Fault),
    Deadline,
    /// Written by whoever ends another's turn, never by its holder.
    ProducerLost,
    /// The driver panicked.
    Internal,
}
