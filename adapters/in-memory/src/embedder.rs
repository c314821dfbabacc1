use async_trait::async_trait;
use domain::memory::words;
use ports::{Bill, Embedder, Pace, Result};

/// Vectors by the hashing trick: texts that share words lie close together. It knows no meaning.
#[derive(Debug, Clone, Copy)]
pub struct HashingEmbedder {
    dimensions: usize,
}

impl HashingEmbedder {
    /// An embedder whose vectors have `dimensions` numbers, at least one.
    pub fn new(dimensions: usize) -> Self {
        Self {
            dimensions: dimensions.max(1),
        }
    }

    async fn vector(self, text: &str, pace: &mut Pace) -> Vec<f32> {
        let mut vector = vec![0.0_f32; self.dimensions];
        for token in words(text).chain([String::new()]) {
            pace.did(STEPS + token.len()).await;
            if let Some(number) = vector.get_mut(bucket(&token, self.dimensions)) {
                *number += 1.0;
            }
        }
        let length = vector
            .iter()
            .map(|number| number * number)
            .sum::<f32>()
            .sqrt();
        vector.iter().map(|number| number / length).collect()
    }
}

#[async_trait]
impl Embedder for HashingEmbedder {
    fn dimensions(&self) -> usize {
        self.dimensions
    }

    async fn embed(&self, texts: &[String], _: &Bill) -> Result<Vec<Vec<f32>>> {
        let (mut vectors, mut pace) = (Vec::with_capacity(texts.len()), Pace::default());
        for text in texts {
            pace.did(text.len() + self.dimensions).await;
            vectors.push(self.vector(text, &mut pace).await);
        }
        Ok(vectors)
    }
}

/// How many steps it takes to count a word, as [`Pace`] counts them.
const STEPS: usize = 8;

/// FNV-1a, because it is the same on every machine and in every process.
fn bucket(token: &str, buckets: usize) -> usize {
    let hash = token.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    usize::try_from(hash % buckets as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn texts_that_share_words_lie_closer_than_texts_that_do_not() {
        let texts = [
            "heavy back squats",
            "back squats today",
            "a swim in the lake",
        ]
        .map(str::to_owned);
        let vectors = HashingEmbedder::new(512)
            .embed(&texts, &Bill::default())
            .now_or_never()
            .unwrap()
            .unwrap();
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        assert!(dot(&vectors[0], &vectors[1]) > 2.0 * dot(&vectors[0], &vectors[2]));
        assert!((dot(&vectors[2], &vectors[2]) - 1.0).abs() < 1e-5);
    }
}
