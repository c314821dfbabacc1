use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::Timestamp;
use event_listener::Event;
use ports::Clock;

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock {
    now: Mutex<Timestamp>,
    moved: Event,
}

impl ManualClock {
    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self {
            now: Mutex::new(now),
            moved: Event::new(),
        }
    }

    /// Moves it on, and wakes who waits for a time that has come.
    pub fn advance(&self, by: Duration) {
        self.set(self.now() + by);
    }

    /// Sets it, also back.
    pub fn set(&self, now: Timestamp) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
        self.moved.notify(usize::MAX);
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep_until(&self, deadline: Timestamp) {
        loop {
            let moved = self.moved.listen();
            if self.now() >= deadline {
                return;
            }
            moved.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn a_sleeper_wakes_when_its_time_has_come_and_not_before() {
        let clock = ManualClock::at(Timestamp(1_000));
        let mut sleeper = clock.sleep_until(Timestamp(1_500));
        assert!((&mut sleeper).now_or_never().is_none());
        clock.advance(Duration::from_millis(499));
        assert!((&mut sleeper).now_or_never().is_none());
        clock.advance(Duration::from_millis(1));
        assert!((&mut sleeper).now_or_never().is_some());
    }
}
