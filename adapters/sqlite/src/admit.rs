//! Letting a turn begin.

use std::time::Duration;

use domain::{ConversationKey, Fault, Fence, Timestamp, TurnId};
use ports::{Admission, Admitted, Begun, PortError};
use rusqlite::{Connection, params};

use crate::conversations::{Head, head};
use crate::fault::{ADAPTER, Result};
use crate::holder::Holder;
use crate::row::{Columns, at, number, of, of_turn};
use crate::{allowances, message};

/// How much that has expired one admission clears away: more than it adds.
const SWEPT: i64 = 8;

/// How long past its time what has expired is kept: clocks differ, and readers may be slow.
pub(crate) const GRACE: Duration = Duration::from_hours(24);

pub(crate) fn admit(db: &Connection, a: &Admission, holder: &Holder) -> Result<Admitted> {
    let key = &a.turn.conversation;
    let Some(head) = head(db, key)? else {
        return Ok(Admitted::Unknown);
    };
    if let Some(answer) = of_known(db, a)? {
        return Ok(answer);
    }
    if let Some(active) = head.conversation.active {
        return Ok(Admitted::Busy(active));
    }
    if let Some(refusal) = allowances::refusal(db, &key.user, &a.holds, a.now)? {
        return Ok(refusal);
    }
    sweep(db, a.now)?;
    let begun = begin(db, a, &head, holder)?;
    allowances::take(db, &a.turn, &a.holds, a.now)?;
    Ok(Admitted::New(begun))
}

/// Returns what a key that is known, and has not expired, answers.
fn of_known(db: &Connection, a: &Admission) -> Result<Option<Admitted>> {
    let [user, coach, conversation] = of(&a.turn.conversation);
    let mut statement = db.prepare_cached(
        "SELECT requests.turn AS turn, body, fence, number
         FROM requests LEFT JOIN turns USING (user, coach, conversation, turn)
         WHERE user = ?1 AND coach = ?2 AND conversation = ?3 AND key = ?4
           AND requests.until > ?5",
    )?;
    let now = at(a.now);
    let mut rows = statement.query(params![user, coach, conversation, a.key.as_str(), now])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let columns = Columns(row);
    let turn: TurnId = columns.parsed("turn")?;
    let answer = if turn == a.turn.turn {
        match (columns.opt_number("fence")?, columns.opt_number("number")?) {
            (Some(fence), Some(number)) => Admitted::New(Begun {
                fence: Fence(fence),
                number,
            }),
            _ => Admitted::Unknown,
        }
    } else if columns.bytes("body")? == a.body {
        Admitted::Existing(turn)
    } else {
        Admitted::Mismatch
    };
    Ok(Some(answer))
}

/// Writes what an admission makes.
fn begin(db: &Connection, a: &Admission, head: &Head, holder: &Holder) -> Result<Begun> {
    let begun = Begun {
        fence: Fence(head.fence.0 + 1),
        number: head.conversation.messages + 1,
    };
    advance(db, &a.turn.conversation, begun, a)?;
    message::put(db, &a.opening(begun.number).user_message)?;
    let [user, coach, conversation, turn] = of_turn(&a.turn);
    let body = &a.body[..];
    let until = at(a.kept_until);
    db.prepare_cached(
        "INSERT OR REPLACE INTO requests (user, coach, conversation, key, turn, body, until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        user,
        coach,
        conversation,
        a.key.as_str(),
        turn,
        body,
        until
    ])?;
    db.prepare_cached(
        "INSERT OR REPLACE INTO turns (user, coach, conversation, turn, fence, lease, holder,
           over_by, number, assistant, created, until, stop, kept, started)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, 0, 0)",
    )?
    .execute(params![
        user,
        coach,
        conversation,
        turn,
        number(begun.fence.0),
        at(a.lease_until),
        holder.name(),
        at(a.over_by),
        number(begun.number),
        a.assistant_message.as_str(),
        at(a.now),
        until,
    ])?;
    Ok(begun)
}

/// Lets the conversation be busy with the turn.
fn advance(db: &Connection, key: &ConversationKey, begun: Begun, a: &Admission) -> Result<()> {
    let [user, coach, conversation] = of(key);
    db.prepare_cached(
        "UPDATE conversations SET activity = ?4, messages = ?5, active = ?6, fence = ?7
         WHERE user = ?1 AND coach = ?2 AND conversation = ?3",
    )?
    .execute(params![
        user,
        coach,
        conversation,
        at(a.now),
        number(begun.number),
        a.turn.turn.as_str(),
        number(begun.fence.0),
    ])?;
    Ok(())
}

/// Lets go of some of what nobody may ask for any more.
fn sweep(db: &Connection, now: Timestamp) -> Result<()> {
    let long_ago = at(now.before(GRACE));
    for (expired, by) in [
        (
            "DELETE FROM requests WHERE rowid IN
               (SELECT rowid FROM requests WHERE until <= ?1 ORDER BY until LIMIT ?2)",
            long_ago,
        ),
        (
            "DELETE FROM turns WHERE rowid IN
               (SELECT rowid FROM turns WHERE forget <= ?1 ORDER BY forget LIMIT ?2)",
            at(now),
        ),
    ] {
        db.prepare_cached(expired)?.execute([by, SWEPT])?;
    }
    Ok(())
}

/// Nothing of the kind is done here.
pub(crate) fn rejected() -> PortError {
    PortError::new(ADAPTER, Fault::Rejected)
}
