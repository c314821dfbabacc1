//! The function's process under a Runtime API, behind what AWS puts in front of functions.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "this process is a client: its time and its tasks are its own"
)]

mod faults;
mod fronts;
mod function;
mod left;
mod starts;
mod turns;
mod watched;
