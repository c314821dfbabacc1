use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use domain::call::CallRecord;
use domain::{
    Coach, ConversationKey, Ending, Fence, Job, Limits, MessageId, Opening, Outcome, Prices, Task,
    Timestamp, TurnEvent, TurnKey,
};
use futures::channel::oneshot;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::TryStreamExt;
use tracing::{Instrument, error_span};

use crate::application::holds::settle_if_over;
use crate::application::own;
use crate::{
    Admission, Admitting, AfterTurn, Allowance, Begun, Feed, Feeds, Hold, IfBusy, Place, PortError,
    Ports, Refusal, Result, Shift, Stay, TurnRecord, TurnState, admit, charge, count_uses, drive,
    end_if_abandoned, opening, pages,
};

/// How long a turn's hold counts after its deadline, should nobody end it.
const HOLD: Duration = Duration::from_secs(30);

/// How long a request to stop waits for the end, and how often it looks.
const STOP: (Duration, Duration) = (Duration::from_millis(1_500), Duration::from_millis(100));

/// How far back the message of a turn that was forgotten is looked for.
const MESSAGES: usize = 200;

/// Runs what must go on when whoever asked for it has left. An app owns these tasks, and waits for
/// them at its end.
pub trait Tasks: Send + Sync {
    /// Lets a task run, and does not wait for it.
    fn spawn(&self, task: BoxFuture<'static, ()>);
}

/// Hears of the turns that this process drives, and of the jobs that it tries. It may not wait, and
/// changes nothing.
pub trait Watch: Send + Sync {
    /// A turn was admitted, and its driver begins.
    fn began(&self, _feed: &Arc<Feed>) {}

    /// A turn that runs here was asked to stop.
    fn asked_to_stop(&self, _feed: &Feed) {}

    /// Its driver has returned. The feed holds the ending, unless the turn was taken from this
    /// process.
    fn ended(&self, feed: &Feed);

    /// The work that it has left behind was done, or left to others.
    fn is_over(&self, _turn: &TurnKey) {}

    /// The jobs that it has left behind are all left to a sweep.
    fn left(&self, _turn: &TurnKey) {}

    /// A try of a job, of whatever turn, came to this.
    fn settled(&self, _job: &Job, _outcome: &Outcome) {}
}

/// Nobody hears of anything.
impl Watch for () {
    fn ended(&self, _: &Feed) {}
}

/// How turns are run.
#[derive(Debug, Clone, Copy)]
pub struct TurnRules {
    /// How long a turn's steps may take.
    pub limits: Limits,
    /// How long a turn may take as a whole.
    pub deadline: Duration,
    /// How many turns may run in this process at once.
    pub at_once: usize,
    /// How many turns one user may have running at once.
    pub per_user: u64,
}

/// The turns of one process: begins them, finds them, stops them, and does what comes after them.
///
/// Every app has one, whatever it talks to its clients by. Cheap to clone.
#[derive(Clone)]
pub struct Turns {
    /// The world.
    pub ports: Ports,
    /// The turns that run in this process.
    pub feeds: Arc<Feeds>,
    /// Where turns run on after their request.
    pub tasks: Arc<dyn Tasks>,
    /// Who hears of them.
    pub watch: Arc<dyn Watch>,
    /// How they are run.
    pub rules: TurnRules,
    /// What models cost, for what turns reserve of their user's money.
    pub prices: Arc<Prices>,
}

/// A message that wants a turn.
#[derive(Debug, Clone)]
pub struct Asking {
    /// What is to be admitted; [`Turns::begin`] adds the hold of its turn, and by when that is
    /// to be over.
    pub admission: Admission,
    /// Who is to answer.
    pub coach: Arc<Coach>,
    /// For back-off and choices; derived from the turn's identity.
    pub seed: u64,
    /// When the request arrived: the deadline and the timings count from here.
    pub arrived: Timestamp,
    /// What to do when the conversation is busy with another turn.
    pub if_busy: IfBusy,
    /// How long its process stays with it.
    pub stay: Stay,
}

/// A turn to look at: by its feed if it runs here, else by the store.
#[derive(Debug, Clone)]
pub struct Following {
    /// What was admitted.
    pub opening: Opening,
    /// Its events in this process.
    pub feed: Option<Arc<Feed>>,
    /// Whether it was there before this request.
    pub resumed: bool,
}

/// Why no turn was begun, nor one found that the message began before.
#[derive(Debug)]
pub enum NotBegun {
    /// It was not admitted.
    Refused(Refusal),
    /// This process runs as many turns as it may.
    Full,
    /// The turn that it began before cannot be looked at.
    Missing(Missing),
    /// A bug on our side: the task that should have admitted it panicked.
    Broken,
}

/// With what a turn that was begun is driven.
struct Driven {
    fence: Fence,
    place: Place,
    /// Whether it holds more than its place among the turns at once.
    is_to_be_settled: bool,
    stay: Stay,
}

/// Why a turn cannot be looked at.
#[derive(Debug)]
pub enum Missing {
    /// There is none.
    Unknown,
    /// It can no longer be replayed; this message is left of it.
    Expired(MessageId),
    /// The store could not say.
    Store(PortError),
}

/// What a request to stop a turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopping {
    /// It ended as stopped.
    Stopped,
    /// It had ended, or ended otherwise.
    AlreadyFinished,
    /// It was asked to, and may still end otherwise.
    Asked,
}

impl From<PortError> for Missing {
    fn from(error: PortError) -> Self {
        Self::Store(error)
    }
}

impl From<Missing> for NotBegun {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}

impl Turns {
    /// Takes in a message, and lets its turn begin; or finds the turn that it began before.
    pub async fn begin(&self, mut asking: Asking) -> Result<Following, NotBegun> {
        // Before anything is stored: what is admitted must find a place. In a full process nothing
        // may begin, but what began before is found again.
        let place = self.feeds.reserve(self.rules.at_once);
        let limit = if place.is_some() {
            self.rules.per_user
        } else {
            0
        };
        let until = self.deadline(&asking) + HOLD;
        asking.admission.over_by = until;
        // The first to be judged: a full process says that it is, whatever else does not fit.
        asking.admission.holds.insert(0, one_turn(limit, until));
        // On a task of its own: a client that leaves meanwhile must not leave a turn that nobody
        // drives.
        let (turns, (answer, answered)) = (self.clone(), oneshot::channel());
        let taken_in = async move {
            // Who asked may have left.
            let _gone = answer.send(turns.take_in(&asking, place).await);
        };
        self.tasks.spawn(taken_in.in_current_span().boxed());
        answered.await.unwrap_or(Err(NotBegun::Broken))
    }

    /// Finds the turn that a message began before; `None`, and none is begun, if there is none.
    pub async fn find(&self, admission: &Admission) -> Result<Option<Following>, NotBegun> {
        let (store, clock) = (&*self.ports.messages, &*self.ports.clock);
        let admission = Admission {
            holds: vec![one_turn(0, admission.now)],
            ..admission.clone()
        };
        match admit(store, clock, &admission, IfBusy::Reject).await {
            Ok(Admitting::Follow(turn)) => {
                let turn = TurnKey {
                    turn,
                    ..admission.turn
                };
                Ok(Some(self.attach(turn).await?))
            }
            Err(refusal @ (Refusal::Mismatch | Refusal::Store(_))) => {
                Err(NotBegun::Refused(refusal))
            }
            Ok(Admitting::Begin(_)) | Err(_) => Ok(None),
        }
    }

    /// Finds a turn that runs, or ran, here or elsewhere.
    pub async fn attach(&self, turn: TurnKey) -> Result<Following, Missing> {
        if let Some(feed) = self.feeds.find(&turn) {
            let opening = feed.opening().clone();
            return Ok(Following {
                opening,
                feed: Some(feed),
                resumed: true,
            });
        }
        let (opening, _) = self.look_up(&turn).await?;
        Ok(Following {
            opening,
            feed: None,
            resumed: true,
        })
    }

    /// Reads a turn from the store; one whose log is no longer kept has left its messages.
    pub async fn look_up(&self, turn: &TurnKey) -> Result<(Opening, TurnRecord), Missing> {
        let (store, clock) = (&*self.ports.messages, &*self.ports.clock);
        if let Some((opening, record)) = clock.answered(opening(store, turn)).await? {
            let is_over = matches!(record.state, TurnState::Ended(_));
            if is_over && clock.now() >= record.kept_until {
                return Err(Missing::Expired(record.assistant_message));
            }
            return Ok((opening, record));
        }
        let mut pages = pin!(pages(store, &turn.conversation, None, MESSAGES));
        while let Some(page) = clock.answered(pages.try_next()).await? {
            if let Some(left) = page.iter().find(|message| message.turn == *turn) {
                return Err(Missing::Expired(left.id.clone()));
            }
        }
        Err(Missing::Unknown)
    }

    /// Asks a turn to stop, and waits a little for its end: it hears of it at once if it runs here,
    /// else by its next checkpoint. `None` if there is no such turn.
    pub async fn stop(&self, turn: &TurnKey) -> Result<Option<Stopping>> {
        let (store, clock) = (&*self.ports.messages, &*self.ports.clock);
        end_if_abandoned(store, clock, turn).await?;
        let Some(found) = clock.answered(store.ask_stop(turn)).await? else {
            return Ok(None);
        };
        if let TurnState::Ended(_) = found {
            return Ok(Some(Stopping::AlreadyFinished));
        }
        if let Some(feed) = self.feeds.find(turn) {
            self.ask_stop(&feed);
        }
        let until = clock.now() + STOP.0;
        while clock.now() < until {
            clock.sleep(STOP.1).await;
            let Some((record, _)) = clock.answered(own::turn(store, turn, usize::MAX)).await?
            else {
                return Ok(None);
            };
            if let TurnState::Ended(closing) = record.state {
                let is_stopped = closing.ending == Ending::Stopped;
                let stopping = if is_stopped {
                    Stopping::Stopped
                } else {
                    Stopping::AlreadyFinished
                };
                return Ok(Some(stopping));
            }
        }
        Ok(Some(Stopping::Asked))
    }

    /// Stops a turn if it runs here, and waits a little for its end.
    pub async fn stop_here(&self, turn: &TurnKey) {
        let clock = &*self.ports.clock;
        let until = clock.now() + STOP.0;
        while let Some(feed) = self.feeds.find(turn).filter(|_| clock.now() < until) {
            self.ask_stop(&feed);
            clock.sleep(STOP.1).await;
        }
    }

    /// Returns the time after its request by which a turn has ended, or nobody drives it.
    pub fn longest(&self) -> Duration {
        self.rules.deadline + HOLD
    }

    fn deadline(&self, asking: &Asking) -> Timestamp {
        asking.stay.deadline(asking.arrived + self.rules.deadline)
    }

    fn ask_stop(&self, feed: &Feed) {
        feed.ask_stop();
        self.watch.asked_to_stop(feed);
    }

    async fn take_in(&self, asking: &Asking, place: Option<Place>) -> Result<Following, NotBegun> {
        let (store, clock) = (&*self.ports.messages, &*self.ports.clock);
        match admit(store, clock, &asking.admission, asking.if_busy).await {
            Ok(Admitting::Begin(begun)) => {
                // It is admitted, so it is driven, also if that should be one too many.
                let place = place.or_else(|| self.feeds.reserve(usize::MAX));
                Ok(self.start(asking, begun, place.ok_or(NotBegun::Full)?))
            }
            Ok(Admitting::Follow(turn)) => {
                let conversation: ConversationKey = asking.admission.turn.conversation.clone();
                Ok(self.attach(TurnKey { conversation, turn }).await?)
            }
            Err(Refusal::OverLimit { of, .. }) if of == Allowance::Turns && place.is_none() => {
                Err(NotBegun::Full)
            }
            Err(refusal) => Err(NotBegun::Refused(refusal)),
        }
    }

    /// Lets an admitted turn run, whether or not anybody stays to see it.
    fn start(&self, asking: &Asking, begun: Begun, mut place: Place) -> Following {
        let opening = asking.admission.opening(begun.number);
        let feed = place.open(opening.clone());
        self.watch.began(&feed);
        let task = Task {
            opening: opening.clone(),
            coach: asking.coach.clone(),
            seed: asking.seed,
            asked: asking.arrived,
            deadline: self.deadline(asking),
        };
        let (turns, driven) = (self.clone(), feed.clone());
        let driven_by = Driven {
            fence: begun.fence,
            place,
            is_to_be_settled: asking.admission.is_to_be_settled(),
            stay: asking.stay,
        };
        let driving = async move { turns.see_to(task, driven_by, &driven).await };
        // At the level of errors: every line that is logged at all says whose it is.
        let span = error_span!("turn", id = %opening.turn.turn);
        // Who does not want this span still wants that of the request.
        let driving = driving.instrument(span).in_current_span();
        self.tasks.spawn(driving.boxed());
        Following {
            opening,
            feed: Some(feed),
            resumed: false,
        }
    }

    /// Drives a turn to its end, charges what it has cost, does the work that it leaves behind, and
    /// settles what it holds. Whoever does a job that is left to others settles it then.
    async fn see_to(&self, task: Task, by: Driven, feed: &Feed) {
        let turn = task.opening.turn.clone();
        let calls = drive(task, by.fence, self.rules.limits, &self.ports, feed).await;
        drop(by.place);
        self.watch.ended(feed);
        self.account(&turn, feed, calls).await;
        let shift = Shift {
            ports: &self.ports,
            prices: &self.prices,
            watch: &*self.watch,
            until: by.stay.until,
        };
        match by.stay.after {
            AfterTurn::SeenThrough => shift.see_through(&turn).await,
            AfterTurn::TriedOnce => _ = shift.work_off(&turn).await,
            AfterTurn::Left if has_left(feed) => self.watch.left(&turn),
            AfterTurn::Left => {}
        }
        if by.is_to_be_settled {
            settle_if_over(&self.ports, &self.prices, [&turn]).await;
        }
        self.watch.is_over(&turn);
    }

    /// Charges the model calls of a turn that was driven here, and counts the uses of memories.
    async fn account(&self, turn: &TurnKey, feed: &Feed, mut calls: Vec<CallRecord>) {
        let (user, events) = (&turn.conversation.user, feed.events());
        let report = match events.last() {
            Some(TurnEvent::Ended(closing)) => Some(&closing.report),
            _ => None,
        };
        if let Some(report) = report {
            calls.extend_from_slice(&report.calls);
        }
        // What was asked on the way was asked, also if the turn was taken from this process.
        charge(&self.ports, user, &calls).await;
        if let Some(context) = report.and_then(|report| report.context.as_ref()) {
            count_uses(&self.ports, user, &context.memories).await;
        }
    }
}

/// Returns whether a turn that was driven here has ended with jobs to be done.
fn has_left(feed: &Feed) -> bool {
    match feed.events().last() {
        Some(TurnEvent::Ended(closing)) => !closing.jobs.is_empty(),
        _ => false,
    }
}

/// A turn that may run beside so many others as the limit lets it.
fn one_turn(limit: u64, until: Timestamp) -> Hold {
    Hold {
        of: Allowance::Turns,
        amount: 1,
        limit,
        until,
    }
}
