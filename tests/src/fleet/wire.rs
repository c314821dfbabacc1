//! The ports of one worker: what it asks for travels as a packet of its own, which may be late, or
//! lost, or arrive when the worker is no longer there.

use std::sync::Arc;

use async_trait::async_trait;
use domain::memory::RecalledKind;
use domain::{
    ConversationKey, Finish, GroupId, Job, Message, RecordId, Timestamp, TurnEvent, TurnKey,
    UserScope,
};
use futures::channel::oneshot;
use futures::future;
use in_memory::{InMemoryMessages, InMemoryRecords, LexicalIndex};
use ports::{
    Admission, Admitted, Allowance, Checkpoint, Cursor, JobsOf, Kind, MemoryIndex, MessageStore,
    Page, PortError, Record, RecordKey, RecordStore, Result, Stop, TurnRecord, TurnState, Writer,
    Written,
};

use super::engine::WORLD;
use super::foreign;
use super::ledger::By;
use super::script::Mishap;
use super::stage::Stage;
use crate::around::{Around, AroundIndex, AroundMessages, AroundRecords};

/// The way from one worker to everything else.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(super) stage: Arc<Stage>,
    pub(super) slot: usize,
    pub(super) by: By,
}

impl Wire {
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

impl Around for Wire {
    async fn pass<T: Send + 'static>(
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
}

#[async_trait]
impl AroundMessages for Wire {
    type Inside = InMemoryMessages;

    fn inside(&self) -> Arc<InMemoryMessages> {
        self.stage.ledger.store.clone()
    }

    async fn admit(&self, admission: &Admission) -> Result<Admitted> {
        let (stage, by, admission) = (self.stage.clone(), self.by, admission.clone());
        self.pass("admit", async move { stage.admit(by, &admission) })
            .await
    }

    async fn checkpoint(&self, checkpoint: &Checkpoint) -> Result<Written<Stop>> {
        self.begins_write(&checkpoint.turn, false);
        let (stage, sent) = (self.stage.clone(), checkpoint.clone());
        let answer = self
            .pass("checkpoint", async move { stage.checkpoint(&sent) })
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
            .pass(
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
        self.pass(
            "settle_hold",
            async move { stage.settle_hold(&turn, &spent) },
        )
        .await
    }

    async fn messages(
        &self,
        key: &ConversationKey,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Message>> {
        let (store, key) = (self.stage.ledger.store.clone(), key.clone());
        let mixes = self.stage.script.mixes_users;
        self.pass("messages", async move {
            let mut found = store.messages(&key, before, limit).await?;
            found.extend(mixes.then(|| foreign::message(&key)));
            Ok(found)
        })
        .await
    }

    async fn ask_stop(&self, turn: &TurnKey) -> Result<Option<TurnState>> {
        let (stage, turn) = (self.stage.clone(), turn.clone());
        self.pass("ask_stop", async move { stage.ask_stop(&turn) })
            .await
    }

    async fn turn(
        &self,
        turn: &TurnKey,
        from: usize,
    ) -> Result<Option<(TurnRecord, Vec<TurnEvent>)>> {
        let (stage, turn) = (self.stage.clone(), turn.clone());
        self.pass("turn", async move { stage.turn(&turn, from) })
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
        self.pass("claim_jobs", async move {
            stage.claim_jobs(&of, now, until, limit)
        })
        .await
    }
}

#[async_trait]
impl AroundRecords for Wire {
    type Inside = InMemoryRecords;

    fn inside(&self) -> Arc<InMemoryRecords> {
        self.stage.records.clone()
    }

    async fn get(&self, at: &RecordKey) -> Result<Option<Record>> {
        let (records, at) = (self.stage.records.clone(), at.clone());
        let (asked, mixes) = (at.clone(), self.stage.script.mixes_users);
        self.pass("get", async move {
            let found = records.get(&asked).await?;
            Ok(found.or_else(|| foreign::record(&at).filter(|_| mixes)))
        })
        .await
    }

    async fn list(
        &self,
        owner: &UserScope,
        kind: Kind,
        within: Option<GroupId>,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Record>> {
        let (records, owner) = (self.stage.records.clone(), owner.clone());
        let mixes = self.stage.script.mixes_users;
        self.pass("list", async move {
            let mut page = records.list(&owner, kind, within, after, limit).await?;
            let id = RecordId::from(&foreign::turn());
            let foreign = foreign::record(&RecordKey { owner, kind, id });
            page.items.extend(foreign.filter(|_| mixes));
            Ok(page)
        })
        .await
    }
}

#[async_trait]
impl AroundIndex for Wire {
    type Inside = LexicalIndex;

    fn inside(&self) -> Arc<LexicalIndex> {
        self.stage.index.clone()
    }

    async fn delete(&self, owner: &UserScope, kind: RecalledKind, id: &str) -> Result<()> {
        let (stage, owner, id) = (self.stage.clone(), owner.clone(), id.to_owned());
        self.pass("delete entry", async move {
            stage.index.delete(&owner, kind, &id).await
        })
        .await
    }
}
