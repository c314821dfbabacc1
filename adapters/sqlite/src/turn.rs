//! How a turn is read, while it runs and later.

use std::ops::Range;
use std::sync::Arc;

use domain::{Body, Closing, Fence, TurnEvent, TurnKey};
use ports::{PortError, Stop, TurnRecord, TurnState, stored};
use rusqlite::{Connection, params};

use crate::fault::Result;
use crate::holder::Holder;
use crate::message;
use crate::pieces::Pieces;
use crate::row::{Columns, count, of_turn};

/// A turn as it is stored.
pub(crate) struct TurnRow {
    pub(crate) record: TurnRecord,
    pub(crate) stop: Stop,
    /// Whether its events, once it has ended, begin with the first.
    started: bool,
    /// Who wrote for it last.
    holder: String,
    /// How it ended, as it was written.
    pub(crate) closing: Option<String>,
}

/// Returns a turn whose conversation is there.
pub(crate) fn get(db: &Connection, key: &TurnKey) -> Result<Option<TurnRow>> {
    let mut statement = db.prepare_cached(
        "SELECT turns.* FROM turns JOIN conversations USING (user, coach, conversation)
         WHERE user = ?1 AND coach = ?2 AND conversation = ?3 AND turn = ?4",
    )?;
    let mut rows = statement.query(of_turn(key))?;
    rows.next()?.map(|row| row_of(Columns(row))).transpose()
}

fn row_of(columns: Columns<'_>) -> Result<TurnRow> {
    let closing = columns.opt_text("closing")?;
    let state = match closing {
        Some(closing) => {
            let closing = stored::read_json::<Closing>(closing.as_bytes())?;
            TurnState::Ended(Arc::new(closing))
        }
        None => TurnState::Running {
            fence: Fence(columns.number("fence")?),
            lease_until: columns.time("lease")?,
        },
    };
    let stop = if columns.is_set("stop")? {
        Stop::Asked
    } else {
        Stop::NotAsked
    };
    let record = TurnRecord {
        turn: columns.turn()?,
        state,
        is_holder_gone: false,
        number: columns.number("number")?,
        assistant_message: columns.parsed("assistant")?,
        created: columns.time("created")?,
        kept_until: columns.time("until")?,
        kept: columns.count("kept")?,
    };
    Ok(TurnRow {
        record,
        stop,
        started: columns.is_set("started")?,
        holder: columns.text("holder")?.to_owned(),
        closing: closing.map(str::to_owned),
    })
}

/// Reads a turn and its events from a place on. They stand by themselves while it runs, and come
/// from the reply afterwards.
pub(crate) fn read(
    db: &Connection,
    key: &TurnKey,
    from: usize,
    holder: &Holder,
) -> Result<Option<(TurnRecord, Vec<TurnEvent>)>> {
    let Some(mut row) = get(db, key)? else {
        return Ok(None);
    };
    let kept = row.record.kept;
    let events = match &row.record.state {
        TurnState::Running { .. } => {
            row.record.is_holder_gone = holder.is_gone(&row.holder);
            running(db, key, from..kept)?
        }
        TurnState::Ended(closing) => ended(db, key, &row, closing, from)?,
    };
    row.record.kept = events.kept;
    Ok(Some((row.record, events.found)))
}

/// What was found of a turn's events, and how many there are in all. What cannot be read is not
/// counted, nor what comes after it.
struct Events {
    found: Vec<TurnEvent>,
    kept: usize,
}

/// These events of a running turn, up to the first that cannot be read.
fn running(db: &Connection, key: &TurnKey, places: Range<usize>) -> Result<Events> {
    let (mut found, mut next) = (Vec::new(), places.start);
    if places.is_empty() {
        let kept = places.end;
        return Ok(Events { found, kept });
    }
    let [user, coach, conversation, turn] = of_turn(key);
    let mut statement = db.prepare_cached(
        "SELECT * FROM events
         WHERE user = ?1 AND coach = ?2 AND conversation = ?3 AND turn = ?4 AND through > ?5
         ORDER BY number",
    )?;
    let from = count(places.start);
    let mut rows = statement.query(params![user, coach, conversation, turn, from])?;
    while let Some(row) = rows.next()? {
        let columns = Columns(row);
        let segment = segment(columns).map_err(PortError::from);
        let log = format!("{}/{turn}", columns.place());
        let Some((first, events)) = stored::if_readable(segment, log) else {
            break;
        };
        let Some(known) = next.checked_sub(first) else {
            break;
        };
        found.extend(events.into_iter().skip(known));
        next = places.start + found.len();
    }
    Ok(Events { found, kept: next })
}

/// Where some events begin, and what they are.
fn segment(columns: Columns<'_>) -> Result<(usize, Vec<TurnEvent>)> {
    let said = Pieces::apart(columns.text("text")?, columns.text("pieces")?)?;
    let events = stored::rebuilt(columns.is_set("started")?, said);
    Ok((columns.count("number")?, events))
}

/// Returns the events of an ended turn from a place on: without its message, those are its
/// beginning and its ending.
fn ended(
    db: &Connection,
    key: &TurnKey,
    row: &TurnRow,
    closing: &Arc<Closing>,
    from: usize,
) -> Result<Events> {
    let kept = row.record.kept;
    let told = kept.saturating_sub(1 + usize::from(row.started));
    let said = if told == 0 || from >= kept {
        None
    } else {
        let place = row.record.number + 1;
        message::get(db, &key.conversation, place)?.and_then(|message| match message.body {
            Body::Assistant { said, .. } => Some(said),
            Body::User { .. } | Body::Unreadable => None,
        })
    };
    let said = said.as_deref().unwrap_or_default();
    let kept = match said.len() {
        // Nothing of it is asked for.
        0 if from >= kept => kept,
        found => found + 1 + usize::from(row.started),
    };
    let all = stored::rebuilt(row.started, said.iter().cloned());
    let ending = TurnEvent::Ended(closing.clone());
    let found = all.into_iter().chain([ending]).skip(from).collect();
    Ok(Events { found, kept })
}
