//! A process that serves requests, by the turn service that every app serves them by.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::TurnKey;
use futures::channel::mpsc::{self, UnboundedReceiver, UnboundedSender};
use futures::future::{BoxFuture, Either, select};
use futures::stream::{BoxStream, StreamExt};
use ports::{
    Admission, Asking, Feed, Following, Frame, IfBusy, NotBegun, Ports, Records, Refusal, Stay,
    Tasks, TurnRules, Turns, Watch, end_if_abandoned, follow, sweep,
};

use super::book::{Drive, Phase};
use super::engine::{Hand, Owner, SkewedClock, ms};
use super::ledger::By;
use super::model::Voice;
use super::script::{name, sub_seed};
use super::stage::Stage;
use super::wire::Wire;
use crate::work_off;

/// One life of a worker.
pub(super) struct Worker {
    pub owner: Owner,
    pub slot: usize,
    pub turns: Turns,
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

/// How long a worker sweeps at most.
const SWEEP: u64 = 60_000;

/// How long a store must be out of reach before a body may end without an ending.
const UNREADABLE: u64 = 15_000;

impl Stage {
    /// The worker in a slot; a new one if the last has died.
    pub(super) fn worker(self: &Arc<Self>, slot: usize) -> Arc<Worker> {
        let mut slots = self.slots.lock().unwrap();
        if let Some(worker) = slots[slot]
            .as_ref()
            .filter(|worker| !self.hand.is_dead(worker.owner))
        {
            return worker.clone();
        }
        let mut seen = self.seen();
        let lives = seen.counts.entry((slot, "lives")).or_default();
        *lives += 1;
        let owner = 1 + slot + usize::try_from(*lives).unwrap() * 100;
        let skew = self.script.skews[slot];
        let ports = self.ports(slot, By { owner, skew });
        let script = &self.script;
        let rules = TurnRules {
            limits: script.limits,
            deadline: ms(script.deadline),
            at_once: usize::MAX,
            per_user: script.holds,
        };
        let tasks = Arc::new(Life {
            hand: self.hand.clone(),
            owner,
        });
        let watch = Arc::new(Watched {
            stage: self.clone(),
            owner,
        });
        let turns = Turns {
            ports,
            feeds: Arc::default(),
            tasks,
            watch,
            rules,
            prices: Arc::default(),
        };
        let worker = Arc::new(Worker {
            owner,
            slot,
            turns,
            is_retiring: false.into(),
        });
        slots[slot] = Some(worker.clone());
        worker
    }

    fn ports(self: &Arc<Self>, slot: usize, by: By) -> Ports {
        let clock = SkewedClock {
            hand: self.hand.clone(),
            skew: by.skew,
        };
        let wire = Arc::new(Wire {
            stage: self.clone(),
            slot,
            by,
        });
        Ports {
            llm: Arc::new(Voice {
                stage: self.clone(),
                slot,
                turn: None,
            }),
            messages: wire.clone(),
            records: Records::new(wire.clone()),
            index: wire,
            clock: Arc::new(clock),
        }
    }

    /// Sends a message to a worker.
    pub(super) fn say(
        self: &Arc<Self>,
        slot: usize,
        admission: Admission,
        if_busy: IfBusy,
    ) -> UnboundedReceiver<Reply> {
        self.connect(slot, |worker, line| {
            worker.take_in(self.clone(), admission, if_busy, line)
        })
    }

    /// Asks a worker for the rest of a turn.
    pub(super) fn resume(
        self: &Arc<Self>,
        slot: usize,
        turn: TurnKey,
        from: usize,
    ) -> UnboundedReceiver<Reply> {
        let stage = self.clone();
        self.connect(slot, |worker, line| async move {
            if let Ok(following) = worker.turns.attach(turn).await {
                worker.tell(&stage, following, from, line).await;
            }
        })
    }

    /// Asks a worker to stop a turn.
    pub(super) fn stop(self: &Arc<Self>, slot: usize, turn: TurnKey) -> UnboundedReceiver<Reply> {
        self.connect(slot, |worker, _line| async move {
            _ = worker.turns.stop(&turn).await
        })
    }

    /// Asks a worker for a conversation.
    pub(super) fn look(self: &Arc<Self>, slot: usize, conversation: domain::ConversationKey) {
        self.connect(slot, |worker, _line| async move {
            worker.look(&conversation).await
        });
    }

    /// Has a worker try the jobs that are left over.
    pub(super) fn work_off(self: &Arc<Self>, slot: usize, turn: TurnKey) {
        self.connect(slot, |worker, _line| async move {
            _ = work_off(&worker.turns.ports, &turn).await
        });
    }

    /// Has a worker sweep for a while.
    pub(super) fn sweep(self: &Arc<Self>, slot: usize) {
        let stage = self.clone();
        self.connect(slot, |worker, _line| async move {
            let Turns { ports, prices, .. } = &worker.turns;
            let until = ports.clock.now() + ms(SWEEP);
            let swept = sweep(ports, prices, &*worker.turns.watch, until).await;
            let mut census = stage.census();
            for (what, count) in [
                ("turns", swept.turns),
                ("jobs", swept.done + swept.refused),
                ("troubles", swept.troubles),
            ] {
                census.count_many("swept", what, count as u64);
            }
        });
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

/// The tasks of a worker die with it.
struct Life {
    hand: Hand,
    owner: Owner,
}

impl Tasks for Life {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.hand.spawn(self.owner, task);
    }
}

/// Keeps the book on what a worker drives.
struct Watched {
    stage: Arc<Stage>,
    owner: Owner,
}

impl Watch for Watched {
    fn began(&self, feed: &Arc<Feed>) {
        let turn = feed.opening().turn.clone();
        let drive = Drive::new(self.owner, feed.clone());
        let known = self.stage.book().drives.insert(turn.clone(), drive);
        self.stage.rule(known.is_none(), "A3", || {
            format!("{} is driven twice", turn.turn)
        });
    }

    fn asked_to_stop(&self, feed: &Feed) {
        let now = self.stage.hand.now();
        if let Some(drive) = self.stage.book().drives.get_mut(&feed.opening().turn) {
            drive.stop_heard.get_or_insert(now);
        }
    }

    fn ended(&self, feed: &Feed) {
        let turn = &feed.opening().turn;
        if let Some(drive) = self.stage.book().drives.get_mut(turn) {
            drive.ends(&self.stage, turn);
        }
    }

    fn is_over(&self, turn: &TurnKey) {
        if let Some(drive) = self.stage.book().drives.get_mut(turn) {
            drive.phase = Phase::Over;
        }
    }
}

impl Worker {
    async fn take_in(
        self: Arc<Self>,
        stage: Arc<Stage>,
        admission: Admission,
        if_busy: IfBusy,
        line: Line,
    ) {
        let errand = stage.hand.steps(self.owner) << 16 | stage.book().errands.len() as u64;
        stage
            .book()
            .errands
            .insert(errand, (self.owner, Phase::Admitting));
        let turn = admission.turn.clone();
        let seed = sub_seed(stage.script.seed, &[name(turn.turn.as_str())]);
        let voice = Voice {
            stage: stage.clone(),
            slot: self.slot,
            turn: Some((turn, seed)),
        };
        let ports = Ports {
            llm: Arc::new(voice),
            ..self.turns.ports.clone()
        };
        let turns = Turns {
            ports,
            ..self.turns.clone()
        };
        let (coach, arrived) = (stage.coach.clone(), turns.ports.clock.now());
        let (after, until) = (stage.script.after, None);
        let stay = Stay { after, until };
        let begun = turns
            .begin(Asking {
                admission,
                coach,
                seed,
                arrived,
                if_busy,
                stay,
            })
            .await;
        stage
            .book()
            .errands
            .insert(errand, (self.owner, Phase::Over));
        let following = match begun {
            Ok(following) => following,
            Err(NotBegun::Refused(refusal)) => {
                let told = format!("{refusal:?}");
                let kind = told.split(['(', ' ']).next().unwrap_or_default().to_owned();
                stage.census().count("refused", kind);
                let _gone = line.unbounded_send(Reply::Refused(refusal));
                return;
            }
            Err(NotBegun::Missing(_) | NotBegun::Full | NotBegun::Broken) => return,
        };
        let _gone = line.unbounded_send(Reply::Began(following.opening.turn.clone()));
        self.tell(&stage, following, 0, line).await;
    }

    /// The body of an answer: what is followed, and a sign of life when there is nothing.
    async fn tell(&self, stage: &Stage, following: Following, from: usize, line: Line) {
        let (messages, clock) = (
            self.turns.ports.messages.clone(),
            self.turns.ports.clock.clone(),
        );
        let turn = following.opening.turn.clone();
        let (mut heard, mut is_ended, has_feed) =
            (stage.hand.now(), false, following.feed.is_some());
        let mut frames: BoxStream<'_, Frame> =
            follow(messages, clock, following.opening, following.feed, from);
        loop {
            let clock = &self.turns.ports.clock;
            let beat = clock.sleep_until(clock.now() + ms(HEARTBEAT));
            let reply = match select(frames.next(), beat).await {
                Either::Left((Some(frame), _)) => {
                    heard = stage.hand.now();
                    is_ended = matches!(frame, Frame::Ended(..));
                    Reply::Frame(frame)
                }
                Either::Left((None, _)) => {
                    let over = stage
                        .book()
                        .drives
                        .get(&turn)
                        .and_then(|drive| drive.over)
                        .filter(|_| has_feed);
                    let silence = stage.hand.now() - heard.max(over.unwrap_or(0));
                    let why = || {
                        format!(
                            "the body of {} ended after {silence} ms of silence",
                            turn.turn
                        )
                    };
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
        let (store, clock) = (&*self.turns.ports.messages, &*self.turns.ports.clock);
        if let Ok(Some(found)) = clock.answered(store.conversation(conversation)).await
            && let Some(turn) = found.active
        {
            let turn = TurnKey {
                conversation: conversation.clone(),
                turn,
            };
            let _later = end_if_abandoned(store, clock, &turn).await;
        }
    }
}
