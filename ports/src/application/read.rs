//! Reads of the store of conversations, whose answers say whose they are.
//!
//! A key carries its user, and a store answers for nobody else. What it answers nevertheless is
//! left out, and the log is told: whoever is asking must not see it.

use domain::{CoachId, UserScope};
use domain::{Conversation, ConversationKey, Job, Message, Timestamp, TurnEvent, TurnKey};
use tracing::error;

use crate::{Cursor, JobsOf, MessageStore, Page, Result, TurnRecord};

/// [`MessageStore::conversation`].
pub async fn conversation(
    store: &dyn MessageStore,
    key: &ConversationKey,
) -> Result<Option<Conversation>> {
    let found = store.conversation(key).await?;
    Ok(found.filter(|found| is_own(found.key == *key, &found.key)))
}

/// [`MessageStore::conversations`].
pub async fn conversations(
    store: &dyn MessageStore,
    owner: &UserScope,
    coach: &CoachId,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page<Conversation>> {
    let mut page = store.conversations(owner, coach, after, limit).await?;
    page.items.retain(|found| {
        is_own(
            found.key.user == *owner && found.key.coach == *coach,
            &found.key,
        )
    });
    Ok(page)
}

/// [`MessageStore::all_conversations`].
pub async fn all_conversations(
    store: &dyn MessageStore,
    owner: &UserScope,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Page<Result<Conversation, ConversationKey>>> {
    let mut page = store.all_conversations(owner, after, limit).await?;
    page.items.retain(|found| {
        let key = found.as_ref().map_or_else(|key| key, |found| &found.key);
        is_own(key.user == *owner, key)
    });
    Ok(page)
}

/// [`MessageStore::messages`].
pub async fn messages(
    store: &dyn MessageStore,
    key: &ConversationKey,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<Message>> {
    let mut found = store.messages(key, before, limit).await?;
    found.retain(|message| {
        let of = &message.turn.conversation;
        is_own(of == key, of)
    });
    Ok(found)
}

/// [`MessageStore::turn`].
pub async fn turn(
    store: &dyn MessageStore,
    key: &TurnKey,
    from: usize,
) -> Result<Option<(TurnRecord, Vec<TurnEvent>)>> {
    let found = store.turn(key, from).await?;
    Ok(found.filter(|(record, _)| is_own(record.turn == *key, &record.turn.conversation)))
}

/// [`MessageStore::jobs`].
pub async fn jobs(store: &dyn MessageStore, of: &JobsOf) -> Result<Vec<Job>> {
    let mut found = store.jobs(of).await?;
    found.retain(|job| is_own(is_among(&job.turn, of), &job.turn.conversation));
    Ok(found)
}

/// [`MessageStore::claim_jobs`].
pub async fn claim_jobs(
    store: &dyn MessageStore,
    of: &JobsOf,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<Job>> {
    let mut found = store.claim_jobs(of, now, until, limit).await?;
    found.retain(|job| is_own(is_among(&job.turn, of), &job.turn.conversation));
    Ok(found)
}

fn is_among(turn: &TurnKey, of: &JobsOf) -> bool {
    match of {
        JobsOf::Turn(own) => turn == own,
        JobsOf::Conversation(own) => turn.conversation == *own,
        JobsOf::User(own) => turn.conversation.user == *own,
        JobsOf::Anyone => true,
    }
}

/// Returns whether what was found is the caller's own, and logs an error if it is not.
fn is_own(is_own: bool, found: &ConversationKey) -> bool {
    if !is_own {
        let ConversationKey {
            user,
            coach,
            conversation,
        } = found;
        error!(
            alarm = "foreign_answer",
            %user, %coach, %conversation, "a store has answered with it"
        );
    }
    is_own
}
