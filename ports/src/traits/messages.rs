use std::sync::Arc;

use async_trait::async_trait;
use domain::conversation::Edit;
use domain::{
    Body, Closing, CoachId, Conversation, ConversationKey, Fence, Finish, IdempotencyKey, Job,
    Message, MessageId, Opening, Outcome, ReplyPlace, Timestamp, TurnEvent, TurnId, TurnKey,
    UserScope, ZoneName,
};
use macro_rules_attribute::apply;

use super::port::port;
use super::{Allowance, Erased, Hold, Result};

#[apply(port)]
#[methods(message_store_methods)]
/// Conversations, their messages, the turns that make them, and the jobs that turns leave behind.
///
/// They are one port because [`admit`](Self::admit) and [`finish`](Self::finish) are atomic across
/// them. For every method of this port:
///
/// - *All or nothing.* After an error, all of it was done or none of it.
/// - *Repeatable.* A second call with equal arguments changes nothing more, and is answered as the
///   first. A caller whose answer was lost calls again, and so learns what became of it. Three
///   methods are answered otherwise: a deletion with `false`, once nothing is left of what it
///   deletes; [`erase`](Self::erase) with what it has removed this time; and
///   [`claim_jobs`](Self::claim_jobs) with jobs that are still to be had. Whoever has lost the
///   answer to a claim leaves those jobs alone: they are due again when the claim runs out.
/// - *Current.* A read that starts after a write was answered sees that write, in whatever process.
///   Only [`conversations`](Self::conversations), [`overdue`](Self::overdue) and what is asked of
///   [anyone](JobsOf::Anyone) may lag.
/// - *Owned.* A key carries its user; nothing of another user is ever read, changed or revealed.
/// - *Timeless.* No method looks at a clock. What is past its time is for the caller to judge.
///   Every time is handed in, in milliseconds since 1970. Only letting go of what nobody may ask
///   for any more is left to the store, and to whatever clock it has.
/// - *Exact.* What was written is read as it was written, whatever it says and however long it is:
///   every character of a text, every number, every piece by itself.
/// - *Patient.* A method may take its time: its caller limits it by dropping the future, and then
///   it was done or not, whole, and whoever asks next is answered. It blocks no thread, for turns
///   share a few: what blocks is done on threads of the store's own.
/// - *Lasting*, if the store says so of itself: what was answered is written, and is there when the
///   store is opened again, however the process has ended.
///
/// Returns an error only if the store could not answer, or as a method says; nothing found is no
/// error.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait MessageStore: Send + Sync {
    /// Makes an empty conversation. Leaves one that is there already as it is. Makes none again
    /// that was deleted, and none of a user who was [erased](Self::erase).
    ///
    /// Titles, tags and times are as `new` says; there are no messages and no turn yet.
    async fn create_conversation(&self, new: &Conversation) -> Result<()>;

    /// Returns a conversation; `None` if there never was one, or if it was deleted.
    async fn conversation(&self, key: &ConversationKey) -> Result<Option<Conversation>>;

    /// Returns at most `limit` of a user's conversations with a coach, the last active first: from
    /// the beginning, or from behind `after`, which an earlier page has given as its `next`. Leaves
    /// out what cannot be read.
    async fn conversations(
        &self,
        owner: &UserScope,
        coach: &CoachId,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Conversation>>;

    /// Reads a user's conversations with every coach as they are now, in no order that means
    /// anything, at most `limit` of them: each, or the key of one that cannot be read. Nothing is
    /// passed over that is there from the first page to the last.
    async fn all_conversations(
        &self,
        owner: &UserScope,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Result<Conversation, ConversationKey>>>;

    /// Changes title or tags, and leaves as it is what `edit` does not name. An empty title is
    /// none, so that a turn may give one. Returns `false` if there is no such conversation.
    async fn edit_conversation(&self, key: &ConversationKey, edit: &Edit) -> Result<bool>;

    /// Removes a conversation with its messages, turns, jobs and keys. From then on nothing of it
    /// is read, listed, claimed or overdue, and every write of its turns is refused. Gives back
    /// what its running turn holds of [`Allowance::Turns`]; what its turns hold of the others goes
    /// on counting until its end, and can be settled. Returns `false` if there is no such
    /// conversation, and nothing left of it by an earlier try.
    async fn delete_conversation(&self, key: &ConversationKey) -> Result<bool>;

    /// Returns at most `limit` messages with a number below `before`, or the newest of all without
    /// it, the newest first; none if there is no such conversation. The list ends early at the
    /// message with which the texts reach [`PAGE`] bytes (see [`page`]), so only message number 1
    /// says that there are no older ones. A message that cannot be read is in its place, as
    /// [`Body::Unreadable`].
    async fn messages(
        &self,
        key: &ConversationKey,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Message>>;

    /// Takes in a user's message and lets its turn begin: writes the key's record, the message, the
    /// turn and the conversation's next [`Fence`], in one write. Whoever sees one of them sees all.
    /// A key is a key of its conversation: in another one it is another key. Judges what it finds
    /// in this order:
    ///
    /// 1. no such conversation: [`Admitted::Unknown`];
    /// 2. a record of the key that has not expired at `admission.now`: [`Admitted::New`] again if
    ///    it is this very turn's, [`Admitted::Existing`] if its body is the same, else
    ///    [`Admitted::Mismatch`];
    /// 3. a turn of the conversation that has not ended: [`Admitted::Busy`];
    /// 4. a hold that does not fit, the first of them: [`Admitted::OverLimit`], with the time from
    ///    which it would. It fits if it and what the user has of its allowance, held and spent, are
    ///    together no more than its limit. An amount counts as long as its end is after
    ///    `admission.now`; see [`Hold::refused_until`].
    ///
    /// Changes nothing unless it answers `New`: no key, no message, no hold, and not when the
    /// conversation was last active, which is `admission.now` from then on. The message gets the
    /// number after the last one, and the first has number 1. Of several at once, one is `New`.
    async fn admit(&self, admission: &Admission) -> Result<Admitted>;

    /// Keeps `events` as the turn's events from number `from` on, and its lease until
    /// `lease_until`.
    ///
    /// A turn only adds events, so those that overlap are equal. A checkpoint that arrives after a
    /// later one takes back neither events nor lease. One without events renews the lease like any
    /// other. Returns whether the turn was asked to stop;
    /// [`Written::LeaseLost`] if the turn has ended, is not there, or has another fence. Returns
    /// the error [`Rejected`](domain::Fault::Rejected), and keeps nothing, if `from` is more than
    /// the number of events kept so far: that would leave a gap.
    async fn checkpoint(&self, checkpoint: &Checkpoint) -> Result<Written<Stop>>;

    /// Ends a turn: its state, all of its events, the assistant's message (unless nothing was
    /// said), its jobs, the conversation's title if it has none, and the conversation free for the
    /// next turn, in one write. The turn gives back what it held of [`Allowance::Turns`]; what it
    /// holds of the others goes on counting, for its jobs may still spend.
    ///
    /// The events are those of `finish` and the ending, whatever checkpoints have kept. Each job is
    /// due from [`Closing::at`] on, and nobody has tried it. The conversation was last active then,
    /// unless that was later. A title that it has stays, whoever gave it.
    ///
    /// A [`Writer::Holder`] must hold the fence. A [`Writer::Reaper`] speaks for a holder that is
    /// gone, and is refused if the turn's fence or lease is no longer the one that it saw. Returns
    /// [`Written::LeaseLost`] if the writer is refused, if the turn has ended otherwise, or if it
    /// is not there. It has ended otherwise if its [`Closing`] differs in anything: ending, time,
    /// jobs or report. If that is equal, this call is a repetition: it is done, and changes
    /// nothing, whatever has become of the jobs and of the conversation since.
    async fn finish(&self, turn: &TurnKey, writer: Writer, finish: &Finish) -> Result<Written<()>>;

    /// Settles what a turn holds: of each allowance that `spent` names, at most once, its amount is
    /// from now on what the turn has spent in all, also if that is more, until the same end.
    ///
    /// What was settled stays as it was; what the turn does not hold is not made. A turn that
    /// nobody settles counts as it was reserved until its end, so that a process that is lost makes
    /// no room.
    async fn settle_hold(&self, turn: &TurnKey, spent: &[(Allowance, u64)]) -> Result<()>;

    /// Lets every later checkpoint of a turn answer [`Stop::Asked`]. Returns the turn's state at
    /// this moment; `None` if there is no such turn. Changes nothing of a turn that has ended.
    async fn ask_stop(&self, turn: &TurnKey) -> Result<Option<TurnState>>;

    /// Returns a turn and its events from number `from` on, the ending included; no events if
    /// `from` is beyond the last. Returns `None` if there is no such turn, or if the store has let
    /// go of it after [`TurnRecord::kept_until`], in its own time: what it still has, it tells, for
    /// the caller to judge. If an event cannot be read any more, the events before it are returned;
    /// a turn that has ended always has its beginning and its ending.
    async fn turn(
        &self,
        turn: &TurnKey,
        from: usize,
    ) -> Result<Option<(TurnRecord, Vec<TurnEvent>)>>;

    /// Returns at most `limit` turns of anyone that have not ended although they were to be over
    /// by `now` ([`Admission::over_by`]), the longest overdue first. Names those, too, whose holder
    /// is [gone](TurnRecord::is_holder_gone), by whatever time they were to be over. May miss one,
    /// or name one that has ended: whoever asks looks at each. Leaves out what cannot be read, and
    /// may leave out what was admitted before there was such a time.
    async fn overdue(&self, now: Timestamp, limit: usize) -> Result<Vec<TurnKey>>;

    /// Claims at most `limit` jobs that are due at `now`, the oldest first, until `until`, and
    /// returns them with one more attempt counted. The oldest is the one that was due first. A
    /// claimed job is due again when its claim runs out: two callers never hold the same job at the
    /// same time.
    ///
    /// Each claim is a write of its own. If one fails, returns those that were made before it;
    /// returns an error only if there are none. A claim whose answer was lost runs out at `until`.
    async fn claim_jobs(
        &self,
        of: &JobsOf,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>>;

    /// Notes what came of a claimed job, and keeps its `calls`. Changes nothing, and is no error,
    /// if another has claimed the job since, or if it was settled.
    async fn settle_job(&self, job: &Job, outcome: &Outcome) -> Result<()>;

    /// Returns the jobs of a turn, of a conversation, of a user or of anyone, whatever their state.
    /// Leaves out what cannot be read, here and in [`claim_jobs`](Self::claim_jobs).
    async fn jobs(&self, of: &JobsOf) -> Result<Vec<Job>>;

    /// Erases a user: leaves the mark, with the time `at` if there is none yet, and removes about
    /// `limit` items of what the user has, readable or not. [`Erased`] says how far that has come,
    /// and what may still be written meanwhile.
    ///
    /// First every conversation goes, and with it the right of its running turn to write; then
    /// turns, events, jobs, requests and messages; the marks of deleted conversations and what is
    /// held of allowances last. From then on all is as if the user had never been, but that no
    /// conversation is made: `admit` answers [`Admitted::Unknown`], whoever holds a turn is told
    /// [`Written::LeaseLost`], and there are no jobs.
    async fn erase(&self, owner: &UserScope, at: Timestamp, limit: usize) -> Result<Erased>;
}

/// Says with how many bytes a page is full: it ends at the message or record that reaches them.
pub const PAGE: usize = 1024 * 1024;

/// Returns those of the newest messages that make up one page.
pub fn page(newest_first: Vec<Message>) -> Vec<Message> {
    cut(newest_first, Message::length)
}

/// Returns the items up to the one with which all together reach [`PAGE`].
pub fn cut<T>(mut items: Vec<T>, length: impl Fn(&T) -> usize) -> Vec<T> {
    let mut all = 0;
    for at in 0..items.len() {
        if all >= PAGE {
            items.truncate(at);
            break;
        }
        all += items.get(at).map_or(0, &length);
    }
    items
}

/// Where a list goes on; opaque to all but the store that made it, and good for the list that gave
/// it. What a store makes of any other is up to it, but no error, and nothing of another user.
pub type Cursor = String;

/// Part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it, in the order of the list.
    pub items: Vec<T>,
    /// Where the list goes on; `None` at its end, also if the page is just full there.
    pub next: Option<Cursor>,
}

/// A request to begin a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The turn that the message wants.
    pub turn: TurnKey,
    /// What a repetition of the request has in common with it, within its conversation.
    pub key: IdempotencyKey,
    /// A hash of what is asked: an equal key with an equal body is the same request.
    pub body: [u8; 32],
    /// The id of the message, made by the caller.
    pub user_message: MessageId,
    /// The id that the reply is to have, made by the caller.
    pub assistant_message: MessageId,
    /// What the user says.
    pub text: Arc<str>,
    /// When they say that they sent it, if they say so.
    pub sent: Option<Timestamp>,
    /// In which time zone they are, if they say so.
    pub zone: Option<ZoneName>,
    /// The time by the clock of the caller.
    pub now: Timestamp,
    /// Until when nobody but the holder may end the turn.
    pub lease_until: Timestamp,
    /// By then the turn has ended, or nobody drives it.
    pub over_by: Timestamp,
    /// Until when the key stands for this turn, and the turn can be replayed.
    pub kept_until: Timestamp,
    /// What the turn reserves: at most one of each allowance.
    pub holds: Vec<Hold>,
}

impl Admission {
    /// Returns whether it reserves what is to be settled in the end: more than its turn.
    pub fn is_to_be_settled(&self) -> bool {
        self.holds.iter().any(|hold| hold.of != Allowance::Turns)
    }

    /// Returns what was opened, once it was admitted as message `number`.
    pub fn opening(&self, number: u64) -> Opening {
        let body = Body::User {
            text: self.text.clone(),
            sent: self.sent,
            zone: self.zone.clone(),
        };
        let turn = self.turn.clone();
        Opening {
            turn: self.turn.clone(),
            user_message: Message {
                id: self.user_message.clone(),
                number,
                turn,
                created: self.now,
                body,
            },
            assistant_message: self.assistant_message.clone(),
        }
    }
}

/// What became of an [`Admission`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admitted {
    /// The turn begins, and the caller drives it.
    New(Begun),
    /// The same request was admitted before, as this turn.
    Existing(TurnId),
    /// The key was used for another request.
    Mismatch,
    /// This turn of the conversation has not ended.
    Busy(TurnId),
    /// The user has no room for this hold, before that time.
    OverLimit {
        /// The allowance of the first hold that does not fit.
        of: Allowance,
        /// When it would fit; its own end, if it never would.
        until: Timestamp,
    },
    /// There is no such conversation.
    Unknown,
}

/// The right to drive a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// The right to write, for every write of this turn.
    pub fence: Fence,
    /// The number that the user's message got.
    pub number: u64,
}

/// What a running turn has said since the last one.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Whose events they are.
    pub turn: TurnKey,
    /// The right to write, from [`Begun`].
    pub fence: Fence,
    /// The number of the first of `events`.
    pub from: usize,
    /// What was told since the events before `from`.
    pub events: Vec<TurnEvent>,
    /// Until when nobody but the holder may end the turn.
    pub lease_until: Timestamp,
}

/// Whether the writer still had the right to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written<T> {
    /// It was written; what the store has to say.
    Done(T),
    /// It was not, and never will be: the turn has ended, or is another's.
    LeaseLost,
}

/// Whether somebody asked the turn to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Somebody did.
    Asked,
    /// Nobody did.
    NotAsked,
}

/// In whose name a turn is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// Whoever drives it.
    Holder(Fence),
    /// Whoever found it abandoned.
    Reaper {
        /// The fence that the turn was seen with.
        fence: Fence,
        /// The lease that it was seen with, and that has run out.
        lease_until: Timestamp,
    },
}

/// The state of a turn as a store knows it; what it does in between only its holder knows.
#[derive(Debug, Clone, PartialEq)]
pub enum TurnState {
    /// It has not ended, whether or not anybody still drives it.
    Running {
        /// The right to write that its holder has.
        fence: Fence,
        /// Until when nobody but its holder may end it.
        lease_until: Timestamp,
    },
    /// It has ended like this.
    Ended(Arc<Closing>),
}

/// What is known about a turn apart from its events.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnRecord {
    /// Whose turn it is, and which.
    pub turn: TurnKey,
    /// Whether it runs.
    pub state: TurnState,
    /// Whether the store knows for certain that whoever holds the lease of a running turn is gone
    /// and writes nothing more, such as another process of the same machine that has ended. `false`
    /// if it cannot know; of a turn that was just admitted, or has renewed its lease, always.
    pub is_holder_gone: bool,
    /// The number of the message that began it.
    pub number: u64,
    /// The id that the reply has, or will have.
    pub assistant_message: MessageId,
    /// When it was admitted: [`Admission::now`].
    pub created: Timestamp,
    /// Until when it can be replayed; from then on a store may have forgotten it.
    pub kept_until: Timestamp,
    /// How many of its events are kept; the last of them is the ending, once there is one.
    pub kept: usize,
}

impl TurnRecord {
    /// Returns where its reply stands, or will stand.
    pub fn place(&self) -> ReplyPlace {
        ReplyPlace {
            id: self.assistant_message.clone(),
            behind: self.number,
            turn: self.turn.clone(),
            created: self.created,
        }
    }
}

/// Whose jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobsOf {
    /// Those that a turn has left behind.
    Turn(TurnKey),
    /// Those of all turns of a conversation.
    Conversation(ConversationKey),
    /// Those of all conversations of a user.
    User(UserScope),
    /// Those of all users.
    Anyone,
}
