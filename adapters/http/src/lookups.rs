//! What several handlers look up or remove, and what they say of it.

use std::sync::Arc;

use domain::memory::RecalledKind;
use domain::{Coach, CoachId, Conversation, ConversationKey, RecordId, TurnKey, UserScope};
use ports::{Cursor, Kind, Pace, RecordKey, Refusal, end_if_abandoned, own, records};
use serde::de::DeserializeOwned;

use crate::call::Call;
use crate::code::Code;
use crate::problem::Problem;

/// How many pages of records are read for one page of an answer that leaves some out.
const PAGES: usize = 10;

/// How many steps it takes to read a letter of a record and judge it, as [`Pace`] counts them.
const STEPS: usize = 4;

/// Finds the user's own coach of this id, or else the one that everybody has; it knows where help
/// is.
pub(crate) async fn find_coach(call: &Call, coach: &CoachId) -> Result<Arc<Coach>, Problem> {
    let at = RecordKey {
        owner: call.scope()?,
        kind: Kind::Coach,
        id: RecordId::from(coach),
    };
    let own = call.answered(call.app.ports.records.get(&at)).await?;
    let own: Option<Coach> = own.as_ref().and_then(records::readable);
    let settings = &call.app.settings;
    let shipped = || settings.coaches.iter().find(|shipped| shipped.id == *coach);
    let found = own.or_else(|| Some(Coach::clone(shipped()?)));
    let found = found.ok_or(Code::CoachConfigNotFound)?;
    Ok(Arc::new(Coach {
        help: settings.help.clone(),
        ..found
    }))
}

/// Finds a conversation as it is, once a turn whose process is gone has been ended.
pub(crate) async fn current(call: &Call, key: &ConversationKey) -> Result<Conversation, Problem> {
    let (store, clock) = (&*call.app.ports.messages, &*call.app.ports.clock);
    let found = call
        .answered(own::conversation(store, key))
        .await?
        .ok_or(Code::ConversationNotFound)?;
    let Some(turn) = found.active.clone() else {
        return Ok(found);
    };
    if end_if_abandoned(
        store,
        clock,
        &TurnKey {
            conversation: key.clone(),
            turn,
        },
    )
    .await?
    {
        return call
            .answered(own::conversation(store, key))
            .await?
            .ok_or(Code::ConversationNotFound.into());
    }
    Ok(found)
}

/// Finds a turn with one of the user's coaches that has not ended, here or elsewhere.
pub(crate) async fn running(
    call: &Call,
    user: &UserScope,
    coach: &CoachId,
) -> Result<Option<TurnKey>, Problem> {
    let (store, now) = (&*call.app.ports.messages, call.app.ports.clock.now());
    let mut place = None;
    loop {
        let page = call
            .answered(own::conversations(store, user, coach, place, 100))
            .await?;
        for listed in &page.items {
            // The last active come first, and no turn runs for longer.
            if listed.last_activity + call.app.turns().longest() < now {
                return Ok(None);
            }
            match current(call, &listed.key).await {
                Ok(Conversation {
                    key,
                    active: Some(turn),
                    ..
                }) => {
                    return Ok(Some(TurnKey {
                        conversation: key,
                        turn,
                    }));
                }
                Err(problem) if problem.code != Code::ConversationNotFound => return Err(problem),
                Ok(_) | Err(_) => {}
            }
        }
        place = page.next;
        if place.is_none() {
            return Ok(None);
        }
    }
}

/// Refuses what a conversation has no time for: says what runs in it, and where that can be
/// followed.
pub(crate) fn busy(call: &Call, turn: &TurnKey) -> Problem {
    let url = format!(
        "{}/stream?turnId={}",
        call.conversation_path(&turn.conversation),
        turn.turn
    );
    Problem::from(Refusal::Busy(turn.turn.clone())).with("resumeUrl", url)
}

/// Removes a record and what the index holds of it; returns whether there was one before. Repeated
/// after a failure, it removes what is left.
pub(crate) async fn forget(
    call: &Call,
    at: &RecordKey,
    indexed_as: RecalledKind,
) -> Result<bool, Problem> {
    let (records, index) = (&call.app.ports.records, &*call.app.ports.index);
    // What was seen was there: a store's deletion whose first answer was lost finds nothing.
    let is_seen = call.answered(records.get(at)).await?.is_some();
    let is_found = call.answered(records.delete(at)).await?;
    call.answered(index.delete(&at.owner, indexed_as, at.id.as_str()))
        .await?;
    Ok(is_seen || is_found)
}

/// Reads a page of records, the newest first, without those that cannot be read or are not to be
/// shown; and where the list goes on.
pub(crate) async fn page<T: DeserializeOwned>(
    call: &Call,
    owner: &UserScope,
    kind: Kind,
    mut cursor: Option<Cursor>,
    limit: usize,
    is_shown: impl Fn(&T) -> bool,
) -> Result<(Vec<T>, Option<Cursor>), Problem> {
    let (mut items, mut length, mut pace) = (Vec::new(), 0, Pace::default());
    for _ in 0..PAGES {
        let page = call
            .answered(
                call.app
                    .ports
                    .records
                    .list(owner, kind, None, cursor, limit - items.len()),
            )
            .await?;
        for record in &page.items {
            items.extend(records::readable(record).filter(&is_shown));
            length += record.body.len();
            pace.did(STEPS * record.body.len()).await;
        }
        cursor = page.next;
        if cursor.is_none() || items.len() == limit || length >= ports::PAGE {
            break;
        }
    }
    Ok((items, cursor))
}
