//! What is worth recalling, in a Pinecone index.

#![warn(missing_docs)]
