//! Work that a turn leaves behind, and what is planned for it.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::CallRecord;
use crate::{Timestamp, TurnKey};

/// How often a job is tried before it is kept as a dead letter.
pub const ATTEMPTS: u32 = 5;

/// Work that a turn left behind. Its identity is (turn, kind), and so is that of what it makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The turn that left it.
    pub turn: TurnKey,
    /// What is to be done.
    pub kind: JobKind,
    /// How often it was claimed.
    pub attempts: u32,
    /// Where it is.
    pub state: JobState,
    /// The model calls that it has cost so far.
    pub calls: Vec<CallRecord>,
}

/// Variants with their names, which are the same in stored keys, in stored JSON and on the wire.
macro_rules! named {
    (
        $(#[$about:meta])*
        pub enum $name:ident as $schema:literal {
            $($(#[$doc:meta])* $variant:ident = $text:literal,)*
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// Returns the one of this name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name() == name)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                $schema.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "enum": Self::ALL })
            }
        }
    };
}

named! {
    /// The kinds of work. Their places are those in stored keys: a new one goes to the end.
    pub enum JobKind as "JobKind" {
        /// Extract the workout from the athlete's message, and log it.
        Workout = "workout",
        /// Remember what the athlete has said.
        Memory = "memory",
        /// Forget what the athlete wants forgotten.
        Forget = "forget",
        /// Bring the conversation's summary up to date.
        Summary = "summary",
    }
}

/// Where a job is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum JobState {
    /// To be done at this time or later.
    Due(Timestamp),
    /// Somebody is at it until this time; then it is due again.
    Claimed(Timestamp),
    /// Done, with this result.
    Done(Value),
    /// There was nothing to do, for this reason, which the athlete may see.
    Refused(String),
    /// Given up, for this reason.
    Dead(String),
}

impl JobState {
    /// Returns from when on it is to be done, unless it is settled.
    pub fn due(&self) -> Option<Timestamp> {
        match self {
            Self::Due(at) | Self::Claimed(at) => Some(*at),
            Self::Done(_) | Self::Refused(_) | Self::Dead(_) => None,
        }
    }

    /// Returns what came of it, if it is done.
    pub fn result(&self) -> Option<&Value> {
        match self {
            Self::Done(result) => Some(result),
            Self::Due(_) | Self::Claimed(_) | Self::Refused(_) | Self::Dead(_) => None,
        }
    }

    /// Returns why it was refused or given up, if it was.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Refused(reason) | Self::Dead(reason) => Some(reason),
            Self::Due(_) | Self::Claimed(_) | Self::Done(_) => None,
        }
    }

    /// Returns what an athlete is told of it.
    pub fn progress(&self) -> Progress {
        match self {
            Self::Due(_) => Progress::Pending,
            Self::Claimed(_) => Progress::Running,
            Self::Done(_) => Progress::Done,
            Self::Refused(_) => Progress::Refused,
            Self::Dead(_) => Progress::Dead,
        }
    }
}

named! {
    /// How far a job is, by the words that clients know. What is stored of a [`JobState`] has words
    /// of its own.
    pub enum Progress as "JobState" {
        /// It waits.
        Pending = "pending",
        /// Somebody is at it.
        Running = "running",
        /// It is done.
        Done = "done",
        /// There was nothing to do.
        Refused = "refused",
        /// It was given up.
        Dead = "dead",
    }
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is done, with this result.
    Done(Value),
    /// There is nothing to do, for this reason, which the athlete may see.
    Refused(String),
    /// It is to be tried again.
    Again(Timestamp),
    /// It is given up, for this reason.
    Dead(String),
}

impl Outcome {
    /// Returns what follows from a try that failed, the `attempts`th: 2, 4, 8 and 16 seconds'
    /// pause, then none.
    pub fn after(reason: impl std::fmt::Display, attempts: u32, now: Timestamp) -> Self {
        if attempts >= ATTEMPTS {
            return Self::Dead(reason.to_string());
        }
        Self::Again(now + Duration::from_secs(1 << attempts.clamp(1, 6)))
    }
}

impl From<Outcome> for JobState {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done(result) => Self::Done(result),
            Outcome::Refused(reason) => Self::Refused(reason),
            Outcome::Again(at) => Self::Due(at),
            Outcome::Dead(reason) => Self::Dead(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;

    #[test]
    fn a_kind_has_one_name_wherever_it_is_told_and_is_found_by_it() {
        for kind in JobKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert_eq!(JobKind::named(kind.name()), Some(*kind));
        }
        for progress in Progress::ALL {
            assert_eq!(serde_json::to_value(progress).unwrap(), progress.name());
        }
        assert_eq!(JobKind::named("nap"), None);
        assert_eq!(JobKind::named("Workout"), None);
    }

    #[test]
    fn a_failed_job_is_tried_five_times_with_growing_pauses() {
        let now = Timestamp(1_000_000);
        let pauses: Vec<_> = (1..=5)
            .map(
                |attempts| match Outcome::after(Fault::Unavailable, attempts, now) {
                    Outcome::Again(at) => Some(at.since(now).as_secs()),
                    Outcome::Done(_) | Outcome::Refused(_) | Outcome::Dead(_) => None,
                },
            )
            .collect();
        assert_eq!(pauses, [Some(2), Some(4), Some(8), Some(16), None]);
    }
}
