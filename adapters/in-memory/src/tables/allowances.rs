//! What a user's turns hold of each allowance, and what was spent of it.

use std::collections::BTreeMap;

use domain::{Timestamp, TurnKey};
use ports::{Admitted, Allowance, Hold};

/// How long past its end an amount is kept, for those whose clocks are slow.
const STALE: u64 = 24 * 3_600_000;

#[derive(Debug, Default, Clone)]
pub(super) struct Allowances {
    pub(super) held: BTreeMap<(TurnKey, Allowance), Held>,
    /// What was spent in all by those turns whose holds had the same end.
    pub(super) spent: BTreeMap<(Allowance, Timestamp), u64>,
}

#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) amount: u64,
    pub(super) until: Timestamp,
}

impl Allowances {
    /// The first of these holds that does not fit.
    pub(super) fn refusal(&self, holds: &[Hold], now: Timestamp) -> Option<Admitted> {
        holds.iter().find_map(|hold| {
            let of = hold.of;
            let until = hold.refused_until(self.amounts(of), now)?;
            Some(Admitted::OverLimit { of, until })
        })
    }

    fn amounts(&self, of: Allowance) -> impl Iterator<Item = (u64, Timestamp)> {
        let held = self.held.iter().filter(move |((_, held), _)| *held == of);
        let spent = self
            .spent
            .iter()
            .filter(move |((spent, _), _)| *spent == of);
        let held = held.map(|(_, held)| (held.amount, held.until));
        held.chain(spent.map(|((_, until), amount)| (*amount, *until)))
    }

    /// Takes what a turn holds, and lets go of what has ended long ago.
    pub(super) fn take(&mut self, turn: &TurnKey, holds: &[Hold], now: Timestamp) {
        let is_kept = |until: Timestamp| until.0.saturating_add(STALE) > now.0;
        self.held.retain(|_, held| is_kept(held.until));
        self.spent.retain(|(_, until), _| is_kept(*until));
        for Hold {
            of, amount, until, ..
        } in holds
        {
            let (amount, until) = (*amount, *until);
            self.held
                .insert((turn.clone(), *of), Held { amount, until });
        }
    }

    /// Gives back what a turn holds of what is used only as long as it runs.
    pub(super) fn give_back(&mut self, turn: &TurnKey) {
        self.held.remove(&(turn.clone(), Allowance::Turns));
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.held.len() + self.spent.len()
    }

    /// Puts what a turn has spent in place of what it holds.
    pub(super) fn settle(&mut self, turn: &TurnKey, spent: &[(Allowance, u64)]) {
        for (of, amount) in spent {
            let Some(held) = self.held.remove(&(turn.clone(), *of)) else {
                continue;
            };
            let sum = self.spent.entry((*of, held.until)).or_default();
            *sum = sum.saturating_add(*amount);
        }
    }
}
