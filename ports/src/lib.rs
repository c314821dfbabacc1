//! What a coaching turn needs from the world, and how it is driven, in four rooms:
//!
//! - the *traits*: the ports. The documentation of each is its contract, and `conformance` (a
//!   feature) holds one test per clause of it for every adapter. No port knows another.
//! - the *application*: [`admit`], [`drive`], [`follow`] and what else brings the pure
//!   [`domain::Turn`] and the ports together. [`Turns`] is all of it for an app.
//! - the [`stored`] forms: how values look in a store that keeps bytes.
//! - the [`lexical`] comparison of texts, for an index without vectors.

// First, because the application is made from the definitions in it, too.
#[macro_use]
mod traits;

mod application;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod lexical;
pub mod stored;

pub use application::*;
pub use traits::*;
