//! What was asked, and what was answered.

use std::collections::BTreeMap;
use std::fmt;

/// How often each answer was given.
#[derive(Debug, Default)]
pub(super) struct Census(BTreeMap<String, u64>);

/// What must come up at least so often, or the run proves little.
const FLOORS: &[(&str, u64)] = &[
    ("admit: Busy", 200),
    ("admit: Existing", 50),
    ("admit: Mismatch", 50),
    ("admit: New", 500),
    ("admit: New again", 50),
    ("admit: OverLimit, money", 50),
    ("admit: OverLimit, tokens", 50),
    ("admit: OverLimit, turns", 30),
    ("admit: Unknown", 50),
    ("bind: AccountIsAnothers", 20),
    ("bind: Bound", 20),
    ("bind: UserIsAnothers", 5),
    ("checkpoint: a gap", 20),
    ("checkpoint: Done, asked to stop", 20),
    ("checkpoint: Done", 500),
    ("checkpoint: LeaseLost", 100),
    ("claim_jobs: all told", 1_000),
    ("claim_jobs: none", 100),
    ("claim_jobs: some", 100),
    ("conversation: None", 50),
    ("conversation: Some", 100),
    ("conversations: last page", 50),
    ("conversations: more", 20),
    ("create_conversation", 100),
    ("delete_conversation: false", 20),
    ("delete_conversation: true", 20),
    ("edit_conversation: false", 20),
    ("edit_conversation: true", 50),
    ("finish: Holder, Done", 200),
    ("finish: Holder, LeaseLost", 50),
    ("finish: Reaper, Done", 20),
    ("finish: Reaper, LeaseLost", 20),
    ("ask_stop: Ended", 20),
    ("ask_stop: None", 10),
    ("ask_stop: Running", 50),
    ("jobs: none", 20),
    ("jobs: some", 50),
    ("messages: none", 20),
    ("messages: some", 100),
    ("overdue: none", 20),
    ("overdue: some", 20),
    ("record delete: false", 20),
    ("record delete: true", 20),
    ("record get: None", 20),
    ("record get: Some", 50),
    ("record list: last page", 50),
    ("record list: more", 20),
    ("record list of a group: last page", 50),
    ("record list of a group: more", 20),
    ("record put: false", 50),
    ("record put: true", 100),
    ("record put with an end: false", 50),
    ("record put with an end: true", 100),
    ("settle_hold", 200),
    ("settle_job", 50),
    ("turn: Ended", 100),
    ("turn: None", 20),
    ("turn: Running", 100),
    ("asked again after an error", 20),
    ("trouble: cancelled", 10),
    ("trouble: conflict", 10),
    ("trouble: cut", 100),
    ("trouble: failed", 100),
    ("trouble: lost answer", 200),
    ("trouble: throttled", 100),
    ("trouble: throughput", 100),
];

impl Census {
    pub(super) fn count(&mut self, what: &str) {
        *self.0.entry(what.to_owned()).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what.clone()).or_default() += count;
        }
    }

    pub(super) fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or_default()
    }

    /// What came up too rarely.
    pub(super) fn missing(&self) -> Vec<String> {
        let short = FLOORS.iter().filter(|(what, floor)| self.of(what) < *floor);
        short
            .map(|(what, floor)| format!("{what}: {} of {floor}", self.of(what)))
            .collect()
    }
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|(what, count)| writeln!(f, "  {what:<36} {count:>7}"))
    }
}
