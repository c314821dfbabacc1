//! A real `coach-server` process, over TCP, with real clients. The one place where time is real.

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

mod aws;
mod clients;
mod codes;
mod doors;
mod libraries;
mod load;
mod operating;
mod parts;
mod server;
mod starting;
mod stopping;
mod strain;
mod streams;
mod troubles;
mod wire;
