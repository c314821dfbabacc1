//! Erasing a user: the mark first, then what could still be written on, then the rest.
//!
//! No order of an erasing and a late write leaves anything. A write that makes something out of
//! nothing (a conversation, a record, a binding) has the mark in its transaction: if it comes
//! first, the erasing finds what it has made, since every look is a strong read and comes after the
//! mark; if the mark comes first, nothing is made. Any other write has a condition on an item that
//! is already there, and that no longer is once the erasing has come past it. Only what a turn says
//! is put without a condition, for that would double its price: its holder removes it again when it
//! is told that it has lost the turn. If the holder does not live so long, the next call removes
//! it, or the item's own time to live; nobody can read it.

use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem};
use domain::{Timestamp, UserScope};
use ports::stored::FORM;
use ports::{Erased, Kind, Result};

use crate::ROUNDS;
use crate::bind;
use crate::change::{Change, Changed, as_seen, delete, unmade};
use crate::fault::contended;
use crate::item::{Row, number};
use crate::key::{self, Key, LAST, id};
use crate::table::{BY_TIME, Range, Table};

/// When a user began to be erased.
const SINCE: &str = "since";

/// The condition that a user is not being erased, for a transaction.
pub(crate) fn not_erased(table: &Table, user: &UserScope) -> Result<TransactWriteItem> {
    let check = ConditionCheck::builder()
        .table_name(table.name())
        .set_key(Some(Key::erased(user).item()))
        .condition_expression("attribute_not_exists(pk)");
    Ok(TransactWriteItem::builder()
        .condition_check(check.build().map_err(unmade)?)
        .build())
}

/// Removes about `limit` of a user's items that are not records.
pub(crate) async fn messages(
    table: &Table,
    user: &UserScope,
    at: Timestamp,
    limit: usize,
) -> Result<Erased> {
    let mut sweep = Sweep::begin(table, user, at, limit).await?;
    // Those that are there are those with a time, so that none is looked at twice.
    let live = Range {
        index: Some(BY_TIME),
        ..Range::of(&sweep.pk, "C#", "C#~")
    };
    let live = table.keys(live, sweep.left).await?;
    for head in &live {
        sweep.removed += end(table, head).await?;
    }
    sweep.left -= live.len();
    for sort in ["T", "E", "J", "K", "M", "C", "A"] {
        sweep
            .clear(&format!("{sort}#"), &format!("{sort}#{LAST}"))
            .await?;
    }
    Ok(sweep.end())
}

/// Removes about `limit` of a user's records, and first of all the binding.
pub(crate) async fn records(
    table: &Table,
    user: &UserScope,
    at: Timestamp,
    limit: usize,
) -> Result<Erased> {
    let mut sweep = Sweep::begin(table, user, at, limit).await?;
    if sweep.left > 0 {
        sweep.removed += bind::release(table, user).await?;
    }
    // Whatever kinds there are: all but tombstones, and then those.
    let tombstones = key::records_of(Kind::Tombstone);
    sweep.clear("R#", &tombstones).await?;
    sweep.clear(&format!("{tombstones}{LAST}"), "R#~").await?;
    sweep
        .clear(&tombstones, &format!("{tombstones}{LAST}"))
        .await?;
    Ok(sweep.end())
}

/// One call: how many items it may still remove, and how many it has removed.
struct Sweep<'a> {
    table: &'a Table,
    pk: String,
    since: Timestamp,
    left: usize,
    removed: usize,
}

impl<'a> Sweep<'a> {
    /// Leaves the mark, unless it is there.
    async fn begin(
        table: &'a Table,
        user: &UserScope,
        at: Timestamp,
        limit: usize,
    ) -> Result<Sweep<'a>> {
        let mark = Key::erased(user);
        let item = match table.item(&mark).await? {
            Some(item) => item,
            None => {
                let change = Change::of(mark).set("v", number(FORM));
                let change = change.set_if_absent(SINCE, number(at.0)).and_read();
                match change.make(table.client(), table.name()).await? {
                    Changed::Now(item) => item,
                    Changed::Not(_) => return Err(contended()),
                }
            }
        };
        Ok(Sweep {
            table,
            pk: key::partition(user),
            since: Row(&item).time(SINCE)?,
            left: limit,
            removed: 0,
        })
    }

    /// Removes what is within these sort keys, as far as the limit allows. What follows is left
    /// alone until all of it is gone: then nothing is left to call.
    async fn clear(&mut self, from: &str, through: &str) -> Result<()> {
        if self.left == 0 {
            return Ok(());
        }
        let range = Range::of(&self.pk, from, through);
        let found = self.table.keys(range, self.left).await?;
        self.table.remove(&found).await?;
        self.left -= found.len();
        self.removed += found.len();
        Ok(())
    }

    /// What came of it: all is gone if there was less than might be removed.
    fn end(self) -> Erased {
        Erased {
            since: self.since,
            removed: u64::try_from(self.removed).unwrap_or(u64::MAX),
            is_complete: self.left > 0,
        }
    }
}

/// Removes a conversation, together with the turn that runs in it: from then on neither takes a
/// write. How many items that were.
async fn end(table: &Table, head: &Key) -> Result<usize> {
    for _ in 0..ROUNDS {
        let Some(item) = table.item(head).await? else {
            return Ok(0);
        };
        let seen = as_seen(&item, &["fence", "active"]);
        let mut writes = vec![delete(table.name(), head, Some(seen))?];
        // A turn whose name cannot be read goes with the others, a little later.
        let conversation = head.of_conversation();
        let active = Row(&item).opt_text("active").ok().flatten();
        if let (Ok(conversation), Ok(turn)) = (conversation, id(active, "active")) {
            let turn = domain::TurnKey { conversation, turn };
            writes.push(delete(table.name(), &Key::turn(&turn), None)?);
        }
        let ended = writes.len();
        if table.transact(writes).await? {
            return Ok(ended);
        }
    }
    Err(contended())
}
