//! The coach over HTTP: one axum [`Router`](axum::Router) that every app serves.
//!
//! Requests are parsed (`request`, `forms`) and answers are shaped (`shapes`, `events`) by modules
//! without a server in them; [`sse`] frames any stream and knows nothing of coaches. One table
//! ([`ROUTES`]) says what exists, who may call it, what it takes and what it answers: the router
//! and the OpenAPI document are made from it.

mod app;
mod call;
mod code;
mod conversations;
mod cursor;
mod events;
mod forms;
mod library;
mod memories;
mod openapi;
mod request;
mod route;
mod routes;
mod shapes;
pub mod sse;
mod text;
mod turns;
mod usage;
mod watch;

pub use app::{App, Settings};
pub use code::{Code, Problem};
pub use request::TurnRequest;
pub use route::{Access, Content, Parameter, Payload, Reply, Route, SchemaOf};
pub use routes::{ROUTES, refusing, router};
