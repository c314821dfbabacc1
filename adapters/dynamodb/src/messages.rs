use async_trait::async_trait;
use domain::conversation::Edit;
use domain::{
    CoachId, Conversation, ConversationKey, Finish, Job, Message, Outcome, Timestamp, TurnEvent,
    TurnKey, UserScope,
};
use futures::try_join;
use ports::{
    Admission, Admitted, Allowance, Checkpoint, Cursor, Erased, JobsOf, MessageStore, Page, Result,
    Stop, TurnRecord, TurnState, Writer, Written, page, stored,
};

use crate::change::{Change, Changed};
use crate::item::{Item, text, unreadable};
use crate::key::{self, Key, LAST, PK};
use crate::table::{BY_TIME, Range, Table, key_of};
use crate::{admit, allowance, create, delete, due, erase, finish, jobs, map, turn};

/// More than any cursor that was given out: the rest of a longer one cannot matter.
const LONGEST_CURSOR: usize = 2 * 64 + 1;

/// Conversations, messages, turns and jobs in a table.
#[derive(Debug, Clone)]
pub struct DynamoMessages(Table);

impl DynamoMessages {
    pub(crate) fn new(table: Table) -> Self {
        Self(table)
    }
}

#[async_trait]
impl MessageStore for DynamoMessages {
    async fn create_conversation(&self, new: &Conversation) -> Result<()> {
        create::create(&self.0, new).await
    }

    async fn conversation(&self, key: &ConversationKey) -> Result<Option<Conversation>> {
        let item = self.0.item(&Key::conversation(key)).await?;
        Ok(map::head(item.as_ref())?.map(|head| head.conversation))
    }

    async fn conversations(
        &self,
        owner: &UserScope,
        coach: &CoachId,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Conversation>> {
        let (pk, first) = (key::partition(owner), key::conversations_with(coach));
        let after: Option<String> = after.map(|after| after.chars().take(LONGEST_CURSOR).collect());
        let last = format!("{first}{}", after.as_deref().unwrap_or(LAST));
        let range = Range {
            index: Some(BY_TIME),
            newest_first: true,
            lagging: true,
            ..Range::of(&pk, &first, &last)
        };
        // One more than wanted shows whether there are more, and one may be the cursor's own.
        let read = |item: &Item| stored::if_readable(listed(item), key_of(item).ok()?);
        let heads = self.0.read(range, limit.saturating_add(2), read).await?;
        let place = |head: &Conversation| key::place(&head.key, head.last_activity);
        let mut rest = heads.into_iter().filter(|head| Some(place(head)) != after);
        let items: Vec<Conversation> = rest.by_ref().take(limit).collect();
        let next = rest.next().and(items.last().map(place));
        Ok(Page { items, next })
    }

    async fn all_conversations(
        &self,
        owner: &UserScope,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Result<Conversation, ConversationKey>>> {
        let pk = key::partition(owner);
        let after: Option<String> = after.map(|after| after.chars().take(LONGEST_CURSOR).collect());
        // A range that begins behind its end is an error, and no cursor of this list does.
        let after = after.filter(|after| after.as_str() < LAST);
        let first = format!("C#{}", after.as_deref().unwrap_or_default());
        let place = |key: &ConversationKey| format!("{}#{}", key.coach, key.conversation);
        // One more than wanted shows whether there are more, and one may be the cursor's own.
        let found = self
            .0
            .read(
                Range::of(&pk, &first, "C#~"),
                limit.saturating_add(2),
                there,
            )
            .await?;
        let of = |found: &Result<Conversation, ConversationKey>| match found {
            Ok(head) => place(&head.key),
            Err(key) => place(key),
        };
        let mut rest = found.into_iter().filter(|found| Some(of(found)) != after);
        let items: Vec<_> = rest.by_ref().take(limit).collect();
        let next = rest.next().and(items.last().map(of));
        Ok(Page { items, next })
    }

    async fn edit_conversation(&self, key: &ConversationKey, edit: &Edit) -> Result<bool> {
        let mut change =
            Change::of(Key::conversation(key)).set("v", crate::item::number(ports::stored::FORM));
        change = match edit.title.as_deref() {
            None => change,
            Some("") => change.remove("title"),
            Some(title) => change.set("title", text(title)),
        };
        if let Some(tags) = &edit.tags {
            change = change.set("tags", map::texts(tags));
        }
        let change = change.only_if("attribute_exists(#pk) AND attribute_not_exists(#gone)", []);
        Ok(matches!(
            change.make(self.0.client(), self.0.name()).await?,
            Changed::Now(_)
        ))
    }

    async fn delete_conversation(&self, key: &ConversationKey) -> Result<bool> {
        delete::delete(&self.0, key).await
    }

    async fn messages(
        &self,
        key: &ConversationKey,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Message>> {
        let before = before.unwrap_or(u64::MAX);
        if before <= 1 {
            return Ok(Vec::new());
        }
        let (first, last) = (Key::message(key, 0), Key::message(key, before - 1));
        let range = Range {
            newest_first: true,
            ..Range::of(&first.pk, &first.sk, &last.sk)
        };
        let place = Key::conversation(key);
        let found = self
            .0
            .page(range, limit, map::read_message, Message::length);
        let (head, (found, _)) = try_join!(self.0.item(&place), found)?;
        Ok(if map::head(head.as_ref())?.is_some() {
            page(found)
        } else {
            Vec::new()
        })
    }

    async fn admit(&self, admission: &Admission) -> Result<Admitted> {
        admit::admit(&self.0, admission).await
    }

    async fn checkpoint(&self, checkpoint: &Checkpoint) -> Result<Written<Stop>> {
        turn::checkpoint(&self.0, checkpoint).await
    }

    async fn finish(&self, turn: &TurnKey, writer: Writer, finish: &Finish) -> Result<Written<()>> {
        finish::finish(&self.0, turn, writer, finish).await
    }

    async fn settle_hold(&self, turn: &TurnKey, spent: &[(Allowance, u64)]) -> Result<()> {
        allowance::settle(&self.0, turn, spent).await
    }

    async fn ask_stop(&self, turn: &TurnKey) -> Result<Option<TurnState>> {
        turn::ask_stop(&self.0, turn).await
    }

    async fn turn(
        &self,
        turn: &TurnKey,
        from: usize,
    ) -> Result<Option<(TurnRecord, Vec<TurnEvent>)>> {
        turn::turn(&self.0, turn, from).await
    }

    async fn overdue(&self, now: Timestamp, limit: usize) -> Result<Vec<TurnKey>> {
        due::overdue(&self.0, now, limit).await
    }

    async fn claim_jobs(
        &self,
        of: &JobsOf,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>> {
        jobs::claim(&self.0, of, now, until, limit).await
    }

    async fn settle_job(&self, job: &Job, outcome: &Outcome) -> Result<()> {
        jobs::settle(&self.0, job, outcome).await
    }

    async fn jobs(&self, of: &JobsOf) -> Result<Vec<Job>> {
        jobs::all(&self.0, of).await
    }

    async fn erase(&self, owner: &UserScope, at: Timestamp, limit: usize) -> Result<Erased> {
        erase::messages(&self.0, owner, at, limit).await
    }
}

/// A conversation out of the list.
fn listed(item: &Item) -> Result<Conversation> {
    let head = map::head(Some(item))?.ok_or_else(|| unreadable(PK))?;
    Ok(head.conversation)
}

/// A conversation that is there, or its key if it cannot be read.
fn there(item: &Item) -> Option<Result<Conversation, ConversationKey>> {
    let key = key_of(item).ok()?;
    let head = stored::if_readable(map::head(Some(item)), &key);
    match head {
        Some(head) => Some(Ok(head?.conversation)),
        None => Some(Err(key.of_conversation().ok()?)),
    }
}
