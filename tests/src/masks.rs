//! What differs from run to run, made equal.

/// The text with every id that a server has made (32 hexadecimal digits) named by its first place.
pub fn named(text: &str) -> String {
    let mut known: Vec<&str> = Vec::new();
    let mut named = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(is_hex) {
        let (before, from) = rest.split_at(at);
        let (word, behind) = from.split_at(from.find(|c| !is_hex(c)).unwrap_or(from.len()));
        named.push_str(before);
        if word.len() == 32 {
            let place = known.iter().position(|id| *id == word).unwrap_or_else(|| {
                known.push(word);
                known.len() - 1
            });
            named.push_str(&format!("<id {}>", place + 1));
        } else {
            named.push_str(word);
        }
        rest = behind;
    }
    named + rest
}

/// The text without the number that follows each `before`.
pub fn without_numbers(text: &str, before: &str) -> String {
    let mut pieces = text.split(before);
    let mut masked = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest = piece.trim_start_matches(|c: char| c.is_ascii_digit());
        masked.push_str(before);
        masked.push_str(if rest.len() < piece.len() { "_" } else { "" });
        masked.push_str(rest);
    }
    masked
}

fn is_hex(c: char) -> bool {
    matches!(c, '0'..='9' | 'a'..='f')
}
