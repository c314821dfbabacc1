//! Erasing a user with all that is known of them.

use std::time::Duration;

use domain::{Timestamp, UserScope};
use futures::stream::{Stream, try_unfold};

use crate::application::records::{PACE, PATIENCE, is_final};
use crate::{Ports, Result};

/// How many items a store is asked to remove at once: as many as it can in the time of a call.
const AT_ONCE: usize = 50;

/// How long after the mark everything is looked for once more. By then, what was sent before the
/// mark has arrived, or never will.
const SETTLED: Duration = Duration::from_secs(10);

/// How far an erasing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// When the user began to be erased, whoever asked first.
    pub since: Timestamp,
    /// How many items were removed so far, not counting those of the index.
    pub removed: u64,
    /// Whether nothing is left but the mark.
    pub is_complete: bool,
}

/// What is done next.
#[derive(Debug, Clone, Copy)]
enum Step {
    Mark,
    Messages,
    Index,
    Records,
    Wait,
}

/// In this order. The marks first, so that nothing new is made anywhere. Then conversations, so
/// that no turn and no job goes on. The index before the records, among which are the tombstones
/// that stand between it and a prompt; and again after them, because a job that was running may
/// have found a record still there and put it into the index.
const STEPS: [Step; 8] = [
    Step::Mark,
    Step::Messages,
    Step::Index,
    Step::Records,
    Step::Wait,
    Step::Messages,
    Step::Records,
    Step::Index,
];

/// Erases a user, and tells how far that has come after each step. All that is left is the mark of
/// the user and the time, `at` if this is the first call.
///
/// A call that gets no answer is repeated for 8 s; then the stream ends with its error. What was
/// removed stays removed: whoever asks again, in whatever process, goes on from there. It is done
/// when a [`Progress`] says so, and not before; the last look at everything comes 10 s after the
/// mark. Turns that run somewhere end in silence, with their next write.
pub fn erase<'a>(
    ports: &'a Ports,
    owner: &'a UserScope,
    at: Timestamp,
) -> impl Stream<Item = Result<Progress>> + Send + 'a {
    let begin = Erasing {
        ports,
        owner,
        since: at,
        removed: 0,
        done: 0,
    };
    try_unfold(begin, async |mut erasing: Erasing<'a>| {
        let progress = erasing.step().await?;
        Ok(progress.map(|progress| (progress, erasing)))
    })
}

struct Erasing<'a> {
    ports: &'a Ports,
    owner: &'a UserScope,
    since: Timestamp,
    removed: u64,
    /// How many steps are done.
    done: usize,
}

impl Erasing<'_> {
    async fn step(&mut self) -> Result<Option<Progress>> {
        let Some(step) = STEPS.get(self.done) else {
            return Ok(None);
        };
        let Self { ports, owner, .. } = *self;
        let is_done = match step {
            Step::Mark => {
                // The time of the first mark is the time of both.
                self.messages(0).await?;
                self.records(0).await?;
                true
            }
            Step::Messages => self.messages(AT_ONCE).await?,
            Step::Records => self.records(AT_ONCE).await?,
            Step::Index => {
                persist(ports, || ports.index.erase(owner)).await?;
                true
            }
            Step::Wait => {
                ports.clock.sleep_until(self.since + SETTLED).await;
                true
            }
        };
        self.done += usize::from(is_done);
        Ok(Some(Progress {
            since: self.since,
            removed: self.removed,
            is_complete: self.done == STEPS.len(),
        }))
    }

    async fn messages(&mut self, limit: usize) -> Result<bool> {
        let Self {
            ports,
            owner,
            since,
            ..
        } = *self;
        let erase = || ports.messages.erase(owner, since, limit);
        let erased = persist(ports, erase).await?;
        self.since = erased.since;
        self.removed += erased.removed;
        Ok(erased.is_complete)
    }

    async fn records(&mut self, limit: usize) -> Result<bool> {
        let Self {
            ports,
            owner,
            since,
            ..
        } = *self;
        let erase = || ports.records.erase(owner, since, limit);
        let erased = persist(ports, erase).await?;
        self.removed += erased.removed;
        Ok(erased.is_complete)
    }
}

/// Asks until there is an answer, or asking will not help.
async fn persist<T, F>(ports: &Ports, ask: impl Fn() -> F + Send) -> Result<T>
where
    F: Future<Output = Result<T>> + Send,
{
    let began = ports.clock.now();
    loop {
        match ports.clock.answered(ask()).await {
            Err(error) if is_final(error.fault) || ports.clock.now() >= began + PATIENCE => {
                return Err(error);
            }
            Err(_) => ports.clock.sleep(PACE).await,
            answer => return answer,
        }
    }
}
