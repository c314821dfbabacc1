//! Conversations, records and an index in one SQLite file, which several processes of one machine
//! may use at the same time. What was answered is on the disk.
//!
//! Its tables are for everybody to read (`docs/storage.md`); texts and names are text, and what has
//! a shape is JSON.

mod admit;
mod allowances;
mod conversations;
mod database;
mod erase;
mod fault;
mod finish;
mod holder;
mod index;
mod jobs;
mod message;
mod messages;
mod network;
mod open;
mod pieces;
mod records;
mod row;
mod running;
mod turn;

pub use database::Sqlite;
pub use index::SqliteIndex;
pub use messages::SqliteMessages;
pub use open::{OpenError, Settings, Synchronous};
pub use records::SqliteRecords;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod tests;
