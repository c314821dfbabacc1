//! What can go wrong at a port, as far as a turn decides by it.

use serde::{Deserialize, Serialize};

/// Why a port could not do what was asked. Where it came from is the log's business.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    thiserror::Error,
    schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    /// The far side asked us to slow down.
    #[error("throttled")]
    Throttled,
    /// It could not be reached, or failed on its own account.
    #[error("unavailable")]
    Unavailable,
    /// No answer within the effect's limit. Whether it was done is not known.
    #[error("timed out")]
    TimedOut,
    /// Its answer broke off before it was complete.
    #[error("truncated")]
    Truncated,
    /// It understood and refused; asking the same again will not help.
    #[error("rejected")]
    Rejected,
    /// More than it can take in.
    #[error("too long")]
    TooLong,
    /// It refused how it was asked, which is known now: asked again, it is asked otherwise.
    #[error("adjusted")]
    Adjusted,
}
