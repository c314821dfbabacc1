use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::conversation::Edit;
use domain::{
    CoachId, Conversation, ConversationKey, Fault, Finish, Job, Message, Outcome, Timestamp,
    TurnEvent, TurnKey, UserScope,
};
use ports::{
    Admission, Admitted, Allowance, Checkpoint, Cursor, Erased, JobsOf, MessageStore, Page,
    PortError, Result, Stop, TurnRecord, TurnState, Writer, Written, page,
};

use crate::tables::Tables;

/// Conversations, messages, turns and jobs in maps, under one lock: what it means to be atomic.
#[derive(Debug, Default)]
pub struct InMemoryMessages(Mutex<Tables>);

impl InMemoryMessages {
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Tables) -> T) -> Result<T> {
        Ok(act(&mut self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)))
    }
}

#[async_trait]
impl MessageStore for InMemoryMessages {
    async fn create_conversation(&self, new: &Conversation) -> Result<()> {
        self.with(|t| t.create(new))
    }

    async fn conversation(&self, key: &ConversationKey) -> Result<Option<Conversation>> {
        self.with(|t| t.row(key).map(|row| row.head.clone()))
    }

    async fn conversations(
        &self,
        owner: &UserScope,
        coach: &CoachId,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Conversation>> {
        self.with(|t| t.list(owner, coach, after, limit))
    }

    async fn all_conversations(
        &self,
        owner: &UserScope,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Result<Conversation, ConversationKey>>> {
        self.with(|t| t.list_all(owner, after, limit))
    }

    async fn edit_conversation(&self, key: &ConversationKey, edit: &Edit) -> Result<bool> {
        self.with(|t| {
            let Some(row) = t.row_mut(key) else {
                return false;
            };
            if let Some(title) = &edit.title {
                row.head.title.clone_from(title);
            }
            if let Some(tags) = &edit.tags {
                row.head.tags.clone_from(tags);
            }
            true
        })
    }

    async fn delete_conversation(&self, key: &ConversationKey) -> Result<bool> {
        self.with(|t| t.delete(key))
    }

    async fn messages(
        &self,
        key: &ConversationKey,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Message>> {
        let found = self.with(|t| {
            let all = t
                .row(key)
                .map(|row| row.messages.as_slice())
                .unwrap_or_default();
            let older = all
                .iter()
                .rev()
                .filter(|message| before.is_none_or(|before| message.number < before));
            older.take(limit).cloned().collect()
        });
        found.map(page)
    }

    async fn admit(&self, admission: &Admission) -> Result<Admitted> {
        self.with(|t| t.admit(admission))
    }

    async fn checkpoint(&self, c: &Checkpoint) -> Result<Written<Stop>> {
        self.with(|t| {
            let Some(turn) = t.held(&c.turn, c.fence) else {
                return Ok(Written::LeaseLost);
            };
            if c.from > turn.events.len() {
                return Err(PortError::new("in-memory", Fault::Rejected));
            }
            if c.from + c.events.len() > turn.events.len() {
                let events = Arc::make_mut(&mut turn.events);
                events.truncate(c.from);
                events.extend_from_slice(&c.events);
            }
            if let TurnState::Running { lease_until, .. } = &mut turn.state {
                *lease_until = c.lease_until.max(*lease_until);
            }
            Ok(Written::Done(turn.stop))
        })?
    }

    async fn finish(&self, turn: &TurnKey, writer: Writer, finish: &Finish) -> Result<Written<()>> {
        self.with(|t| t.finish(turn, writer, finish))
    }

    async fn settle_hold(&self, turn: &TurnKey, spent: &[(Allowance, u64)]) -> Result<()> {
        self.with(|t| t.settle_hold(turn, spent))
    }

    async fn ask_stop(&self, key: &TurnKey) -> Result<Option<TurnState>> {
        self.with(|t| {
            let turn = t.turn_mut(key)?;
            turn.stop = Stop::Asked;
            Some(turn.state.clone())
        })
    }

    async fn turn(
        &self,
        key: &TurnKey,
        from: usize,
    ) -> Result<Option<(TurnRecord, Vec<TurnEvent>)>> {
        let found = self.with(|t| t.turn(key).map(|turn| (turn.record(), turn.events.clone())));
        let later = |events: Arc<Vec<TurnEvent>>| events.get(from..).unwrap_or_default().to_vec();
        found.map(|found| found.map(|(record, events)| (record, later(events))))
    }

    async fn overdue(&self, now: Timestamp, limit: usize) -> Result<Vec<TurnKey>> {
        self.with(|t| t.overdue(now, limit))
    }

    async fn claim_jobs(
        &self,
        of: &JobsOf,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>> {
        self.with(|t| t.claim(of, now, until, limit))
    }

    async fn settle_job(&self, job: &Job, outcome: &Outcome) -> Result<()> {
        self.with(|t| t.settle(job, outcome))
    }

    async fn jobs(&self, of: &JobsOf) -> Result<Vec<Job>> {
        self.with(|t| t.jobs(of))
    }

    async fn erase(&self, owner: &UserScope, at: Timestamp, limit: usize) -> Result<Erased> {
        self.with(|t| t.erase(owner, at, limit))
    }
}
