use async_trait::async_trait;
use domain::memory::words;
use ports::{Bill, Embedder, Result};

/// Vectors by the hashing trick: texts that share words lie close together. It knows no meaning.
#[derive(Debug, Clone, Copy)]
pub struct HashingEmbedder {
    dimensions: usize,
}

impl HashingEmbedder {
    /// An embedder whose vectors have `dimensions` numbers, at least one.
    pub fn new(dimensions: usize) -> Self {
        Self { dimensions: dimensions.max(1) }
    }

    fn vector(self, text: &str) -> Vec<f32> {
        let mut vector = vec![0.0_f32; self.dimensions];
        for token in words(text).chain([String::new()]) {
            if let Some(number) = vector.get_mut(bucket(&token, self.dimensions)) {
                *number += 1.0;
            }
        }
        let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
        vector.iter().map(|number| number / length).collect()
    }
}

#[async_trait]
impl Embedder for HashingEmbedder {
    fn dimensions(&self) -> usize {
        self.dimensions
    }

    async fn embed(&self, texts: &[String], _: &Bill) -> Result<Vec<Vec<f32>>> {
        Ok(texts.iter().map(|text| self.vector(text)).collect())
    }
}

/// FNV-1a, because it is the same on every machine and in every process.
fn bucket(token: &str, buckets: usize) -> usize {
    let hash = token
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    usize::try_from(hash % buckets as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn texts_that_share_words_lie_closer_than_texts_that_do_not() {
        let texts = ["heavy back squats", "back squats today", "a swim in the lake"].map(str::to_owned);
        let vectors = HashingEmbedder::new(512).embed(&texts, &Bill::default()).now_or_never().unwrap().unwrap();
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        assert!(dot(&vectors[0], &vectors[1]) > 2.0 * dot(&vectors[0], &vectors[2]));
        assert!((dot(&vectors[2], &vectors[2]) - 1.0).abs() < 1e-5);
    }
}
