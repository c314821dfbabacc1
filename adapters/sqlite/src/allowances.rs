//! What a user's turns hold of each allowance, and what was spent of it.

use domain::{Timestamp, TurnKey, UserScope};
use ports::{Admitted, Allowance, Hold};
use rusqlite::{Connection, OptionalExtension, params};

use crate::admit::GRACE;
use crate::fault::Result;
use crate::row::{Columns, amount, at, of_turn};

/// What an allowance is called in a column.
fn name(of: Allowance) -> &'static str {
    match of {
        Allowance::Turns => "turns",
        Allowance::Tokens => "tokens",
        Allowance::Money => "money",
    }
}

/// The first of these holds that does not fit.
pub(crate) fn refusal(
    db: &Connection,
    user: &UserScope,
    holds: &[Hold],
    now: Timestamp,
) -> Result<Option<Admitted>> {
    for hold in holds {
        let beside = amounts(db, user, hold.of)?;
        if let Some(until) = hold.refused_until(beside, now) {
            let of = hold.of;
            return Ok(Some(Admitted::OverLimit { of, until }));
        }
    }
    Ok(None)
}

fn amounts(db: &Connection, user: &UserScope, of: Allowance) -> Result<Vec<(u64, Timestamp)>> {
    let mut statement = db.prepare_cached(
        "SELECT amount, until FROM holds WHERE user = ?1 AND allowance = ?2
         UNION ALL SELECT amount, until FROM spent WHERE user = ?1 AND allowance = ?2",
    )?;
    let mut rows = statement.query([user.user().as_str(), name(of)])?;
    let mut amounts = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = Columns(row);
        amounts.push((columns.amount("amount")?, columns.time("until")?));
    }
    Ok(amounts)
}

/// Takes what a turn holds, and lets go of what has ended long ago.
pub(crate) fn take(db: &Connection, turn: &TurnKey, holds: &[Hold], now: Timestamp) -> Result<()> {
    let [user, coach, conversation, id] = of_turn(turn);
    let long_ago = at(now.before(GRACE));
    for ended in [
        "DELETE FROM holds WHERE user = ?1 AND until <= ?2",
        "DELETE FROM spent WHERE user = ?1 AND until <= ?2",
    ] {
        db.prepare_cached(ended)?.execute(params![user, long_ago])?;
    }
    let mut take = db.prepare_cached(
        "INSERT OR REPLACE INTO holds
           (user, coach, conversation, turn, allowance, amount, until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for hold in holds {
        let (of, held, until) = (name(hold.of), amount(hold.amount), at(hold.until));
        take.execute(params![user, coach, conversation, id, of, held, until])?;
    }
    Ok(())
}

/// Gives back what a turn holds, and returns the end of that.
fn give_back(db: &Connection, turn: &TurnKey, of: Allowance) -> Result<Option<i64>> {
    let [user, coach, conversation, id] = of_turn(turn);
    let until = db
        .prepare_cached(
            "DELETE FROM holds WHERE user = ?1 AND coach = ?2 AND conversation = ?3
               AND turn = ?4 AND allowance = ?5 RETURNING until",
        )?
        .query_row([user, coach, conversation, id, name(of)], |row| row.get(0))
        .optional()?;
    Ok(until)
}

/// Gives back what a turn holds of what is used only as long as it runs.
pub(crate) fn end(db: &Connection, turn: &TurnKey) -> Result<()> {
    give_back(db, turn, Allowance::Turns)?;
    Ok(())
}

/// Puts what a turn has spent in place of what it holds.
pub(crate) fn settle(db: &Connection, turn: &TurnKey, spent: &[(Allowance, u64)]) -> Result<()> {
    let user = turn.conversation.user.user().as_str();
    for (of, of_it) in spent {
        let Some(until) = give_back(db, turn, *of)? else {
            continue;
        };
        let key = params![user, name(*of), until];
        let before: Option<i64> = db
            .prepare_cached(
                "SELECT amount FROM spent WHERE user = ?1 AND allowance = ?2 AND until = ?3",
            )?
            .query_row(key, |row| row.get(0))
            .optional()?;
        let sum = before.unwrap_or(0).cast_unsigned().saturating_add(*of_it);
        db.prepare_cached(
            "INSERT OR REPLACE INTO spent (user, allowance, until, amount)
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![user, name(*of), until, amount(sum)])?;
    }
    Ok(())
}
