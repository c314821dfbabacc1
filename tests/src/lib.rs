//! What the tests share.

pub mod fleet;
pub mod world;

mod around;
mod client;
mod documented;
mod faulty;
mod foreign;
mod indexes;
mod lists;
pub mod masks;
mod moto;
mod promises;
pub mod scenes;
mod shift;
mod site;
mod tools;
mod virtual_clock;
mod wall_time;

pub use client::{Answer, Client, EVENTS, Event, JSON, Sse, told};
pub use documented::{DocumentedCode, codes_to_come, documented_codes};
pub use faulty::{Calls, Closed, Counted, Faulty, Mishap};
pub use foreign::Foreign;
pub use indexes::{Costly, Lagging};
pub use lists::takes_only_cursors_that_it_gave;
pub use moto::Moto;
pub use promises::Promising;
pub use shift::work_off;
pub use site::{ADA, BOB, CLEO, Site, conversation_key, saying};
pub use tools::{has, of_python, on_path};
pub use virtual_clock::VirtualClock;
pub use wall_time::WallTime;
