//! Does for anyone what no process of theirs has come to do.

use std::collections::BTreeSet;
use std::error::Error;
use std::ops::Add;
use std::time::Duration;

use domain::{Job, Outcome, Prices, Timestamp};
use futures::join;
use futures::stream::{self, StreamExt};
use tracing::{info, warn};

use crate::application::admit::{Found, reap};
use crate::application::holds::settle_if_over;
use crate::application::own;
use crate::{JobsOf, PortError, Ports, Shift, Watch};

/// How many overdue turns are asked for at once.
const PAGE: usize = 25;

/// How long it may take to end one.
const ENDING: Duration = Duration::from_secs(8);

/// How many jobs are tried at once.
const AT_ONCE: usize = 8;

/// How often a store is asked what is due that does not answer, and the pause after each.
const PATIENCE: (usize, Duration) = (3, Duration::from_secs(2));

/// What a sweep came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Turns that nobody drove any more, and that it has ended.
    pub turns: usize,
    /// Tries with which a job was done.
    pub done: usize,
    /// Tries that found that there was nothing to do.
    pub refused: usize,
    /// Tries after which a job is to be tried again.
    pub again: usize,
    /// Tries after which a job was given up.
    pub dead: usize,
    /// Steps that a store has failed; what they were to do is left to the next sweep.
    pub troubles: usize,
}

impl Swept {
    /// A step that a store has failed.
    fn trouble(step: &str, error: &PortError) -> Self {
        let error = error as &dyn Error;
        warn!(step, error, "a step of a sweep has failed");
        Self {
            troubles: 1,
            ..Self::default()
        }
    }
}

impl From<&Outcome> for Swept {
    fn from(outcome: &Outcome) -> Self {
        let mut swept = Self::default();
        let count = match outcome {
            Outcome::Done(_) => &mut swept.done,
            Outcome::Refused(_) => &mut swept.refused,
            Outcome::Again(_) => &mut swept.again,
            Outcome::Dead(_) => &mut swept.dead,
        };
        *count = 1;
        swept
    }
}

impl Add for Swept {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            turns: self.turns + other.turns,
            done: self.done + other.done,
            refused: self.refused + other.refused,
            again: self.again + other.again,
            dead: self.dead + other.dead,
            troubles: self.troubles + other.troubles,
        }
    }
}

/// Ends the turns of anyone that nobody drives any more, and tries the open jobs of anyone whose
/// time has come, several at once, until nothing is due, or nothing more fits before `until`.
/// Settles what the turns of these jobs hold.
///
/// May run beside itself and beside whatever else runs: a turn that is driven goes on, and a job is
/// tried by one at a time.
pub async fn sweep(ports: &Ports, prices: &Prices, watch: &dyn Watch, until: Timestamp) -> Swept {
    let shift = Shift {
        ports,
        prices,
        watch,
        until: Some(until),
    };
    let (of_turns, of_jobs) = join!(end_turns(ports, until), try_jobs(shift));
    let swept = of_turns + of_jobs;
    info!(
        turns = swept.turns,
        done = swept.done,
        refused = swept.refused,
        again = swept.again,
        dead = swept.dead,
        troubles = swept.troubles,
        "sweep"
    );
    swept
}

/// Ends overdue turns, a page at a time.
async fn end_turns(ports: &Ports, until: Timestamp) -> Swept {
    let (store, clock) = (&*ports.messages, &*ports.clock);
    let has_time = || clock.now() + ENDING <= until;
    let (mut swept, mut failures) = (Swept::default(), 0);
    // Some are named again: those that somebody drives, and by a store that lags.
    let mut seen = BTreeSet::new();
    while has_time() && failures < PATIENCE.0 {
        let overdue = own::overdue(store, clock.now(), seen.len() + PAGE);
        let page = match clock.answered(overdue).await {
            Ok(page) => page,
            Err(error) => {
                failures += 1;
                swept = swept + Swept::trouble("overdue", &error);
                clock.sleep(PATIENCE.1).await;
                continue;
            }
        };
        failures = 0;
        let new = page.into_iter().filter(|turn| seen.insert(turn.clone()));
        let new: Vec<_> = new.collect();
        if new.is_empty() {
            break;
        }
        for turn in new.iter().take_while(|_| has_time()) {
            match reap(store, clock, turn).await {
                Ok(Found::Ended) => swept.turns += 1,
                Ok(Found::Running | Found::Over) => {}
                Err(error) => swept = swept + Swept::trouble("turn", &error),
            }
        }
    }
    swept
}

/// Tries jobs that are due, each claimed as soon as there is room for its try.
async fn try_jobs(shift: Shift<'_>) -> Swept {
    let claims = stream::unfold(0, move |failures| async move {
        if failures == PATIENCE.0 {
            return None;
        }
        match shift.claim(&JobsOf::Anyone).await {
            Ok(job) => job.map(|job| (Ok(job), 0)),
            Err(error) => {
                shift.ports.clock.sleep(PATIENCE.1).await;
                Some((Err(Swept::trouble("claim", &error)), failures + 1))
            }
        }
    });
    let tries = claims.map(|claimed| async move {
        match claimed {
            Ok(job) => try_one(shift, job).await,
            Err(trouble) => trouble,
        }
    });
    // Boxed, since the compiler loses sight of the lifetimes in there.
    let tries = tries.buffer_unordered(AT_ONCE).boxed();
    tries
        .fold(Swept::default(), |sum, one| async move { sum + one })
        .await
}

async fn try_one(shift: Shift<'_>, job: Job) -> Swept {
    let turn = job.turn.clone();
    let settled = shift.attempt(job).await;
    settle_if_over(shift.ports, shift.prices, [&turn]).await;
    match settled {
        Ok(outcome) => Swept::from(&outcome),
        Err(error) => Swept::trouble("settle_job", &error),
    }
}
