use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{Opening, Timestamp, TurnEvent, TurnKey};
use event_listener::Event;

/// How many events a client is told at once, so that a slow one is not sent all of a long turn in
/// one piece.
pub(crate) const AT_ONCE: usize = 512;

/// A running turn's events, in this process, for as many clients as there are.
///
/// The turn adds and never waits; each client reads from a place of its own, as fast as it can.
/// There is nothing per client to overflow; the whole is bounded by the limit on a reply.
#[derive(Debug)]
pub struct Feed {
    opening: Opening,
    state: Mutex<State>,
    news: Event,
}

#[derive(Debug, Default)]
struct State {
    events: Vec<TurnEvent>,
    closed: bool,
    stop: bool,
    hurry: Option<Timestamp>,
}

impl Feed {
    /// Makes a feed in which nothing has happened yet.
    pub fn new(opening: Opening) -> Self {
        Self {
            opening,
            state: Mutex::default(),
            news: Event::new(),
        }
    }

    /// Returns what was admitted.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// Adds an event.
    pub fn push(&self, event: TurnEvent) {
        self.change(|state| state.events.push(event));
    }

    /// Says that nothing follows: after an ending, or because the turn was taken from us.
    pub fn close(&self) {
        self.change(|state| state.closed = true);
    }

    /// Asks the turn to stop.
    pub fn ask_stop(&self) {
        self.change(|state| state.stop = true);
    }

    /// Asks the turn to begin to finish at `deadline`, if it would not do so earlier.
    pub fn hurry_up(&self, deadline: Timestamp) {
        self.change(|state| state.hurry = Some(deadline));
    }

    /// Returns all events so far.
    pub fn events(&self) -> Vec<TurnEvent> {
        self.state().events.clone()
    }

    /// Waits for events from number `from` on, and returns at most 512 of them; returns none if the
    /// feed is closed before there is one.
    pub async fn since(&self, from: usize) -> Vec<TurnEvent> {
        self.wait(|state| {
            let news = state.events.get(from..).unwrap_or_default();
            let next = || news.iter().take(AT_ONCE).cloned().collect();
            (!news.is_empty() || state.closed).then(next)
        })
        .await
    }

    /// Returns once the turn was asked to stop.
    pub async fn stop_asked(&self) {
        self.wait(|state| state.stop.then_some(())).await;
    }

    /// Returns once the turn was asked to hurry up.
    pub(crate) async fn hurried(&self) -> Timestamp {
        self.wait(|state| state.hurry).await
    }

    async fn wait<T>(&self, ready: impl Fn(&State) -> Option<T>) -> T {
        loop {
            let news = self.news.listen();
            if let Some(found) = ready(&self.state()) {
                return found;
            }
            news.await;
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.news.notify(usize::MAX);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes a feed when dropped, also by a panic: whoever watches must not wait for ever.
pub(crate) struct Closing<'a>(pub(crate) &'a Feed);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The feeds of all turns that run in this process.
#[derive(Debug, Default)]
pub struct Feeds(Mutex<Running>);

#[derive(Debug, Default)]
struct Running {
    feeds: HashMap<TurnKey, Arc<Feed>>,
    /// How many turns run here, or may begin to.
    places: usize,
    hurry: Option<Timestamp>,
}

impl Feeds {
    /// Takes a place for a turn that may begin here; returns `None` if `most` are taken.
    pub fn reserve(self: &Arc<Self>, most: usize) -> Option<Place> {
        let mut running = self.running();
        if running.places >= most {
            return None;
        }
        running.places += 1;
        Some(Place {
            feeds: self.clone(),
            turn: None,
        })
    }

    /// Returns the feed of a turn, if it runs here.
    pub fn find(&self, turn: &TurnKey) -> Option<Arc<Feed>> {
        self.running().feeds.get(turn).cloned()
    }

    /// Asks every turn that runs here, and every one that still begins here, to begin to finish at
    /// `deadline` at the latest.
    pub fn hurry_up(&self, deadline: Timestamp) {
        let mut running = self.running();
        running.hurry = Some(deadline);
        running
            .feeds
            .values()
            .for_each(|feed| feed.hurry_up(deadline));
    }

    /// Returns how many turns run here.
    pub fn len(&self) -> usize {
        self.running().feeds.len()
    }

    /// Returns whether no turn runs here.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place for one turn in this process. Dropping it, also by a panic, lets go of the place and of
/// the turn's feed; who has the feed keeps it.
#[derive(Debug)]
pub struct Place {
    feeds: Arc<Feeds>,
    turn: Option<TurnKey>,
}

impl Place {
    /// Makes the feed of the turn that begins here, and lets others find it.
    pub fn open(&mut self, opening: Opening) -> Arc<Feed> {
        let feed = Arc::new(Feed::new(opening));
        let turn = feed.opening.turn.clone();
        let mut running = self.feeds.running();
        if let Some(deadline) = running.hurry {
            feed.hurry_up(deadline);
        }
        running.feeds.insert(turn.clone(), feed.clone());
        drop(running);
        self.turn = Some(turn);
        feed
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut running = self.feeds.running();
        running.places = running.places.saturating_sub(1);
        if let Some(turn) = &self.turn {
            running.feeds.remove(turn);
        }
    }
}
