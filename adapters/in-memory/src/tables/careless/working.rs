//! Breaks in jobs.

use domain::JobState;
use serde_json::json;

use super::Break as B;
use super::*;

fn is_of(of: &JobsOf, job: &Job) -> bool {
    match of {
        JobsOf::Turn(turn) => job.turn == *turn,
        JobsOf::Conversation(key) => job.turn.conversation == *key,
        JobsOf::User(user) => job.turn.conversation.user == *user,
        JobsOf::Anyone => true,
    }
}

impl Careless {
    pub(super) async fn claim(
        &self,
        of: &JobsOf,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>> {
        match (self.how, of) {
            (B::NoneIsOneJob, _) => {
                return self.sound.claim_jobs(of, now, until, limit.max(1)).await;
            }
            (B::NobodyClaimsOfAnyone, JobsOf::Anyone) => return Ok(Vec::new()),
            (B::TwoClaimAtOnce, _) => return self.claim_at_once(of, now, until, limit).await,
            (B::OneUserIsAnyone, JobsOf::Anyone) => {
                let first = self.tables(|t| t.users.keys().next().cloned());
                let of = first.map_or(JobsOf::Anyone, JobsOf::User);
                return self.sound.claim_jobs(&of, now, until, limit).await;
            }
            (B::NewestJobsFirst | B::JobsInOrderOfTurns, _) => {
                return self.claim_in_order(of, now, until, limit).await;
            }
            _ => {}
        }
        let now = match self.how {
            B::ClaimedEarly => Timestamp(now.0 + 1),
            _ => now,
        };
        let limit = limit.saturating_add(usize::from(self.is(B::TooManyClaimed)));
        let until_kept = match self.how {
            B::ClaimsAreForever => Timestamp(u64::MAX),
            _ => until,
        };
        let mut claimed = self.sound.claim_jobs(of, now, until_kept, limit).await?;
        for job in &mut claimed {
            job.state = JobState::Claimed(until);
            let seen = Job {
                attempts: job.attempts - 1,
                ..job.clone()
            };
            match self.how {
                B::AttemptsAreNotCounted => {
                    *job = seen;
                    self.put(job.clone());
                }
                B::ClaimsAreShared => self.put(Job {
                    state: JobState::Due(now),
                    ..seen
                }),
                _ => {}
            }
        }
        if self.is(B::JobsAreClaimedAfterwards) {
            let kept = self.kept();
            claimed.extend(kept.jobs.iter().filter(|job| is_of(of, job)).cloned());
        }
        if self.is(B::StrangersClaim) && claimed.is_empty() {
            claimed = self.of_strangers(of);
        }
        Ok(claimed)
    }

    fn put(&self, job: Job) {
        self.tables(|t| {
            if let Some(user) = t.users.get_mut(&job.turn.conversation.user) {
                user.put(job);
            }
        });
    }

    fn of_strangers(&self, of: &JobsOf) -> Vec<Job> {
        let JobsOf::Conversation(key) = of else {
            return Vec::new();
        };
        self.tables(|t| {
            let users = t.users.values();
            let rows = users.filter_map(|user| user.conversations.get(&short(key)));
            let jobs = rows.flat_map(|row| row.jobs().cloned().collect::<Vec<_>>());
            jobs.filter(|job| job.turn.conversation.user != key.user)
                .collect()
        })
    }

    /// Looks, lets others go on, and claims what it has seen.
    async fn claim_at_once(
        &self,
        of: &JobsOf,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>> {
        let mut due = self.sound.jobs(of).await?;
        due.retain(|job| job.state.due().is_some_and(|at| at <= now));
        due.sort_by_key(|job| job.state.due());
        due.truncate(limit);
        tokio::task::yield_now().await;
        for job in &mut due {
            job.attempts += 1;
            job.state = JobState::Claimed(until);
            self.put(job.clone());
        }
        Ok(due)
    }

    async fn claim_in_order(
        &self,
        of: &JobsOf,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>> {
        let mut due = self.sound.jobs(of).await?;
        due.retain(|job| job.state.due().is_some_and(|at| at <= now));
        due.sort_by_key(|job| job.state.due());
        match self.how {
            B::NewestJobsFirst => due.reverse(),
            _ => due.sort_by(|one, other| one.turn.cmp(&other.turn)),
        }
        due.truncate(limit);
        for job in &mut due {
            job.attempts += 1;
            job.state = JobState::Claimed(until);
            self.put(job.clone());
        }
        Ok(due)
    }

    /// Whether a careless store takes a job for one that is asked for.
    fn begins_alike(&self, of: &JobsOf, job: &Job) -> bool {
        if is_of(of, job) {
            return false;
        }
        let (turn, key) = (&job.turn, &job.turn.conversation);
        match (self.how, of) {
            (B::UsersBeginAlike, JobsOf::User(user)) => {
                key.user.user().as_str().starts_with(user.user().as_str())
            }
            (B::ConversationsBeginAlike, JobsOf::Conversation(asked)) => {
                let is_with = key.user == asked.user && key.coach == asked.coach;
                let asked = asked.conversation.as_str();
                is_with && key.conversation.as_str().starts_with(asked)
            }
            (B::TurnsBeginAlike, JobsOf::Turn(asked)) => {
                let is_within = *key == asked.conversation;
                is_within && turn.turn.as_str().starts_with(asked.turn.as_str())
            }
            _ => false,
        }
    }

    pub(super) async fn settle_a_job(&self, job: &Job, outcome: &Outcome) -> Result<()> {
        let mut job = job.clone();
        let mut outcome = outcome.clone();
        let known = self.sound.jobs(&JobsOf::Turn(job.turn.clone())).await?;
        let known = known.into_iter().find(|known| known.kind == job.kind);
        if let Some(known) = known {
            let is_claimed = matches!(known.state, JobState::Claimed(_));
            let is_late = is_claimed && known.attempts != job.attempts;
            let (attempts, calls) = (known.attempts, job.calls.clone());
            let now = Job { calls, ..known };
            match self.how {
                B::LateIsTaken if is_late => job = now,
                B::SettledIsSettledAgain if !is_claimed && attempts == job.attempts => job = now,
                _ => {}
            }
        }
        match (self.how, &mut outcome) {
            (B::CallsAreLost, _) => job.calls.clear(),
            (B::CallsAreFloats, _) => {
                for call in &mut job.calls {
                    call.ms = call.ms as f64 as u64;
                }
            }
            (B::ResultIsLost, Outcome::Done(result)) => *result = json!(null),
            (B::ReasonIsLost, Outcome::Refused(why) | Outcome::Dead(why)) => why.clear(),
            (B::TriedAgainAtOnce, Outcome::Again(at)) => *at = Timestamp(0),
            _ => {}
        }
        self.sound.settle_job(&job, &outcome).await
    }

    pub(super) async fn read_jobs(&self, of: &JobsOf, found: Vec<Job>) -> Result<Vec<Job>> {
        let mut found = found;
        match (self.how, of) {
            (B::AnyonesAreNone, JobsOf::Anyone) => found.clear(),
            (B::OfTurnIsOfConversation, JobsOf::Turn(turn)) => {
                let of = JobsOf::Conversation(turn.conversation.clone());
                found = self.sound.jobs(&of).await?;
            }
            (B::UsersBeginAlike | B::ConversationsBeginAlike | B::TurnsBeginAlike, _) => {
                let all = self.sound.jobs(&JobsOf::Anyone).await?;
                let is_alike = |job: &Job| self.begins_alike(of, job);
                found.extend(all.into_iter().filter(is_alike));
            }
            (B::SettledAreLeftOut, _) => found.retain(|job| job.state.due().is_some()),
            (
                B::JobsOutlive
                | B::EndingBesideDeletion
                | B::ErasedHasJobs
                | B::DeletionOfTwentyFive,
                _,
            ) => {
                let kept = self.kept();
                found.extend(kept.jobs.iter().filter(|job| is_of(of, job)).cloned());
            }
            _ => {}
        }
        Ok(found)
    }
}
