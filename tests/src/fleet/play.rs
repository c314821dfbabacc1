//! Runs a script from its first deed to the peace after the last.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::TurnKey;
use ports::{JobsOf, MessageStore};

use super::book::Phase;
use super::census::Census;
use super::client::{Client, latest};
use super::engine::{Blow, Engine, WORLD, ms};
use super::ledger::done;
use super::script::{Faults, Say, Script, What};
use super::stage::{Broken, Stage};

/// What came of a run.
pub struct Outcome {
    pub broken: Option<Broken>,
    pub census: Census,
    /// Which task was polled when.
    pub trace: u64,
    /// The script with exactly those faults that befell it.
    pub script: Script,
    /// How long past its lease each turn was when a reader ended it.
    pub overdue: Vec<u64>,
    /// What the clients and the store have at the end.
    pub story: String,
}

/// How long nothing fails, with readers looking, before all must be over. A worker may stand still
/// for the first minute; what was asked for then waits for the turns before it, and may itself take
/// a minute.
const PEACE: u64 = 189_000;

/// How often a reader looks.
const LOOK: u64 = 3_000;

/// How often somebody sweeps before.
const SCHEDULE: u64 = 10_000;

/// How long jobs may take after that.
const JOBS: u64 = 240_000;

/// Runs a script, and judges it.
pub fn play(script: &Script) -> Outcome {
    let mut engine = Engine::new(script.seed);
    let hand = engine.hand();
    let stage = Stage::new(hand.clone(), script.clone());
    let is_over = Arc::new(AtomicBool::new(false));
    let (director, over) = (stage.clone(), is_over.clone());
    hand.spawn(WORLD, async move {
        director.direct().await;
        over.store(true, Ordering::Relaxed);
    });
    engine.run(|| stage.broken().is_some() || is_over.load(Ordering::Relaxed));
    stage.rule(is_over.load(Ordering::Relaxed), "T5", || {
        "everybody waits for nothing, or somebody spins".to_owned()
    });
    if stage.broken().is_none() {
        stage.judge_end(&engine.open());
    }
    let mut script = script.clone();
    script.faults = Faults::Just(stage.seen().mishaps.clone());
    let outcome = Outcome {
        broken: stage.broken(),
        census: stage.count(),
        trace: engine.trace(),
        script,
        overdue: stage.overdue(),
        story: stage.story(),
    };
    // Workers know the stage, and it knows them.
    stage.slots.lock().unwrap().clear();
    outcome
}

impl Stage {
    async fn direct(self: Arc<Self>) {
        if self.script.sweeps {
            self.hand.spawn(WORLD, self.clone().sweep_until_calm());
        }
        for deed in &self.script.deeds {
            self.hand.sleep_until(deed.at).await;
            self.perform(deed.what);
        }
        self.hand.sleep_until(self.script.calm).await;
        self.hand.spare_all();
        for round in 0..PEACE / LOOK {
            let round = usize::try_from(round).unwrap();
            if self.script.sweeps {
                self.sweep(round % self.script.skews.len());
            } else {
                self.look_at_all(round);
            }
            self.hand.sleep(LOOK).await;
        }
        let waiting = self.seen().waiting.clone();
        self.rule(waiting.is_empty(), "T5", || {
            format!("still waiting: {waiting:?}")
        });
        self.clone().speak_once_more().await;
        self.clone().drain_jobs().await;
        self.hand.sleep(75_000).await;
    }

    /// Has somebody look at each conversation, each time somebody else.
    fn look_at_all(self: &Arc<Self>, round: usize) {
        if round == 2 {
            self.judge_waiting();
        }
        for conversation in 0..self.script.conversations {
            let slot = (round + conversation) % self.script.skews.len();
            self.look(slot, self.conversation(conversation));
        }
    }

    /// Has one worker after the other sweep, as on a schedule, whatever goes wrong meanwhile.
    async fn sweep_until_calm(self: Arc<Self>) {
        for slot in (0..self.script.skews.len()).cycle() {
            self.hand.sleep(SCHEDULE).await;
            if self.hand.now() >= self.script.calm {
                return;
            }
            self.sweep(slot);
        }
    }

    fn perform(self: &Arc<Self>, what: What) {
        match what {
            What::Say(say) => self.begin(Client::saying(self, say)),
            What::Watch { conversation, slot } => {
                if let Some(turn) = latest(self, &self.conversation(conversation)) {
                    self.begin(Client::watching(self, turn, slot));
                }
            }
            What::Stop { conversation, slot } => {
                if let Some(turn) = latest(self, &self.conversation(conversation)) {
                    self.census().count("trouble", "stop".to_owned());
                    drop(self.stop(slot, turn));
                }
            }
            What::Strike { slot, steps, blow } => {
                self.hand.strike(self.worker(slot).owner, steps, blow)
            }
            What::Retire { slot, ms } => self.hand.spawn(WORLD, self.clone().retire(slot, ms)),
        }
    }

    fn begin(&self, client: Client) {
        self.hand
            .spawn(WORLD, async move { _ = client.run().await });
    }

    /// A worker that is told to end has ended its turns by then, and then goes.
    async fn retire(self: Arc<Self>, slot: usize, time: u64) {
        let worker = self.worker(slot);
        if worker.is_retiring.swap(true, Ordering::Relaxed) {
            return;
        }
        self.census().count("trouble", "graceful stop".to_owned());
        worker
            .turns
            .feeds
            .hurry_up(worker.turns.ports.clock.now() + ms(time));
        let began = self.hand.now();
        self.hand.sleep(time + 15_000).await;
        let was_awake = self
            .hand
            .awake_since(worker.owner)
            .is_some_and(|since| since <= began);
        self.rule(!was_awake || worker.turns.feeds.is_empty(), "H", || {
            format!(
                "worker {slot} still runs {} turns after its time",
                worker.turns.feeds.len()
            )
        });
        self.hand.strike(worker.owner, 0, Blow::Death);
    }

    /// Every conversation is free, and every allowance is back.
    async fn speak_once_more(self: Arc<Self>) {
        for conversation in 0..self.script.conversations {
            let say = Say {
                id: 1_000 + conversation as u64,
                sender: 0,
                conversation,
                slot: conversation % self.script.skews.len(),
                text: 4,
                is_forged: false,
                interrupts: false,
                leaves: None,
            };
            let is_ended = Client::saying(&self, say).run().await;
            self.rule(is_ended, "T5", || {
                format!("conversation {conversation} takes nothing in any more")
            });
        }
    }

    async fn drain_jobs(self: Arc<Self>) {
        let until = self.hand.now() + JOBS;
        while self.hand.now() < until && !self.open_jobs().is_empty() {
            if self.script.sweeps {
                self.sweep(0);
            } else {
                self.work_all_off();
            }
            self.hand.sleep(5_000).await;
        }
        let open = self.open_jobs();
        self.rule(open.is_empty(), "T5", || format!("open jobs: {open:?}"));
    }

    fn work_all_off(self: &Arc<Self>) {
        for conversation in 0..self.script.conversations {
            if let Some(turn) = latest(self, &self.conversation(conversation)) {
                self.work_off(conversation % self.script.skews.len(), turn);
            }
        }
    }

    fn open_jobs(&self) -> Vec<TurnKey> {
        let jobs = done(self.ledger.store.jobs(&JobsOf::Anyone)).unwrap();
        let open = jobs.into_iter().filter(|job| job.state.due().is_some());
        open.map(|job| job.turn).collect()
    }

    /// What was reached, with how far each worker was that died.
    fn count(&self) -> Census {
        let mut census = std::mem::take(&mut *self.census());
        let book = self.book();
        let reference = self.ledger.reference();
        census.turns += reference.turns().count() as u64;
        for (turn, entry) in reference.turns() {
            census.count_ending(entry);
            if !book.drives.contains_key(&turn) {
                census.count("ending", "of a turn that nobody drove".to_owned());
            }
        }
        let retired =
            |owner| {
                self.slots.lock().unwrap().iter().flatten().any(|worker| {
                    worker.owner == owner && worker.is_retiring.load(Ordering::Relaxed)
                })
            };
        for owner in self
            .hand
            .dead()
            .into_iter()
            .filter(|owner| !retired(*owner))
        {
            let turns = book
                .drives
                .values()
                .filter(|drive| drive.owner == owner)
                .map(|drive| drive.phase);
            let errands = book
                .errands
                .values()
                .filter(|(by, _)| *by == owner)
                .map(|(_, phase)| *phase);
            let mut phases: Vec<Phase> = turns
                .chain(errands)
                .filter(|phase| *phase != Phase::Over)
                .collect();
            phases.sort();
            phases.dedup();
            census.count("trouble", "kill".to_owned());
            phases.iter().for_each(|phase| {
                census.count("killed while", format!("{phase:?}").to_lowercase())
            });
            if phases.is_empty() {
                census.count("killed while", "idle".to_owned());
            }
        }
        census.count_many("trouble", "freeze", self.hand.frosts());
        census
    }
}
