//! Ports around ports: they count, and let things go wrong.

use std::collections::BTreeMap;
use std::ops::{Bound, RangeBounds};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::conversation::Edit;
use domain::memory::RecalledKind;
use domain::{
    CoachId, Conversation, ConversationKey, Fault, Finish, Job, Message, Outcome, Recalled,
    Timestamp, TurnEvent, TurnKey, UserScope, router, summary,
};
use futures::future;
use futures::stream::{self, BoxStream, StreamExt};
use ports::{
    Admission, Admitted, Allowance, Answer, Bill, Checkpoint, Clock, Cursor, Expect, Identity,
    IndexEntry, JobsOf, Kind, LlmStream, MemoryIndex, MessageStore, ModelCall, Page, Piece,
    PortError, Record, RecordKey, RecordStore, Result, Search, Stop, TokenRefusal, TokenVerifier,
    TurnRecord, TurnState, Writer, Written,
};

/// A store that does to some calls of some methods what was planned for them, and counts them all.
pub struct Faulty<S> {
    store: S,
    clock: Arc<dyn Clock>,
    plan: Mutex<Vec<Planned>>,
    calls: Mutex<BTreeMap<&'static str, usize>>,
}

/// What can happen to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// Nothing is done, and that is said.
    Fail(Fault),
    /// Nothing is done, and there is no answer.
    Hang,
    /// It takes so long.
    Delay(Duration),
    /// It is done at once, and answered after so long.
    AnswerLate(Duration),
    /// It is done, and the answer says that it was not.
    LoseAnswer(Fault),
    /// The adapter panics.
    Panic,
}

struct Planned {
    method: &'static str,
    calls: (Bound<usize>, Bound<usize>),
    mishap: Mishap,
}

impl<S> Faulty<S> {
    /// A store with which nothing is wrong yet.
    pub fn new(store: S, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            plan: Mutex::default(),
            calls: Mutex::default(),
        }
    }

    /// Plans what happens to these calls of a method, counted from 1 since the beginning.
    pub fn plan(&self, method: &'static str, calls: impl RangeBounds<usize>, mishap: Mishap) {
        let calls = (calls.start_bound().cloned(), calls.end_bound().cloned());
        lock(&self.plan).push(Planned {
            method,
            calls,
            mishap,
        });
    }

    /// How often a method was called.
    pub fn calls(&self, method: &str) -> usize {
        lock(&self.calls).get(method).copied().unwrap_or_default()
    }

    /// How often any method was called.
    pub fn all_calls(&self) -> usize {
        lock(&self.calls).values().sum()
    }

    /// The store as it is.
    pub fn inside(&self) -> &S {
        &self.store
    }

    async fn run<T>(
        &self,
        method: &'static str,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        match self.mishap(method) {
            None => work.await,
            Some(Mishap::Fail(fault)) => Err(PortError::new("faulty", fault)),
            Some(Mishap::Hang) => future::pending().await,
            Some(Mishap::Delay(delay)) => {
                self.clock.sleep_until(self.clock.now() + delay).await;
                work.await
            }
            Some(Mishap::AnswerLate(delay)) => {
                let answer = work.await;
                self.clock.sleep_until(self.clock.now() + delay).await;
                answer
            }
            Some(Mishap::LoseAnswer(fault)) => {
                work.await?;
                Err(PortError::new("faulty", fault))
            }
            Some(Mishap::Panic) => panic!("{method} was planned to panic"),
        }
    }

    fn mishap(&self, method: &'static str) -> Option<Mishap> {
        let mut calls = lock(&self.calls);
        let call = calls.entry(method).or_default();
        *call += 1;
        let plan = lock(&self.plan);
        plan.iter()
            .find(|planned| planned.method == method && planned.calls.contains(call))
            .map(|planned| planned.mishap)
    }
}

#[async_trait]
impl<S: MessageStore> MessageStore for Faulty<S> {
    async fn create_conversation(&self, new: &Conversation) -> Result<()> {
        self.run("create_conversation", self.store.create_conversation(new))
            .await
    }
    async fn conversation(&self, key: &ConversationKey) -> Result<Option<Conversation>> {
        self.run("conversation", self.store.conversation(key)).await
    }
    async fn conversations(
        &self,
        owner: &UserScope,
        coach: &CoachId,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Conversation>> {
        self.run(
            "conversations",
            self.store.conversations(owner, coach, after, limit),
        )
        .await
    }
    async fn edit_conversation(&self, key: &ConversationKey, edit: &Edit) -> Result<bool> {
        self.run("edit_conversation", self.store.edit_conversation(key, edit))
            .await
    }
    async fn delete_conversation(&self, key: &ConversationKey) -> Result<bool> {
        self.run("delete_conversation", self.store.delete_conversation(key))
            .await
    }
    async fn messages(
        &self,
        key: &ConversationKey,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Message>> {
        self.run("messages", self.store.messages(key, before, limit))
            .await
    }
    async fn admit(&self, admission: &Admission) -> Result<Admitted> {
        self.run("admit", self.store.admit(admission)).await
    }
    async fn checkpoint(&self, checkpoint: &Checkpoint) -> Result<Written<Stop>> {
        self.run("checkpoint", self.store.checkpoint(checkpoint))
            .await
    }
    async fn finish(&self, turn: &TurnKey, writer: Writer, finish: &Finish) -> Result<Written<()>> {
        self.run("finish", self.store.finish(turn, writer, finish))
            .await
    }
    async fn settle_hold(&self, turn: &TurnKey, spent: &[(Allowance, u64)]) -> Result<()> {
        self.run("settle_hold", self.store.settle_hold(turn, spent))
            .await
    }

    async fn ask_stop(&self, turn: &TurnKey) -> Result<Option<TurnState>> {
        self.run("ask_stop", self.store.ask_stop(turn)).await
    }
    async fn turn(
        &self,
        turn: &TurnKey,
        from: usize,
    ) -> Result<Option<(TurnRecord, Vec<TurnEvent>)>> {
        self.run("turn", self.store.turn(turn, from)).await
    }
    async fn claim_jobs(
        &self,
        of: &JobsOf,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>> {
        self.run("claim_jobs", self.store.claim_jobs(of, now, until, limit))
            .await
    }
    async fn settle_job(&self, job: &Job, outcome: &Outcome) -> Result<()> {
        self.run("settle_job", self.store.settle_job(job, outcome))
            .await
    }
    async fn jobs(&self, of: &JobsOf) -> Result<Vec<Job>> {
        self.run("jobs", self.store.jobs(of)).await
    }
}

#[async_trait]
impl<S: RecordStore> RecordStore for Faulty<S> {
    async fn get(&self, at: &RecordKey) -> Result<Option<Record>> {
        self.run("get", self.store.get(at)).await
    }
    async fn list(
        &self,
        owner: &UserScope,
        kind: Kind,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Record>> {
        self.run("list", self.store.list(owner, kind, after, limit))
            .await
    }
    async fn put(&self, at: &RecordKey, body: &[u8], expect: Expect) -> Result<bool> {
        self.run("put", self.store.put(at, body, expect)).await
    }
    async fn delete(&self, at: &RecordKey) -> Result<bool> {
        self.run("delete", self.store.delete(at)).await
    }
}

#[async_trait]
impl<S: MemoryIndex> MemoryIndex for Faulty<S> {
    async fn search(&self, search: &Search, bill: &Bill) -> Result<Vec<Recalled>> {
        self.run("search", self.store.search(search, bill)).await
    }
    async fn upsert(&self, owner: &UserScope, entry: &IndexEntry, bill: &Bill) -> Result<()> {
        self.run("upsert", self.store.upsert(owner, entry, bill))
            .await
    }
    async fn delete(&self, owner: &UserScope, kind: RecalledKind, id: &str) -> Result<()> {
        self.run("delete", self.store.delete(owner, kind, id)).await
    }
}

/// A model whose calls are kept and counted. One that nobody listened to was not made.
pub struct Counted<M> {
    model: M,
    asked: Arc<Mutex<Vec<ModelCall>>>,
}

/// How often a model was asked, by what for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Calls {
    pub routes: usize,
    pub replies: usize,
    pub extractions: usize,
    pub summaries: usize,
}

impl Calls {
    /// These calls, by what they are for.
    pub fn of(asked: &[ModelCall]) -> Self {
        let mut calls = Self::default();
        for call in asked {
            *match &call.answer {
                Answer::Prose => &mut calls.replies,
                Answer::Tool { name, .. } if *name == router::TOOL => &mut calls.routes,
                Answer::Tool { name, .. } if *name == summary::TOOL => &mut calls.summaries,
                Answer::Tool { .. } => &mut calls.extractions,
            } += 1;
        }
        calls
    }

    /// All of them.
    pub fn all(self) -> usize {
        self.routes + self.replies + self.extractions + self.summaries
    }
}

impl<M> Counted<M> {
    pub fn new(model: M) -> Self {
        Self {
            model,
            asked: Arc::default(),
        }
    }

    /// What it was asked so far, in order, but for so many calls at the beginning.
    pub fn asked_after(&self, earlier: usize) -> Vec<ModelCall> {
        lock(&self.asked).iter().skip(earlier).cloned().collect()
    }

    /// How often it was asked so far.
    pub fn calls(&self) -> Calls {
        Calls::of(&lock(&self.asked))
    }

    /// The model as it is.
    pub fn inside(&self) -> &M {
        &self.model
    }
}

impl<M: LlmStream> LlmStream for Counted<M> {
    fn open(&self, call: ModelCall) -> BoxStream<'static, Result<Piece>> {
        let asked = self.asked.clone();
        let pieces = self.model.open(call.clone());
        let counted = async move {
            lock(&asked).push(call);
            pieces
        };
        stream::once(counted).flatten().boxed()
    }
}

/// Lets nobody in, for this reason.
pub struct Closed(pub fn() -> TokenRefusal);

#[async_trait]
impl TokenVerifier for Closed {
    async fn verify(&self, _token: &str) -> Result<Identity, TokenRefusal> {
        Err(self.0())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
