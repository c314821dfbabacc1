//! Does the work that turns leave behind.

use std::sync::Arc;
use std::time::Duration;

use domain::turn::{CallKind, CallOutcome, CallRecord};
use domain::workout::{self, Logging, Refusal};
use domain::{Fault, Job, JobKind, JobState, Opening, Outcome, RecordId, Timestamp, TurnKey, Usage, Workout};
use serde_json::{Value, json};
use tracing::{info, warn};

use crate::{Answer, Expect, JobsOf, Kind, ModelCall, Ports, RecordKey, Result, answer, opening, records};

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
    let outcome = match ports.clock.answered(opening(&*ports.messages, &job.turn)).await {
        Ok(Some((opening, _))) => match job.kind {
            JobKind::Workout => log_workout(ports, &mut job, &opening).await,
        },
        Ok(None) => Ok(Outcome::Refused("the conversation was deleted".to_owned())),
        Err(error) => Err(error.fault),
    };
    let outcome = outcome.unwrap_or_else(|fault| Outcome::after(fault, job.attempts, ports.clock.now()));
    let (turn, kind) = (&job.turn.turn, job.kind);
    info!(%turn, ?kind, attempts = job.attempts, outcome = name(&outcome), "job");
    if let Err(error) = ports.clock.answered(ports.messages.settle_job(&job, &outcome)).await {
        warn!(%turn, ?kind, error = &error as &dyn std::error::Error, "a job's outcome could not be noted");
    }
}

/// Extracts the workout from the athlete's own words of this turn, and stores it under the turn's id.
async fn log_workout(ports: &Ports, job: &mut Job, opening: &Opening) -> Result<Outcome, Fault> {
    let at = RecordKey {
        owner: job.turn.conversation.user.clone(),
        kind: Kind::Workout,
        id: RecordId::from(&job.turn.turn),
    };
    // What an earlier try has stored stands, even if the model would now refuse it.
    if job.attempts > 1 {
        let earlier = ports.clock.answered(ports.records.get(&at)).await.map_err(|error| error.fault)?;
        if let Some(earlier) = earlier {
            let workout = records::read(&earlier).map_err(|error| error.fault)?;
            return Ok(Outcome::Done(told(&workout)));
        }
    }
    let extraction = workout::extraction(opening.text(), opening.when(), opening.zone());
    let form = Answer::Tool { name: extraction.tool, schema: Arc::new(extraction.schema) };
    let call = ModelCall::question(extraction.prompt, form, 2_000);
    let began = ports.clock.now();
    let answer = ports.clock.within(ANSWER, answer(&*ports.llm, call)).await;
    let answer = answer.map_or(Err(Fault::TimedOut), |answer| answer.map_err(|error| error.fault));

    let by_command = workout::was_commanded(opening.text());
    let logging = Logging { turn: &job.turn, by_command, when: opening.when() };
    let checked = answer.map(|(answer, usage)| (workout::check(&answer, &logging), usage));
    let (outcome, usage) = match &checked {
        Ok((Err(Refusal::Malformed(_)), usage)) => (CallOutcome::Malformed, usage.clone()),
        Ok((_, usage)) => (CallOutcome::Ok, usage.clone()),
        Err(fault) => (CallOutcome::Failed(*fault), Usage::default()),
    };
    let ms = u64::try_from(ports.clock.now().since(began).as_millis()).unwrap_or(u64::MAX);
    job.calls.push(CallRecord { kind: CallKind::Extraction, usage, ms, attempts: 1, outcome });

    let workout = match checked?.0 {
        Ok(workout) => workout,
        Err(Refusal::Refused(reason)) => return Ok(Outcome::Refused(reason)),
        Err(Refusal::Malformed(_)) => return Err(Fault::Rejected),
    };
    store_once(ports, &at, workout).await.map(|workout| Outcome::Done(told(&workout))).map_err(|error| error.fault)
}

/// Stores what a try has found, unless an earlier try of the same job has stored something already.
async fn store_once(ports: &Ports, at: &RecordKey, workout: Workout) -> Result<Workout> {
    let clock = &*ports.clock;
    if clock.answered(ports.records.put(at, &records::body(&workout)?, Expect::Absent)).await? {
        return Ok(workout);
    }
    match clock.answered(ports.records.get(at)).await? {
        Some(earlier) => records::read(&earlier),
        None => Ok(workout),
    }
}

fn told(workout: &Workout) -> Value {
    json!({ "workoutId": workout.id, "name": workout.name, "discipline": workout.discipline })
}

fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done(_) => "done",
        Outcome::Refused(_) => "refused",
        Outcome::Again(_) => "again",
        Outcome::Dead(_) => "dead",
    }
}
