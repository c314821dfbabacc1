//! DynamoDB: dynoxide in this process, and moto for a second opinion.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod allowance;
mod capacity;
mod contention;
mod contract;
mod counters;
mod deletion;
mod differential;
mod erasing;
mod items;
mod lists;
mod lost_answers;
mod moto;
mod parallel;
mod races;
mod scenes;
mod setup;
mod sweep;
mod table;
mod unreadable;
