//! A process that serves requests: what it does with them is what the HTTP adapter does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::{Opening, Task, TurnKey};
use futures::channel::mpsc::{self, UnboundedReceiver, UnboundedSender};
use futures::future::{Either, select};
use futures::stream::{BoxStream, StreamExt};
use ports::{
    Admission, Admitting, Begun, Feed, Feeds, Frame, IfBusy, Ports, Refusal, admit, drive, end_if_abandoned, follow,
    opening, see_through, work_off,
};

use super::book::{Drive, Phase};
use super::engine::{Owner, SkewedClock, ms};
use super::ledger::By;
use super::model::Voice;
use super::script::{name, sub_seed};
use super::stage::Stage;
use super::wire::Wire;

/// One life of a worker.
pub(super) struct Worker {
    pub owner: Owner,
    pub slot: usize,
    pub feeds: Arc<Feeds>,
    pub ports: Ports,
    pub is_retiring: AtomicBool,
}

/// What a client gets to see, piece by piece; a line that ends without an ending was cut.
pub(super) enum Reply {
    Began(TurnKey),
    Refused(Refusal),
    Frame(Frame),
    StillThere,
}

type Line = UnboundedSender<Reply>;

/// How often a client that waits is told that the worker is still there.
const HEARTBEAT: u64 = 5_000;

/// How long a store must be out of reach before a body may end without an ending.
const UNREADABLE: u64 = 15_000;

impl Stage {
    /// The worker in a slot; a new one if the last has died.
    pub(super) fn worker(self: &Arc<Self>, slot: usize) -> Arc<Worker> {
        let mut slots = self.slots.lock().unwrap();
        if let Some(worker) = slots[slot].as_ref().filter(|worker| !self.hand.is_dead(worker.owner)) {
            return worker.clone();
        }
        let mut seen = self.seen();
        let lives = seen.counts.entry((slot, "lives")).or_default();
        *lives += 1;
        let owner = 1 + slot + usize::try_from(*lives).unwrap() * 100;
        let skew = self.script.skews[slot];
        let wire = Arc::new(Wire { stage: self.clone(), slot, by: By { owner, skew } });
        let ports = Ports {
            llm: Arc::new(Voice { stage: self.clone(), slot, turn: None }),
            messages: wire.clone(),
            records: wire.clone(),
            index: wire,
            clock: Arc::new(SkewedClock { hand: self.hand.clone(), skew }),
        };
        let worker = Arc::new(Worker { owner, slot, feeds: Arc::default(), ports, is_retiring: false.into() });
        slots[slot] = Some(worker.clone());
        worker
    }

    /// Sends a message to a worker.
    pub(super) fn say(
        self: &Arc<Self>,
        slot: usize,
        admission: Admission,
        if_busy: IfBusy,
    ) -> UnboundedReceiver<Reply> {
        self.connect(slot, |worker, line| worker.take_in(self.clone(), admission, if_busy, line))
    }

    /// Asks a worker for the rest of a turn.
    pub(super) fn resume(self: &Arc<Self>, slot: usize, turn: TurnKey, from: usize) -> UnboundedReceiver<Reply> {
        let stage = self.clone();
        self.connect(slot, |worker, line| async move {
            if let Ok(following) = worker.attach(turn).await {
                worker.tell(&stage, following, from, line).await;
            }
        })
    }

    /// Asks a worker to stop a turn.
    pub(super) fn stop(self: &Arc<Self>, slot: usize, turn: TurnKey) -> UnboundedReceiver<Reply> {
        let stage = self.clone();
        self.connect(slot, |worker, _line| async move { worker.stop(&stage, &turn).await })
    }

    /// Asks a worker for a conversation.
    pub(super) fn look(self: &Arc<Self>, slot: usize, conversation: domain::ConversationKey) {
        self.connect(slot, |worker, _line| async move { worker.look(&conversation).await });
    }

    /// Has a worker try the jobs that are left over.
    pub(super) fn work_off(self: &Arc<Self>, slot: usize, turn: TurnKey) {
        self.connect(slot, |worker, _line| async move { _ = work_off(&worker.ports, &turn).await });
    }

    fn connect<W: Future<Output = ()> + Send + 'static>(
        self: &Arc<Self>,
        slot: usize,
        work: impl FnOnce(Arc<Worker>, Line) -> W,
    ) -> UnboundedReceiver<Reply> {
        let (line, replies) = mpsc::unbounded();
        let worker = self.worker(slot);
        if !worker.is_retiring.load(Ordering::Relaxed) {
            let owner = worker.owner;
            self.hand.spawn(owner, work(worker, line));
        }
        replies
    }
}

struct Following {
    opening: Opening,
    feed: Option<Arc<Feed>>,
}

impl Worker {
    async fn take_in(self: Arc<Self>, stage: Arc<Stage>, admission: Admission, if_busy: IfBusy, line: Line) {
        let errand = stage.hand.steps(self.owner) << 16 | stage.book().errands.len() as u64;
        stage.book().errands.insert(errand, (self.owner, Phase::Admitting));
        let admitted = admit(&*self.ports.messages, &*self.ports.clock, &admission, if_busy).await;
        stage.book().errands.insert(errand, (self.owner, Phase::Over));
        let following = match admitted {
            Ok(Admitting::Begin(begun)) => self.start(&stage, &admission, begun),
            Ok(Admitting::Follow(turn)) => {
                let turn = TurnKey { turn, ..admission.turn };
                let _gone = line.unbounded_send(Reply::Began(turn.clone()));
                match self.attach(turn).await {
                    Ok(following) => following,
                    Err(_) => return,
                }
            }
            Err(refusal) => {
                stage
                    .census()
                    .count("refused", format!("{refusal:?}").split('(').next().unwrap_or_default().to_owned());
                let _gone = line.unbounded_send(Reply::Refused(refusal));
                return;
            }
        };
        let _gone = line.unbounded_send(Reply::Began(following.opening.turn.clone()));
        self.tell(&stage, following, 0, line).await;
    }

    fn start(self: &Arc<Self>, stage: &Arc<Stage>, admission: &Admission, begun: Begun) -> Following {
        let opening = admission.opening(begun.number);
        let mut place = self.feeds.reserve(usize::MAX).unwrap();
        let feed = place.open(opening.clone());
        let turn = opening.turn.clone();
        let known = stage.book().drives.insert(turn.clone(), Drive::new(self.owner, feed.clone()));
        stage.rule(known.is_none(), "A3", || format!("{} is driven twice", turn.turn));
        let now = self.ports.clock.now();
        let seed = sub_seed(stage.script.seed, &[name(turn.turn.as_str())]);
        let task = Task {
            opening: opening.clone(),
            fence: begun.fence,
            coach: stage.coach.clone(),
            seed,
            asked: now,
            deadline: now + ms(stage.script.deadline),
        };
        let voice = Voice { stage: stage.clone(), slot: self.slot, turn: Some((turn.clone(), seed)) };
        let ports = Ports { llm: Arc::new(voice), ..self.ports.clone() };
        let (stage, worker, driven) = (stage.clone(), self.clone(), feed.clone());
        stage.hand.clone().spawn(self.owner, async move {
            drive(task, stage.script.limits, &ports, &driven).await;
            drop(place);
            if let Some(drive) = stage.book().drives.get_mut(&turn) {
                drive.ends(&stage, &turn);
            }
            if stage.script.sees_jobs_through {
                see_through(&worker.ports, &turn).await;
            } else {
                work_off(&worker.ports, &turn).await;
            }
            if let Some(drive) = stage.book().drives.get_mut(&turn) {
                drive.phase = Phase::Over;
            }
        });
        Following { opening, feed: Some(feed) }
    }

    async fn attach(&self, turn: TurnKey) -> ports::Result<Following> {
        if let Some(feed) = self.feeds.find(&turn) {
            return Ok(Following { opening: feed.opening().clone(), feed: Some(feed) });
        }
        let found = self.ports.clock.answered(opening(&*self.ports.messages, &turn)).await?;
        let (opening, _) = found.ok_or_else(|| ports::PortError::new("fleet", domain::Fault::Rejected))?;
        Ok(Following { opening, feed: None })
    }

    /// The body of an answer: what is followed, and a sign of life when there is nothing.
    async fn tell(&self, stage: &Stage, following: Following, from: usize, line: Line) {
        let (messages, clock) = (self.ports.messages.clone(), self.ports.clock.clone());
        let turn = following.opening.turn.clone();
        let (mut heard, mut is_ended, has_feed) = (stage.hand.now(), false, following.feed.is_some());
        let mut frames: BoxStream<'_, Frame> = follow(messages, clock, following.opening, following.feed, from);
        loop {
            let beat = self.ports.clock.sleep_until(self.ports.clock.now() + ms(HEARTBEAT));
            let reply = match select(frames.next(), beat).await {
                Either::Left((Some(frame), _)) => {
                    heard = stage.hand.now();
                    is_ended = matches!(frame, Frame::Ended(..));
                    Reply::Frame(frame)
                }
                Either::Left((None, _)) => {
                    let over = stage.book().drives.get(&turn).and_then(|drive| drive.over).filter(|_| has_feed);
                    let silence = stage.hand.now() - heard.max(over.unwrap_or(0));
                    let why = || format!("the body of {} ended after {silence} ms of silence", turn.turn);
                    return stage.rule(is_ended || silence >= UNREADABLE, "S1", why);
                }
                Either::Right(_) => Reply::StillThere,
            };
            if line.unbounded_send(reply).is_err() {
                return;
            }
        }
    }

    /// Looks at a conversation: whoever does, ends a turn in it that was given up.
    async fn look(&self, conversation: &domain::ConversationKey) {
        let (store, clock) = (&*self.ports.messages, &*self.ports.clock);
        if let Ok(Some(found)) = clock.answered(store.conversation(conversation)).await
            && let Some(turn) = found.active
        {
            let turn = TurnKey { conversation: conversation.clone(), turn };
            let _later = end_if_abandoned(store, clock, &turn).await;
        }
    }

    async fn stop(&self, stage: &Stage, turn: &TurnKey) {
        let (store, clock) = (&*self.ports.messages, &*self.ports.clock);
        if end_if_abandoned(store, clock, turn).await.is_ok()
            && clock.answered(store.ask_stop(turn)).await.is_ok()
            && let Some(feed) = self.feeds.find(turn)
        {
            feed.ask_stop();
            if let Some(drive) = stage.book().drives.get_mut(turn) {
                drive.stop_heard.get_or_insert(stage.hand.now());
            }
        }
    }
}
