//! A simulated world around [`domain::Turn`]: it answers every effect some time, somehow.
//!
//! One seed makes one [`Script`]: a message, the limits, and what the world does, in order.
//! [`play`] runs a turn through it and notes every stimulus with what followed. [`rules`] judges
//! the [`Trace`], [`Census`] counts what was reached, and [`shortest`] finds out which of the moves
//! break a rule. A script ends with silence: no answers any more, only alarms, so that a turn that
//! waits for nothing or spins shows itself.

#![expect(
    clippy::unwrap_used,
    reason = "a world that cannot be made is a failed test"
)]

mod census;
mod chance;
mod play;
pub mod rules;
mod script;
mod shrink;
mod store;
mod words;

pub use census::Census;
pub use chance::{Chance, mix};
pub use play::{At, Step, Stimulus, Trace, play};
pub use rules::{Broken, judge};
pub use script::{How, Move, Script};
pub use shrink::shortest;
pub use store::Store;
pub use words::{Kind, Words};
