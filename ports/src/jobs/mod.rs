//! Does the work that turns leave behind.

mod memory;
mod summary;
mod workout;

use std::sync::Arc;
use std::time::Duration;

use domain::prompt::Extraction;
use domain::turn::{CallKind, CallOutcome, CallRecord};
use domain::{Fault, Job, JobKind, JobState, Opening, Outcome, RouterDecision, Timestamp, TurnKey, Usage, UserScope};
use tracing::{info, warn};

use crate::{Answer, JobsOf, ModelCall, Ports, TurnState, answer, charge, opening};

/// How long a job may take before others may try it.
const CLAIM: Duration = Duration::from_secs(60);

/// How long a job's model may take.
const ANSWER: Duration = Duration::from_secs(30);

/// How many jobs of earlier turns a turn takes on.
const LEFT_OVER: usize = 3;

/// The least pause between two tries, should a store say that one is due at once.
const PACE: Duration = Duration::from_millis(100);

/// How long a store that could not say what is left is left alone.
const AGAIN: Duration = Duration::from_secs(2);

/// Why a job is dead that nobody can do.
const UNREADABLE: &str = "its message cannot be read";

/// Tries the jobs of a turn that has ended, and then a few that earlier turns of the same user have
/// left over. When one of the turn's own is to be tried again, if one is.
pub async fn work_off(ports: &Ports, turn: &TurnKey) -> Option<Timestamp> {
    let own = JobsOf::Turn(turn.clone());
    claim_and_try(ports, &own, 8).await;
    claim_and_try(ports, &JobsOf::User(turn.conversation.user.clone()), LEFT_OVER).await;
    let Ok(jobs) = ports.clock.answered(ports.messages.jobs(&own)).await else {
        return Some(ports.clock.now() + AGAIN);
    };
    let open = jobs.iter().filter_map(|job| match job.state {
        JobState::Due(at) | JobState::Claimed(at) => Some(at),
        JobState::Done(_) | JobState::Refused(_) | JobState::Dead(_) => None,
    });
    open.min()
}

/// Works off the jobs of a turn until each is done, refused or dead, or the store could not say for
/// so long that others will have to go on.
pub async fn see_through(ports: &Ports, turn: &TurnKey) {
    let give_up = ports.clock.now() + CLAIM * domain::job::ATTEMPTS;
    while let Some(at) = work_off(ports, turn).await.filter(|at| *at < give_up) {
        ports.clock.sleep_until(at.max(ports.clock.now() + PACE)).await;
    }
}

async fn claim_and_try(ports: &Ports, of: &JobsOf, limit: usize) {
    let now = ports.clock.now();
    let claimed = ports.clock.answered(ports.messages.claim_jobs(of, now, now + CLAIM, limit)).await;
    for job in claimed.unwrap_or_default() {
        attempt(ports, job).await;
    }
}

/// Tries a claimed job once, and notes what came of it.
async fn attempt(ports: &Ports, mut job: Job) {
    let (outcome, calls) = match ports.clock.answered(opening(&*ports.messages, &job.turn)).await {
        Ok(Some((opening, record))) => {
            let route = match record.state {
                TurnState::Ended(closing) => closing.report.route.clone(),
                TurnState::Running { .. } => None,
            };
            let mut work = Work { ports, opening, route, attempts: job.attempts, calls: Vec::new() };
            let outcome = match job.kind {
                JobKind::Workout => workout::log(&mut work).await,
                JobKind::Memory => memory::save(&work).await,
                JobKind::Forget => memory::erase(&work).await,
                JobKind::Summary => summary::renew(&mut work).await,
            };
            (outcome, work.calls)
        }
        Ok(None) => (without_turn(ports, &job.turn).await, Vec::new()),
        Err(error) => (Err(error.fault), Vec::new()),
    };
    let outcome = match outcome {
        // Waiting counts as a try, too: nothing waits for ever.
        Ok(Outcome::Again(_)) => Outcome::after(Fault::Unavailable, job.attempts, ports.clock.now()),
        Ok(outcome) => outcome,
        Err(fault) => Outcome::after(fault, job.attempts, ports.clock.now()),
    };
    job.calls.extend_from_slice(&calls);
    let (turn, kind) = (&job.turn.turn, job.kind);
    info!(%turn, ?kind, attempts = job.attempts, outcome = name(&outcome), "job");
    if let Err(error) = ports.clock.answered(ports.messages.settle_job(&job, &outcome)).await {
        warn!(%turn, ?kind, error = &error as &dyn std::error::Error, "a job's outcome could not be noted");
    }
    charge(ports, &job.turn.conversation.user, &calls).await;
}

/// What becomes of a job whose turn cannot be read any more.
async fn without_turn(ports: &Ports, turn: &TurnKey) -> Result<Outcome, Fault> {
    let found = ports.clock.answered(ports.messages.conversation(&turn.conversation)).await;
    Ok(match found.map_err(|error| error.fault)? {
        None => Outcome::Refused("the conversation was deleted".to_owned()),
        Some(_) => Outcome::Dead("its turn is no longer kept".to_owned()),
    })
}

/// What a job works with.
struct Work<'a> {
    ports: &'a Ports,
    opening: Opening,
    route: Option<RouterDecision>,
    /// Which try this is.
    attempts: u32,
    /// The model calls of this try.
    calls: Vec<CallRecord>,
}

/// Why the answer of a model is of no use.
enum Useless {
    /// It is not the form that was asked for.
    Malformed,
    /// It is, and says why there is nothing to do.
    Refused(String),
}

impl Work<'_> {
    fn owner(&self) -> &UserScope {
        &self.opening.turn.conversation.user
    }

    /// Has a form filled in by the small model, and notes what that cost.
    async fn ask<T>(
        &mut self,
        kind: CallKind,
        form: Extraction,
        check: impl FnOnce(&str) -> Result<T, Useless>,
    ) -> Result<Result<T, Useless>, Fault> {
        let clock = &*self.ports.clock;
        let tool = Answer::Tool { name: form.tool, schema: Arc::new(form.schema) };
        let call = ModelCall::question(form.prompt, tool, 2_000);
        let began = clock.now();
        let answer = clock.within(ANSWER, answer(&*self.ports.llm, call)).await;
        let ms = u64::try_from(clock.now().since(began).as_millis()).unwrap_or(u64::MAX);
        let (result, usage, outcome) = match answer {
            Some(Ok((text, usage))) => {
                let checked = check(&text);
                let malformed = matches!(checked, Err(Useless::Malformed));
                (Ok(checked), usage, if malformed { CallOutcome::Malformed } else { CallOutcome::Ok })
            }
            Some(Err(error)) => (Err(error.fault), Usage::default(), CallOutcome::Failed(error.fault)),
            None => (Err(Fault::TimedOut), Usage::default(), CallOutcome::Failed(Fault::TimedOut)),
        };
        self.calls.push(CallRecord { kind, usage, ms, attempts: 1, outcome });
        result
    }
}

fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done(_) => "done",
        Outcome::Refused(_) => "refused",
        Outcome::Again(_) => "again",
        Outcome::Dead(_) => "dead",
    }
}
