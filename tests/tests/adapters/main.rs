//! The adapters of remote parts, through their real clients, against peers on loopback that speak
//! the real protocols.

mod bedrock;
mod dynamodb;
mod pinecone;
