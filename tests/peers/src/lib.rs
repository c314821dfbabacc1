//! Peers on loopback that speak the protocols of the remote parts, and go wrong when told to.

pub mod bedrock;
pub mod dynamodb;
pub mod lambda;
pub mod pinecone;
pub mod processes;
mod proxy;
mod serving;

pub use proxy::{Proxy, Trouble};
