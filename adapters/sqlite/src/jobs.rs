//! The work that turns leave behind.

use domain::{Job, JobKind, JobState, Outcome, Timestamp};
use ports::{JobsOf, PortError, stored};
use rusqlite::{CachedStatement, Connection, Row, Rows, params};

use crate::fault::{Result, unreadable};
use crate::row::{Columns, at, of, of_turn};

/// Keeps a job in place of what was known of it.
pub(crate) fn put(db: &Connection, job: &Job) -> Result<()> {
    let [user, coach, conversation, turn] = of_turn(&job.turn);
    db.prepare_cached(
        "INSERT OR REPLACE INTO jobs
           (user, coach, conversation, turn, kind, attempts, due, state, calls)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        user,
        coach,
        conversation,
        turn,
        job.kind.name(),
        job.attempts,
        job.state.due().map(at),
        stored::json(&job.state)?,
        stored::json(&job.calls)?,
    ])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Job> {
    let columns = Columns(row);
    let kind = JobKind::named(columns.text("kind")?);
    Ok(Job {
        turn: columns.turn()?,
        kind: kind.ok_or_else(|| unreadable("kind"))?,
        attempts: u32::try_from(columns.number("attempts")?).unwrap_or(u32::MAX),
        state: columns.json("state")?,
        calls: columns.json("calls")?,
    })
}

/// Collects no more than so many, without those that cannot be read.
fn read_all(mut rows: Rows<'_>, limit: usize) -> Result<Vec<Job>> {
    let mut jobs = Vec::new();
    while jobs.len() < limit
        && let Some(row) = rows.next()?
    {
        let job = read(row).map_err(PortError::from);
        jobs.extend(stored::if_readable(job, Columns(row).place()));
    }
    Ok(jobs)
}

/// All jobs whose conversation is there, and of which something more is known.
macro_rules! jobs_where {
    ($which:literal) => {
        concat!(
            "SELECT jobs.* FROM jobs JOIN conversations USING (user, coach, conversation) ",
            "WHERE ",
            $which
        )
    };
}

pub(crate) fn list(db: &Connection, of_whom: &JobsOf) -> Result<Vec<Job>> {
    let mut statement: CachedStatement<'_>;
    let rows = match of_whom {
        JobsOf::Turn(turn) => {
            statement = db.prepare_cached(jobs_where!(
                "user = ?1 AND coach = ?2 AND conversation = ?3 AND turn = ?4"
            ))?;
            statement.query(of_turn(turn))?
        }
        JobsOf::Conversation(key) => {
            statement = db.prepare_cached(jobs_where!(
                "user = ?1 AND coach = ?2 AND conversation = ?3"
            ))?;
            statement.query(of(key))?
        }
        JobsOf::User(user) => {
            statement = db.prepare_cached(jobs_where!("user = ?1"))?;
            statement.query([user.user().as_str()])?
        }
        JobsOf::Anyone => {
            statement = db.prepare_cached(jobs_where!("TRUE"))?;
            statement.query([])?
        }
    };
    read_all(rows, usize::MAX)
}

/// Claims those that are due, the oldest first.
pub(crate) fn claim(
    db: &Connection,
    of_whom: &JobsOf,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<Job>> {
    let mut claimed = due(db, of_whom, now, limit)?;
    for job in &mut claimed {
        job.attempts += 1;
        job.state = JobState::Claimed(until);
        put(db, job)?;
    }
    Ok(claimed)
}

fn due(db: &Connection, of_whom: &JobsOf, now: Timestamp, limit: usize) -> Result<Vec<Job>> {
    let mut statement: CachedStatement<'_>;
    let now = at(now);
    let rows = match of_whom {
        JobsOf::Turn(turn) => {
            let [user, coach, conversation, turn] = of_turn(turn);
            statement = db.prepare_cached(jobs_where!(
                "user = ?1 AND coach = ?2 AND conversation = ?3 AND turn = ?4 AND due <= ?5
                 ORDER BY due, kind"
            ))?;
            statement.query(params![user, coach, conversation, turn, now])?
        }
        JobsOf::Conversation(key) => {
            let [user, coach, conversation] = of(key);
            statement = db.prepare_cached(jobs_where!(
                "user = ?1 AND coach = ?2 AND conversation = ?3 AND due <= ?4
                 ORDER BY due, turn, kind"
            ))?;
            statement.query(params![user, coach, conversation, now])?
        }
        JobsOf::User(user) => {
            statement = db.prepare_cached(jobs_where!(
                "user = ?1 AND due <= ?2 ORDER BY due, coach, conversation, turn, kind"
            ))?;
            statement.query(params![user.user().as_str(), now])?
        }
        JobsOf::Anyone => {
            statement = db.prepare_cached(jobs_where!(
                "due <= ?1 ORDER BY due, user, coach, conversation, turn, kind"
            ))?;
            statement.query([now])?
        }
    };
    read_all(rows, limit)
}

/// Notes what came of a job, unless another has claimed it since.
pub(crate) fn settle(db: &Connection, job: &Job, outcome: &Outcome) -> Result<()> {
    let of_turn = JobsOf::Turn(job.turn.clone());
    let known = list(db, &of_turn)?;
    let is_known = |known: &Job| {
        (known.kind, known.attempts, &known.state) == (job.kind, job.attempts, &job.state)
    };
    if known.iter().any(is_known) {
        let state = outcome.clone().into();
        let settled = Job {
            state,
            ..job.clone()
        };
        put(db, &settled)?;
    }
    Ok(())
}
