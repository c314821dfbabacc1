//! Messages.

use domain::{Body, ConversationKey, Message, MessageId, Timestamp, TurnKey};
use ports::{PAGE, PortError, stored};
use rusqlite::{Connection, Row, params};

use crate::conversations;
use crate::fault::{Result, unreadable};
use crate::pieces::Pieces;
use crate::row::{Columns, at, count, number, of};

pub(crate) fn put(db: &Connection, message: &Message) -> Result<()> {
    let [user, coach, conversation] = of(&message.turn.conversation);
    let (author, text, sent, zone, ending, cuts) = match &message.body {
        Body::User { text, sent, zone } => {
            ("user", text.to_string(), *sent, zone.as_ref(), None, None)
        }
        Body::Assistant { ending, said } => {
            let pieces = Pieces::of(said.iter());
            let (ending, cuts) = (stored::json(ending)?, pieces.cuts()?);
            (
                "assistant",
                pieces.text,
                None,
                None,
                Some(ending),
                Some(cuts),
            )
        }
        // What it said is in the store, if anywhere: nothing may take its place.
        Body::Unreadable => return Err(unreadable("message").into()),
    };
    db.prepare_cached(
        "INSERT INTO messages (user, coach, conversation, number, id, turn, created,
           author, text, sent, zone, ending, pieces)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        user,
        coach,
        conversation,
        number(message.number),
        message.id.as_str(),
        message.turn.turn.as_str(),
        at(message.created),
        author,
        text,
        sent.map(at),
        zone.map(|zone| zone.as_str()),
        ending,
        cuts,
    ])?;
    Ok(())
}

/// Reads the newest ones below a number, until their texts fill a page.
pub(crate) fn list(
    db: &Connection,
    key: &ConversationKey,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<Message>> {
    if !conversations::is_there(db, key)? {
        return Ok(Vec::new());
    }
    let mut statement = db.prepare_cached(
        "SELECT * FROM messages
         WHERE user = ?1 AND coach = ?2 AND conversation = ?3 AND number < ?4
         ORDER BY number DESC LIMIT ?5",
    )?;
    let [user, coach, conversation] = of(key);
    let before = number(before.unwrap_or(u64::MAX));
    let mut rows = statement.query(params![user, coach, conversation, before, count(limit)])?;
    let (mut messages, mut length) = (Vec::new(), 0);
    while length < PAGE
        && let Some(row) = rows.next()?
    {
        let message = read(key, row)?;
        length += message.length();
        messages.push(message);
    }
    Ok(messages)
}

/// Returns the message of this number, or what stands in its place.
pub(crate) fn get(db: &Connection, key: &ConversationKey, place: u64) -> Result<Option<Message>> {
    let mut statement = db.prepare_cached(
        "SELECT * FROM messages
         WHERE user = ?1 AND coach = ?2 AND conversation = ?3 AND number = ?4",
    )?;
    let [user, coach, conversation] = of(key);
    let mut rows = statement.query(params![user, coach, conversation, number(place)])?;
    rows.next()?.map(|row| read(key, row)).transpose()
}

/// Reads a message, as far as it can be read: one that cannot keeps its place.
fn read(key: &ConversationKey, row: &Row<'_>) -> Result<Message> {
    let columns = Columns(row);
    let number = columns.number("number")?;
    let log = || format!("{}/{number}", columns.place());
    let unknown = Message::unreadable(key.clone(), number);
    let Some((id, turn, created)) = stored::if_readable(head(key, columns), log()) else {
        return Ok(unknown);
    };
    let body = body(columns).map_err(PortError::from);
    Ok(Message {
        id,
        turn,
        created,
        body: stored::if_readable(body, log()).unwrap_or(Body::Unreadable),
        ..unknown
    })
}

fn head(
    key: &ConversationKey,
    columns: Columns<'_>,
) -> ports::Result<(MessageId, TurnKey, Timestamp)> {
    let turn = TurnKey {
        conversation: key.clone(),
        turn: columns.parsed("turn")?,
    };
    Ok((columns.parsed("id")?, turn, columns.time("created")?))
}

fn body(columns: Columns<'_>) -> Result<Body> {
    let text = columns.text("text")?;
    match columns.text("author")? {
        "user" => Ok(Body::User {
            text: text.into(),
            sent: columns.opt_time("sent")?,
            zone: columns.opt_parsed("zone")?,
        }),
        "assistant" => Ok(Body::Assistant {
            ending: columns.json("ending")?,
            said: Pieces::apart(text, columns.text("pieces")?)?.into(),
        }),
        _ => Err(unreadable("author").into()),
    }
}
