//! One thread, virtual time, and chance in place of a scheduler.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_trait::async_trait;
use domain::Timestamp;
use futures::future::BoxFuture;
use ports::Clock;

use crate::world::Chance;

/// Whose task it is: the world's own, or that of one life of a worker.
pub(super) type Owner = usize;

/// What can befall a worker between two polls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    /// Nothing of it runs any more.
    Death,
    /// Nothing of it runs for so many milliseconds.
    Frost(u64),
}

/// Clients, packets in flight, and whoever directs the play. It cannot be killed.
pub(super) const WORLD: Owner = 0;

/// Polls whatever is ready, in an order that chance makes; time passes when nothing is.
pub(super) struct Engine {
    hand: Hand,
    tasks: BTreeMap<u64, Running>,
    parked: Vec<u64>,
    chance: Chance,
    trace: DefaultHasher,
}

/// More than any run needs whose tasks do not spin.
const MOST_POLLS: u32 = 1_000_000;

struct Running {
    owner: Owner,
    future: BoxFuture<'static, ()>,
    waker: Waker,
}

impl Engine {
    pub(super) fn new(seed: u64) -> Self {
        let shared = Shared {
            state: Mutex::default(),
            ready: Arc::default(),
        };
        Self {
            hand: Hand(Arc::new(shared)),
            tasks: BTreeMap::new(),
            parked: Vec::new(),
            chance: Chance::new(seed),
            trace: DefaultHasher::new(),
        }
    }

    pub(super) fn hand(&self) -> Hand {
        self.hand.clone()
    }

    /// Goes on until `is_over`, or until nothing will ever happen again, or too much has.
    pub(super) fn run(&mut self, is_over: impl Fn() -> bool) {
        for _ in 0..MOST_POLLS {
            if is_over() {
                return;
            }
            self.begin_tasks();
            self.strike();
            match self.pick() {
                Some(task) => self.poll(task),
                None if self.hand.pass_time() => self.unpark(),
                None => return,
            }
        }
    }

    /// The owners of the tasks that are not over.
    pub(super) fn open(&self) -> BTreeSet<Owner> {
        self.tasks.values().map(|task| task.owner).collect()
    }

    /// Which task was polled when, as one number.
    pub(super) fn trace(&self) -> u64 {
        self.trace.finish()
    }

    fn begin_tasks(&mut self) {
        let (spawned, dead) = {
            let mut state = self.hand.state();
            (std::mem::take(&mut state.spawned), state.dead.clone())
        };
        for (id, owner, future) in spawned {
            if !dead.contains(&owner) {
                let waker = Waker::from(Arc::new(Bell {
                    id,
                    ready: self.hand.0.ready.clone(),
                }));
                self.tasks.insert(
                    id,
                    Running {
                        owner,
                        future,
                        waker,
                    },
                );
                self.hand.ready().insert(id);
            }
        }
    }

    /// Strikes those whose time has come: the dead lose all their tasks.
    fn strike(&mut self) {
        let mut state = self.hand.state();
        let (due, later) = std::mem::take(&mut state.doomed)
            .into_iter()
            .partition(|(_, (steps, _))| *steps == 0);
        state.doomed = later;
        drop(state);
        for (owner, (_, blow)) in BTreeMap::<Owner, (u64, Blow)>::into_iter(due) {
            match blow {
                Blow::Frost(ms) => self.hand.freeze(owner, ms),
                Blow::Death => {
                    self.hand.state().dead.insert(owner);
                    self.tasks.retain(|_, task| task.owner != owner);
                }
            }
        }
    }

    fn pick(&mut self) -> Option<u64> {
        loop {
            let ready = self.hand.ready().clone();
            let at = self.chance.below(ready.len() as u64);
            let id = *ready.iter().nth(usize::try_from(at).ok()?)?;
            self.hand.ready().remove(&id);
            let Some(task) = self.tasks.get(&id) else {
                continue;
            };
            if !self.hand.state().frozen.contains(&task.owner) {
                return Some(id);
            }
            self.parked.push(id);
        }
    }

    fn poll(&mut self, id: u64) {
        let Some(mut task) = self.tasks.remove(&id) else {
            return;
        };
        (self.hand.now(), id).hash(&mut self.trace);
        if task
            .future
            .as_mut()
            .poll(&mut Context::from_waker(&task.waker))
            .is_pending()
        {
            let owner = task.owner;
            self.tasks.insert(id, task);
            self.hand.count_step(owner);
        } else {
            self.hand.count_step(task.owner);
        }
        self.unpark();
    }

    fn unpark(&mut self) {
        if !self.parked.is_empty() {
            let state = self.hand.state();
            let (parked, thawed): (Vec<u64>, Vec<u64>) = self.parked.iter().partition(|id| {
                self.tasks
                    .get(id)
                    .is_some_and(|task| state.frozen.contains(&task.owner))
            });
            drop(state);
            self.hand.ready().extend(thawed);
            self.parked = parked;
        }
    }
}

/// What tasks can do: look at the clock, wait, begin other tasks, and end or freeze a worker.
#[derive(Clone)]
pub(super) struct Hand(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    ready: Arc<Mutex<BTreeSet<u64>>>,
}

#[derive(Default)]
struct State {
    now: u64,
    serial: u64,
    sleepers: BTreeMap<(u64, u64), Waker>,
    spawned: Vec<(u64, Owner, BoxFuture<'static, ()>)>,
    /// Who is struck after so many more polls.
    doomed: BTreeMap<Owner, (u64, Blow)>,
    dead: BTreeSet<Owner>,
    frozen: BTreeSet<Owner>,
    thawed: BTreeMap<Owner, u64>,
    steps: BTreeMap<Owner, u64>,
}

impl Hand {
    /// Milliseconds since the beginning.
    pub(super) fn now(&self) -> u64 {
        self.state().now
    }

    pub(super) fn spawn(&self, owner: Owner, task: impl Future<Output = ()> + Send + 'static) {
        let mut state = self.state();
        state.serial += 1;
        let id = state.serial;
        state.spawned.push((id, owner, Box::pin(task)));
    }

    pub(super) fn sleep(&self, ms: u64) -> Sleep {
        self.sleep_until(self.now() + ms)
    }

    pub(super) fn sleep_until(&self, until: u64) -> Sleep {
        let mut state = self.state();
        state.serial += 1;
        Sleep {
            hand: self.clone(),
            key: (until, state.serial),
        }
    }

    /// Strikes this owner after so many polls.
    pub(super) fn strike(&self, owner: Owner, steps: u64, blow: Blow) {
        self.state().doomed.insert(owner, (steps, blow));
    }

    /// Whoever was to be struck and was not is spared.
    pub(super) fn spare_all(&self) {
        self.state().doomed.clear();
    }

    pub(super) fn is_dead(&self, owner: Owner) -> bool {
        self.state().dead.contains(&owner)
    }

    fn freeze(&self, owner: Owner, ms: u64) {
        self.state().frozen.insert(owner);
        let hand = self.clone();
        self.spawn(WORLD, async move {
            hand.sleep(ms).await;
            let mut state = hand.state();
            let now = state.now;
            state.frozen.remove(&owner);
            state.thawed.insert(owner, now);
        });
    }

    /// How many were ever frozen.
    pub(super) fn frosts(&self) -> u64 {
        self.state().thawed.len() as u64
    }

    /// Since when this owner was neither dead nor frozen; `None` if it is.
    pub(super) fn awake_since(&self, owner: Owner) -> Option<u64> {
        let state = self.state();
        let is_away = state.dead.contains(&owner) || state.frozen.contains(&owner);
        (!is_away).then(|| state.thawed.get(&owner).copied().unwrap_or(0))
    }

    pub(super) fn dead(&self) -> Vec<Owner> {
        self.state().dead.iter().copied().collect()
    }

    /// How often a task of this owner was polled.
    pub(super) fn steps(&self, owner: Owner) -> u64 {
        self.state().steps.get(&owner).copied().unwrap_or(0)
    }

    fn count_step(&self, owner: Owner) {
        let mut state = self.state();
        *state.steps.entry(owner).or_default() += 1;
        if let Some((left, _)) = state.doomed.get_mut(&owner) {
            *left = left.saturating_sub(1);
        }
    }

    /// Goes to the next time that somebody waits for; `false` if nobody does.
    fn pass_time(&self) -> bool {
        let due: Vec<Waker> = {
            let mut state = self.state();
            let Some((next, _)) = state.sleepers.keys().next().copied() else {
                return false;
            };
            state.now = state.now.max(next);
            let first_later = (state.now + 1, 0);
            let later = state.sleepers.split_off(&first_later);
            std::mem::replace(&mut state.sleepers, later)
                .into_values()
                .collect()
        };
        due.into_iter().for_each(Waker::wake);
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    fn ready(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.0.ready.lock().unwrap()
    }
}

struct Bell {
    id: u64,
    ready: Arc<Mutex<BTreeSet<u64>>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ready.lock().unwrap().insert(self.id);
    }
}

/// Waits for a time.
pub(super) struct Sleep {
    hand: Hand,
    key: (u64, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.hand.state();
        if state.now >= self.key.0 {
            return Poll::Ready(());
        }
        state.sleepers.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.hand.state().sleepers.remove(&self.key);
    }
}

/// A worker's clock, which may be wrong.
pub(super) struct SkewedClock {
    pub hand: Hand,
    pub skew: i64,
}

const BEGAN: u64 = 1_795_200_000_000;

impl SkewedClock {
    /// What this clock shows when so many milliseconds have passed.
    pub(super) fn shows(skew: i64, now: u64) -> Timestamp {
        Timestamp((BEGAN + now).saturating_add_signed(skew))
    }
}

#[async_trait]
impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        Self::shows(self.skew, self.hand.now())
    }

    async fn sleep_until(&self, deadline: Timestamp) {
        let wait = deadline.since(self.now());
        self.hand
            .sleep(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
            .await;
    }
}

/// Milliseconds, as the ports count them.
pub(super) fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}
