//! Checkpoints: what they allow to be told, and what is owed without them.

use domain::{Effect, Heard, Input, Output, TurnEvent};

use super::{Case, Verdict, check, places, reply_from, reply_of};
use crate::world::play::{At, Stimulus};

pub(super) fn what_is_kept_is_told_at_once(case: &Case<'_>) -> Verdict {
    let (mut told, mut is_lost) = (0, false);
    for (before, step) in places(&case.trace.steps) {
        told += step.told().count();
        is_lost |= step.loses_lease(before);
        let waits = step.at == At::Running && told < step.kept;
        check(!waits || is_lost, || {
            format!("{} events are kept and {told} told", step.kept)
        })?;
    }
    Ok(())
}

pub(super) fn who_lost_the_lease_is_silent(case: &Case<'_>) -> Verdict {
    let mut is_lost = false;
    for (before, step) in places(&case.trace.steps) {
        let loses = step.loses_lease(before);
        let hangs_up = |output: &Output| loses && *output == Output::Perform(Effect::StopReply);
        is_lost |= loses;
        check(!is_lost || step.outputs.iter().all(hangs_up), || {
            format!("{:?}", step.outputs)
        })?;
        check(!is_lost || step.at == At::Over, || "it goes on".to_owned())?;
    }
    Ok(())
}

pub(super) fn nothing_is_told_while_finishing(case: &Case<'_>) -> Verdict {
    let mut is_finishing = false;
    for step in case.steps() {
        if step.given() == Some(&Input::Finished(Ok(()))) {
            is_finishing = false;
        }
        for output in &step.outputs {
            match output {
                Output::Perform(Effect::Finish(_)) => is_finishing = true,
                Output::Perform(effect) => {
                    check(!is_finishing, || format!("{effect:?} is performed"))?
                }
                Output::Tell(event) => check(!is_finishing, || format!("{event:?} is told"))?,
            }
        }
    }
    Ok(())
}

pub(super) fn a_checkpoint_is_under_way_or_due(case: &Case<'_>) -> Verdict {
    let Some(began) = case.trace.steps.first() else {
        return Ok(());
    };
    let limits = &case.script.limits;
    let mut told: Vec<&TurnEvent> = Vec::new();
    let (mut is_under_way, mut since, mut covered) = (false, began.now, 0);
    for step in case.steps() {
        if let Some(Input::Checkpointed(_)) = step.given() {
            (is_under_way, since) = (false, step.now);
        }
        for output in &step.outputs {
            match output {
                Output::Perform(Effect::Checkpoint(from, events)) => {
                    check(!is_under_way, || "two are under way".to_owned())?;
                    (is_under_way, covered) = (true, from + events.len());
                }
                Output::Perform(_) => {}
                Output::Tell(event) => told.push(event),
            }
        }
        if step.at == At::Running && !is_under_way && step.stimulus != Stimulus::Began {
            let due = since + limits.checkpoint;
            check(step.alarm.is_some_and(|alarm| alarm <= due), || {
                format!("none is due by {due}")
            })?;
            check(step.now < due, || {
                format!("one was due by {due}, and it is {}", step.now)
            })?;
            let waiting = bytes_from(&told, covered);
            check(waiting < limits.checkpoint_bytes, || {
                format!("{waiting} bytes wait for one")
            })?;
        }
    }
    Ok(())
}

pub(super) fn told_text_is_not_far_ahead(case: &Case<'_>) -> Verdict {
    let window = case.script.limits.window;
    let mut told: Vec<&TurnEvent> = Vec::new();
    let mut heard = String::new();
    for step in case.steps() {
        for event in step.told() {
            told.push(event);
            let ahead = bytes_from(&told, step.kept);
            check(ahead <= window, || {
                format!("{ahead} bytes are told and not kept")
            })?;
        }
        if step.at != At::Running {
            break;
        }
        // The other way round: what fits is not held back.
        if let Some(Input::Heard(_, Heard::Delta(text))) = step.given() {
            heard.push_str(text);
        }
        if step
            .performed()
            .any(|effect| matches!(effect, Effect::Reply(..)))
        {
            heard.clear();
        }
        let due = reply_from(&heard, case.script.limits.reply_bytes).len();
        let hidden = due - reply_of(told.iter().copied()).len().min(due);
        let ahead = bytes_from(&told, step.kept);
        check(hidden == 0 || ahead + hidden > window, || {
            format!("{hidden} bytes fit and are held back")
        })?;
    }
    Ok(())
}

/// The bytes of the events from this number on.
fn bytes_from(events: &[&TurnEvent], from: usize) -> usize {
    events
        .get(from..)
        .unwrap_or_default()
        .iter()
        .map(|event| event.text_len())
        .sum()
}
