//! The traits: what a turn asks of the world. The documentation of each is its contract.

// These comments are what every adapter is held to, so none may be missing.
#![warn(missing_docs)]

mod account;
mod bill;
mod clock;
mod embedder;
mod erased;
mod error;
mod holds;
mod llm;
mod memories;
#[macro_use]
mod messages;
mod pace;
mod port;
#[macro_use]
mod records;
mod tokens;

pub use account::Account;
pub use bill::{Bill, Item};
pub use clock::Clock;
pub use embedder::Embedder;
pub use erased::Erased;
pub use error::{PortError, Result};
pub use holds::{Allowance, Hold};
pub use llm::{Answer, LlmStream, ModelCall, Piece};
pub use memories::{IndexEntry, MemoryIndex, Search};
pub use messages::{
    Admission, Admitted, Begun, Checkpoint, Cursor, JobsOf, MessageStore, PAGE, Page, Stop,
    TurnRecord, TurnState, Writer, Written, cut, page,
};
pub use pace::{Pace, give_way};
pub use records::{Binding, Expect, Kind, Record, RecordKey, RecordStore, Term};
pub use tokens::{Identity, TokenRefusal, TokenVerifier};

#[cfg(feature = "mock")]
pub use {
    llm::MockLlmStream, memories::MockMemoryIndex, messages::MockMessageStore,
    records::MockRecordStore, tokens::MockTokenVerifier,
};
