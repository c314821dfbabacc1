//! What is due of anyone: open jobs, and turns that were to be over.

use domain::{Timestamp, TurnKey};
use futures::future::try_join_all;
use ports::Result;

use crate::item::Item;
use crate::key::{self, SHARDS};
use crate::map;
use crate::table::{DUE, Range, Table};

/// Returns what is between these times of one sort, at most `limit` of each partition. It may lag.
pub(crate) async fn of_anyone<T>(
    table: &Table,
    sort: &str,
    (from, through): (&str, &str),
    limit: usize,
    read: impl Fn(&Item) -> Option<T>,
) -> Result<Vec<T>> {
    let read = &read;
    let shards = (0..SHARDS).map(|number| async move {
        let pk = key::shard(sort, number);
        let range = Range {
            index: Some(DUE),
            lagging: true,
            ..Range::of(&pk, from, through)
        };
        table.read(range, limit, read).await
    });
    let found = try_join_all(shards).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Returns the turns that were to be over, the longest overdue first. Their conversations stand in
/// the index as in the list of their user, and so all in which a turn runs are looked through.
pub(crate) async fn overdue(table: &Table, now: Timestamp, limit: usize) -> Result<Vec<TurnKey>> {
    let read = |item: &Item| map::readable_running(item).filter(|(over_by, _)| *over_by <= now);
    let all = ("C#", "C#~");
    let mut overdue = of_anyone(table, key::RUNNING, all, usize::MAX, read).await?;
    overdue.sort_unstable();
    overdue.truncate(limit);
    Ok(overdue.into_iter().map(|(_, turn)| turn).collect())
}
