use serde_json::{Value, json};

/// What InvokeModel answers to a request for a vector.
pub(super) fn answer(asked: &Value) -> Value {
    let text = asked
        .get("inputText")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let dimensions = asked
        .get("dimensions")
        .and_then(Value::as_u64)
        .and_then(|count| count.try_into().ok());
    json!({
        "embedding": vector(text, dimensions.unwrap_or(1_024)),
        "inputTextTokenCount": text.len().div_ceil(4),
    })
}

/// A vector of length 1 that is always the same for a text, and near those of texts that share
/// words with it.
pub fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut vector = vec![0.0_f32; dimensions];
    let text = text.to_lowercase();
    for word in text
        .split(|letter: char| !letter.is_alphanumeric())
        .chain(["."])
        .filter(|word| !word.is_empty())
    {
        let hash = fnv(word);
        let sign = if hash & 1 == 0 { 1.0 } else { -1.0 };
        let place = (hash >> 1)
            .checked_rem(dimensions as u64)
            .and_then(|place| usize::try_from(place).ok());
        if let Some(number) = place.and_then(|place| vector.get_mut(place)) {
            *number += sign;
        }
    }
    let length = vector
        .iter()
        .map(|number| number * number)
        .sum::<f32>()
        .sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|number| *number /= length);
    }
    vector
}

fn fnv(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
