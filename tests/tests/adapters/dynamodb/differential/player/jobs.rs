//! Jobs, which two may claim at once.

use std::time::Duration;

use domain::Outcome;
use ports::{JobsOf, MessageStore};
use serde_json::json;

use super::{ALL, Player, any};

impl Player {
    fn jobs_of(&mut self) -> JobsOf {
        let turn = self.some_turn().map(|begun| begun.admission.turn);
        match (self.chance.below(24), turn) {
            (0..6, Some(turn)) => JobsOf::Turn(turn),
            (6..12, Some(turn)) => JobsOf::Conversation(turn.conversation),
            (12, _) => JobsOf::Anyone,
            _ => JobsOf::User(self.user()),
        }
    }

    /// A claim may fail on the way: then the rest is claimed by asking again, but for what was
    /// claimed before an answer was lost. That stays claimed, and is not told.
    pub(super) async fn claim(&mut self) {
        let (of, until) = (self.jobs_of(), self.now + Duration::from_secs(60));
        let limit = ALL;
        let expected = self
            .memory
            .0
            .claim_jobs(&of, self.now, until, limit)
            .await
            .unwrap();
        let (now, mut found) = (self.now, Vec::new());
        loop {
            let (more, _) = settled!(self.dynamo.0.claim_jobs(&of, now, until, limit));
            if more.is_empty() {
                break;
            }
            found.extend(more);
        }
        let told: Vec<_> = expected
            .iter()
            .filter(|job| found.contains(job))
            .cloned()
            .collect();
        assert_eq!(found, told, "of {expected:?}");
        self.census.count(if found == expected {
            "claim_jobs: all told"
        } else {
            "claim_jobs: some not told"
        });
        self.census
            .count(&format!("claim_jobs: {}", any(&expected)));
        self.claimed.extend(expected);
        both!(self.0.jobs(&of));
    }

    pub(super) async fn settle(&mut self) {
        let lately = self.claimed.len().min(8);
        if lately == 0 {
            return;
        }
        let mut job = self.claimed[self.claimed.len() - 1 - self.chance.index() % lately].clone();
        if self.chance.percent(10) {
            job.attempts += 1;
        }
        let outcome = match self.chance.below(4) {
            0 => Outcome::Done(json!({ "workout": { "name": "Fran", "seconds": 252.5 } })),
            1 => Outcome::Refused("a plan".into()),
            2 => Outcome::Dead("unavailable".into()),
            _ => Outcome::Again(self.now + Duration::from_secs(2)),
        };
        both!(self.0.settle_job(&job, &outcome));
        self.census.count("settle_job");
    }

    pub(super) async fn jobs(&mut self) {
        let of = self.jobs_of();
        let found = both!(self.0.jobs(&of));
        self.census.count(&format!("jobs: {}", any(&found)));
    }
}
