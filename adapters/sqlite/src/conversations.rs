//! Conversations, and the lists of them.

use domain::conversation::Edit;
use domain::{CoachId, Conversation, ConversationKey, Fence, UserScope};
use ports::{Page, PortError, stored};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::fault::Result;
use crate::row::{Columns, at, count, of};

/// A conversation, and what its next turn needs.
pub(crate) struct Head {
    pub(crate) conversation: Conversation,
    pub(crate) fence: Fence,
}

pub(crate) fn create(db: &Connection, new: &Conversation) -> Result<()> {
    let [user, coach, conversation] = of(&new.key);
    let values = params![
        user,
        coach,
        conversation,
        new.title,
        stored::json(&new.tags)?,
        at(new.created),
        at(new.last_activity),
    ];
    db.prepare_cached(
        "INSERT INTO conversations
           (user, coach, conversation, title, tags, created, activity, messages, active, fence)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, NULL, 0
         WHERE NOT EXISTS (SELECT 1 FROM erased WHERE user = ?1)
           AND NOT EXISTS (SELECT 1 FROM deleted
             WHERE user = ?1 AND coach = ?2 AND conversation = ?3)
         ON CONFLICT DO NOTHING",
    )?
    .execute(values)?;
    Ok(())
}

pub(crate) fn get(db: &Connection, key: &ConversationKey) -> Result<Option<Conversation>> {
    Ok(head(db, key)?.map(|head| head.conversation))
}

/// Returns a conversation that is there.
pub(crate) fn head(db: &Connection, key: &ConversationKey) -> Result<Option<Head>> {
    let mut statement = db.prepare_cached(
        "SELECT * FROM conversations WHERE user = ?1 AND coach = ?2 AND conversation = ?3",
    )?;
    let mut rows = statement.query(of(key))?;
    rows.next()?.map(read).transpose()
}

fn read(row: &Row<'_>) -> Result<Head> {
    let columns = Columns(row);
    // A title, or tags, that cannot be read are as if there were none.
    let tags = columns.json("tags").map_err(PortError::from);
    let conversation = Conversation {
        key: columns.conversation()?,
        title: columns.text("title")?.to_owned(),
        tags: stored::if_readable(tags, columns.place()).unwrap_or_default(),
        created: columns.time("created")?,
        last_activity: columns.time("activity")?,
        messages: columns.number("messages")?,
        active: columns.opt_parsed("active")?,
    };
    let fence = Fence(columns.number("fence")?);
    Ok(Head {
        conversation,
        fence,
    })
}

/// Lists those with a coach, the last active first.
pub(crate) fn list(
    db: &Connection,
    owner: &UserScope,
    coach: &CoachId,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<Conversation>> {
    // From the beginning: behind all that there are.
    let (activity, id) = after.and_then(read_cursor).unwrap_or((i64::MAX, "~"));
    let mut statement = db.prepare_cached(
        "SELECT * FROM conversations
         WHERE user = ?1 AND coach = ?2 AND (activity, conversation) < (?3, ?4)
         ORDER BY activity DESC, conversation DESC LIMIT ?5",
    )?;
    let some = count(limit.saturating_add(1));
    let who = owner.user().as_str();
    let mut rows = statement.query(params![who, coach.as_str(), activity, id, some])?;
    let (mut items, mut seen, mut last) = (Vec::new(), 0, None);
    while let Some(row) = rows.next()? {
        if seen == limit {
            return Ok(Page { items, next: last });
        }
        seen += 1;
        let columns = Columns(row);
        let (activity, id) = (columns.number("activity")?, columns.text("conversation")?);
        last = Some(format!("{activity}.{id}"));
        let found = read(row).map_err(PortError::from);
        let found = stored::if_readable(found, columns.place());
        items.extend(found.map(|head| head.conversation));
    }
    Ok(Page { items, next: None })
}

fn read_cursor(cursor: &str) -> Option<(i64, &str)> {
    let (activity, id) = cursor.split_once('.')?;
    Some((activity.parse().ok()?, id))
}

/// Lists those with every coach, by their keys.
pub(crate) fn list_all(
    db: &Connection,
    owner: &UserScope,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<Result<Conversation, ConversationKey>>> {
    let (coach, id) = after
        .and_then(|after| after.split_once('.'))
        .unwrap_or_default();
    let mut statement = db.prepare_cached(
        "SELECT * FROM conversations
         WHERE user = ?1 AND (coach, conversation) > (?2, ?3)
         ORDER BY coach, conversation LIMIT ?4",
    )?;
    let some = count(limit.saturating_add(1));
    let mut rows = statement.query(params![owner.user().as_str(), coach, id, some])?;
    let (mut items, mut seen, mut last) = (Vec::new(), 0, None);
    while let Some(row) = rows.next()? {
        if seen == limit {
            return Ok(Page { items, next: last });
        }
        seen += 1;
        let columns = Columns(row);
        let (coach, id) = (columns.text("coach")?, columns.text("conversation")?);
        last = Some(format!("{coach}.{id}"));
        let key = columns.conversation().map_err(PortError::from);
        let Some(key) = stored::if_readable(key, columns.place()) else {
            continue;
        };
        let found = read(row).map_err(PortError::from);
        let found = stored::if_readable(found, columns.place());
        items.push(found.map(|head| head.conversation).ok_or(key));
    }
    Ok(Page { items, next: None })
}

pub(crate) fn edit(db: &Connection, key: &ConversationKey, edit: &Edit) -> Result<bool> {
    let [user, coach, conversation] = of(key);
    let tags = edit.tags.as_ref().map(stored::json).transpose()?;
    let edited = db
        .prepare_cached(
            "UPDATE conversations SET title = coalesce(?4, title), tags = coalesce(?5, tags)
             WHERE user = ?1 AND coach = ?2 AND conversation = ?3",
        )?
        .execute(params![user, coach, conversation, edit.title, tags])?;
    Ok(edited > 0)
}

/// What belongs to a conversation, and is removed with it.
const BELONGING: [&str; 6] = [
    "DELETE FROM turns WHERE user = ?1 AND coach = ?2 AND conversation = ?3",
    "DELETE FROM events WHERE user = ?1 AND coach = ?2 AND conversation = ?3",
    "DELETE FROM jobs WHERE user = ?1 AND coach = ?2 AND conversation = ?3",
    "DELETE FROM requests WHERE user = ?1 AND coach = ?2 AND conversation = ?3",
    "DELETE FROM messages WHERE user = ?1 AND coach = ?2 AND conversation = ?3",
    "INSERT INTO deleted (user, coach, conversation) VALUES (?1, ?2, ?3)",
];

pub(crate) fn delete(db: &Connection, key: &ConversationKey) -> Result<bool> {
    if !remove(db, of(key))? {
        return Ok(false);
    }
    for of_it in BELONGING {
        db.prepare_cached(of_it)?.execute(of(key))?;
    }
    Ok(true)
}

/// Removes a conversation by itself, with the turn that runs in it and what that holds of turns.
/// From then on nothing of it is seen, and nobody writes for it.
pub(crate) fn remove(db: &Connection, key: [&str; 3]) -> Result<bool> {
    let removed = db
        .prepare_cached(
            "DELETE FROM conversations WHERE user = ?1 AND coach = ?2 AND conversation = ?3",
        )?
        .execute(key)?;
    for running in [
        "DELETE FROM turns WHERE user = ?1 AND coach = ?2 AND conversation = ?3
           AND closing IS NULL",
        "DELETE FROM holds WHERE user = ?1 AND coach = ?2 AND conversation = ?3
           AND allowance = 'turns'",
    ] {
        db.prepare_cached(running)?.execute(key)?;
    }
    Ok(removed > 0)
}

/// Returns whether a conversation is there.
pub(crate) fn is_there(db: &Connection, key: &ConversationKey) -> Result<bool> {
    let found = db
        .prepare_cached(
            "SELECT 1 FROM conversations WHERE user = ?1 AND coach = ?2 AND conversation = ?3",
        )?
        .query_row(of(key), |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}
