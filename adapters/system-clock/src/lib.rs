//! The machine's clock and tokio's timer.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the clock that everybody else has to ask"
)]

use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use domain::Timestamp;
use ports::Clock;

/// The time of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp(0)
            + SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
    }

    async fn sleep_until(&self, deadline: Timestamp) {
        // More than once if the clock was set back, or runs slower than the timer.
        while let now = self.now()
            && now < deadline
        {
            tokio::time::sleep(deadline.since(now)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_tells_a_time_between_the_writing_of_this_test_and_the_far_future() {
        let written: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let far: Timestamp = "2200-01-01T00:00:00Z".parse().unwrap();
        assert!((written..far).contains(&SystemClock.now()));
    }

    #[tokio::test]
    async fn a_wait_is_over_once_the_deadline_has_come() {
        let deadline = SystemClock.now() + Duration::from_millis(20);
        SystemClock.sleep_until(deadline).await;
        assert!(SystemClock.now() >= deadline);
    }

    #[tokio::test]
    async fn a_deadline_that_has_passed_is_not_waited_for() {
        let now = SystemClock.now();
        SystemClock.sleep_until(now).await;
        SystemClock.sleep_until(Timestamp(0)).await;
        assert!(SystemClock.now().since(now) < Duration::from_secs(1));
    }

    /// Tokio's paused time jumps to the next timer at once: to the wait, the clock seems to have
    /// been set back.
    #[tokio::test(start_paused = true)]
    async fn a_timer_that_runs_ahead_of_the_clock_does_not_end_the_wait() {
        let deadline = SystemClock.now() + Duration::from_millis(30);
        SystemClock.sleep_until(deadline).await;
        assert!(SystemClock.now() >= deadline);
    }
}
