//! The port, each of whose methods is one transaction.

use async_trait::async_trait;
use domain::conversation::Edit;
use domain::{
    CoachId, Conversation, ConversationKey, Finish, Job, Message, Outcome, Timestamp, TurnEvent,
    TurnKey, UserScope,
};
use ports::{
    Admission, Admitted, Allowance, Checkpoint, Cursor, Erased, JobsOf, MessageStore, Page, Result,
    Stop, TurnRecord, TurnState, Writer, Written,
};

use crate::{
    Sqlite, admit, allowances, conversations, erase, finish, jobs, message, running, turn,
};

/// Conversations, messages, turns and jobs in a SQLite file.
#[derive(Debug, Clone)]
pub struct SqliteMessages(pub(crate) Sqlite);

#[async_trait]
impl MessageStore for SqliteMessages {
    async fn create_conversation(&self, new: &Conversation) -> Result<()> {
        let new = new.clone();
        self.0
            .write(move |db| conversations::create(db, &new))
            .await
    }

    async fn conversation(&self, key: &ConversationKey) -> Result<Option<Conversation>> {
        let key = key.clone();
        self.0.read(move |db| conversations::get(db, &key)).await
    }

    async fn conversations(
        &self,
        owner: &UserScope,
        coach: &CoachId,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Conversation>> {
        let (owner, coach) = (owner.clone(), coach.clone());
        let list = move |db: &_| conversations::list(db, &owner, &coach, after.as_deref(), limit);
        self.0.read(list).await
    }

    async fn all_conversations(
        &self,
        owner: &UserScope,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Result<Conversation, ConversationKey>>> {
        let owner = owner.clone();
        let list = move |db: &_| conversations::list_all(db, &owner, after.as_deref(), limit);
        self.0.read(list).await
    }

    async fn edit_conversation(&self, key: &ConversationKey, edit: &Edit) -> Result<bool> {
        let (key, edit) = (key.clone(), edit.clone());
        let change = move |db: &_| conversations::edit(db, &key, &edit);
        self.0.write(change).await
    }

    async fn delete_conversation(&self, key: &ConversationKey) -> Result<bool> {
        let key = key.clone();
        self.0
            .write(move |db| conversations::delete(db, &key))
            .await
    }

    async fn messages(
        &self,
        key: &ConversationKey,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Message>> {
        let key = key.clone();
        let list = move |db: &_| message::list(db, &key, before, limit);
        self.0.read(list).await
    }

    async fn admit(&self, admission: &Admission) -> Result<Admitted> {
        let (a, holder) = (admission.clone(), self.0.holder().clone());
        self.0.write(move |db| admit::admit(db, &a, &holder)).await
    }

    async fn checkpoint(&self, checkpoint: &Checkpoint) -> Result<Written<Stop>> {
        let (c, holder) = (checkpoint.clone(), self.0.holder().clone());
        let keep = move |db: &_| running::checkpoint(db, &c, &holder);
        self.0.write(keep).await
    }

    async fn finish(&self, turn: &TurnKey, writer: Writer, finish: &Finish) -> Result<Written<()>> {
        let (turn, end) = (turn.clone(), finish.clone());
        let end = move |db: &_| finish::finish(db, &turn, writer, &end);
        self.0.write(end).await
    }

    async fn settle_hold(&self, turn: &TurnKey, spent: &[(Allowance, u64)]) -> Result<()> {
        let (turn, spent) = (turn.clone(), spent.to_vec());
        let settle = move |db: &_| allowances::settle(db, &turn, &spent);
        self.0.write(settle).await
    }

    async fn ask_stop(&self, turn: &TurnKey) -> Result<Option<TurnState>> {
        let turn = turn.clone();
        self.0.write(move |db| running::ask_stop(db, &turn)).await
    }

    async fn turn(
        &self,
        key: &TurnKey,
        from: usize,
    ) -> Result<Option<(TurnRecord, Vec<TurnEvent>)>> {
        let (key, holder) = (key.clone(), self.0.holder().clone());
        let read = move |db: &_| turn::read(db, &key, from, &holder);
        self.0.read(read).await
    }

    async fn overdue(&self, now: Timestamp, limit: usize) -> Result<Vec<TurnKey>> {
        let holder = self.0.holder().clone();
        let list = move |db: &_| running::overdue(db, now, limit, &holder);
        self.0.read(list).await
    }

    async fn claim_jobs(
        &self,
        of: &JobsOf,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>> {
        let of = of.clone();
        let claim = move |db: &_| jobs::claim(db, &of, now, until, limit);
        self.0.write(claim).await
    }

    async fn settle_job(&self, job: &Job, outcome: &Outcome) -> Result<()> {
        let (job, outcome) = (job.clone(), outcome.clone());
        let settle = move |db: &_| jobs::settle(db, &job, &outcome);
        self.0.write(settle).await
    }

    async fn jobs(&self, of: &JobsOf) -> Result<Vec<Job>> {
        let of = of.clone();
        self.0.read(move |db| jobs::list(db, &of)).await
    }

    async fn erase(&self, owner: &UserScope, at: Timestamp, limit: usize) -> Result<Erased> {
        let owner = owner.clone();
        let step = move |db: &_| erase::conversations(db, &owner, at, limit);
        let erased = self.0.write(step).await?;
        if erased.is_complete && erased.removed > 0 {
            self.0.scrub().await?;
        }
        Ok(erased)
    }
}
