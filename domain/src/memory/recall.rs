//! Which memories are worth their place in a prompt.

use std::collections::BTreeSet;

use super::{Importance, Memory};
use crate::Timestamp;
use crate::prompt::{data, estimated_tokens};

/// Returns the candidates that fit a budget of tokens, the best first and each once, without what
/// was superseded.
///
/// A memory is worth 300, 200 or 100 by its importance, up to 30 for being new (one less each day),
/// and two for each use, up to 20. One that does not fit is left out, and a shorter one may take
/// its place.
pub fn ranked<'a>(
    candidates: impl IntoIterator<Item = &'a Memory>,
    now: Timestamp,
    budget: u64,
) -> Vec<&'a Memory> {
    let mut seen = BTreeSet::new();
    let mut memories: Vec<&Memory> = candidates
        .into_iter()
        .filter(|memory| memory.superseded_by.is_none() && seen.insert(&memory.id))
        .collect();
    memories.sort_by(|a, b| {
        let by_worth = worth(b, now).cmp(&worth(a, now));
        by_worth
            .then(b.created_at.cmp(&a.created_at))
            .then(a.id.cmp(&b.id))
    });
    let mut left = budget;
    memories.retain(|memory| {
        let size = estimated_tokens(data("memory", &memory.content).len());
        let fits = size <= left;
        left -= if fits { size } else { 0 };
        fits
    });
    memories
}

fn worth(memory: &Memory, now: Timestamp) -> u64 {
    let importance = match memory.importance {
        Importance::High => 300,
        Importance::Medium => 200,
        Importance::Low => 100,
    };
    let days = now.since(memory.created_at).as_secs() / super::DAY.as_secs();
    importance + 30_u64.saturating_sub(days) + (2 * u64::from(memory.times_used)).min(20)
}
