//! In memory, every port but the model: the reference for the contracts, and what the local server
//! runs on. Nothing outlives the process.

#[cfg(test)]
mod careless;
mod clock;
mod embedder;
mod index;
mod messages;
mod records;
mod tables;
mod tokens;

pub use clock::ManualClock;
pub use embedder::HashingEmbedder;
pub use index::LexicalIndex;
pub use messages::InMemoryMessages;
pub use records::InMemoryRecords;
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
