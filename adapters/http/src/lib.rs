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
mod ids;
mod library;
mod lookups;
mod memories;
mod openapi;
mod problem;
mod request;
mod route;
mod router;
mod routes;
mod shapes;
pub mod sse;
mod text;
mod trace;
mod turns;
mod usage;
mod watch;

pub use app::{App, Settings, Within};
pub use code::Code;
pub use problem::Problem;
pub use request::TurnRequest;
pub use route::{Access, Content, Parameter, Payload, Reply, Route, SchemaOf};
pub use router::{refusing, router};
pub use routes::ROUTES;
pub use watch::words;
