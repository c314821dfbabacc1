//! How far the turns of a fleet came, and what befell them.

use std::collections::BTreeMap;
use std::fmt;

use domain::{Ending, TurnError};
use ports::Writer;

use super::reference::Entry;

/// Counts what was reached.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Census {
    pub turns: u64,
    counts: BTreeMap<(&'static str, String), u64>,
}

/// What must be reached, and by how many in ten thousand turns.
const FLOORS: &[(&str, &str, u64)] = &[
    ("ending", "finished", 2_000),
    ("ending", "stopped", 100),
    ("ending", "truncated", 50),
    ("ending", "filtered", 50),
    ("ending", "deadline", 50),
    ("ending", "failed: model", 100),
    ("ending", "failed: store", 20),
    ("ending", "failed: deadline", 50),
    ("ending", "producer lost", 200),
    ("ending", "failed: internal", 10),
    ("trouble", "kill", 300),
    ("trouble", "users mixed up", 1_000),
    ("trouble", "freeze", 300),
    ("trouble", "stop", 100),
    ("trouble", "graceful stop", 100),
    ("killed while", "admitting", 10),
    ("killed while", "loading", 10),
    ("killed while", "preparing", 10),
    ("killed while", "replying", 50),
    ("killed while", "finishing", 10),
    ("killed while", "jobs", 10),
    ("request", "resumes", 2_000),
    ("lost", "ended before its lease", 50),
    ("settled", "turn", 2_000),
    ("remembered", "memory", 200),
    ("forgotten", "memory", 20),
    ("swept", "turns", 2),
    ("swept", "jobs", 100),
    ("refused", "Busy", 200),
    ("refused", "Mismatch", 10),
    ("refused", "OverLimit", 50),
    ("refused", "Store", 20),
];

/// Every one of these methods fails in every way.
const METHODS: [&str; 13] = [
    "admit",
    "checkpoint",
    "claim_jobs",
    "finish",
    "jobs",
    "list",
    "messages",
    "overdue",
    "put",
    "search",
    "settle_hold",
    "settle_job",
    "turn",
];
const WAYS: [&str; 7] = [
    "fails",
    "done, fails",
    "lands late",
    "slow",
    "answers late",
    "hangs",
    "done, hangs",
];

impl Census {
    pub fn count(&mut self, what: &'static str, which: String) {
        self.count_many(what, which, 1);
    }

    pub fn count_many(&mut self, what: &'static str, which: impl Into<String>, count: u64) {
        *self.counts.entry((what, which.into())).or_default() += count;
    }

    pub fn add(&mut self, other: Self) {
        self.turns += other.turns;
        for (what, count) in other.counts {
            *self.counts.entry(what).or_default() += count;
        }
    }

    pub(super) fn count_ending(&mut self, entry: &Entry) {
        let Some((closing, writer)) = &entry.ended else {
            return;
        };
        let which = match (closing.ending, writer) {
            (_, Writer::Reaper { .. }) => "producer lost",
            (Ending::Finished, _) => "finished",
            (Ending::Truncated, _) => "truncated",
            (Ending::Filtered, _) => "filtered",
            (Ending::Stopped, _) => "stopped",
            (Ending::Deadline, _) => "deadline",
            (Ending::Failed(TurnError::Store(_)), _) => "failed: store",
            (Ending::Failed(TurnError::Model(_)), _) => "failed: model",
            (Ending::Failed(TurnError::Deadline), _) => "failed: deadline",
            (Ending::Failed(TurnError::Internal), _) => "failed: internal",
            (Ending::Failed(TurnError::ProducerLost), _) => "failed: by itself",
        };
        self.count("ending", which.to_owned());
    }

    /// What too few turns have reached.
    pub fn short_of(&self) -> Vec<String> {
        let mut short = Vec::new();
        for (what, which, floor) in FLOORS {
            let count = self.of(what, which);
            if count * 10_000 < floor * self.turns {
                short.push(format!(
                    "{what} {which}: {count}, and {floor} in 10,000 are due"
                ));
            }
        }
        for (method, way) in METHODS
            .iter()
            .flat_map(|method| WAYS.map(|way| (method, way)))
        {
            let fault = format!("{method}: {way}");
            if self.of("fault", &fault) == 0 {
                short.push(format!("no fault {fault}"));
            }
        }
        short
    }

    /// No more than these.
    pub fn only(mut self, these: &[&str]) -> Self {
        self.counts.retain(|(what, _), _| these.contains(what));
        self
    }

    pub fn of(&self, what: &'static str, which: &str) -> u64 {
        self.counts
            .get(&(what, which.to_owned()))
            .copied()
            .unwrap_or(0)
    }
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} turns", self.turns)?;
        let (mut heading, faults) = (
            "",
            self.counts.iter().filter(|((what, _), _)| *what == "fault"),
        );
        for ((what, which), count) in self.counts.iter().filter(|((what, _), _)| *what != "fault") {
            let what = if *what == std::mem::replace(&mut heading, what) {
                ""
            } else {
                what
            };
            writeln!(f, "  {what:<13} {which:<28} {count:>8}")?;
        }
        let mut methods: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for ((_, which), count) in faults {
            let (method, way) = which.split_once(": ").unwrap_or_default();
            methods
                .entry(method)
                .or_default()
                .push(format!("{way} {count}"));
        }
        for (method, ways) in methods {
            writeln!(f, "  faults of {method:<14} {}", ways.join(" · "))?;
        }
        Ok(())
    }
}
