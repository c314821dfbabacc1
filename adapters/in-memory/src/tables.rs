//! What the store of conversations holds, and by what it is found. Whatever is asked of a user
//! looks at what is that user's and nothing else, so that it costs the same however many others
//! there are.

mod allowances;
#[cfg(test)]
mod careless;
mod erase;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

use domain::{
    Closing, CoachId, Conversation, ConversationId, ConversationKey, Fence, Finish, IdempotencyKey,
    Job, JobKind, JobState, Message, Opening, Outcome, Timestamp, TurnEvent, TurnId, TurnKey,
    UserScope,
};
use ports::{
    Admission, Admitted, Allowance, Begun, Cursor, JobsOf, Page, Stop, TurnRecord, TurnState,
    Writer, Written,
};

use self::allowances::Allowances;

/// How much that has expired one admission clears away: more than it adds.
const SWEPT: usize = 8;

#[derive(Debug, Default, Clone)]
pub(crate) struct Tables {
    users: BTreeMap<UserScope, User>,
    /// Who was erased, and when that began.
    erased: BTreeMap<UserScope, Timestamp>,
    /// What nobody may ask for any more, and from when on.
    expiring: BTreeSet<(Timestamp, ConversationKey, Expiring)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Expiring {
    Key(IdempotencyKey),
    Turn(TurnId),
}

#[derive(Debug, Default, Clone)]
struct User {
    conversations: BTreeMap<(CoachId, ConversationId), Row>,
    deleted: BTreeSet<(CoachId, ConversationId)>,
    listed: BTreeMap<CoachId, Listed>,
    allowances: Allowances,
    /// The turns that run, and by when they are to be over.
    running: BTreeMap<TurnKey, Timestamp>,
    /// The jobs that are open, the first that is due first.
    open: BTreeSet<Open>,
}

/// The conversations with a coach, by their places in the list.
#[derive(Default, Clone)]
struct Listed(BTreeMap<Cursor, ConversationId>);

impl fmt::Debug for Listed {
    /// Their places say nothing that they do not say themselves.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.values()).finish()
    }
}

/// Since when a job is due, and which.
type Open = (Timestamp, TurnKey, JobKind);

#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) head: Conversation,
    pub(crate) messages: Vec<Message>,
    fence: Fence,
    keys: BTreeMap<IdempotencyKey, KeyRow>,
    turns: BTreeMap<TurnId, TurnRow>,
    jobs: BTreeMap<TurnId, BTreeMap<JobKind, Job>>,
}

#[derive(Debug, Clone)]
struct KeyRow {
    turn: TurnId,
    body: [u8; 32],
    until: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct TurnRow {
    pub(crate) state: TurnState,
    pub(crate) events: Arc<Vec<TurnEvent>>,
    pub(crate) stop: Stop,
    opening: Opening,
    fence: Fence,
    kept_until: Timestamp,
}

impl TurnRow {
    pub(crate) fn record(&self) -> TurnRecord {
        TurnRecord {
            turn: self.opening.turn.clone(),
            state: self.state.clone(),
            // Nothing here can know.
            is_holder_gone: false,
            number: self.opening.user_message.number,
            assistant_message: self.opening.assistant_message.clone(),
            created: self.opening.user_message.created,
            kept_until: self.kept_until,
            kept: self.events.len(),
        }
    }

    fn begun(&self) -> Begun {
        Begun {
            fence: self.fence,
            number: self.opening.user_message.number,
        }
    }

    /// Returns whether this writer may end it.
    fn may_be_ended_by(&self, writer: Writer) -> bool {
        match (&self.state, writer) {
            (TurnState::Ended(_), _) => false,
            (TurnState::Running { fence, .. }, Writer::Holder(mine)) => *fence == mine,
            (
                TurnState::Running { fence, lease_until },
                Writer::Reaper {
                    fence: f,
                    lease_until: l,
                },
            ) => *fence == f && *lease_until == l,
        }
    }
}

impl Row {
    fn new(head: &Conversation) -> Self {
        let (keys, turns, jobs) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self {
            head: head.clone(),
            messages: Vec::new(),
            fence: Fence(0),
            keys,
            turns,
            jobs,
        }
    }

    fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values().flat_map(BTreeMap::values)
    }

    /// Returns what a key that is known, and has not expired, answers.
    fn of_known(&self, a: &Admission) -> Option<Admitted> {
        let known = self.keys.get(&a.key).filter(|known| known.until > a.now)?;
        Some(if known.turn == a.turn.turn {
            let turn = self.turns.get(&known.turn);
            turn.map_or(Admitted::Unknown, |turn| Admitted::New(turn.begun()))
        } else if known.body == a.body {
            Admitted::Existing(known.turn.clone())
        } else {
            Admitted::Mismatch
        })
    }

    /// Lets the turn of an admission begin.
    fn begin(&mut self, a: &Admission) -> Begun {
        self.fence = Fence(self.fence.0 + 1);
        self.head.active = Some(a.turn.turn.clone());
        self.head.messages += 1;
        let (fence, opening) = (self.fence, a.opening(self.head.messages));
        self.messages.push(opening.user_message.clone());
        let key = KeyRow {
            turn: a.turn.turn.clone(),
            body: a.body,
            until: a.kept_until,
        };
        self.keys.insert(a.key.clone(), key);
        let state = TurnState::Running {
            fence,
            lease_until: a.lease_until,
        };
        let (events, stop, kept_until) = (Arc::default(), Stop::NotAsked, a.kept_until);
        let turn = TurnRow {
            state,
            events,
            stop,
            opening,
            fence,
            kept_until,
        };
        let begun = turn.begun();
        self.turns.insert(a.turn.turn.clone(), turn);
        begun
    }
}

impl User {
    fn row(&self, key: &ConversationKey) -> Option<&Row> {
        self.conversations.get(&short(key))
    }

    fn row_mut(&mut self, key: &ConversationKey) -> Option<&mut Row> {
        self.conversations.get_mut(&short(key))
    }

    /// Gives a conversation its place in the list: it was active at this time.
    fn touch(&mut self, key: &ConversationKey, at: Timestamp) {
        let Some(row) = self.conversations.get_mut(&short(key)) else {
            return;
        };
        let Listed(listed) = self.listed.entry(key.coach.clone()).or_default();
        listed.remove(&place(&row.head));
        row.head.last_activity = at;
        listed.insert(place(&row.head), key.conversation.clone());
    }

    /// Takes a conversation out of all that it is found by.
    fn take(&mut self, key: &ConversationKey) -> Option<Row> {
        let row = self.conversations.remove(&short(key))?;
        if let Some(Listed(listed)) = self.listed.get_mut(&key.coach) {
            listed.remove(&place(&row.head));
        }
        for open in row.jobs().filter_map(open) {
            self.open.remove(&open);
        }
        if let Some(turn) = row.head.active.clone() {
            let conversation = key.clone();
            self.ends(&TurnKey { conversation, turn });
        }
        Some(row)
    }

    /// Forgets what is known of a turn only as long as it runs.
    fn ends(&mut self, turn: &TurnKey) {
        self.allowances.give_back(turn);
        self.running.remove(turn);
    }

    /// Keeps a job in place of what was known of it.
    fn put(&mut self, job: Job) {
        let Some(row) = self.conversations.get_mut(&short(&job.turn.conversation)) else {
            return;
        };
        let of_turn = row.jobs.entry(job.turn.turn.clone()).or_default();
        if let Some(known) = of_turn.get(&job.kind).and_then(open) {
            self.open.remove(&known);
        }
        self.open.extend(open(&job));
        of_turn.insert(job.kind, job);
    }

    /// Returns the first that are open and due.
    fn due(&self, now: Timestamp, limit: usize) -> impl Iterator<Item = Open> {
        self.open
            .iter()
            .take_while(move |(at, ..)| *at <= now)
            .take(limit)
            .cloned()
    }
}

impl Tables {
    pub(crate) fn row(&self, key: &ConversationKey) -> Option<&Row> {
        self.users.get(&key.user)?.row(key)
    }

    pub(crate) fn row_mut(&mut self, key: &ConversationKey) -> Option<&mut Row> {
        self.users.get_mut(&key.user)?.row_mut(key)
    }

    pub(crate) fn turn(&self, key: &TurnKey) -> Option<&TurnRow> {
        self.row(&key.conversation)?.turns.get(&key.turn)
    }

    pub(crate) fn turn_mut(&mut self, key: &TurnKey) -> Option<&mut TurnRow> {
        self.row_mut(&key.conversation)?.turns.get_mut(&key.turn)
    }

    /// Returns the turn, if `fence` still has the right to write for it.
    pub(crate) fn held(&mut self, turn: &TurnKey, fence: Fence) -> Option<&mut TurnRow> {
        self.turn_mut(turn)
            .filter(|row| row.may_be_ended_by(Writer::Holder(fence)))
    }

    pub(crate) fn create(&mut self, new: &Conversation) {
        if self.erased.contains_key(&new.key.user) {
            return;
        }
        let user = self.users.entry(new.key.user.clone()).or_default();
        if user.deleted.contains(&short(&new.key)) {
            return;
        }
        user.conversations
            .entry(short(&new.key))
            .or_insert_with(|| Row::new(new));
        let active = user.row(&new.key).map(|row| row.head.last_activity);
        user.touch(&new.key, active.unwrap_or(new.last_activity));
    }

    pub(crate) fn list(
        &self,
        owner: &UserScope,
        coach: &CoachId,
        after: Option<Cursor>,
        limit: usize,
    ) -> Page<Conversation> {
        let mut items: Vec<Conversation> = Vec::new();
        let Some(user) = self.users.get(owner) else {
            return Page { items, next: None };
        };
        let Some(Listed(listed)) = user.listed.get(coach) else {
            return Page { items, next: None };
        };
        let end = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        for (_, id) in listed.range::<str, _>((Bound::Unbounded, end)).rev() {
            let Some(row) = user.conversations.get(&(coach.clone(), id.clone())) else {
                continue;
            };
            if items.len() == limit {
                let next = items.last().map(place);
                return Page { items, next };
            }
            items.push(row.head.clone());
        }
        Page { items, next: None }
    }

    /// Every conversation of a user, by its key.
    pub(crate) fn list_all(
        &self,
        owner: &UserScope,
        after: Option<Cursor>,
        limit: usize,
    ) -> Page<Result<Conversation, ConversationKey>> {
        let after = after.as_deref().and_then(read_cursor);
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let all = self.users.get(owner).into_iter();
        let mut rest =
            all.flat_map(|user| user.conversations.range((from.clone(), Bound::Unbounded)));
        let found: Vec<_> = rest.by_ref().take(limit).collect();
        let cursor =
            |((coach, id), _): &(&(CoachId, ConversationId), &Row)| format!("{coach}.{id}");
        let next = rest.next().and(found.last().map(cursor));
        let items = found.iter().map(|(_, row)| Ok(row.head.clone())).collect();
        Page { items, next }
    }

    /// Removes a conversation and all that belongs to it; whether there was one.
    pub(crate) fn delete(&mut self, key: &ConversationKey) -> bool {
        let Some(user) = self.users.get_mut(&key.user) else {
            return false;
        };
        let is_there = user.take(key).is_some();
        if is_there {
            user.deleted.insert(short(key));
        }
        is_there
    }

    /// Lets go of some of what nobody may ask for any more.
    fn sweep(&mut self, now: Timestamp) {
        for _ in 0..SWEPT {
            if self.expiring.first().is_none_or(|(until, ..)| *until > now) {
                return;
            }
            let Some((_, of, what)) = self.expiring.pop_first() else {
                return;
            };
            let Some(row) = self.row_mut(&of) else {
                continue;
            };
            match what {
                // The key may have been given to another turn since.
                Expiring::Key(key)
                    if row.keys.get(&key).is_some_and(|known| known.until <= now) =>
                {
                    row.keys.remove(&key);
                }
                Expiring::Key(_) => {}
                Expiring::Turn(turn) => drop(row.turns.remove(&turn)),
            }
        }
    }

    pub(crate) fn admit(&mut self, a: &Admission) -> Admitted {
        self.sweep(a.now);
        let key = &a.turn.conversation;
        let Some(user) = self.users.get_mut(&key.user) else {
            return Admitted::Unknown;
        };
        let Some(row) = user.row(key) else {
            return Admitted::Unknown;
        };
        if let Some(answer) = row.of_known(a) {
            return answer;
        }
        if let Some(active) = &row.head.active {
            return Admitted::Busy(active.clone());
        }
        if let Some(refusal) = user.allowances.refusal(&a.holds, a.now) {
            return refusal;
        }
        let Some(row) = user.row_mut(key) else {
            return Admitted::Unknown;
        };
        let begun = row.begin(a);
        user.touch(key, a.now);
        user.allowances.take(&a.turn, &a.holds, a.now);
        user.running.insert(a.turn.clone(), a.over_by);
        self.expiring
            .insert((a.kept_until, key.clone(), Expiring::Key(a.key.clone())));
        Admitted::New(begun)
    }

    pub(crate) fn finish(&mut self, key: &TurnKey, writer: Writer, finish: &Finish) -> Written<()> {
        let conversation = &key.conversation;
        let Some(user) = self.users.get_mut(&conversation.user) else {
            return Written::LeaseLost;
        };
        let Some(row) = user.row_mut(conversation) else {
            return Written::LeaseLost;
        };
        let Some(turn) = row.turns.get_mut(&key.turn) else {
            return Written::LeaseLost;
        };
        if matches!(&turn.state, TurnState::Ended(closing) if *closing == finish.closing) {
            return Written::Done(());
        }
        if !turn.may_be_ended_by(writer) {
            return Written::LeaseLost;
        }
        let Closing { at, jobs, .. } = &*finish.closing;
        turn.state = TurnState::Ended(finish.closing.clone());
        let ended = TurnEvent::Ended(finish.closing.clone());
        turn.events = Arc::new(finish.events.iter().cloned().chain([ended]).collect());
        let kept_until = turn.kept_until;
        if let Some(reply) = &finish.reply {
            row.head.messages = reply.number;
            row.messages.push(reply.clone());
        }
        row.head.active = None;
        if let Some(title) = finish.title.as_ref().filter(|_| row.head.title.is_empty()) {
            row.head.title.clone_from(title);
        }
        let active = row.head.last_activity.max(*at);
        user.touch(conversation, active);
        user.ends(key);
        for kind in jobs {
            let state = JobState::Due(*at);
            user.put(Job {
                turn: key.clone(),
                kind: *kind,
                attempts: 0,
                state,
                calls: Vec::new(),
            });
        }
        self.expiring.insert((
            kept_until,
            conversation.clone(),
            Expiring::Turn(key.turn.clone()),
        ));
        Written::Done(())
    }

    /// Returns the turns that were to be over by `now`, the longest overdue first.
    pub(crate) fn overdue(&self, now: Timestamp, limit: usize) -> Vec<TurnKey> {
        let running = self.users.values().flat_map(|user| &user.running);
        let mut overdue: Vec<_> = running.filter(|(_, over_by)| **over_by <= now).collect();
        overdue.sort_unstable_by_key(|(turn, over_by)| (*over_by, *turn));
        let first = overdue.into_iter().take(limit);
        first.map(|(turn, _)| turn.clone()).collect()
    }

    pub(crate) fn settle_hold(&mut self, turn: &TurnKey, spent: &[(Allowance, u64)]) {
        if let Some(user) = self.users.get_mut(&turn.conversation.user) {
            user.allowances.settle(turn, spent);
        }
    }

    pub(crate) fn claim(
        &mut self,
        of: &JobsOf,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Vec<Job> {
        let mut due: Vec<Open> = match of {
            JobsOf::User(user) => match self.users.get(user) {
                Some(user) => user.due(now, limit).collect(),
                None => Vec::new(),
            },
            JobsOf::Anyone => {
                let users = self.users.values();
                users.flat_map(|user| user.due(now, limit)).collect()
            }
            JobsOf::Turn(_) | JobsOf::Conversation(_) => {
                let mut open: Vec<Open> = self.jobs(of).iter().filter_map(open).collect();
                open.retain(|(at, ..)| *at <= now);
                open
            }
        };
        due.sort();
        due.truncate(limit);
        let claim = |(_, turn, kind): Open| {
            let user = self.users.get_mut(&turn.conversation.user)?;
            let seen = user
                .row(&turn.conversation)?
                .jobs
                .get(&turn.turn)?
                .get(&kind)?;
            let job = Job {
                attempts: seen.attempts + 1,
                state: JobState::Claimed(until),
                ..seen.clone()
            };
            user.put(job.clone());
            Some(job)
        };
        due.into_iter().filter_map(claim).collect()
    }

    pub(crate) fn settle(&mut self, job: &Job, outcome: &Outcome) {
        let Some(user) = self.users.get_mut(&job.turn.conversation.user) else {
            return;
        };
        let known = user
            .row(&job.turn.conversation)
            .and_then(|row| row.jobs.get(&job.turn.turn)?.get(&job.kind));
        if known.is_some_and(|known| known.attempts == job.attempts && known.state == job.state) {
            user.put(Job {
                state: outcome.clone().into(),
                ..job.clone()
            });
        }
    }

    pub(crate) fn jobs(&self, of: &JobsOf) -> Vec<Job> {
        let of_users = |users: &mut dyn Iterator<Item = &User>| {
            let rows = users.flat_map(|user| user.conversations.values());
            rows.flat_map(Row::jobs).cloned().collect()
        };
        match of {
            JobsOf::Turn(turn) => {
                let row = self.row(&turn.conversation);
                match row.and_then(|row| row.jobs.get(&turn.turn)) {
                    Some(jobs) => jobs.values().cloned().collect(),
                    None => Vec::new(),
                }
            }
            JobsOf::Conversation(key) => match self.row(key) {
                Some(row) => row.jobs().cloned().collect(),
                None => Vec::new(),
            },
            JobsOf::User(user) => of_users(&mut self.users.get(user).into_iter()),
            JobsOf::Anyone => of_users(&mut self.users.values()),
        }
    }
}

/// A conversation among those of its user.
fn short(key: &ConversationKey) -> (CoachId, ConversationId) {
    (key.coach.clone(), key.conversation.clone())
}

/// Returns after which conversation a list of all of them goes on.
fn read_cursor(cursor: &str) -> Option<(CoachId, ConversationId)> {
    let (coach, conversation) = cursor.split_once('.')?;
    Some((coach.parse().ok()?, conversation.parse().ok()?))
}

/// Returns where a job stands among those that are open, if it is.
fn open(job: &Job) -> Option<Open> {
    let at = job.state.due()?;
    Some((at, job.turn.clone(), job.kind))
}

/// Returns where a conversation stands in its list, as text that sorts like it.
fn place(head: &Conversation) -> Cursor {
    format!("{:016x}.{}", head.last_activity.0, head.key.conversation)
}

#[cfg(test)]
mod tests;
