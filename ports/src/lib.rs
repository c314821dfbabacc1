//! What a coaching turn needs from the world, and how it is driven.
//!
//! Each trait is a port: its documentation is its contract, and `conformance` (a feature) holds
//! one test per clause of it for every adapter. [`admit`], [`drive`] and [`follow`] bring the pure
//! [`domain::Turn`] and the ports together; no port knows another.

#![warn(missing_docs)]

mod admit;
mod bill;
mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
mod drive;
mod embedder;
mod error;
mod feed;
mod follow;
mod forget;
mod jobs;
mod ledger;
mod llm;
mod memories;
mod messages;
mod pace;
pub mod records;
mod remember;
pub mod stored;
mod tokens;
mod turns;

pub use admit::{Admitting, GRACE, IfBusy, Refusal, admit, end_if_abandoned};
pub use bill::{Bill, Item};
pub use clock::Clock;
pub use drive::{LEASE, Ports, drive};
pub use embedder::Embedder;
pub use error::{PortError, Result};
pub use feed::{Feed, Feeds, Place};
pub use follow::{Frame, follow, opening};
pub use forget::{erase_unread, forget, forget_through};
pub use jobs::{see_through, work_off};
pub use ledger::{charge, spent};
pub use llm::{Answer, LlmStream, ModelCall, Piece, answer};
pub use memories::{IndexEntry, MemoryIndex, Search};
pub use messages::{
    Admission, Admitted, Begun, Checkpoint, Cursor, Hold, JobsOf, MessageStore, PAGE, Page, Stop,
    TurnRecord, TurnState, Writer, Written, cut, page, pages,
};
pub use pace::{Pace, give_way};
pub use records::{Expect, Kind, Record, RecordKey, RecordStore, newest};
pub use remember::{Saved, count_uses, edit, forgotten, memory, remember, tombstones};
pub use tokens::{Identity, TokenRefusal, TokenVerifier};
pub use turns::{Asking, Following, Missing, NotBegun, Stopping, Tasks, TurnRules, Turns, Watch};

#[cfg(feature = "mock")]
pub use {
    llm::MockLlmStream, memories::MockMemoryIndex, messages::MockMessageStore,
    records::MockRecordStore, tokens::MockTokenVerifier,
};
