//! The work that turns leave behind: found by when it is due, claimed by one.

use domain::{Job, JobKind, JobState, Outcome, Timestamp, TurnKey};
use ports::stored::json;
use ports::{JobsOf, Result};
use uuid::Uuid;

use crate::change::{Change, Changed};
use crate::due;
use crate::item::{number, text};
use crate::key::{self, Key, LAST, SHARD, TIME};
use crate::map;
use crate::table::{BY_TIME, Range, Table};

/// Claims jobs that are due, the oldest first. One that another claims at the same time is left to
/// it; after an error there are no more, but those that are claimed are told: else nobody would
/// have them until their claims run out.
pub(crate) async fn claim(
    table: &Table,
    of: &JobsOf,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<Job>> {
    // Tells the SDK's second try that the first one has claimed it.
    let claimer = Uuid::new_v4().to_string();
    let mut claimed = Vec::new();
    for seen in due(table, of, now, limit).await? {
        if claimed.len() == limit {
            break;
        }
        let job = Job {
            attempts: seen.attempts + 1,
            state: JobState::Claimed(until),
            ..seen.clone()
        };
        match take(table, &job, &seen, &claimer).await {
            Ok(true) => claimed.push(job),
            Ok(false) => {}
            Err(_) if !claimed.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(claimed)
}

/// Claims one, unless it is no longer as it was seen.
async fn take(table: &Table, job: &Job, seen: &Job, claimer: &str) -> Result<bool> {
    let change = change(job, seen)?
        .set("attempts", number(job.attempts.into()))
        .set("claimer", text(claimer));
    Ok(match change.make(table.client(), table.name()).await? {
        Changed::Now(_) => true,
        Changed::Not(found) => {
            found.is_some_and(|item| item.get("claimer") == Some(&text(claimer)))
        }
    })
}

/// Notes what came of a claimed job, unless another has claimed it since.
pub(crate) async fn settle(table: &Table, job: &Job, outcome: &Outcome) -> Result<()> {
    let settled = Job {
        state: outcome.clone().into(),
        ..job.clone()
    };
    let change = change(&settled, job)?.set("calls", text(json(&job.calls)?));
    change.make(table.client(), table.name()).await.map(drop)
}

/// From what was seen to what shall be.
fn change(job: &Job, seen: &Job) -> Result<Change> {
    let change = Change::of(Key::job(&job.turn, job.kind)).set("state", text(json(&job.state)?));
    let change = match map::open(job) {
        Some((time, shard)) => change.set(TIME, time).set(SHARD, shard),
        None => change.remove(TIME).remove(SHARD),
    };
    let unchanged = [
        ("seen", text(json(&seen.state)?)),
        ("tries", number(seen.attempts.into())),
    ];
    Ok(change.only_if("#state = :seen AND #attempts = :tries", unchanged))
}

/// How many more than asked for are read of each partition of the index of everybody's: it may lag,
/// and what stands first was perhaps claimed a moment ago.
const BEHIND: usize = 16;

/// Jobs that are due, at least `limit` of them if there are so many.
async fn due(table: &Table, of: &JobsOf, now: Timestamp, limit: usize) -> Result<Vec<Job>> {
    let through = format!("{}{LAST}", key::due_by(now.0));
    let mut due = match of {
        JobsOf::Turn(_) | JobsOf::Conversation(_) => all(table, of).await?,
        JobsOf::User(user) => {
            let pk = key::partition(user);
            let range = Range {
                index: Some(BY_TIME),
                ..Range::of(&pk, "J#", &through)
            };
            table.read(range, limit, map::readable_job).await?
        }
        JobsOf::Anyone => {
            let stretch = ("J#", through.as_str());
            let most = limit.saturating_add(BEHIND);
            due::of_anyone(table, key::JOBS, stretch, most, map::readable_job).await?
        }
    };
    due.retain(|job| job.state.due().is_some_and(|at| at <= now));
    due.sort_by(|a, b| place(a).cmp(&place(b)));
    Ok(due)
}

/// Returns where a job stands among those that are due.
fn place(job: &Job) -> (Option<Timestamp>, &TurnKey, JobKind) {
    (job.state.due(), &job.turn, job.kind)
}

/// Jobs in any state.
pub(crate) async fn all(table: &Table, of: &JobsOf) -> Result<Vec<Job>> {
    let (user, first) = match of {
        JobsOf::Turn(turn) => (&turn.conversation.user, key::jobs_of_turn(turn)),
        JobsOf::Conversation(conversation) => (&conversation.user, key::all("J", conversation)),
        JobsOf::User(user) => (user, "J#".to_owned()),
        JobsOf::Anyone => {
            let found = table.all_jobs().await?;
            return Ok(sorted(found.iter().filter_map(map::readable_job).collect()));
        }
    };
    let (pk, last) = (key::partition(user), format!("{first}{LAST}"));
    Ok(sorted(
        table
            .read(Range::of(&pk, &first, &last), usize::MAX, map::readable_job)
            .await?,
    ))
}

fn sorted(mut jobs: Vec<Job>) -> Vec<Job> {
    jobs.sort_by(|a, b| (&a.turn, a.kind).cmp(&(&b.turn, b.kind)));
    jobs
}
