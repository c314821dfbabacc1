//! A turn while it runs.

use std::collections::BTreeMap;

use domain::{Timestamp, TurnKey};
use ports::{Checkpoint, PortError, Stop, TurnState, Written, stored};
use rusqlite::{Connection, params};

use crate::admit::rejected;
use crate::fault::Result;
use crate::holder::Holder;
use crate::pieces::Pieces;
use crate::row::{Columns, at, count, of_turn};
use crate::turn;

/// Keeps events, and renews the lease: both only ever grow.
pub(crate) fn checkpoint(
    db: &Connection,
    c: &Checkpoint,
    holder: &Holder,
) -> Result<Written<Stop>> {
    let Some(row) = turn::get(db, &c.turn)? else {
        return Ok(Written::LeaseLost);
    };
    let seen = match row.record.state {
        TurnState::Running { fence, lease_until } if fence == c.fence => lease_until,
        TurnState::Running { .. } | TurnState::Ended(_) => return Ok(Written::LeaseLost),
    };
    let kept = row.record.kept;
    if c.from > kept {
        return Err(rejected().into());
    }
    let through = kept.max(c.from.saturating_add(c.events.len()));
    if let Some(new) = c.events.get(kept - c.from..)
        && !new.is_empty()
    {
        keep(db, &c.turn, kept, new)?;
    }
    let [user, coach, conversation, id] = of_turn(&c.turn);
    let lease = at(c.lease_until.max(seen));
    db.prepare_cached(
        "UPDATE turns SET kept = ?5, lease = ?6, holder = ?7
         WHERE user = ?1 AND coach = ?2 AND conversation = ?3 AND turn = ?4",
    )?
    .execute(params![
        user,
        coach,
        conversation,
        id,
        count(through),
        lease,
        holder.name()
    ])?;
    Ok(Written::Done(row.stop))
}

/// Keeps events that are not kept yet, from number `from` on.
fn keep(db: &Connection, key: &TurnKey, from: usize, new: &[domain::TurnEvent]) -> Result<()> {
    let (started, said) = stored::told(new)?;
    let pieces = Pieces::of(said);
    let [user, coach, conversation, turn] = of_turn(key);
    db.prepare_cached(
        "INSERT INTO events
           (user, coach, conversation, turn, number, through, started, text, pieces)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        user,
        coach,
        conversation,
        turn,
        count(from),
        count(from.saturating_add(new.len())),
        started,
        pieces.text,
        pieces.cuts()?,
    ])?;
    Ok(())
}

/// Leaves word for the next checkpoint.
pub(crate) fn ask_stop(db: &Connection, key: &TurnKey) -> Result<Option<TurnState>> {
    let Some(row) = turn::get(db, key)? else {
        return Ok(None);
    };
    db.prepare_cached(
        "UPDATE turns SET stop = 1 WHERE user = ?1 AND coach = ?2 AND conversation = ?3
           AND turn = ?4 AND closing IS NULL",
    )?
    .execute(of_turn(key))?;
    Ok(Some(row.record.state))
}

/// Returns the turns that were to be over by `now`, or whose holder is gone, the longest overdue
/// first.
pub(crate) fn overdue(
    db: &Connection,
    now: Timestamp,
    limit: usize,
    holder: &Holder,
) -> Result<Vec<TurnKey>> {
    let mut statement = db.prepare_cached(
        "SELECT user, coach, conversation, turn, holder, over_by FROM turns
         WHERE closing IS NULL ORDER BY over_by, user, coach, conversation, turn",
    )?;
    let mut rows = statement.query([])?;
    let (mut turns, mut gone) = (Vec::new(), BTreeMap::new());
    while turns.len() < limit
        && let Some(row) = rows.next()?
    {
        let columns = Columns(row);
        let turn = columns.turn().map_err(PortError::from);
        let Some(turn) = stored::if_readable(turn, columns.place()) else {
            continue;
        };
        let name = columns.text("holder")?;
        let mut is_gone = || {
            *gone
                .entry(name.to_owned())
                .or_insert_with(|| holder.is_gone(name))
        };
        if columns.time("over_by")? <= now || is_gone() {
            turns.push(turn);
        }
    }
    Ok(turns)
}
