//! Ending a turn in one write.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{Closing, Fence, Finish, Job, JobState, Timestamp, TurnKey};
use ports::stored::{json, told};
use ports::{Result, TurnState, Writer, Written};

use crate::ROUNDS;
use crate::allowance::given_back;
use crate::change::{Change, put};
use crate::fault::contended;
use crate::item::{number, text};
use crate::key::{Key, SHARD, TIME, conversation_time};
use crate::map::{self, TurnRow};
use crate::table::{TTL, Table};

/// Ends a turn, unless it has ended or another has the right to.
pub(crate) async fn finish(
    table: &Table,
    turn: &TurnKey,
    writer: Writer,
    finish: &Finish,
) -> Result<Written<()>> {
    let closing = json(&*finish.closing)?;
    for _ in 0..ROUNDS {
        let Some(item) = table.item(&Key::turn(turn)).await? else {
            return Ok(Written::LeaseLost);
        };
        let row = map::read_turn(&item)?;
        if let Some(ended) = &row.closing {
            return Ok(if *ended == closing {
                Written::Done(())
            } else {
                Written::LeaseLost
            });
        }
        let Some(seen) = held(&row.record.state, writer) else {
            return Ok(Written::LeaseLost);
        };
        if table
            .transact(writes(table.name(), turn, &row, seen, finish, &closing)?)
            .await?
        {
            return Ok(Written::Done(()));
        }
    }
    Err(contended())
}

/// By what right a turn runs, if this writer may end it.
fn held(state: &TurnState, writer: Writer) -> Option<(Fence, Timestamp)> {
    let TurnState::Running { fence, lease_until } = *state else {
        return None;
    };
    let may_end = match writer {
        Writer::Holder(mine) => fence == mine,
        Writer::Reaper {
            fence: f,
            lease_until: l,
        } => fence == f && lease_until == l,
    };
    may_end.then_some((fence, lease_until))
}

fn writes(
    table: &str,
    turn: &TurnKey,
    row: &TurnRow,
    (fence, lease_until): (Fence, Timestamp),
    finish: &Finish,
    closing: &str,
) -> Result<Vec<TransactWriteItem>> {
    let (started, _) = told(&finish.events)?;
    let mut ended = Change::of(Key::turn(turn))
        .set("closing", text(closing))
        .set(
            "kept",
            number(u64::try_from(finish.events.len() + 1).unwrap_or(u64::MAX)),
        )
        .set(
            TTL,
            map::ended_ttl(row.record.kept_until, !finish.closing.jobs.is_empty()),
        )
        .remove("holds");
    if started {
        ended = ended.set("started", number(1));
    }
    // A holder that renews its lease meanwhile is judged again: that costs a round, and a reaper
    // its right.
    let unchanged = [("fence", number(fence.0)), ("lease", number(lease_until.0))];
    let ended = ended.only_if(
        "attribute_not_exists(#closing) AND #fence = :fence AND #lease = :lease",
        unchanged,
    );

    let key = &turn.conversation;
    // While a turn runs, its conversation's last activity is when it was admitted.
    let activity = row.record.created.max(finish.closing.at);
    let mut freed = Change::of(Key::conversation(key))
        .remove("active")
        .remove(SHARD)
        .remove(map::OVER_BY)
        .set("activity", number(activity.0))
        .set(TIME, text(conversation_time(&turn.conversation, activity)))
        .only_if(
            "#active = :turn AND #fence = :fence",
            [("turn", text(&turn.turn)), ("fence", number(fence.0))],
        );
    if let Some(title) = finish.title.as_ref().filter(|title| !title.is_empty()) {
        freed = freed.set_if_absent("title", text(title));
    }
    if let Some(reply) = &finish.reply {
        freed = freed.set("messages", number(reply.number));
    }

    let mut writes = vec![ended.write(table)?, freed.write(table)?];
    if let Some(reply) = &finish.reply {
        writes.push(put(
            table,
            map::message(key, reply)?,
            Some(("attribute_not_exists(#pk)".to_owned(), vec![])),
        )?);
    }
    for job in left_behind(turn, &finish.closing) {
        writes.push(put(table, map::job(&job)?, None)?);
    }
    if row.holds {
        writes.push(given_back(turn).write(table)?);
    }
    Ok(writes)
}

/// Returns the jobs that a turn leaves behind, one of each kind: a write may name an item only
/// once.
fn left_behind(turn: &TurnKey, closing: &Closing) -> Vec<Job> {
    let mut kinds = closing.jobs.clone();
    kinds.sort_unstable();
    kinds.dedup();
    let job = |kind| Job {
        turn: turn.clone(),
        kind,
        attempts: 0,
        state: JobState::Due(closing.at),
        calls: Vec::new(),
    };
    kinds.into_iter().map(job).collect()
}
