use async_trait::async_trait;

use crate::Result;

/// Turns texts into vectors that lie close together when the texts mean the same.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// How many numbers a vector has.
    fn dimensions(&self) -> usize;

    /// One vector of length 1 for each text, in order. Equal texts have equal vectors.
    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>>;
}
