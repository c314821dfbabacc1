use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::conversation::Edit;
use domain::{
    Closing, CoachId, Conversation, ConversationKey, Fence, Finish, IdempotencyKey, Job, JobKind, JobState, Message,
    Opening, Outcome, Timestamp, TurnEvent, TurnId, TurnKey, UserScope,
};
use ports::{
    Admission, Admitted, Begun, Checkpoint, Cursor, Hold, JobsOf, MessageStore, Page, Result, Stop, TurnRecord,
    TurnState, Writer, Written, page,
};

/// Conversations, messages, turns and jobs in maps, under one lock: what it means to be atomic.
#[derive(Debug, Default)]
pub struct InMemoryMessages(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    conversations: BTreeMap<ConversationKey, Row>,
    deleted: BTreeSet<ConversationKey>,
    keys: BTreeMap<(ConversationKey, IdempotencyKey), KeyRow>,
    turns: BTreeMap<TurnKey, TurnRow>,
    jobs: BTreeMap<(TurnKey, JobKind), Job>,
}

#[derive(Debug)]
struct Row {
    head: Conversation,
    fence: Fence,
    messages: Vec<Message>,
}

#[derive(Debug)]
struct KeyRow {
    turn: TurnId,
    body: [u8; 32],
    until: Timestamp,
}

#[derive(Debug)]
struct TurnRow {
    opening: Opening,
    state: TurnState,
    fence: Fence,
    events: Arc<Vec<TurnEvent>>,
    stop: Stop,
    hold: Option<Hold>,
    kept_until: Timestamp,
}

impl TurnRow {
    fn runs(&self) -> bool {
        matches!(self.state, TurnState::Running { .. })
    }

    fn record(&self) -> TurnRecord {
        TurnRecord {
            state: self.state.clone(),
            number: self.opening.user_message.number,
            assistant_message: self.opening.assistant_message.clone(),
            created: self.opening.user_message.created,
            kept_until: self.kept_until,
            kept: self.events.len(),
        }
    }
}

impl Tables {
    /// The turn, if `fence` still has the right to write for it.
    fn held(&mut self, turn: &TurnKey, fence: Fence) -> Option<&mut TurnRow> {
        self.turns.get_mut(turn).filter(|row| row.fence == fence && row.runs())
    }

    fn holds(&self, user: &UserScope, now: Timestamp) -> u64 {
        let of_user = self.turns.iter().filter(|(key, row)| key.conversation.user == *user && row.runs());
        let holds = of_user.filter_map(|(_, row)| row.hold).filter(|hold| hold.until > now);
        holds.map(|hold| hold.amount).sum()
    }

    /// Lets go of what nobody may ask for any more.
    fn forget(&mut self, conversation: &ConversationKey, now: Timestamp) {
        self.keys.retain(|(of, _), key| of != conversation || key.until > now);
        self.turns.retain(|turn, row| turn.conversation != *conversation || row.runs() || row.kept_until > now);
    }

    fn admit(&mut self, a: &Admission) -> Admitted {
        let conversation = &a.turn.conversation;
        self.forget(conversation, a.now);
        let Some(row) = self.conversations.get(conversation) else { return Admitted::Unknown };
        let key = (conversation.clone(), a.key.clone());
        match self.keys.get(&key) {
            Some(known) if known.turn == a.turn.turn => {
                return self.turns.get(&a.turn).map_or(Admitted::Unknown, |turn| {
                    Admitted::New(Begun { fence: turn.fence, number: turn.opening.user_message.number })
                });
            }
            Some(known) if known.body == a.body => return Admitted::Existing(known.turn.clone()),
            Some(_) => return Admitted::Mismatch,
            None => {}
        }
        if let Some(active) = &row.head.active {
            return Admitted::Busy(active.clone());
        }
        if a.hold.is_some_and(|hold| self.holds(&conversation.user, a.now) + hold.amount > hold.limit) {
            return Admitted::OverLimit;
        }
        let Some(row) = self.conversations.get_mut(conversation) else { return Admitted::Unknown };
        row.fence = Fence(row.fence.0 + 1);
        row.head.active = Some(a.turn.turn.clone());
        row.head.last_activity = a.now;
        row.head.messages += 1;
        let (fence, opening) = (row.fence, a.opening(row.head.messages));
        row.messages.push(opening.user_message.clone());
        self.keys.insert(key, KeyRow { turn: a.turn.turn.clone(), body: a.body, until: a.kept_until });
        let begun = Begun { fence, number: opening.user_message.number };
        let state = TurnState::Running { fence, lease_until: a.lease_until };
        let (events, stop, kept_until) = (Arc::default(), Stop::NotAsked, a.kept_until);
        let turn = TurnRow { opening, state, fence, events, stop, hold: a.hold, kept_until };
        self.turns.insert(a.turn.clone(), turn);
        Admitted::New(begun)
    }

    fn finish(&mut self, key: &TurnKey, writer: Writer, finish: &Finish) -> Written<()> {
        let Some(turn) = self.turns.get_mut(key) else { return Written::LeaseLost };
        let may = match (&turn.state, writer) {
            (TurnState::Ended(closing), _) if *closing == finish.closing => return Written::Done(()),
            (TurnState::Ended(_), _) => false,
            (TurnState::Running { fence, .. }, Writer::Holder(mine)) => *fence == mine,
            (TurnState::Running { fence, lease_until }, Writer::Reaper { fence: f, lease_until: l }) => {
                *fence == f && *lease_until == l
            }
        };
        let (true, Some(row)) = (may, self.conversations.get_mut(&key.conversation)) else {
            return Written::LeaseLost;
        };
        let Closing { ending, at, jobs, .. } = &*finish.closing;
        turn.state = TurnState::Ended(finish.closing.clone());
        turn.hold = None;
        let ended = TurnEvent::Ended(finish.closing.clone());
        turn.events = Arc::new(finish.events.iter().cloned().chain([ended]).collect());
        if let Some(reply) = turn.opening.reply(*ending, &finish.events) {
            row.head.messages = reply.number;
            row.messages.push(reply);
        }
        row.head.active = None;
        row.head.last_activity = row.head.last_activity.max(*at);
        if let Some(title) = finish.title.as_ref().filter(|_| row.head.title.is_empty()) {
            row.head.title.clone_from(title);
        }
        for kind in jobs {
            let state = JobState::Due(*at);
            let job = Job { turn: key.clone(), kind: *kind, attempts: 0, state, calls: Vec::new() };
            self.jobs.insert((key.clone(), *kind), job);
        }
        Written::Done(())
    }
}

impl InMemoryMessages {
    fn with<T>(&self, act: impl FnOnce(&mut Tables) -> T) -> Result<T> {
        Ok(act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

#[async_trait]
impl MessageStore for InMemoryMessages {
    async fn create_conversation(&self, new: &Conversation) -> Result<()> {
        self.with(|t| {
            if !t.deleted.contains(&new.key) {
                let row = || Row { head: new.clone(), fence: Fence(0), messages: Vec::new() };
                t.conversations.entry(new.key.clone()).or_insert_with(row);
            }
        })
    }

    async fn conversation(&self, key: &ConversationKey) -> Result<Option<Conversation>> {
        self.with(|t| t.conversations.get(key).map(|row| row.head.clone()))
    }

    async fn conversations(
        &self,
        owner: &UserScope,
        coach: &CoachId,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Conversation>> {
        self.with(|t| {
            let mine = t.conversations.iter().filter(|(key, _)| key.user == *owner && key.coach == *coach);
            let mut all: Vec<_> = mine.map(|(_, row)| (place(&row.head), &row.head)).collect();
            all.sort_by(|(a, _), (b, _)| b.cmp(a));
            let mut rest = all.into_iter().filter(|(place, _)| after.as_ref().is_none_or(|after| place < after));
            let items: Vec<Conversation> = rest.by_ref().take(limit).map(|(_, head)| head.clone()).collect();
            let next = rest.next().and(items.last().map(place));
            Page { items, next }
        })
    }

    async fn edit_conversation(&self, key: &ConversationKey, edit: &Edit) -> Result<bool> {
        self.with(|t| {
            let Some(row) = t.conversations.get_mut(key) else { return false };
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
        self.with(|t| {
            t.turns.retain(|turn, _| turn.conversation != *key);
            t.jobs.retain(|(turn, _), _| turn.conversation != *key);
            t.keys.retain(|(conversation, _), _| conversation != key);
            let known = t.conversations.remove(key).is_some();
            if known {
                t.deleted.insert(key.clone());
            }
            known
        })
    }

    async fn messages(&self, key: &ConversationKey, before: Option<u64>, limit: usize) -> Result<Vec<Message>> {
        let found = self.with(|t| {
            let all = t.conversations.get(key).map(|row| row.messages.as_slice()).unwrap_or_default();
            let older = all.iter().rev().filter(|message| before.is_none_or(|before| message.number < before));
            older.take(limit).cloned().collect()
        });
        found.map(page)
    }

    async fn admit(&self, admission: &Admission) -> Result<Admitted> {
        self.with(|t| t.admit(admission))
    }

    async fn checkpoint(&self, c: &Checkpoint) -> Result<Written<Stop>> {
        self.with(|t| {
            let Some(turn) = t.held(&c.turn, c.fence) else { return Written::LeaseLost };
            if c.from + c.events.len() > turn.events.len() {
                let events = Arc::make_mut(&mut turn.events);
                events.truncate(c.from);
                events.extend_from_slice(&c.events);
            }
            if let TurnState::Running { lease_until, .. } = &mut turn.state {
                *lease_until = c.lease_until.max(*lease_until);
            }
            Written::Done(turn.stop)
        })
    }

    async fn finish(&self, turn: &TurnKey, writer: Writer, finish: &Finish) -> Result<Written<()>> {
        self.with(|t| t.finish(turn, writer, finish))
    }

    async fn ask_stop(&self, key: &TurnKey) -> Result<Option<TurnState>> {
        self.with(|t| {
            let turn = t.turns.get_mut(key)?;
            turn.stop = Stop::Asked;
            Some(turn.state.clone())
        })
    }

    async fn turn(&self, key: &TurnKey, from: usize) -> Result<Option<(TurnRecord, Vec<TurnEvent>)>> {
        let found = self.with(|t| t.turns.get(key).map(|turn| (turn.record(), turn.events.clone())));
        let later = |events: Arc<Vec<TurnEvent>>| events.get(from..).unwrap_or_default().to_vec();
        found.map(|found| found.map(|(record, events)| (record, later(events))))
    }

    async fn claim_jobs(&self, of: &JobsOf, now: Timestamp, until: Timestamp, limit: usize) -> Result<Vec<Job>> {
        self.with(|t| {
            let mut due: Vec<(Timestamp, &mut Job)> = t.jobs.values_mut().filter_map(|job| due(job, of, now)).collect();
            due.sort_by_key(|(at, _)| *at);
            let claim = |(_, job): (Timestamp, &mut Job)| {
                job.attempts += 1;
                job.state = JobState::Claimed(until);
                job.clone()
            };
            due.into_iter().take(limit).map(claim).collect()
        })
    }

    async fn settle_job(&self, job: &Job, outcome: &Outcome) -> Result<()> {
        self.with(|t| {
            let known = t.jobs.get_mut(&(job.turn.clone(), job.kind));
            let claimed = known.filter(|known| known.attempts == job.attempts && known.state == job.state);
            if let Some(known) = claimed {
                known.state = outcome.clone().into();
                known.calls.clone_from(&job.calls);
            }
        })
    }

    async fn jobs(&self, of: &JobsOf) -> Result<Vec<Job>> {
        self.with(|t| t.jobs.values().filter(|job| is_of(job, of)).cloned().collect())
    }
}

fn is_of(job: &Job, of: &JobsOf) -> bool {
    match of {
        JobsOf::Turn(turn) => job.turn == *turn,
        JobsOf::Conversation(conversation) => job.turn.conversation == *conversation,
        JobsOf::User(user) => job.turn.conversation.user == *user,
        JobsOf::Anyone => true,
    }
}

/// Since when a job of those asked for is due at `now`, if it is.
fn due<'a>(job: &'a mut Job, of: &JobsOf, now: Timestamp) -> Option<(Timestamp, &'a mut Job)> {
    let at = match job.state {
        JobState::Due(at) | JobState::Claimed(at) => at,
        JobState::Done(_) | JobState::Refused(_) | JobState::Dead(_) => return None,
    };
    (is_of(job, of) && at <= now).then_some((at, job))
}

/// Where a conversation stands in its list, as text that sorts like it.
fn place(head: &Conversation) -> Cursor {
    format!("{:016x}.{}", head.last_activity.0, head.key.conversation)
}
