//! Models that ask nobody: [`Rehearsal`], an offline coach for people, and [`Scripted`], which
//! plays whatever a test writes. Both play a [`Scene`], line by line.

mod dice;
mod extract;
mod heard;
mod rehearsal;
mod reply;
mod route;
mod scene;
mod scripted;
mod summary;

pub use rehearsal::{Pace, Rehearsal};
pub use scene::{Line, Scene};
pub use scripted::Scripted;
