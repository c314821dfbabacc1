//! Does the work that turns leave behind.

mod memory;
mod summary;
mod workout;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use domain::call::{CallKind, CallOutcome};
use domain::job::ATTEMPTS;
use domain::prompt::Extraction;
use domain::{
    Fault, Job, JobKind, Opening, Outcome, Prices, RouterDecision, Timestamp, Tries, TurnKey,
    UserScope,
};
use futures::future::FutureExt;
use tracing::{error, info, warn};

use crate::application::forget::take_back;
use crate::application::holds::settle_if_over;
use crate::application::own;
use crate::{
    Bill, JobsOf, ModelCall, PortError, Ports, RecordKey, Result, TurnState, Watch, answer, charge,
    opening,
};

/// How long a claimed job is left to whoever has claimed it.
const CLAIM: Duration = Duration::from_secs(60);

/// How long a try may take: what settles it must come while the claim still holds.
const TRY: Duration = Duration::from_secs(50);

/// How long a job's model may take.
const ANSWER: Duration = Duration::from_secs(30);

/// How many tries of a turn's own jobs are made at once.
const OWN: usize = 8;

/// How many jobs of earlier turns a turn takes on.
const LEFT_OVER: usize = 3;

/// The least pause between two tries, should a store say that one is due at once.
const PACE: Duration = Duration::from_millis(100);

/// How long to wait before a store is asked again that could not say which jobs are left.
const AGAIN: Duration = Duration::from_secs(2);

/// Why a job is dead whose message cannot be read.
const UNREADABLE: &str = "its message cannot be read";

/// Does the work that turns leave behind: with what, told to whom, and for how long.
#[derive(Clone, Copy)]
pub struct Shift<'a> {
    /// The world.
    pub ports: &'a Ports,
    /// What models cost, for what turns have reserved of their user's money.
    pub prices: &'a Prices,
    /// Who hears of every try.
    pub watch: &'a dyn Watch,
    /// When its process may be frozen or ended, if that is known: no job is claimed of which a try
    /// might not come to its end before.
    pub until: Option<Timestamp>,
}

impl Shift<'_> {
    /// Tries the jobs of a turn that has ended, and then a few that earlier turns of the same user
    /// have left over. Returns when one of the turn's own is to be tried again, if one is.
    ///
    /// What an earlier turn holds is settled with its last job; what this one holds, its caller
    /// knows.
    pub async fn work_off(&self, turn: &TurnKey) -> Option<Timestamp> {
        let own = JobsOf::Turn(turn.clone());
        let users = JobsOf::User(turn.conversation.user.clone());
        self.claim_and_try(&own, OWN).await;
        let mut earlier = self.claim_and_try(&users, LEFT_OVER).await;
        earlier.remove(turn);
        settle_if_over(self.ports, self.prices, &earlier).await;
        let clock = &*self.ports.clock;
        let left = own::jobs(&*self.ports.messages, &own);
        let Ok(jobs) = clock.answered(left).await else {
            return Some(clock.now() + AGAIN);
        };
        jobs.iter().filter_map(|job| job.state.due()).min()
    }

    /// Works off the jobs of a turn until each is done, refused or dead, or the store could not say
    /// for so long that others will have to go on.
    pub async fn see_through(&self, turn: &TurnKey) {
        let clock = &*self.ports.clock;
        let give_up = clock.now() + CLAIM * ATTEMPTS;
        while let Some(at) = self.work_off(turn).await {
            let at = at.max(clock.now() + PACE);
            if at >= give_up || !has_time(self.until, at) {
                return;
            }
            clock.sleep_until(at).await;
        }
    }

    /// Claims one job and tries it before the next is claimed: a claim must not run out while its
    /// job waits for others. The turns whose jobs were tried.
    async fn claim_and_try(&self, of: &JobsOf, most: usize) -> BTreeSet<TurnKey> {
        let mut tried = BTreeSet::new();
        for _ in 0..most {
            let Ok(Some(job)) = self.claim(of).await else {
                break;
            };
            tried.insert(job.turn.clone());
            // One that could not be noted is claimed again, by whoever comes once this claim ends.
            _ = self.attempt(job).await;
        }
        tried
    }

    /// Claims a job, if one is due and there is time for a try.
    pub(crate) async fn claim(&self, of: &JobsOf) -> Result<Option<Job>> {
        let now = self.ports.clock.now();
        if !has_time(self.until, now) {
            return Ok(None);
        }
        let claim = own::claim_jobs(&*self.ports.messages, of, now, now + CLAIM, 1);
        let claimed = self.ports.clock.answered(claim).await?;
        Ok(claimed.into_iter().next())
    }

    /// Tries a claimed job once, and notes what came of it. Returns that, or why it could not be
    /// noted.
    pub(crate) async fn attempt(&self, mut job: Job) -> Result<Outcome> {
        let ports = self.ports;
        let bill = Bill::new(&ports.clock);
        let tried = if job.attempts > ATTEMPTS {
            // No try has lived to tell what came of it, or the answer to its claim was lost.
            Err(Failed::Unsettled)
        } else {
            guarded(ports, &job, &bill).await
        };
        // An outcome has no room for why it failed: that is for the log alone.
        let (outcome, failed) = match tried {
            Ok(outcome) => (outcome, None),
            Err(failed) => (
                Outcome::after(&failed, job.attempts, ports.clock.now()),
                Some(failed),
            ),
        };
        tell(&job, &outcome, failed.as_ref());
        let calls = bill.calls();
        job.calls.extend_from_slice(&calls);
        self.watch.settled(&job, &outcome);
        // Not repeated: the claim runs out, and the next try finds what this one has done.
        let noting = ports.messages.settle_job(&job, &outcome);
        let noted = ports.clock.answered(noting).await;
        if let Err(error) = &noted {
            let (turn, kind) = (&job.turn.turn, job.kind);
            let error = error as &dyn Error;
            warn!(%turn, ?kind, error, "a job's outcome could not be noted");
        }
        charge(ports, &job.turn.conversation.user, &calls).await;
        noted.map(|()| outcome)
    }
}

/// Returns whether a try that begins at this time comes to its end, and is noted and charged,
/// before a process may be frozen.
pub(crate) fn has_time(until: Option<Timestamp>, at: Timestamp) -> bool {
    until.is_none_or(|until| at + CLAIM <= until)
}

/// Runs a try within its time; one that panics has failed like any other.
async fn guarded(ports: &Ports, job: &Job, bill: &Bill) -> Tried {
    let trying = ports.clock.within(TRY, run(ports, job, bill));
    match AssertUnwindSafe(trying).catch_unwind().await {
        Ok(Some(tried)) => tried,
        Ok(None) => Err(Failed::timed_out("jobs")),
        Err(_) => Err(Failed::Panicked),
    }
}

async fn run(ports: &Ports, job: &Job, bill: &Bill) -> Tried {
    let found = ports
        .clock
        .answered(opening(&*ports.messages, &job.turn))
        .await?;
    let Some((opening, record)) = found else {
        return without_turn(ports, job).await;
    };
    let (route, decided_at) = match record.state {
        TurnState::Ended(closing) => (closing.report.route.clone(), closing.at),
        TurnState::Running { .. } => (None, Timestamp::default()),
    };
    let mut work = Work {
        ports,
        opening,
        route,
        decided_at,
        attempts: job.attempts,
        bill,
    };
    match job.kind {
        JobKind::Workout => workout::log(&mut work).await,
        JobKind::Memory => memory::save(&mut work).await,
        JobKind::Forget => memory::erase(&work).await,
        JobKind::Summary => summary::renew(&mut work).await,
    }
}

/// Says what becomes of a job whose turn cannot be read any more.
async fn without_turn(ports: &Ports, job: &Job) -> Tried {
    let conversation = &job.turn.conversation;
    let found = own::conversation(&*ports.messages, conversation);
    if ports.clock.answered(found).await?.is_some() {
        return Ok(Outcome::Dead("its turn is no longer kept".to_owned()));
    }
    // An earlier try may have stored one after the conversation was deleted.
    if job.kind == JobKind::Summary {
        take_back(ports, &RecordKey::summary_of(conversation)).await?;
    }
    Ok(Outcome::Refused("the conversation was deleted".to_owned()))
}

/// Logs one line for each try: why it is to be made again, or was the last.
fn tell(job: &Job, outcome: &Outcome, failed: Option<&Failed>) {
    let (turn, kind, attempts) = (&job.turn.turn, job.kind, job.attempts);
    let error = failed.map(|failed| failed as &dyn Error);
    match outcome {
        Outcome::Done(_) => info!(%turn, ?kind, attempts, outcome = "done", "job"),
        Outcome::Refused(_) => info!(%turn, ?kind, attempts, outcome = "refused", "job"),
        Outcome::Again(_) => warn!(%turn, ?kind, attempts, error, outcome = "again", "job"),
        Outcome::Dead(reason) => {
            error!(%turn, ?kind, attempts, reason, error, outcome = "dead", "job");
        }
    }
}

/// What came of a try: an outcome, or why another one is needed.
type Tried = Result<Outcome, Failed>;

/// Why a try has come to nothing. Waiting counts, too: nothing waits for ever.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("{}", .0.fault)]
    At(#[from] PortError),
    #[error("the model's answer could not be used: {0}")]
    Malformed(String),
    #[error("{0}")]
    Waits(&'static str),
    #[error("it panicked")]
    Panicked,
    #[error("no try of it came to an end")]
    Unsettled,
}

impl Failed {
    fn timed_out(what: &'static str) -> Self {
        Self::At(PortError::new(what, Fault::TimedOut))
    }
}

/// What a job works with.
struct Work<'a> {
    ports: &'a Ports,
    opening: Opening,
    route: Option<RouterDecision>,
    /// When that was told.
    decided_at: Timestamp,
    /// Which try this is.
    attempts: u32,
    /// The model calls of this try; kept outside of it, since they are paid for also if it panics.
    bill: &'a Bill,
}

/// Why the answer of a model is of no use.
enum Useless {
    /// It is not the form that was asked for, for this reason, which holds no word of it.
    Malformed(String),
    /// It is, and says why there is nothing to do.
    Refused(String),
}

impl Work<'_> {
    fn owner(&self) -> &UserScope {
        &self.opening.turn.conversation.user
    }

    /// Returns whether one of these jobs is of a turn that stands at `place` to this one in the
    /// conversation. Compares the numbers of their messages: ids are by the clocks of many
    /// processes.
    async fn has_one(&self, place: Ordering, jobs: impl Iterator<Item = &Job>) -> Result<bool> {
        let number = self.opening.user_message.number;
        for job in jobs {
            let found = own::turn(&*self.ports.messages, &job.turn, usize::MAX);
            let found = self.ports.clock.answered(found).await?;
            if found.is_some_and(|(record, _)| record.number.cmp(&number) == place) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Lets the small model fill in a form, and notes what that cost. Returns what `check` has made
    /// of it, or why there is nothing to do.
    async fn ask<T>(
        &mut self,
        kind: CallKind,
        form: Extraction,
        check: impl FnOnce(&str) -> Result<T, Useless>,
    ) -> Result<Result<T, String>, Failed> {
        let clock = &*self.ports.clock;
        let prompt_tokens = form.prompt.estimated_tokens();
        let call = ModelCall::question(form);
        let item = self.bill.open(kind, prompt_tokens);
        let mut tries = Tries::default();
        let asked = answer(&*self.ports.llm, call, &mut tries);
        let answer = match clock.within(ANSWER, asked).await {
            Some(answer) => answer,
            None => Err(PortError::new("llm", Fault::TimedOut)),
        };
        let usage = match &answer {
            Ok((_, usage)) => Some(usage.clone()),
            Err(_) => None,
        };
        item.costs(tries.asked, tries.cost(usage, prompt_tokens, 0));
        let (result, outcome) = match answer.map(|(text, _)| check(&text)) {
            Ok(Ok(checked)) => (Ok(Ok(checked)), CallOutcome::Ok),
            Ok(Err(Useless::Refused(reason))) => (Ok(Err(reason)), CallOutcome::Ok),
            Ok(Err(Useless::Malformed(reason))) => {
                (Err(Failed::Malformed(reason)), CallOutcome::Malformed)
            }
            Err(error) => {
                let outcome = CallOutcome::Failed(error.fault);
                (Err(error.into()), outcome)
            }
        };
        item.close(outcome, None);
        result
    }
}
