//! A turn while it runs, and how it is read, then and later.

use std::ops::Range;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Body, Closing, Fault, Fence, TurnEvent, TurnKey};
use ports::{Checkpoint, PortError, Result, Stop, TurnRecord, TurnState, Written, stored};

use crate::ROUNDS;
use crate::change::{Change, Changed};
use crate::fault::{contended, failed};
use crate::item::{Item, number};
use crate::key::{self, Key, LAST};
use crate::map::{self, TurnRow};
use crate::table::{Range as Stretch, Table, key_of};

/// Keeps events: a segment of their own, and then the count in the turn, by which they count.
pub(crate) async fn checkpoint(table: &Table, c: &Checkpoint) -> Result<Written<Stop>> {
    let through = c.from.saturating_add(c.events.len());
    let segment = Key::segment(&c.turn, c.fence, c.from, through);
    if !c.events.is_empty() {
        let item = map::segment(&segment, &c.events, c.lease_until)?;
        let put = table
            .client()
            .put_item()
            .table_name(table.name())
            .set_item(Some(item));
        put.send().await.map_err(failed)?;
    }
    let written = count(table, c, through).await?;
    if written == Written::LeaseLost && !c.events.is_empty() {
        // Nobody will read it, and its conversation may have been deleted.
        table.remove(&[segment]).await?;
    }
    Ok(written)
}

/// Counts what is kept, and renews the lease: both only ever grow.
async fn count(table: &Table, c: &Checkpoint, through: usize) -> Result<Written<Stop>> {
    let (mut kept, mut lease) = (through, c.lease_until);
    let mut condition = "#kept BETWEEN :from AND :kept AND #lease <= :lease";
    let mut values = vec![
        ("from", count_of(c.from)),
        ("kept", count_of(kept)),
        ("lease", number(lease.0)),
    ];
    for _ in 0..ROUNDS {
        values.push(("fence", number(c.fence.0)));
        let change = Change::of(Key::turn(&c.turn))
            .set("kept", count_of(kept))
            .set("lease", number(lease.0));
        let change = change.only_if(
            &format!("#fence = :fence AND attribute_not_exists(#closing) AND {condition}"),
            values,
        );
        let found = match change.and_read().make(table.client(), table.name()).await? {
            Changed::Now(item) => return Ok(Written::Done(map::read_turn(&item)?.stop)),
            Changed::Not(None) => return Ok(Written::LeaseLost),
            Changed::Not(Some(item)) => map::read_turn(&item)?,
        };
        let seen = match found.record.state {
            TurnState::Running { fence, lease_until } if fence == c.fence => lease_until,
            TurnState::Running { .. } | TurnState::Ended(_) => return Ok(Written::LeaseLost),
        };
        if found.record.kept < c.from {
            // Its segment may stay: it does not count, and once it does, it is what was told.
            return Err(PortError::new("dynamodb", Fault::Rejected));
        }
        (kept, lease) = (through.max(found.record.kept), c.lease_until.max(seen));
        if (kept, lease) == (found.record.kept, seen) {
            return Ok(Written::Done(found.stop));
        }
        condition = "#kept = :kept AND #lease = :lease";
        values = vec![
            ("kept", count_of(found.record.kept)),
            ("lease", number(seen.0)),
        ];
    }
    Err(contended())
}

/// Leaves word for the next checkpoint.
pub(crate) async fn ask_stop(table: &Table, turn: &TurnKey) -> Result<Option<TurnState>> {
    let change = Change::of(Key::turn(turn)).set("stop", number(1));
    let running = change.only_if(
        "attribute_exists(#pk) AND attribute_not_exists(#closing)",
        [],
    );
    let item = match running
        .and_read()
        .make(table.client(), table.name())
        .await?
    {
        Changed::Now(item) | Changed::Not(Some(item)) => item,
        Changed::Not(None) => return Ok(None),
    };
    Ok(Some(map::read_turn(&item)?.record.state))
}

/// Reads a turn. Its events come from its segments while it runs, and from the reply afterwards.
pub(crate) async fn turn(
    table: &Table,
    turn: &TurnKey,
    from: usize,
) -> Result<Option<(TurnRecord, Vec<TurnEvent>)>> {
    let (key, conversation) = (Key::turn(turn), Key::conversation(&turn.conversation));
    let mut last = None;
    // It may end, or be deleted, between two reads: then it is read again.
    for _ in 0..2 {
        let [item, head] = table.items([&key, &conversation]).await?;
        let (Some(item), Some(_)) = (item, map::head(head.as_ref())?) else {
            return Ok(None);
        };
        let row = map::read_turn(&item)?;
        let events = match &row.record.state {
            _ if from >= row.record.kept => Events::all(Vec::new(), row.record.kept),
            TurnState::Running { fence, .. } => {
                segments(table, turn, *fence, from..row.record.kept).await?
            }
            TurnState::Ended(closing) => ended(table, turn, &row, closing, from).await?,
        };
        last = Some((
            TurnRecord {
                kept: events.kept,
                ..row.record
            },
            events.found,
        ));
        if events.are_all {
            break;
        }
    }
    Ok(last)
}

/// What was found of a turn's events. What is not there or cannot be read is not counted any more:
/// a segment is gone for good with a turn that was left alone for a month.
struct Events {
    found: Vec<TurnEvent>,
    kept: usize,
    are_all: bool,
}

impl Events {
    fn all(found: Vec<TurnEvent>, kept: usize) -> Self {
        Self {
            found,
            kept,
            are_all: true,
        }
    }
}

/// These events of a running turn, up to the first that is not there.
async fn segments(
    table: &Table,
    turn: &TurnKey,
    fence: Fence,
    places: Range<usize>,
) -> Result<Events> {
    let pk = key::partition(&turn.conversation.user);
    let first = key::segments_through(turn, places.start + 1);
    let last = format!("{}{LAST}", key::segments_of(turn));
    let read = |item: &Item| stored::if_readable(map::read_segment(item), key_of(item).ok()?);
    let mut found = Vec::new();
    for (of, begin, segment) in table
        .read(Stretch::of(&pk, &first, &last), usize::MAX, read)
        .await?
    {
        let next = places.start + found.len();
        if of == fence && begin <= next {
            found.extend(segment.into_iter().skip(next - begin));
        }
    }
    found.truncate(places.len());
    let kept = places.start + found.len();
    Ok(Events {
        found,
        kept,
        are_all: kept == places.end,
    })
}

/// Returns the events of an ended turn from a place on: without its message, those are its
/// beginning and its ending.
async fn ended(
    table: &Table,
    turn: &TurnKey,
    row: &TurnRow,
    closing: &Arc<Closing>,
    from: usize,
) -> Result<Events> {
    let (ending, kept) = (TurnEvent::Ended(closing.clone()), row.record.kept);
    if from + 1 == kept {
        return Ok(Events::all(vec![ending], kept));
    }
    let told = said(table, turn, row).await?;
    let are_all = told.is_some();
    let told = told.unwrap_or_else(|| stored::rebuilt(row.started, []));
    let kept = told.len() + 1;
    Ok(Events {
        found: told.into_iter().chain([ending]).skip(from).collect(),
        kept,
        are_all,
    })
}

/// Returns what an ended turn has told, without its ending; `None` if its message is not there, or
/// cannot be read.
async fn said(table: &Table, turn: &TurnKey, row: &TurnRow) -> Result<Option<Vec<TurnEvent>>> {
    let told = row.record.kept - 1 - usize::from(row.started);
    if told == 0 {
        return Ok(Some(stored::rebuilt(row.started, [])));
    }
    let item = table
        .item(&Key::message(&turn.conversation, row.record.number + 1))
        .await?;
    Ok(
        match item
            .as_ref()
            .and_then(map::read_message)
            .map(|message| message.body)
        {
            Some(Body::Assistant { said, .. }) => {
                Some(stored::rebuilt(row.started, said.iter().cloned()))
            }
            Some(Body::User { .. } | Body::Unreadable) | None => None,
        },
    )
}

fn count_of(count: usize) -> AttributeValue {
    number(u64::try_from(count).unwrap_or(u64::MAX))
}
