//! A memory to begin with, for the tests of this crate.

use super::{Importance, Memory, MemoryKind, MemorySource};
use crate::Timestamp;

impl Memory {
    /// Returns a memory of all coaches, of which nothing is known but what it says.
    pub(crate) fn given(id: &str, content: &str) -> Self {
        Self {
            id: id.parse().unwrap(),
            content: content.to_owned(),
            kind: MemoryKind::Context,
            importance: Importance::Medium,
            coach: None,
            tags: Vec::new(),
            source: MemorySource::Conversation,
            source_message_id: None,
            conversation_id: None,
            created_at: Timestamp(0),
            last_used_at: None,
            last_said_at: None,
            times_used: 0,
            superseded_by: None,
            safety: None,
            same_as: None,
            last_said_in: None,
        }
    }
}
