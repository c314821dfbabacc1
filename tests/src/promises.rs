#![expect(
    clippy::unwrap_used,
    reason = "a store in memory always answers at once"
)]

//! What is told of memories is what is done: in every test that goes through a
//! [`Site`](crate::Site).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::memory::{Tombstone, normalised};
use domain::voice::{self, MemoryWords};
use domain::{
    Closing, Finish, Job, JobKind, Language, Memory, MemoryId, Outcome, PartKind, TurnEvent,
    TurnKey, UserScope,
};
use in_memory::{InMemoryMessages, InMemoryRecords};
use ports::{Kind, MessageStore, Record, Result, TurnState, Writer, Written, records};

use crate::around::{Around, AroundMessages};

/// All that is remembered of a user.
pub(crate) type Memories = BTreeMap<MemoryId, String>;

/// A store of messages in memory that looks at what is promised of the records beside it.
pub struct Promising {
    store: Arc<InMemoryMessages>,
    records: Arc<InMemoryRecords>,
    promises: Promises,
}

impl Promising {
    /// An empty store, beside these records.
    pub fn new(records: Arc<InMemoryRecords>) -> Self {
        Self {
            store: Arc::default(),
            records,
            promises: Promises::default(),
        }
    }

    async fn closing(&self, turn: &TurnKey) -> Option<Arc<Closing>> {
        let (record, _) = self.store.turn(turn, usize::MAX).await.ok()??;
        match record.state {
            TurnState::Ended(closing) => Some(closing),
            TurnState::Running { .. } => None,
        }
    }
}

impl fmt::Debug for Promising {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

impl Around for Promising {}

#[async_trait]
impl AroundMessages for Promising {
    type Inside = InMemoryMessages;

    fn inside(&self) -> Arc<InMemoryMessages> {
        self.store.clone()
    }

    async fn finish(&self, turn: &TurnKey, writer: Writer, finish: &Finish) -> Result<Written<()>> {
        let written = self.store.finish(turn, writer, finish).await;
        let (closing, events) = (&finish.closing, &finish.events);
        self.promises.finished(turn, closing, events, &self.records);
        written
    }

    async fn settle_job(&self, job: &Job, outcome: &Outcome) -> Result<()> {
        if let Some(closing) = self.closing(&job.turn).await {
            self.promises.settled(job, outcome, &closing, &self.records);
        }
        self.store.settle_job(job, outcome).await
    }
}

/// What was promised, and every promise that was not kept. They are told when it goes.
#[derive(Debug, Default)]
struct Promises {
    complaints: Mutex<Vec<String>>,
    /// What there was when a turn said that it will forget something.
    before: Mutex<BTreeMap<TurnKey, Memories>>,
}

impl Drop for Promises {
    fn drop(&mut self) {
        let complaints = self
            .complaints
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !complaints.is_empty() && !std::thread::panicking() {
            panic!("promises were broken:\n{}", complaints.join("\n"));
        }
    }
}

impl Promises {
    /// Looks at how a turn has ended: with what it told it leaves the jobs that do it.
    fn finished(
        &self,
        turn: &TurnKey,
        closing: &Closing,
        events: &[TurnEvent],
        records: &InMemoryRecords,
    ) {
        let known = memories(records, &turn.conversation.user);
        if let Err(complaint) = told_is_left_to_do(closing, events, &known) {
            self.complain(turn, &complaint);
        }
        if closing.jobs.contains(&JobKind::Forget) {
            self.before.lock().unwrap().insert(turn.clone(), known);
        }
    }

    /// Looks at what a job has done: what was promised, and nothing else.
    fn settled(&self, job: &Job, outcome: &Outcome, closing: &Closing, records: &InMemoryRecords) {
        let Outcome::Done(result) = outcome else {
            return;
        };
        let owner = &job.turn.conversation.user;
        let now = memories(records, owner);
        let buried = tombstones(records, owner);
        let done = match job.kind {
            JobKind::Memory => is_remembered(closing, result, &now, &buried),
            JobKind::Forget => {
                let before = self.before.lock().unwrap().get(&job.turn).cloned();
                // What this very job has buried is no excuse.
                let own = job.turn.turn.as_str();
                let others = buried.into_iter().filter(|(id, _)| !id.starts_with(own));
                let others: Vec<_> = others.collect();
                is_forgotten(closing, &before.unwrap_or_default(), &now, &others)
            }
            JobKind::Workout | JobKind::Summary => Ok(()),
        };
        if let Err(complaint) = done {
            self.complain(&job.turn, &complaint);
        }
    }

    fn complain(&self, turn: &TurnKey, complaint: &str) {
        let complaint = format!("{}: {complaint}", turn.turn);
        self.complaints.lock().unwrap().push(complaint);
    }
}

/// Returns whether a finished turn leaves the jobs that do what it has told, and tells what its
/// jobs do, in whatever language.
pub(crate) fn told_is_left_to_do(
    closing: &Closing,
    events: &[TurnEvent],
    known: &Memories,
) -> Result<(), String> {
    // A test that wants only a job to be there tells nothing at all.
    let mut said = events.iter().filter_map(TurnEvent::said);
    if !said.any(|said| said.kind == PartKind::Acknowledgment) {
        return Ok(());
    }
    let confirmations = said.filter(|said| said.kind == PartKind::Confirmation);
    let told: Vec<&str> = confirmations.map(|said| said.text.trim()).collect();
    let promise = |lead: fn(&MemoryWords) -> &'static str| {
        let mut leads = Language::ALL
            .into_iter()
            .map(|of| lead(voice::of_memory(of)));
        leads.find_map(|lead| {
            told.iter()
                .find_map(|told| told.strip_prefix(lead.trim_end()))
        })
    };
    let (remembers, forgets) = (promise(|of| of.remembering), promise(|of| of.forgetting));
    let route = closing.report.route.as_ref();
    let proposed = route.and_then(|route| route.memory_to_save());
    let forget = route.map(|route| route.memory_processing.forget.clone());
    let has = |kind| closing.jobs.contains(&kind);
    let is_over = closing.ending.keeps_promises();
    let is_empty =
        remembers.is_some() && !has(JobKind::Memory) || forgets.is_some() && !has(JobKind::Forget);
    if is_empty {
        return Err(format!("{told:?} is told, and {:?} are left", closing.jobs));
    }
    if is_over && has(JobKind::Memory) && remembers.is_none() {
        return Err(format!("{proposed:?} is remembered, and {told:?} is told"));
    }
    if is_over && has(JobKind::Forget) && forgets.is_none() {
        return Err(format!("{forget:?} is forgotten, and {told:?} is told"));
    }
    if let Some((told, proposed)) = remembers.zip(proposed)
        && !told.trim_start().starts_with(proposed.content.trim())
    {
        return Err(format!("{proposed:?} is remembered, and {told:?} is told"));
    }
    for id in forget.unwrap_or_default() {
        let content = known.get(&id);
        if let Some((told, content)) = forgets.zip(content)
            && !told.contains(content.as_str())
        {
            return Err(format!("{content:?} is forgotten, and {told:?} is told"));
        }
    }
    Ok(())
}

fn is_remembered(
    closing: &Closing,
    result: &serde_json::Value,
    now: &Memories,
    buried: &[(String, Tombstone)],
) -> Result<(), String> {
    let id: MemoryId = result["memoryId"].as_str().unwrap_or("-").parse().unwrap();
    let is_buried = buried
        .iter()
        .any(|(_, tombstone)| tombstone.memory_id == id);
    let proposed = closing
        .report
        .route
        .as_ref()
        .and_then(|route| route.memory_to_save());
    match now.get(&id) {
        None if is_buried => Ok(()),
        None => Err(format!("{id} is remembered, and is not there")),
        Some(_) if result["saved"] == "reinforced" => Ok(()),
        Some(content) if proposed.is_some_and(|of| of.content.trim() == content) => Ok(()),
        Some(content) => Err(format!(
            "{proposed:?} was promised, and {content:?} is kept"
        )),
    }
}

fn is_forgotten(
    closing: &Closing,
    before: &Memories,
    now: &Memories,
    buried: &[(String, Tombstone)],
) -> Result<(), String> {
    let route = closing.report.route.as_ref();
    let forget = route
        .map(|route| route.memory_processing.forget.clone())
        .unwrap_or_default();
    if let Some(id) = forget.iter().find(|id| now.contains_key(id)) {
        return Err(format!("{id} is forgotten, and still there"));
    }
    let promised = |content: &String| {
        let mut contents = forget.iter().filter_map(|id| before.get(id));
        contents.any(|promised| normalised(promised) == normalised(content))
    };
    for (id, content) in before {
        let is_buried = buried
            .iter()
            .any(|(_, tombstone)| tombstone.memory_id == *id);
        if !now.contains_key(id) && !is_buried && !promised(content) {
            return Err(format!("{content:?} is gone, and nobody wanted that"));
        }
    }
    Ok(())
}

fn memories(records: &InMemoryRecords, owner: &UserScope) -> Memories {
    let kept = kept(records, owner, Kind::Memory).into_iter();
    let memories = kept.filter_map(|record| records::readable::<Memory>(&record));
    memories.map(|memory| (memory.id, memory.content)).collect()
}

/// The tombstones of a user, each with the id of its record, which is named after its turn.
fn tombstones(records: &InMemoryRecords, owner: &UserScope) -> Vec<(String, Tombstone)> {
    let kept = kept(records, owner, Kind::Tombstone).into_iter();
    kept.filter_map(|record| Some((record.at.id.to_string(), records::readable(&record)?)))
        .collect()
}

fn kept(records: &InMemoryRecords, owner: &UserScope, kind: Kind) -> Vec<Record> {
    let mut all = records.dump();
    all.retain(|record| record.at.kind == kind && record.at.owner == *owner);
    all
}
