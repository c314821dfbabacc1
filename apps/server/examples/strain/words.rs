//! Texts that mean nothing, the same on every run.

const SYLLABLES: [&str; 16] = [
    "ba", "cor", "del", "fi", "gan", "hu", "jil", "ko", "lum", "mer", "nos", "pa", "rit", "su",
    "tev", "wo",
];

/// How many different words there are.
const WORDS: u64 = 2_000;

/// A text of so many letters, in words that go on from `seed`, each less often the later it comes.
pub(crate) fn text(seed: u64, letters: usize) -> String {
    let (mut text, mut state) = (String::with_capacity(letters + 16), seed);
    while text.len() < letters {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let (one, other) = ((state >> 33) % WORDS, (state >> 13) % WORDS);
        text.push_str(&word(one.min(other)));
        text.push(if state.is_multiple_of(11) { '.' } else { ',' });
        text.push(' ');
    }
    text.truncate(letters);
    text
}

fn word(number: u64) -> String {
    let syllable = |place: u32| {
        let at = usize::try_from(number / 16_u64.pow(place) % 16).unwrap_or_default();
        SYLLABLES.get(at).copied().unwrap_or_default()
    };
    [0, 1, 2].map(syllable).concat()
}
