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
pub type Owner = usize;

/// Clients, packets in flight, and whoever directs the play. It cannot be killed.
pub const WORLD: Owner = 0;

/// Polls whatever is ready, in an order that chance makes; time passes when nothing is.
pub struct Engine {
    hand: Hand,
    tasks: BTreeMap<u64, Running>,
    parked: Vec<u64>,
    chance: Chance,
    trace: DefaultHasher,
}

struct Running {
    owner: Owner,
    future: BoxFuture<'static, ()>,
    waker: Waker,
}

impl Engine {
    pub fn new(seed: u64) -> Self {
        let shared = Shared { state: Mutex::default(), ready: Arc::default() };
        Self {
            hand: Hand(Arc::new(shared)),
            tasks: BTreeMap::new(),
            parked: Vec::new(),
            chance: Chance::new(seed),
            trace: DefaultHasher::new(),
        }
    }

    pub fn hand(&self) -> Hand {
        self.hand.clone()
    }

    /// Goes on until `is_over`, or until nothing will ever happen again.
    pub fn run(&mut self, is_over: impl Fn() -> bool) {
        while !is_over() {
            self.begin_tasks();
            self.kill();
            match self.pick() {
                Some(task) => self.poll(task),
                None if self.hand.pass_time() => self.unpark(),
                None => return,
            }
        }
    }

    /// The owners of the tasks that are not over.
    pub fn open(&self) -> BTreeSet<Owner> {
        self.tasks.values().map(|task| task.owner).collect()
    }

    /// Which task was polled when, as one number.
    pub fn trace(&self) -> u64 {
        self.trace.finish()
    }

    fn begin_tasks(&mut self) {
        let (spawned, dead) = {
            let mut state = self.hand.state();
            (std::mem::take(&mut state.spawned), state.dead.clone())
        };
        for (id, owner, future) in spawned {
            if !dead.contains(&owner) {
                let waker = Waker::from(Arc::new(Bell { id, ready: self.hand.0.ready.clone() }));
                self.tasks.insert(id, Running { owner, future, waker });
                self.hand.ready().insert(id);
            }
        }
    }

    /// Drops every task of those who are to die now.
    fn kill(&mut self) {
        let dying: Vec<Owner> = {
            let mut state = self.hand.state();
            let now: Vec<Owner> =
                state.doomed.iter().filter(|(_, steps)| **steps == 0).map(|(owner, _)| *owner).collect();
            for owner in &now {
                state.doomed.remove(owner);
                state.dead.insert(*owner);
            }
            now
        };
        if !dying.is_empty() {
            let (gone, left) =
                std::mem::take(&mut self.tasks).into_iter().partition(|(_, task)| dying.contains(&task.owner));
            self.tasks = left;
            drop::<BTreeMap<u64, Running>>(gone);
        }
    }

    fn pick(&mut self) -> Option<u64> {
        loop {
            let ready = self.hand.ready().clone();
            let at = self.chance.below(ready.len() as u64);
            let id = *ready.iter().nth(usize::try_from(at).ok()?)?;
            self.hand.ready().remove(&id);
            let Some(task) = self.tasks.get(&id) else { continue };
            if !self.hand.state().frozen.contains(&task.owner) {
                return Some(id);
            }
            self.parked.push(id);
        }
    }

    fn poll(&mut self, id: u64) {
        let Some(mut task) = self.tasks.remove(&id) else { return };
        (self.hand.now(), id).hash(&mut self.trace);
        if task.future.as_mut().poll(&mut Context::from_waker(&task.waker)).is_pending() {
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
            let (parked, thawed): (Vec<u64>, Vec<u64>) = self
                .parked
                .iter()
                .partition(|id| self.tasks.get(id).is_some_and(|task| state.frozen.contains(&task.owner)));
            drop(state);
            self.hand.ready().extend(thawed);
            self.parked = parked;
        }
    }
}

/// What tasks can do: look at the clock, wait, begin other tasks, and end or freeze a worker.
#[derive(Clone)]
pub struct Hand(Arc<Shared>);

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
    /// Who dies after so many more polls.
    doomed: BTreeMap<Owner, u64>,
    dead: BTreeSet<Owner>,
    frozen: BTreeSet<Owner>,
    thawed: BTreeMap<Owner, u64>,
    steps: BTreeMap<Owner, u64>,
}

impl Hand {
    /// Milliseconds since the beginning.
    pub fn now(&self) -> u64 {
        self.state().now
    }

    pub fn spawn(&self, owner: Owner, task: impl Future<Output = ()> + Send + 'static) {
        let mut state = self.state();
        state.serial += 1;
        let id = state.serial;
        state.spawned.push((id, owner, Box::pin(task)));
    }

    pub fn sleep(&self, ms: u64) -> Sleep {
        self.sleep_until(self.now() + ms)
    }

    pub fn sleep_until(&self, until: u64) -> Sleep {
        let mut state = self.state();
        state.serial += 1;
        Sleep { hand: self.clone(), key: (until, state.serial) }
    }

    /// Nothing of this owner runs any more after so many polls.
    pub fn kill(&self, owner: Owner, steps: u64) {
        self.state().doomed.insert(owner, steps);
    }

    pub fn is_dead(&self, owner: Owner) -> bool {
        self.state().dead.contains(&owner)
    }

    /// Nothing of this owner runs until it is thawed.
    pub fn freeze(&self, owner: Owner) {
        self.state().frozen.insert(owner);
    }

    pub fn thaw(&self, owner: Owner) {
        let mut state = self.state();
        let now = state.now;
        state.frozen.remove(&owner);
        state.thawed.insert(owner, now);
    }

    /// Since when this owner was neither dead nor frozen; `None` if it is.
    pub fn awake_since(&self, owner: Owner) -> Option<u64> {
        let state = self.state();
        let is_away = state.dead.contains(&owner) || state.frozen.contains(&owner);
        (!is_away).then(|| state.thawed.get(&owner).copied().unwrap_or(0))
    }

    /// How often a task of this owner was polled.
    pub fn steps(&self, owner: Owner) -> u64 {
        self.state().steps.get(&owner).copied().unwrap_or(0)
    }

    fn count_step(&self, owner: Owner) {
        let mut state = self.state();
        *state.steps.entry(owner).or_default() += 1;
        if let Some(left) = state.doomed.get_mut(&owner) {
            *left = left.saturating_sub(1);
        }
    }

    /// Goes to the next time that somebody waits for; `false` if nobody does.
    fn pass_time(&self) -> bool {
        let due: Vec<Waker> = {
            let mut state = self.state();
            let Some((next, _)) = state.sleepers.keys().next().copied() else { return false };
            state.now = state.now.max(next);
            let later = state.sleepers.split_off(&(state.now + 1, 0));
            std::mem::replace(&mut state.sleepers, later).into_values().collect()
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
pub struct Sleep {
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
pub struct SkewedClock {
    pub hand: Hand,
    pub skew: i64,
}

const BEGAN: u64 = 1_795_200_000_000;

impl SkewedClock {
    /// What this clock shows when so many milliseconds have passed.
    pub fn shows(skew: i64, now: u64) -> Timestamp {
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
        self.hand.sleep(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)).await;
    }
}

/// Milliseconds, as the ports count them.
pub fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}
