//! Does the work that turns leave behind.

use std::sync::Arc;
use std::time::Duration;

use domain::turn::{CallKind, CallOutcome, CallRecord};
use domain::workout::{self, Logging, Refusal};
use domain::{Fault, Job, JobKind, JobState, Opening, Outcome, RecordId, TurnKey, Usage, Workout};
use serde_json::{Value, json};
use tracing::{info, warn};

use crate::{Answer, Expect, JobsOf, Kind, ModelCall, Ports, RecordKey, Result, answer, opening, records};

/// How long a job may take before others may try it.
const CLAIM: Duration = Duration::from_secs(60);

/// How long a job's model may take.
const ANSWER: Duration = Duration::from_secs(30);

/// How often a job whose outcome could not be noted is asked about again.
const AGAIN: Duration = Duration::from_secs(2);

/// Does the jobs of a turn that has ended, and waits for those that must be tried again; returns
/// when each is done, refused or dead, or when the store could not say for long enough.
pub async fn work_off(ports: &Ports, turn: &TurnKey) {
    let of = JobsOf::Turn(turn.clone());
    let give_up = ports.clock.now() + CLAIM * domain::job::ATTEMPTS;
    while ports.clock.now() < give_up {
        let now = ports.clock.now();
        let claimed = ports.messages.claim_jobs(&of, now, now + CLAIM, 8).await.unwrap_or_default();
        for job in claimed {
            attempt(ports, job).await;
        }
        let Ok(jobs) = ports.messages.jobs(turn).await else {
            ports.clock.sleep(AGAIN).await;
            continue;
        };
        let next = jobs.iter().filter_map(|job| match job.state {
            JobState::Due(at) | JobState::Claimed(at) => Some(at),
            JobState::Done(_) | JobState::Refused(_) | JobState::Dead(_) => None,
        });
        match next.min() {
            Some(at) => ports.clock.sleep_until(at).await,
            None => return,
        }
    }
}

/// Tries a claimed job once, and notes what came of it.
async fn attempt(ports: &Ports, mut job: Job) {
    let outcome = match opening(&*ports.messages, &job.turn).await {
        Ok(Some((opening, _))) => match job.kind {
            JobKind::Workout => log_workout(ports, &mut job, &opening).await,
        },
        Ok(None) => Ok(Outcome::Refused("the conversation was deleted".to_owned())),
        Err(error) => Err(error.fault),
    };
    let outcome = outcome.unwrap_or_else(|fault| Outcome::after(fault, job.attempts, ports.clock.now()));
    let (turn, kind) = (&job.turn.turn, job.kind);
    info!(%turn, ?kind, attempts = job.attempts, outcome = name(&outcome), "job");
    if let Err(error) = ports.messages.settle_job(&job, &outcome).await {
        warn!(%turn, ?kind, error = &error as &dyn std::error::Error, "a job's outcome could not be noted");
    }
}

/// Extracts the workout from the athlete's own words of this turn, and stores it under the turn's id.
async fn log_workout(ports: &Ports, job: &mut Job, opening: &Opening) -> Result<Outcome, Fault> {
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
    let at = RecordKey {
        owner: job.turn.conversation.user.clone(),
        kind: Kind::Workout,
        id: RecordId::from(&job.turn.turn),
    };
    store_once(ports, &at, workout).await.map(|workout| Outcome::Done(told(&workout))).map_err(|error| error.fault)
}

/// Stores what a try has found, unless an earlier try of the same job has stored something already.
async fn store_once(ports: &Ports, at: &RecordKey, workout: Workout) -> Result<Workout> {
    if ports.records.put(at, &records::body(&workout)?, Expect::Absent).await? {
        return Ok(workout);
    }
    match ports.records.get(at).await? {
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
