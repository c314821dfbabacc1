use std::time::Duration;

use async_trait::async_trait;
use domain::{Fault, Timestamp};
use futures::future::{Either, FutureExt, select};

use super::{PortError, Result};

/// Tells the time, and waits for it.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Returns the current time, in milliseconds since 1970. It may jump, also back; a caller that
    /// needs it to grow takes the larger of two readings.
    fn now(&self) -> Timestamp;

    /// Returns once [`now`](Self::now) would return `deadline` or later, and not before. Drop it to
    /// stop waiting.
    async fn sleep_until(&self, deadline: Timestamp);
}

impl dyn Clock + '_ {
    /// Waits for `work` no longer than `limit`. Returns `None`, and drops `work`, if it takes
    /// longer.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        match select(work.boxed(), self.sleep_until(self.now() + limit)).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(((), _)) => None,
        }
    }

    /// Waits for the answer of a store or an index no longer than two seconds. Returns the error
    /// [`TimedOut`](Fault::TimedOut), and drops `work`, if it takes longer: what it was to write
    /// may have been written.
    pub async fn answered<T>(&self, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let answer = self.within(Duration::from_secs(2), work).await;
        answer.unwrap_or_else(|| Err(PortError::new("store", Fault::TimedOut)))
    }

    /// Waits for this long.
    pub(crate) async fn sleep(&self, pause: Duration) {
        self.sleep_until(self.now() + pause).await;
    }
}
