use std::time::Duration;

use async_trait::async_trait;
use domain::Timestamp;
use futures::future::{Either, FutureExt, select};

/// Tells the time, and waits for it.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The current time. It may jump; whoever needs it to grow takes the larger of two readings.
    fn now(&self) -> Timestamp;

    /// Returns once [`now`](Self::now) would return `deadline` or later, and not before. Dropping it
    /// is how to stop waiting.
    async fn sleep_until(&self, deadline: Timestamp);
}

impl dyn Clock + '_ {
    /// Waits for `work` no longer than `limit`; `None` if it took longer, and `work` is dropped.
    pub(crate) async fn within<T>(&self, limit: Duration, work: impl Future<Output = T> + Send) -> Option<T> {
        match select(work.boxed(), self.sleep_until(self.now() + limit)).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(((), _)) => None,
        }
    }

    pub(crate) async fn sleep(&self, pause: Duration) {
        self.sleep_until(self.now() + pause).await;
    }
}
