//! Long work in short stretches: what computes on a thread that others need gives way in between.

use std::future::poll_fn;
use std::mem;
use std::task::Poll;

/// How many steps are done at a stretch: some hundred microseconds.
const STRETCH: usize = 16_384;

/// Counts the steps of one piece of work, and gives way after each stretch of them.
#[derive(Debug, Default)]
pub struct Pace(usize);

impl Pace {
    /// Counts steps that were done, and gives way at the end of a stretch. A step is a look at a
    /// letter, or a sum: some ten nanoseconds.
    pub async fn did(&mut self, steps: usize) {
        self.0 += steps;
        if self.0 >= STRETCH {
            self.0 = 0;
            give_way().await;
        }
    }
}

/// Leaves the thread to others, and goes on as soon as the runtime comes back.
pub async fn give_way() {
    let mut has_left = false;
    poll_fn(|context| {
        if mem::replace(&mut has_left, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn what_is_short_is_done_at_once_and_what_is_long_gives_way() {
        let mut pace = Pace::default();
        assert_eq!(pace.did(STRETCH - 1).now_or_never(), Some(()));
        assert_eq!(pace.did(1).now_or_never(), None);
        assert_eq!(
            pace.did(1).now_or_never(),
            Some(()),
            "a stretch has begun anew"
        );
        let mut work = Box::pin(pace.did(STRETCH));
        assert_eq!((&mut work).now_or_never(), None);
        assert_eq!(work.now_or_never(), Some(()), "it goes on where it left");
    }
}
