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
/// - *Repeatable.* Asking again with equal arguments changes nothing more, and is answered as the
///   first time. That is how a caller settles an answer that was lost: it asks again.
/// - *Current.* A read that starts after a write was answered sees it, in whatever process. Only
///   [`conversations`](Self::conversations) and what is asked of [anyone](JobsOf::Anyone) may lag.
/// - *Owned.* A key carries its user; nothing of another user is ever read, changed or revealed.
/// - *Timeless.* No method looks at a clock. What is past its time is for the caller to judge.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait MessageStore: Send + Sync {
    /// Makes an empty conversation; one that is there already stays as it is, one that was deleted
    /// is not made again, and none is made of a user who was [erased](Self::erase).
    async fn create_conversation(&self, new: &Conversation) -> Result<()>;

    /// Reads a conversation; `None` if it never was or was deleted.
    async fn conversation(&self, key: &ConversationKey) -> Result<Option<Conversation>>;

    /// A user's conversations with a coach, the last active first, at most `limit` of them; one
    /// that cannot be read is left out.
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

    /// Changes title or tags; `false` if there is no such conversation.
    async fn edit_conversation(&self, key: &ConversationKey, edit: &Edit) -> Result<bool>;

    /// Removes a conversation with its messages, turns and jobs. From then on no write of any of
    /// its turns is taken. `false` if there is no such conversation.
    async fn delete_conversation(&self, key: &ConversationKey) -> Result<bool>;

    /// Messages with a number below `before`, the newest first, at most `limit` of them, and none
    /// behind the one with which their texts have reached [`PAGE`]: see [`page`]. So there may be
    /// older ones until number 1 is among them, however few these are. One that cannot be read is
    /// in its place, as [`Body::Unreadable`].
    async fn messages(
        &self,
        key: &ConversationKey,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Message>>;

    /// Takes in a user's message and lets its turn begin: the key's record, the message, the turn
    /// and the conversation's next [`Fence`], in one write. What was found is judged in this order:
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
    /// Anything but `New` has changed nothing. The message gets the number after the last one.
    async fn admit(&self, admission: &Admission) -> Result<Admitted>;

    /// Keeps `events` as the turn's events from number `from` on, and its lease until
    /// `lease_until`.
    ///
    /// A turn only adds events, so what overlaps is the same; one that was sent earlier and comes
    /// late takes nothing back, neither events nor lease. [`Written::LeaseLost`] if the turn has
    /// ended or another fence holds the conversation. Otherwise, if `from` is more than the number
    /// of events kept so far, it would leave a gap: that is an error,
    /// [`Rejected`](domain::Fault::Rejected), and nothing is kept, neither events nor lease.
    async fn checkpoint(&self, checkpoint: &Checkpoint) -> Result<Written<Stop>>;

    /// Ends a turn: its state, all of its events, the assistant's message (unless nothing was
    /// said), its jobs, the conversation's title if it has none, and the conversation free for the
    /// next turn, in one write. The turn gives back what it held of [`Allowance::Turns`]; what it
    /// holds of the others goes on counting, for its jobs may still spend.
    ///
    /// [`Writer::Holder`] must hold the fence. [`Writer::Reaper`] speaks for a holder that is gone:
    /// it is refused if the turn's lease is no longer the one that it saw.
    /// [`Written::LeaseLost`] if refused, or if the turn has ended otherwise.
    async fn finish(&self, turn: &TurnKey, writer: Writer, finish: &Finish) -> Result<Written<()>>;

    /// Settles what a turn holds: of each allowance that `spent` names, at most once, its amount is
    /// from now on what the turn has spent in all, also if that is more, until the same end.
    ///
    /// What was settled stays as it was; what the turn does not hold is not made. A turn that
    /// nobody settles counts as it was reserved until its end, so that a process that is lost makes
    /// no room.
    async fn settle_hold(&self, turn: &TurnKey, spent: &[(Allowance, u64)]) -> Result<()>;

    /// Has the next checkpoint of a turn answer [`Stop::Asked`]. What the turn is at this moment;
    /// `None` if unknown.
    async fn ask_stop(&self, turn: &TurnKey) -> Result<Option<TurnState>>;

    /// Reads a turn and its events from number `from` on, the ending included; `None` if unknown,
    /// or expired. Of events that cannot be read any more, those before them are kept; and of a
    /// turn that has ended, always its beginning and its ending.
    async fn turn(
        &self,
        turn: &TurnKey,
        from: usize,
    ) -> Result<Option<(TurnRecord, Vec<TurnEvent>)>>;

    /// Jobs that are due at `now` and not claimed, oldest first, now claimed until `until`.
    /// Of one turn, one conversation, one user, or anyone. Two callers never hold the same job at
    /// the same time.
    ///
    /// Each claim is a write of its own: if one fails, the answer is those that were made before
    /// it, and an error only if there are none. One whose answer was lost runs out at `until`.
    async fn claim_jobs(
        &self,
        of: &JobsOf,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>>;

    /// Says what came of a claimed job, and keeps its `calls`. Ignored if another has claimed it
    /// since.
    async fn settle_job(&self, job: &Job, outcome: &Outcome) -> Result<()>;

    /// The jobs of a turn, of a conversation, of a user or of anyone, whatever their state. One
    /// that cannot be read is neither told nor claimed.
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

/// After how many bytes of text a page of messages or records ends.
pub const PAGE: usize = 1024 * 1024;

/// Those of the newest messages that are a page.
pub fn page(newest_first: Vec<Message>) -> Vec<Message> {
    cut(newest_first, Message::length)
}

/// The items up to the one with which all together have reached [`PAGE`].
pub fn cut<T>(mut items: Vec<T>, length: impl Fn(&T) -> usize) -> Vec<T> {
    let mut all = 0;
    let fitting = items.iter().take_while(|item| {
        let fits = all < PAGE;
        all += length(item);
        fits
    });
    items.truncate(fitting.count());
    items
}

/// Where a list goes on; opaque to all but the store that made it.
pub type Cursor = String;

/// Part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what it says")]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<Cursor>,
}

/// A request to begin a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what it says")]
pub struct Admission {
    pub turn: TurnKey,
    pub key: IdempotencyKey,
    /// A hash of what is asked: an equal key with an equal body is the same request.
    pub body: [u8; 32],
    pub user_message: MessageId,
    pub assistant_message: MessageId,
    pub text: Arc<str>,
    pub sent: Option<Timestamp>,
    pub zone: Option<ZoneName>,
    pub now: Timestamp,
    pub lease_until: Timestamp,
    /// Until when the key stands for this turn, and the turn can be replayed.
    pub kept_until: Timestamp,
    /// What the turn reserves: at most one of each allowance.
    pub holds: Vec<Hold>,
}

impl Admission {
    /// Whether it reserves what is to be settled in the end: more than its turn.
    pub fn is_to_be_settled(&self) -> bool {
        self.holds.iter().any(|hold| hold.of != Allowance::Turns)
    }

    /// What was opened, once it was admitted as message `number`.
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
#[expect(missing_docs, reason = "`MessageStore::admit` says each")]
pub enum Admitted {
    New(Begun),
    Existing(TurnId),
    Mismatch,
    Busy(TurnId),
    OverLimit { of: Allowance, until: Timestamp },
    Unknown,
}

/// The right to drive a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// For every write.
    pub fence: Fence,
    /// What the user's message got.
    pub number: u64,
}

/// What a running turn has said since the last one.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "`MessageStore::checkpoint` says each")]
pub struct Checkpoint {
    pub turn: TurnKey,
    pub fence: Fence,
    pub from: usize,
    pub events: Vec<TurnEvent>,
    pub lease_until: Timestamp,
}

/// Whether the writer still had the right to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what it says")]
pub enum Written<T> {
    Done(T),
    LeaseLost,
}

/// Whether somebody asked the turn to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what it says")]
pub enum Stop {
    Asked,
    NotAsked,
}

/// In whose name a turn is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "`MessageStore::finish` says each")]
pub enum Writer {
    Holder(Fence),
    Reaper {
        fence: Fence,
        lease_until: Timestamp,
    },
}

/// The two states that are ever stored; the rest is the holder's own business.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is what it says")]
pub enum TurnState {
    Running {
        fence: Fence,
        lease_until: Timestamp,
    },
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
    /// When it was admitted.
    pub created: Timestamp,
    /// Until when it can be replayed; from then on a store may have forgotten it.
    pub kept_until: Timestamp,
    /// How many of its events are kept; the last of them is the ending, once there is one.
    pub kept: usize,
}

impl TurnRecord {
    /// Where its reply stands, or will stand.
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
#[expect(missing_docs, reason = "each is what it says")]
pub enum JobsOf {
    Turn(TurnKey),
    Conversation(ConversationKey),
    User(UserScope),
    Anyone,
}
