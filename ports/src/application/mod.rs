//! The application: brings the pure [`domain::Turn`] and the traits together, the same for every
//! app and every adapter.

mod admit;
mod answer;
mod drive;
mod erase;
mod export;
mod feed;
mod follow;
mod forget;
mod holds;
mod jobs;
mod ledger;

pub mod own;
mod pages;
pub mod records;
mod remember;
mod stay;
mod sweep;
mod turns;
mod watches;

pub use admit::{Admitting, GRACE, IfBusy, Refusal, admit, end_if_abandoned};
pub use answer::answer;
pub use drive::{LEASE, Ports, drive};
pub use erase::{Progress, erase};
pub use export::{Exported, Known, Unreadable, export};
pub use feed::{Feed, Feeds, Place};
pub use follow::{Frame, follow, opening};
pub use forget::{erase_unread, forget, forget_through};
pub use jobs::Shift;
pub use ledger::{charge, spent};
pub use own::Records;
pub use pages::pages;
pub use records::newest;
pub use remember::{
    Restored, Saved, count_uses, edit, forgotten, memory, remember, restore, tombstones,
};
pub use stay::{AfterTurn, Stay};
pub use sweep::{Swept, sweep};
pub use turns::{Asking, Following, Missing, NotBegun, Stopping, Tasks, TurnRules, Turns, Watch};
pub use watches::Watches;
