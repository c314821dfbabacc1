//! Chance that can be repeated.

/// SplitMix64: equal seeds draw equal numbers, and near seeds draw unrelated ones.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number from 0 up to, and without, `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.draw() % end.max(1)
    }

    pub fn index(&mut self) -> usize {
        usize::try_from(self.below(1 << 16)).unwrap_or(0)
    }

    pub fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    /// One of `choices`, of which there is at least one.
    pub fn pick<T: Copy>(&mut self, first: T, others: &[T]) -> T {
        let drawn = self.below(others.len() as u64 + 1);
        drawn
            .checked_sub(1)
            .and_then(|at| others.get(usize::try_from(at).ok()?))
            .copied()
            .unwrap_or(first)
    }

    /// One of `choices`, each as likely as its weight.
    pub fn weighted<T: Copy>(&mut self, choices: &[(u64, T)], otherwise: T) -> T {
        let mut drawn = self.below(choices.iter().map(|(weight, _)| weight).sum());
        for (weight, choice) in choices {
            match drawn.checked_sub(*weight) {
                Some(rest) => drawn = rest,
                None => return *choice,
            }
        }
        otherwise
    }
}

/// Spreads a seed over all 64 bits.
pub fn mix(seed: u64) -> u64 {
    let z = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
