//! Stores of conversations, each with one break.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a break is one arm; with all others it is sound"
)]

mod admitting;
mod breaks;
mod ending;
mod reading;
mod running;
mod working;

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::conversation::Edit;
use domain::{
    CoachId, Conversation, ConversationKey, Fault, Finish, Job, Message, Outcome, Timestamp,
    TurnEvent, TurnKey, UserScope,
};
use futures::FutureExt;
use ports::{
    Admission, Admitted, Allowance, Checkpoint, Cursor, Erased, JobsOf, MessageStore, Page,
    PortError, Result, Stop, TurnRecord, TurnState, Writer, Written,
};

use self::breaks::Break;
use super::{Row, Tables, short};
use crate::InMemoryMessages;
use crate::careless::{Disk, WayBack, failing, judge, quiet};

/// A sound store with one break.
struct Careless {
    sound: InMemoryMessages,
    how: Break,
    kept: Mutex<Kept>,
    is_locked: AtomicBool,
}

/// What a careless store remembers that it should not.
#[derive(Default)]
struct Kept {
    /// Conversations that were deleted.
    rows: Vec<Row>,
    /// Admissions that were refused.
    refused: Vec<Admission>,
    /// Turns that were admitted.
    admitted: Vec<TurnKey>,
    /// Jobs of turns that are not there.
    jobs: Vec<Job>,
    /// Titles that were taken away.
    untitled: Vec<ConversationKey>,
}

impl Careless {
    fn new(how: Break) -> Self {
        Self {
            sound: InMemoryMessages::default(),
            how,
            kept: Mutex::default(),
            is_locked: AtomicBool::new(false),
        }
    }

    fn is(&self, how: Break) -> bool {
        self.how == how
    }

    fn tables<T>(&self, act: impl FnOnce(&mut Tables) -> T) -> T {
        self.sound.with(act).unwrap()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stands in the way of everybody until the one that it is for has come to its end.
    async fn locked(&self) -> Result<()> {
        if self.is_locked.swap(true, Ordering::SeqCst) {
            return Err(PortError::new("careless", Fault::Unavailable));
        }
        tokio::task::yield_now().await;
        self.is_locked.store(false, Ordering::SeqCst);
        Ok(())
    }
}

#[async_trait]
impl MessageStore for Careless {
    async fn create_conversation(&self, new: &Conversation) -> Result<()> {
        let new = self.before_creating(new);
        self.sound.create_conversation(&new).await
    }

    async fn conversation(&self, key: &ConversationKey) -> Result<Option<Conversation>> {
        let found = self.sound.conversation(key).await?;
        Ok(self.read_conversation(key, found))
    }

    async fn conversations(
        &self,
        owner: &UserScope,
        coach: &CoachId,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Conversation>> {
        self.list(owner, coach, after, limit).await
    }

    async fn all_conversations(
        &self,
        owner: &UserScope,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Result<Conversation, ConversationKey>>> {
        self.list_all(owner, after, limit).await
    }

    async fn edit_conversation(&self, key: &ConversationKey, edit: &Edit) -> Result<bool> {
        let edit = self.before_editing(key, edit);
        let done = self.sound.edit_conversation(key, &edit).await?;
        Ok(self.after_editing(key, done))
    }

    async fn delete_conversation(&self, key: &ConversationKey) -> Result<bool> {
        Ok(self.delete(key))
    }

    async fn messages(
        &self,
        key: &ConversationKey,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Message>> {
        self.read_messages(key, before, limit).await
    }

    async fn admit(&self, admission: &Admission) -> Result<Admitted> {
        if let Some(answer) = self.instead_of_admitting(admission).await? {
            return Ok(answer);
        }
        let asked = self.before_admitting(admission);
        let answer = self.sound.admit(&asked).await?;
        self.after_admitting(admission, answer).await
    }

    async fn checkpoint(&self, checkpoint: &Checkpoint) -> Result<Written<Stop>> {
        self.keep(checkpoint).await
    }

    async fn finish(&self, turn: &TurnKey, writer: Writer, finish: &Finish) -> Result<Written<()>> {
        if let Some(answer) = self.instead_of_ending(turn, finish).await? {
            return Ok(answer);
        }
        let (writer, asked) = self.before_ending(turn, writer, finish);
        let before = self.tables(|t| t.turn(turn).map(|turn| turn.events.clone()));
        let is_again = self.tables(|t| {
            let turn = t.turn(turn);
            turn.is_some_and(|turn| matches!(turn.state, TurnState::Ended(_)))
        });
        let answer = self.sound.finish(turn, writer, &asked).await?;
        if answer == Written::Done(()) {
            self.after_ending(turn, writer, finish, is_again);
            self.left_of_events(turn, before.unwrap_or_default().as_slice());
        }
        Ok(answer)
    }

    async fn settle_hold(&self, turn: &TurnKey, spent: &[(Allowance, u64)]) -> Result<()> {
        self.settle(turn, spent).await
    }

    async fn ask_stop(&self, turn: &TurnKey) -> Result<Option<TurnState>> {
        let state = self.sound.ask_stop(turn).await?;
        Ok(self.after_asking_to_stop(turn, state))
    }

    async fn turn(
        &self,
        turn: &TurnKey,
        from: usize,
    ) -> Result<Option<(TurnRecord, Vec<TurnEvent>)>> {
        self.read_turn(turn, from).await
    }

    async fn overdue(&self, now: Timestamp, limit: usize) -> Result<Vec<TurnKey>> {
        self.find_overdue(now, limit).await
    }

    async fn claim_jobs(
        &self,
        of: &JobsOf,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>> {
        self.claim(of, now, until, limit).await
    }

    async fn settle_job(&self, job: &Job, outcome: &Outcome) -> Result<()> {
        self.settle_a_job(job, outcome).await
    }

    async fn jobs(&self, of: &JobsOf) -> Result<Vec<Job>> {
        let found = self.sound.jobs(of).await?;
        self.read_jobs(of, found).await
    }

    async fn erase(&self, owner: &UserScope, at: Timestamp, limit: usize) -> Result<Erased> {
        self.erase_carelessly(owner, at, limit).await
    }
}

impl Disk for InMemoryMessages {
    fn way_back(&self) -> WayBack<Self> {
        let before = self.with(|t| t.clone()).unwrap();
        Box::new(|store| store.with(|t| *t = before).unwrap())
    }
}

#[tokio::test]
async fn every_break_of_a_store_of_conversations_is_found_by_a_clause() {
    quiet();
    let mut found = Vec::new();
    for how in Break::ALL {
        let clauses = ports::message_store_conformance! { failing; async { Careless::new(*how) } };
        if *how == Break::None {
            assert_eq!(
                clauses, [""; 0],
                "the sound store was found to have a break"
            );
        } else {
            found.push((how.sentence(), clauses));
        }
    }
    judge("MessageStore", &found);
}
