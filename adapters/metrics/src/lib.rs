//! Turns in numbers: what each has taken and cost, for those who run the server.
//!
//! [`Metrics`] hears of turns and measures them (`measure`, pure). What is told of what was
//! measured, and by which name, stands in one [`table`]; whom it is told is a [`Sink`]: [`Emf`]
//! writes lines of which CloudWatch makes metrics, [`Prometheus`] keeps sums to be asked for.
//! [`requests`] knows for which request something is done.

mod emf;
mod measure;
mod metrics;
mod prometheus;
pub mod requests;
pub mod table;

pub use emf::Emf;
pub use measure::{Call, Measured, Settled, Words};
pub use metrics::{Metrics, Sink};
pub use prometheus::{CONTENT_TYPE, Prometheus};
