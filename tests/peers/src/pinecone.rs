//! Pinecone, as far as the coach speaks to it.
