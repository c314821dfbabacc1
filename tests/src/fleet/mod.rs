//! A simulated fleet: several workers over one store, on one thread, in virtual time.
//!
//! One seed makes one [`Script`]: what clients do, what befalls the workers, and how calls of ports
//! go wrong. [`play`] runs it through admission, driver, feed, followers and jobs as an app does,
//! then leaves the fleet in peace. Every write is compared with a sequential reference and judged
//! as it is applied; what clients were told is judged as they hear it, and once more at the end.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a stage that cannot be set is a failed test"
)]

mod book;
mod census;
mod client;
mod engine;
mod foreign;
mod judge;
mod ledger;
mod model;
mod play;
mod reference;
mod script;
mod shrink;
mod stage;
mod wire;
mod worker;

pub(crate) use wire::Wire;

pub use census::Census;
pub use engine::Blow;
pub use play::{Outcome, play};
pub use script::{Deed, Faults, Mishap, Say, Script, What};
pub use shrink::shortest;
pub use stage::Broken;
