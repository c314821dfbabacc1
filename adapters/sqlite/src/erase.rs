//! Erasing a user, a step at a time.

use domain::{Timestamp, UserScope};
use ports::{Erased, Kind};
use rusqlite::{Connection, Row, params};

use crate::conversations::remove;
use crate::fault::Result;
use crate::row::{Columns, at, count};

/// What a user has in each table, in the order in which it goes.
const OF_CONVERSATIONS: [&str; 8] = [
    "turns", "events", "jobs", "requests", "messages", "deleted", "holds", "spent",
];

/// Leaves the mark of a user, and returns since when it is there.
fn mark(db: &Connection, owner: &UserScope, now: Timestamp) -> Result<Timestamp> {
    let user = owner.user().as_str();
    db.prepare_cached("INSERT INTO erased (user, since) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![user, at(now)])?;
    let mut statement = db.prepare_cached("SELECT since FROM erased WHERE user = ?1")?;
    let mut rows = statement.query([user])?;
    match rows.next()? {
        Some(row) => Columns(row).time("since"),
        None => Ok(now),
    }
}

/// Returns whether a user was, or is being, erased.
pub(crate) fn is_erased(db: &Connection, owner: &UserScope) -> Result<bool> {
    let mut statement = db.prepare_cached("SELECT 1 FROM erased WHERE user = ?1")?;
    Ok(statement.exists([owner.user().as_str()])?)
}

/// How many may still be removed, and how many were.
struct Step {
    left: usize,
    removed: u64,
}

impl Step {
    fn did(&mut self, removed: usize) {
        self.left -= removed.min(self.left);
        self.removed += u64::try_from(removed).unwrap_or(u64::MAX);
    }
}

/// Removes conversations first, and with each the right of its turn to write; then what belongs to
/// them.
pub(crate) fn conversations(
    db: &Connection,
    owner: &UserScope,
    now: Timestamp,
    limit: usize,
) -> Result<Erased> {
    let since = mark(db, owner, now)?;
    let (left, removed) = (limit, 0);
    let mut step = Step { left, removed };
    for [coach, conversation] in some(db, owner, limit)? {
        remove(db, [owner.user().as_str(), &coach, &conversation])?;
        step.did(1);
    }
    let mut is_complete = !has(db, "conversations", owner)?;
    for table in OF_CONVERSATIONS {
        let removed = clear(db, table, owner, step.left)?;
        step.did(removed);
        is_complete = is_complete && !has(db, table, owner)?;
    }
    let removed = step.removed;
    Ok(Erased {
        since,
        removed,
        is_complete,
    })
}

/// Some conversations of a user, by their columns: also one that cannot be read goes.
fn some(db: &Connection, owner: &UserScope, limit: usize) -> Result<Vec<[String; 2]>> {
    let mut statement = db
        .prepare_cached("SELECT coach, conversation FROM conversations WHERE user = ?1 LIMIT ?2")?;
    let key = |row: &Row<'_>| Ok([row.get(0)?, row.get(1)?]);
    let keys = statement.query_map(params![owner.user().as_str(), count(limit)], key)?;
    Ok(keys.collect::<Result<_, _>>()?)
}

/// Removes so many rows of a user.
fn clear(db: &Connection, table: &str, owner: &UserScope, limit: usize) -> Result<usize> {
    if limit == 0 {
        return Ok(0);
    }
    let some = format!(
        "DELETE FROM {table} WHERE rowid IN
           (SELECT rowid FROM {table} WHERE user = ?1 LIMIT ?2)"
    );
    let user = owner.user().as_str();
    Ok(db
        .prepare_cached(&some)?
        .execute(params![user, count(limit)])?)
}

fn has(db: &Connection, table: &str, owner: &UserScope) -> Result<bool> {
    let any = format!("SELECT 1 FROM {table} WHERE user = ?1 LIMIT 1");
    let mut statement = db.prepare_cached(&any)?;
    Ok(statement.exists([owner.user().as_str()])?)
}

/// Removes the binding first, and tombstones last.
pub(crate) fn records(
    db: &Connection,
    owner: &UserScope,
    now: Timestamp,
    limit: usize,
) -> Result<Erased> {
    let since = mark(db, owner, now)?;
    let (left, removed) = (limit, 0);
    let mut step = Step { left, removed };
    let removed = clear(db, "bindings", owner, step.left)?;
    step.did(removed);
    let removed = db
        .prepare_cached(
            "DELETE FROM records WHERE rowid IN
               (SELECT rowid FROM records WHERE user = ?1 ORDER BY kind = ?2 LIMIT ?3)",
        )?
        .execute(params![
            owner.user().as_str(),
            Kind::Tombstone.name(),
            count(step.left)
        ])?;
    step.did(removed);
    let known = has(db, "bindings", owner)? || has(db, "records", owner)?;
    let removed = step.removed;
    Ok(Erased {
        since,
        removed,
        is_complete: !known,
    })
}
