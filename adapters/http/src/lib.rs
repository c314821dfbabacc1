//! The coach over HTTP: one axum [`Router`](axum::Router) that every app serves.
//!
//! Requests are parsed (`request`) and answers are shaped (`shapes`, `events`) by modules without
//! a server in them; [`sse`] frames any stream and knows nothing of coaches. One table (`routes`)
//! says what exists, who may call it and how much it may carry.

mod app;
mod call;
mod code;
mod conversations;
mod events;
mod library;
mod request;
mod routes;
mod shapes;
pub mod sse;
mod turns;

pub use app::{App, Settings};
pub use code::{Code, Problem};
pub use request::TurnRequest;
pub use routes::{Access, ROUTES, Route, refusing, router};
