use std::time::Duration;

use domain::{
    Closing, Ending, Fault, Finish, ReplyPlace, Report, Timestamp, TurnError, TurnEvent, TurnId,
    TurnKey,
};

use crate::application::own;
use crate::{
    Admission, Admitted, Allowance, Begun, Clock, MessageStore, Result, TurnRecord, TurnState,
    Writer, Written,
};

/// How long a turn is left alone after its lease, because the clocks of two processes differ.
pub const GRACE: Duration = Duration::from_secs(5);

/// For how long an admission that gets no answer is repeated.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often a store is asked again.
const PACE: Duration = Duration::from_millis(100);

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
pub enum Refusal {
    /// There is no such conversation.
    UnknownConversation,
    /// Its key was used for another request.
    Mismatch,
    /// This turn of the conversation has not ended.
    Busy(TurnId),
    /// The user has no room for what the turn would hold, of this allowance and until then.
    OverLimit { of: Allowance, until: Timestamp },
    /// The store could not say, or could not write.
    Store(Fault),
}

/// Admits a request; returns which turn to follow if one is there already, or why there is none.
///
/// Repeats an admission that got no answer for two seconds, since it may have been made. Ends a
/// turn that is in the way and whose holder is gone.
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
    // The same admission each time: one that was made although its answer was lost is answered as
    // new again, and so begins its turn once.
    loop {
        let answer = match clock.answered(store.admit(admission)).await {
            Ok(answer) => answer,
            Err(error) if clock.now() >= until => return Err(unavailable(error)),
            Err(_) => {
                clock.sleep(PACE).await;
                continue;
            }
        };
        let busy = match answer {
            Admitted::New(begun) => return Ok(Admitting::Begin(begun)),
            Admitted::Existing(turn) => return Ok(Admitting::Follow(turn)),
            Admitted::Mismatch => return Err(Refusal::Mismatch),
            Admitted::OverLimit { of, until } => return Err(Refusal::OverLimit { of, until }),
            Admitted::Unknown => return Err(Refusal::UnknownConversation),
            Admitted::Busy(turn) => TurnKey {
                turn,
                ..admission.turn.clone()
            },
        };
        // Before anything is refused: nobody else may come to end a turn whose process has died.
        let has_ended = end_if_abandoned(store, clock, &busy)
            .await
            .map_err(unavailable)?;
        if has_ended && clock.now() < until {
            // A moment passes even if nothing else waits: else a store that goes on naming an ended
            // turn would be asked for ever at one moment of a virtual clock.
            clock.sleep(Duration::from_millis(1)).await;
            continue;
        }
        if if_busy == IfBusy::Reject || clock.now() >= until {
            return Err(Refusal::Busy(busy.turn));
        }
        // Asked each time round: it may be another turn by now that is in the way.
        clock
            .answered(store.ask_stop(&busy))
            .await
            .map_err(unavailable)?;
        clock.sleep(PACE).await;
    }
}

/// Returns whether the holder of a turn is gone for certain, or has let its lease run out.
pub(crate) fn is_abandoned(record: &TurnRecord, clock: &dyn Clock) -> bool {
    let TurnState::Running { lease_until, .. } = record.state else {
        return false;
    };
    record.is_holder_gone || clock.now() > lease_until + GRACE
}

/// Ends a turn whose holder is gone for certain, or let its lease run out. Whether it has ended,
/// now or before.
pub async fn end_if_abandoned(
    store: &dyn MessageStore,
    clock: &dyn Clock,
    turn: &TurnKey,
) -> Result<bool> {
    Ok(reap(store, clock, turn).await? != Found::Running)
}

/// How a turn was found that perhaps nobody drives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Its holder drives it.
    Running,
    /// It had ended, or was deleted.
    Over,
    /// Nobody drove it, and it was ended now.
    Ended,
}

/// Ends a turn whose holder is gone for certain, or let its lease run out.
pub(crate) async fn reap(
    store: &dyn MessageStore,
    clock: &dyn Clock,
    turn: &TurnKey,
) -> Result<Found> {
    loop {
        // Without its events: most turns that are looked at are not abandoned.
        let Some((record, _)) = clock.answered(own::turn(store, turn, usize::MAX)).await? else {
            return Ok(Found::Over);
        };
        let writer = match record.state {
            TurnState::Ended(_) => return Ok(Found::Over),
            TurnState::Running { .. } if !is_abandoned(&record, clock) => {
                return Ok(Found::Running);
            }
            TurnState::Running { fence, lease_until } => Writer::Reaper { fence, lease_until },
        };
        let Some((record, events)) = clock.answered(own::turn(store, turn, 0)).await? else {
            return Ok(Found::Over);
        };
        // By the lease that was judged, not the one that was just read: whoever has renewed it
        // meanwhile lives, and the store refuses this.
        let finish = failed(record.place(), TurnError::ProducerLost, events, clock.now());
        // Refused: its holder lives after all, or another reader was faster. Look again.
        if let Written::Done(()) = clock.answered(store.finish(turn, writer, &finish)).await? {
            return Ok(Found::Ended);
        }
    }
}

/// Makes the finishing write of a turn that nobody drives to its end. Its ending is never event 0:
/// every client has been told that the turn began, also when that was not kept.
pub(crate) fn failed(
    place: ReplyPlace,
    error: TurnError,
    mut events: Vec<TurnEvent>,
    at: Timestamp,
) -> Finish {
    if events.is_empty() {
        events.push(TurnEvent::Started);
    }
    let closing = Closing {
        ending: Ending::Failed(error),
        at,
        jobs: Vec::new(),
        report: Report::default(),
    };
    Finish::of(place, closing, events, None)
}

fn unavailable(error: crate::PortError) -> Refusal {
    Refusal::Store(error.fault)
}
