//! The fewest deeds and faults that break a rule.

use std::collections::BTreeMap;

use super::play::play;
use super::script::{Faults, Script};

/// Leaves out of `script` what can be left out while `rule` stays broken; at most so many runs.
pub fn shortest(script: &Script, rule: &str, mut runs: usize) -> Script {
    let mut breaks = |script: &Script| {
        runs = runs.saturating_sub(1);
        runs > 0
            && play(script)
                .broken
                .is_some_and(|broken| broken.rule == rule)
    };
    let exact = play(script).script;
    if !breaks(&exact) {
        return script.clone();
    }
    let deeds = fewest(exact.deeds.clone(), |deeds| {
        breaks(&Script {
            deeds: deeds.to_vec(),
            ..exact.clone()
        })
    });
    let exact = Script { deeds, ..exact };
    let Faults::Just(faults) = exact.faults.clone() else {
        return exact;
    };
    let just = |faults: &[_]| {
        let faults = Faults::Just(faults.iter().copied().collect::<BTreeMap<_, _>>());
        Script {
            faults,
            ..exact.clone()
        }
    };
    let faults = fewest(faults.into_iter().collect(), |faults| breaks(&just(faults)));
    just(&faults)
}

/// First large stretches, then single items.
fn fewest<T: Clone>(mut items: Vec<T>, mut breaks: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut stretch = items.len();
    while stretch > 0 {
        let mut at = 0;
        while at < items.len() {
            let mut fewer = items.clone();
            fewer.drain(at..(at + stretch).min(items.len()));
            if breaks(&fewer) {
                items = fewer;
            } else {
                at += stretch;
            }
        }
        stretch /= 2;
    }
    items
}
