//! How a turn can end, and why.

use serde::{Deserialize, Serialize};

use crate::Fault;

/// Why the model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StopReason {
    /// It had said all.
    Complete,
    /// It had no room for more.
    Length,
    /// A filter kept the rest back.
    Filtered,
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ending {
    /// The reply is whole.
    Finished,
    /// The reply is as long as it may be.
    Truncated,
    /// A filter kept the rest of the reply back.
    Filtered,
    /// The athlete stopped it.
    Stopped,
    /// Its time was over, and some of the reply was told.
    Deadline,
    /// It came to nothing, or broke off.
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
pub enum TurnError {
    /// The history could not be loaded.
    Store(Fault),
    /// The model gave no reply, or broke off.
    Model(Fault),
    /// Its time was over before a word was told.
    Deadline,
    /// Written by whoever ends another's turn, never by its holder.
    ProducerLost,
    /// The driver panicked.
    Internal,
}
