//! Ports around ports: they count, and let things go wrong.

use std::collections::BTreeMap;
use std::ops::{Bound, RangeBounds};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::{Fault, router, summary};
use futures::future;
use futures::stream::{self, BoxStream, StreamExt};
use ports::{
    Answer, Clock, Identity, LlmStream, MemoryIndex, MessageStore, ModelCall, Piece, PortError,
    RecordStore, Result, TokenRefusal, TokenVerifier,
};

use crate::around::{Around, AroundIndex, AroundMessages, AroundRecords};

/// A store that does to some calls of some methods what was planned for them, and counts them all.
pub struct Faulty<S> {
    store: Arc<S>,
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
            store: Arc::new(store),
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

    /// The same store, for whoever keeps it.
    pub fn kept(&self) -> Arc<S> {
        self.store.clone()
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

impl<S: Send + Sync> Around for Faulty<S> {
    async fn pass<T>(
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
}

impl<S: MessageStore + 'static> AroundMessages for Faulty<S> {
    type Inside = S;

    fn inside(&self) -> Arc<S> {
        self.store.clone()
    }
}

impl<S: RecordStore + 'static> AroundRecords for Faulty<S> {
    type Inside = S;

    fn inside(&self) -> Arc<S> {
        self.store.clone()
    }
}

impl<S: MemoryIndex + 'static> AroundIndex for Faulty<S> {
    type Inside = S;

    fn inside(&self) -> Arc<S> {
        self.store.clone()
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
