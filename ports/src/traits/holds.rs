use domain::Timestamp;

/// What a user may use only so much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Allowance {
    /// Turns that run at once.
    Turns,
    /// Tokens of models, of whatever sort.
    Tokens,
    /// Millionths of the currency in which [`domain::Prices`] are.
    Money,
}

/// What a turn reserves of one allowance of its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// Of which.
    pub of: Allowance,
    /// How much.
    pub amount: u64,
    /// What the sum of the user's amounts of this allowance must not exceed.
    pub limit: u64,
    /// When it no longer counts, whatever became of the turn.
    pub until: Timestamp,
}

impl Hold {
    /// Returns `None` if there is room for this hold at `now` beside the amounts that the user has
    /// of its allowance, each with its end. Else returns when there will be: when enough of them
    /// has ended, or at its own end if it would never fit.
    pub fn refused_until(
        &self,
        beside: impl IntoIterator<Item = (u64, Timestamp)>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let counts = |(_, until): &(u64, Timestamp)| *until > now;
        let mut counting: Vec<_> = beside.into_iter().filter(counts).collect();
        counting.sort_unstable_by_key(|(_, until)| *until);
        // Wide enough that no sum of amounts can overflow.
        let others: u128 = counting.iter().map(|(amount, _)| u128::from(*amount)).sum();
        let mut sum = others + u128::from(self.amount);
        if sum <= self.limit.into() {
            return None;
        }
        for (amount, until) in counting {
            sum -= u128::from(amount);
            if sum <= self.limit.into() {
                return Some(until);
            }
        }
        Some(self.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_is_refused_until_enough_has_ended() {
        let refused = |amount, limit, beside: &[(u64, u64)]| {
            let until = Timestamp(99);
            let hold = Hold {
                of: Allowance::Tokens,
                amount,
                limit,
                until,
            };
            let beside = beside.iter().map(|(amount, at)| (*amount, Timestamp(*at)));
            hold.refused_until(beside, Timestamp(10)).map(|at| at.0)
        };
        assert_eq!(refused(5, 5, &[]), None);
        assert_eq!(refused(6, 5, &[]), Some(99), "it never fits");
        assert_eq!(refused(1, 5, &[(5, 10)]), None, "what ends now has ended");
        assert_eq!(refused(1, 5, &[(5, 11)]), Some(11));
        assert_eq!(refused(2, 5, &[(2, 40), (1, 30), (1, 20)]), Some(20));
        assert_eq!(refused(3, 5, &[(2, 40), (1, 30), (1, 20)]), Some(30));
        assert_eq!(refused(4, 5, &[(2, 40), (1, 30), (1, 20)]), Some(40));
        assert_eq!(refused(1, u64::MAX, &[(u64::MAX, 20), (0, 15)]), Some(20));
    }
}
