//! Chance that is the same on every run.

/// A sequence of numbers that follows from a seed and a text.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn of(seed: u64, text: &str) -> Self {
        Self(
            text.bytes()
                .fold(mixed(seed), |state, byte| mixed(state ^ u64::from(byte))),
        )
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// One of the choices; nothing if there are none.
    pub(crate) fn pick(&mut self, choices: &[&'static str]) -> &'static str {
        let roll = usize::try_from(self.roll() >> 32).unwrap_or_default();
        choices
            .get(roll % choices.len().max(1))
            .copied()
            .unwrap_or_default()
    }
}

/// SplitMix64's finaliser: neighbouring states give unrelated numbers.
fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seed_and_text_both_matter_and_nothing_else() {
        let roll = |seed, text| Dice::of(seed, text).roll();
        assert_eq!(roll(1, "a"), roll(1, "a"));
        assert_ne!(roll(1, "a"), roll(2, "a"));
        assert_ne!(roll(1, "ab"), roll(1, "ba"));
        assert_eq!(Dice::of(0, "").pick(&[]), "");
    }

    #[test]
    fn every_choice_is_made_about_as_often() {
        let mut counts = std::collections::BTreeMap::new();
        for seed in 0..1_000 {
            *counts
                .entry(Dice::of(seed, "text").pick(&["a", "b", "c", "d"]))
                .or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 4);
        assert!(
            counts.values().all(|count| (200..300).contains(count)),
            "{counts:?}"
        );
    }
}
