use async_trait::async_trait;
use domain::Timestamp;
use ports::Clock;
use tokio::time::Instant;

/// A clock that tokio's paused time moves: as soon as everybody waits, the next wait is over.
#[derive(Debug, Clone, Copy)]
pub struct VirtualClock {
    began: Instant,
}

impl VirtualClock {
    /// What every such clock shows at first.
    pub const BEGAN: Timestamp = Timestamp(1_795_200_000_000);

    /// A clock that begins now; for a test that tokio has started with its time paused.
    pub fn start() -> Self {
        Self {
            began: Instant::now(),
        }
    }

    /// How many milliseconds it has run.
    pub fn ms(&self) -> u64 {
        self.now().0 - Self::BEGAN.0
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Self::BEGAN + self.began.elapsed()
    }

    async fn sleep_until(&self, deadline: Timestamp) {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the clock that everybody else asks"
        )]
        tokio::time::sleep_until(self.began + deadline.since(Self::BEGAN)).await;
    }
}
