use async_trait::async_trait;

use super::{Bill, Result};

/// Turns texts into vectors that lie close together when the texts mean the same.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// Returns how many numbers a vector has.
    fn dimensions(&self) -> usize;

    /// Returns one vector of length 1 for each text, in order, or an error for all of them. Equal
    /// texts have equal vectors. May read only the beginning of a long text. Puts every model call
    /// on the bill at the moment that it is made.
    async fn embed(&self, texts: &[String], bill: &Bill) -> Result<Vec<Vec<f32>>>;
}
