//! The fewest moves that break a rule.

use super::play::play;
use super::rules::judge;
use super::script::Script;

/// Leaves out of `script` what can be left out while `rule` stays broken: first large stretches,
/// then single moves.
pub fn shortest(mut script: Script, rule: &str) -> Script {
    let mut stretch = script.moves.len();
    while stretch > 0 {
        let mut at = 0;
        while at < script.moves.len() {
            let mut shorter = script.clone();
            shorter
                .moves
                .drain(at..(at + stretch).min(script.moves.len()));
            if judge(&shorter, &play(&shorter)).is_some_and(|broken| broken.rule == rule) {
                script = shorter;
            } else {
                at += stretch;
            }
        }
        stretch /= 2;
    }
    script
}
