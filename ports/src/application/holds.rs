//! What a turn has spent in the end of what it had reserved.

use std::error::Error;
use std::time::Duration;

use domain::call::CallRecord;
use domain::price::Tokens;
use domain::{Ending, Prices, TurnError, TurnKey};
use tracing::warn;

use crate::application::own;
use crate::{Allowance, JobsOf, Ports, Result, TurnState};

/// How long a store that does not answer is asked to settle, and how often.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(8), Duration::from_millis(100));

/// Settles what these turns hold, each once neither it nor a job of it can spend any more.
///
/// Whoever did the last job asks for it, in whatever process; all come to the same sums, and the
/// first of them counts. If the store does not answer, the turn goes on counting as it was
/// reserved, until its end.
pub(crate) async fn settle_if_over(
    ports: &Ports,
    prices: &Prices,
    turns: impl IntoIterator<Item = &TurnKey>,
) {
    // One for all of them: most turns hold nothing any more, and somebody waits for this.
    let give_up = ports.clock.now() + PATIENCE.0;
    for turn in turns {
        while let Err(error) = try_to_settle(ports, prices, turn).await {
            if ports.clock.now() >= give_up {
                let (turn, error) = (&turn.turn, &error as &dyn Error);
                warn!(%turn, error, "what a turn holds could not be settled");
                break;
            }
            ports.clock.sleep(PATIENCE.1).await;
        }
    }
}

async fn try_to_settle(ports: &Ports, prices: &Prices, turn: &TurnKey) -> Result<()> {
    let (store, clock) = (&*ports.messages, &*ports.clock);
    let Some((record, _)) = clock.answered(own::turn(store, turn, usize::MAX)).await? else {
        return Ok(());
    };
    let TurnState::Ended(closing) = record.state else {
        return Ok(());
    };
    // Whoever ended it for its holder, or after a panic, does not know what had been spent by then.
    if let Ending::Failed(TurnError::ProducerLost | TurnError::Internal) = closing.ending {
        return Ok(());
    }
    let of = JobsOf::Turn(turn.clone());
    let jobs = clock.answered(own::jobs(store, &of)).await?;
    if jobs.iter().any(|job| job.state.due().is_some()) {
        return Ok(());
    }
    let of_jobs = jobs.iter().flat_map(|job| &job.calls);
    let calls: Vec<&CallRecord> = closing.report.calls.iter().chain(of_jobs).collect();
    let spent = spent(&calls, prices);
    clock.answered(store.settle_hold(turn, &spent)).await
}

/// What model calls have used up of each allowance. What has no price is not free: then it is not
/// known what they have cost, and the reserve stays.
fn spent(calls: &[&CallRecord], prices: &Prices) -> Vec<(Allowance, u64)> {
    let used = || calls.iter().map(|call| Tokens::from(&call.usage));
    let tokens = used().map(Tokens::sum).fold(0, u64::saturating_add);
    let money = match prices.cost(used()) {
        Some(cost) => (!cost.partial).then(|| cost.millionths()),
        None => (tokens == 0).then_some(0),
    };
    let money = money.map(|money| (Allowance::Money, money));
    [(Allowance::Tokens, tokens)]
        .into_iter()
        .chain(money)
        .collect()
}
