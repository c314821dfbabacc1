//! Ending a turn.

use std::time::Duration;

use domain::{Finish, Job, JobState, TurnKey};
use ports::{TurnRecord, TurnState, Writer, Written, stored};
use rusqlite::{Connection, params};

use crate::admit::GRACE;
use crate::fault::Result;
use crate::row::{at, count, number, of, of_turn};
use crate::{allowances, jobs, message, turn};

/// How long an ended turn that has left jobs is kept beyond its replay: they need it, and are
/// perhaps not tried before their user comes back.
const WORK: Duration = Duration::from_hours(90 * 24);

pub(crate) fn finish(
    db: &Connection,
    key: &TurnKey,
    writer: Writer,
    finish: &Finish,
) -> Result<Written<()>> {
    let Some(row) = turn::get(db, key)? else {
        return Ok(Written::LeaseLost);
    };
    let closing = stored::json(&*finish.closing)?;
    if row.closing.as_ref() == Some(&closing) {
        return Ok(Written::Done(()));
    }
    if !may_be_ended_by(&row.record.state, writer) {
        return Ok(Written::LeaseLost);
    }
    end(db, &row.record, finish, &closing)?;
    free(db, key, finish)?;
    if let Some(reply) = &finish.reply {
        message::put(db, reply)?;
    }
    allowances::end(db, key)?;
    for kind in &finish.closing.jobs {
        let job = Job {
            turn: key.clone(),
            kind: *kind,
            attempts: 0,
            state: JobState::Due(finish.closing.at),
            calls: Vec::new(),
        };
        jobs::put(db, &job)?;
    }
    Ok(Written::Done(()))
}

/// Returns whether this writer may end a turn.
fn may_be_ended_by(state: &TurnState, writer: Writer) -> bool {
    let TurnState::Running {
        fence: held,
        lease_until: until,
    } = state
    else {
        return false;
    };
    match writer {
        Writer::Holder(fence) => fence == *held,
        Writer::Reaper { fence, lease_until } => (fence, lease_until) == (*held, *until),
    }
}

/// Keeps how the turn ended. What it has told is in its message from now on.
fn end(db: &Connection, record: &TurnRecord, finish: &Finish, closing: &str) -> Result<()> {
    let (started, _) = stored::told(&finish.events)?;
    let kept_for = if finish.closing.jobs.is_empty() {
        GRACE
    } else {
        WORK
    };
    let key = of_turn(&record.turn);
    let [user, coach, conversation, turn] = key;
    db.prepare_cached(
        "UPDATE turns SET closing = ?5, kept = ?6, started = ?7, forget = ?8
         WHERE user = ?1 AND coach = ?2 AND conversation = ?3 AND turn = ?4",
    )?
    .execute(params![
        user,
        coach,
        conversation,
        turn,
        closing,
        count(finish.events.len() + 1),
        started,
        at(record.kept_until + kept_for),
    ])?;
    db.prepare_cached(
        "DELETE FROM events
         WHERE user = ?1 AND coach = ?2 AND conversation = ?3 AND turn = ?4",
    )?
    .execute(key)?;
    Ok(())
}

/// Lets the conversation be free for the next turn.
fn free(db: &Connection, key: &TurnKey, finish: &Finish) -> Result<()> {
    let [user, coach, conversation] = of(&key.conversation);
    let last = finish.reply.as_ref().map(|reply| number(reply.number));
    db.prepare_cached(
        "UPDATE conversations SET active = NULL, activity = max(activity, ?4),
           messages = coalesce(?5, messages),
           title = CASE title WHEN '' THEN coalesce(?6, '') ELSE title END
         WHERE user = ?1 AND coach = ?2 AND conversation = ?3",
    )?
    .execute(params![
        user,
        coach,
        conversation,
        at(finish.closing.at),
        last,
        finish.title,
    ])?;
    Ok(())
}
