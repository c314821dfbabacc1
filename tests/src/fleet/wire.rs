//! The ports of one worker: what it asks for travels as a packet of its own, which may be late, or
//! lost, or arrive when the worker is no longer there.

use std::sync::Arc;

use async_trait::async_trait;
use domain::conversation::Edit;
use domain::memory::RecalledKind;
use domain::{
    CoachId, Conversation, ConversationKey, Finish, Job, Message, Outcome, Recalled, Timestamp,
    TurnEvent, TurnKey, UserScope,
};
use futures::channel::oneshot;
use futures::future;
use ports::{
    Admission, Admitted, Allowance, Bill, Checkpoint, Cursor, Expect, IndexEntry, JobsOf, Kind,
    MemoryIndex, MessageStore, Page, PortError, Record, RecordKey, RecordStore, Result, Search,
    Stop, TurnRecord, TurnState, Writer, Written,
};

use super::engine::WORLD;
use super::ledger::By;
use super::script::Mishap;
use super::stage::Stage;

/// The way from one worker to everything else.
#[derive(Clone)]
pub(super) struct Wire {
    pub stage: Arc<Stage>,
    pub slot: usize,
    pub by: By,
}

impl Wire {
    async fn send<T: Send + 'static>(
        &self,
        method: &'static str,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let hand = self.stage.hand.clone();
        let (mishap, way) = self.stage.fate(self.slot, method);
        let (answer, answered) = oneshot::channel();
        let packet = async move {
            hand.sleep(way).await;
            let result = match mishap {
                None => work.await,
                Some(Mishap::Fails(fault)) => Err(PortError::new("wire", fault)),
                Some(Mishap::Lies(fault)) => work.await.and(Err(PortError::new("wire", fault))),
                Some(Mishap::ArrivesLate(ms)) => {
                    hand.sleep(ms).await;
                    work.await
                }
                Some(Mishap::AnswersLate(ms)) => {
                    let result = work.await;
                    hand.sleep(ms).await;
                    result
                }
                Some(Mishap::IsLost) => return,
                Some(Mishap::LosesAnswer) => return drop(work.await),
            };
            hand.sleep(way).await;
            let _gone = answer.send(result);
        };
        let owner = if self.stage.script.packets_die {
            self.by.owner
        } else {
            WORLD
        };
        self.stage.hand.spawn(owner, packet);
        match answered.await {
            Ok(result) => result,
            Err(oneshot::Canceled) => future::pending().await,
        }
    }

    /// Notes what an answer told the driver.
    fn hears<T>(
        &self,
        turn: &TurnKey,
        answer: &Result<Written<T>>,
        is_finish: bool,
        is_stop: impl Fn(&T) -> bool,
    ) {
        let now = self.stage.hand.now();
        let mut book = self.stage.book();
        let Some(drive) = book
            .drives
            .get_mut(turn)
            .filter(|drive| drive.owner == self.by.owner)
        else {
            return;
        };
        match answer {
            // A checkpoint's answer that comes after the finishing write began is heard by nobody.
            Ok(Written::LeaseLost) if is_finish || drive.finishes.is_empty() => {
                let told = drive.feed.events().len();
                drive.lost.get_or_insert((told, now));
            }
            Ok(Written::Done(done)) if is_stop(done) => _ = drive.stop_heard.get_or_insert(now),
            Ok(_) | Err(_) => {}
        }
    }

    fn begins_write(&self, turn: &TurnKey, is_finish: bool) {
        if let Some(drive) = self
            .stage
            .book()
            .drives
            .get_mut(turn)
            .filter(|drive| drive.owner == self.by.owner)
        {
            drive.begins_write(&self.stage, turn, is_finish);
        }
    }
}

#[async_trait]
impl MessageStore for Wire {
    async fn create_conversation(&self, new: &Conversation) -> Result<()> {
        let (store, new) = (self.stage.ledger.store.clone(), new.clone());
        self.send("create_conversation", async move {
            store.create_conversation(&new).await
        })
        .await
    }

    async fn conversation(&self, key: &ConversationKey) -> Result<Option<Conversation>> {
        let (store, key) = (self.stage.ledger.store.clone(), key.clone());
        self.send(
            "conversation",
            async move { store.conversation(&key).await },
        )
        .await
    }

    async fn conversations(
        &self,
        owner: &UserScope,
        coach: &CoachId,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Conversation>> {
        let (store, owner, coach) = (
            self.stage.ledger.store.clone(),
            owner.clone(),
            coach.clone(),
        );
        self.send("conversations", async move {
            store.conversations(&owner, &coach, after, limit).await
        })
        .await
    }

    async fn edit_conversation(&self, key: &ConversationKey, edit: &Edit) -> Result<bool> {
        let (store, key, edit) = (self.stage.ledger.store.clone(), key.clone(), edit.clone());
        self.send("edit_conversation", async move {
            store.edit_conversation(&key, &edit).await
        })
        .await
    }

    async fn delete_conversation(&self, key: &ConversationKey) -> Result<bool> {
        let (store, key) = (self.stage.ledger.store.clone(), key.clone());
        self.send("delete_conversation", async move {
            store.delete_conversation(&key).await
        })
        .await
    }

    async fn messages(
        &self,
        key: &ConversationKey,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Message>> {
        let (store, key) = (self.stage.ledger.store.clone(), key.clone());
        self.send("messages", async move {
            store.messages(&key, before, limit).await
        })
        .await
    }

    async fn admit(&self, admission: &Admission) -> Result<Admitted> {
        let (stage, by, admission) = (self.stage.clone(), self.by, admission.clone());
        self.send("admit", async move { stage.admit(by, &admission) })
            .await
    }

    async fn checkpoint(&self, checkpoint: &Checkpoint) -> Result<Written<Stop>> {
        self.begins_write(&checkpoint.turn, false);
        let (stage, sent) = (self.stage.clone(), checkpoint.clone());
        let answer = self
            .send("checkpoint", async move { stage.checkpoint(&sent) })
            .await;
        self.hears(&checkpoint.turn, &answer, false, |stop| {
            *stop == Stop::Asked
        });
        answer
    }

    async fn finish(&self, turn: &TurnKey, writer: Writer, finish: &Finish) -> Result<Written<()>> {
        let is_holder = matches!(writer, Writer::Holder(_));
        if is_holder {
            self.begins_write(turn, true);
        }
        let (stage, by, key, sent) = (self.stage.clone(), self.by, turn.clone(), finish.clone());
        let answer = self
            .send(
                "finish",
                async move { stage.finish(by, &key, writer, &sent) },
            )
            .await;
        if is_holder {
            self.hears(turn, &answer, true, |()| false);
        }
        answer
    }

    async fn settle_hold(&self, turn: &TurnKey, spent: &[(Allowance, u64)]) -> Result<()> {
        let (stage, turn, spent) = (self.stage.clone(), turn.clone(), spent.to_vec());
        self.send(
            "settle_hold",
            async move { stage.settle_hold(&turn, &spent) },
        )
        .await
    }

    async fn ask_stop(&self, turn: &TurnKey) -> Result<Option<TurnState>> {
        let (stage, turn) = (self.stage.clone(), turn.clone());
        self.send("ask_stop", async move { stage.ask_stop(&turn) })
            .await
    }

    async fn turn(
        &self,
        turn: &TurnKey,
        from: usize,
    ) -> Result<Option<(TurnRecord, Vec<TurnEvent>)>> {
        let (stage, turn) = (self.stage.clone(), turn.clone());
        self.send("turn", async move { stage.turn(&turn, from) })
            .await
    }

    async fn claim_jobs(
        &self,
        of: &JobsOf,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>> {
        let (stage, of) = (self.stage.clone(), of.clone());
        self.send("claim_jobs", async move {
            stage.claim_jobs(&of, now, until, limit)
        })
        .await
    }

    async fn settle_job(&self, job: &Job, outcome: &Outcome) -> Result<()> {
        let (store, job, outcome) = (
            self.stage.ledger.store.clone(),
            job.clone(),
            outcome.clone(),
        );
        self.send("settle_job", async move {
            store.settle_job(&job, &outcome).await
        })
        .await
    }

    async fn jobs(&self, of: &JobsOf) -> Result<Vec<Job>> {
        let (store, of) = (self.stage.ledger.store.clone(), of.clone());
        self.send("jobs", async move { store.jobs(&of).await })
            .await
    }
}

#[async_trait]
impl RecordStore for Wire {
    async fn get(&self, at: &RecordKey) -> Result<Option<Record>> {
        let (records, at) = (self.stage.records.clone(), at.clone());
        self.send("get", async move { records.get(&at).await })
            .await
    }

    async fn list(
        &self,
        owner: &UserScope,
        kind: Kind,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Record>> {
        let (records, owner) = (self.stage.records.clone(), owner.clone());
        self.send("list", async move {
            records.list(&owner, kind, after, limit).await
        })
        .await
    }

    async fn put(&self, at: &RecordKey, body: &[u8], expect: Expect) -> Result<bool> {
        let (records, at, body) = (self.stage.records.clone(), at.clone(), body.to_vec());
        self.send("put", async move { records.put(&at, &body, expect).await })
            .await
    }

    async fn delete(&self, at: &RecordKey) -> Result<bool> {
        let (records, at) = (self.stage.records.clone(), at.clone());
        self.send("delete", async move { records.delete(&at).await })
            .await
    }
}

#[async_trait]
impl MemoryIndex for Wire {
    async fn search(&self, search: &Search, _: &Bill) -> Result<Vec<Recalled>> {
        let (stage, search) = (self.stage.clone(), search.clone());
        self.send("search", async move {
            stage.index.search(&search, &Bill::default()).await
        })
        .await
    }

    async fn upsert(&self, owner: &UserScope, entry: &IndexEntry, _: &Bill) -> Result<()> {
        let (stage, owner, entry) = (self.stage.clone(), owner.clone(), entry.clone());
        self.send("upsert", async move {
            stage.index.upsert(&owner, &entry, &Bill::default()).await
        })
        .await
    }

    async fn delete(&self, owner: &UserScope, kind: RecalledKind, id: &str) -> Result<()> {
        let (stage, owner, id) = (self.stage.clone(), owner.clone(), id.to_owned());
        self.send("delete entry", async move {
            MemoryIndex::delete(&stage.index, &owner, kind, &id).await
        })
        .await
    }
}
