//! Every port in memory: the reference for the contracts, and what the local server runs on.
//!
//! Nothing outlives the process. The models are [`Rehearsal`], an offline coach for people, and
//! [`Scripted`], which plays whatever a test writes.

mod clock;
mod embedder;
mod index;
mod messages;
mod records;
mod rehearsal;
mod scripted;
mod tables;
mod tokens;

pub use clock::ManualClock;
pub use embedder::HashingEmbedder;
pub use index::LexicalIndex;
pub use messages::InMemoryMessages;
pub use records::InMemoryRecords;
pub use rehearsal::{Pace, Rehearsal};
pub use scripted::{Line, Scene, Scripted};
pub use tokens::KnownTokens;

#[cfg(test)]
mod conformance {
    mod messages {
        ports::message_store_conformance!(async { crate::InMemoryMessages::default() });
    }
    mod records {
        ports::record_store_conformance!(async { crate::InMemoryRecords::default() });
    }
    mod index {
        ports::memory_index_conformance!(async { crate::LexicalIndex::default() });
    }
}
