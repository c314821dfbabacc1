//! What a conversation has been about so far.

use serde::{Deserialize, Serialize};

/// Stands in a prompt before the messages that are no longer sent word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The story so far.
    pub narrative: String,
    /// The number of the last message that it covers.
    pub through: u64,
}
