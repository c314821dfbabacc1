use std::sync::Arc;
use std::time::Duration;

use domain::{Closing, Ending, Fault, Finish, Report, Timestamp, TurnId, TurnKey, TurnError};

use crate::{Admission, Admitted, Begun, Clock, MessageStore, Result, TurnState, Writer};

/// How long past its lease a turn is left alone, for clocks that differ.
pub const GRACE: Duration = Duration::from_secs(5);

/// How long an admission without an answer is repeated.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a turn that was asked to stop is waited for.
const INTERRUPT: Duration = Duration::from_secs(3);

/// What to do when the conversation is busy with another turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfBusy {
    /// Say so.
    Reject,
    /// Ask it to stop, and wait for that a little.
    Interrupt,
}

/// What a request led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admitting {
    /// Its own turn, to be driven by the caller.
    Begin(Begun),
    /// A turn that is, or was, driven by another: to be followed.
    Follow(TurnId),
}

/// Why a request led to nothing. Nothing was kept, and nothing was spent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "`MessageStore::admit` says each")]
pub enum Refusal {
    UnknownConversation,
    Mismatch,
    Busy(TurnId),
    OverLimit,
    Store(Fault),
}

/// Admits a request, or says whom to follow, or why not.
///
/// An admission that got no answer may have been made: the same is asked again, for two seconds. A
/// turn in the way whose holder is gone is ended first.
pub async fn admit(
    store: &dyn MessageStore,
    clock: &dyn Clock,
    admission: &Admission,
    if_busy: IfBusy,
) -> Result<Admitting, Refusal> {
    let patience = match if_busy {
        IfBusy::Reject => PATIENCE,
        IfBusy::Interrupt => INTERRUPT,
    };
    let until = clock.now() + patience;
    loop {
        let answer = match clock.within(PATIENCE, store.admit(admission)).await {
            Some(Ok(answer)) => answer,
            Some(Err(error)) if clock.now() >= until => return Err(unavailable(error)),
            None if clock.now() >= until => return Err(Refusal::Store(Fault::TimedOut)),
            Some(Err(_)) | None => {
                clock.sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let busy = match answer {
            Admitted::New(begun) => return Ok(Admitting::Begin(begun)),
            Admitted::Existing(turn) => return Ok(Admitting::Follow(turn)),
            Admitted::Mismatch => return Err(Refusal::Mismatch),
            Admitted::OverLimit => return Err(Refusal::OverLimit),
            Admitted::Unknown => return Err(Refusal::UnknownConversation),
            Admitted::Busy(turn) => TurnKey { turn, ..admission.turn.clone() },
        };
        if end_if_abandoned(store, clock, &busy).await.map_err(unavailable)? {
            continue;
        }
        if if_busy == IfBusy::Reject || clock.now() >= until {
            return Err(Refusal::Busy(busy.turn));
        }
        store.ask_stop(&busy).await.map_err(unavailable)?;
        clock.sleep(Duration::from_millis(100)).await;
    }
}

/// Ends a turn whose holder let its lease run out. Whether it has ended, now or before.
pub async fn end_if_abandoned(store: &dyn MessageStore, clock: &dyn Clock, turn: &TurnKey) -> Result<bool> {
    let Some((record, events)) = store.turn(turn, 0).await? else {
        return Ok(true);
    };
    let (fence, lease_until) = match record.state {
        TurnState::Ended(_) => return Ok(true),
        TurnState::Running { lease_until, .. } if clock.now() <= lease_until + GRACE => return Ok(false),
        TurnState::Running { fence, lease_until } => (fence, lease_until),
    };
    let finish = failed(TurnError::ProducerLost, events, clock.now());
    store.finish(turn, Writer::Reaper { fence, lease_until }, &finish).await?;
    Ok(true)
}

/// The finishing write of a turn that nobody drives to its end.
pub(crate) fn failed(error: TurnError, events: Vec<domain::TurnEvent>, at: Timestamp) -> Finish {
    let closing = Closing { ending: Ending::Failed(error), jobs: Vec::new(), report: Report::default() };
    Finish { closing: Arc::new(closing), events, title: None, at }
}

fn unavailable(error: crate::PortError) -> Refusal {
    Refusal::Store(error.fault)
}
