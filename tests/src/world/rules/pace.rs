//! Attempts, alarms, and the ways to an end.

use std::time::Duration;

use domain::{Delivery, Effect, Fault, Input, Kept, Limits, Output, Prompt, StopReason, Tier, Timestamp, TurnEvent};

use super::{Case, Verdict, check, places, reply_from};
use crate::world::play::{At, Step, Stimulus};

pub(super) fn a_reply_is_asked_for_again_only_before_a_word(case: &Case<'_>) -> Verdict {
    let limits = &case.script.limits;
    let mut attempt: u32 = 0;
    let mut heard = String::new();
    let mut failed: Option<(Timestamp, Fault)> = None;
    let mut latest: Option<&Prompt> = None;
    let mut is_open = false;
    for step in case.steps() {
        if let Some(Input::Delta(text)) = step.given() {
            heard.push_str(text);
        }
        if is_open && let Some(fault) = failure(step) {
            failed = Some((step.now, fault));
            is_open = false;
        }
        for effect in step.performed() {
            let Effect::Reply(prompt, tier, delivery) = effect else { continue };
            check(attempt < limits.attempts, || "once too often".to_owned())?;
            let has_word = !reply_from(&heard, limits.reply_bytes).is_empty();
            check(!has_word, || "although a word was heard".to_owned())?;
            heard.clear();
            let second = attempt == 1 && limits.second_model;
            let last = attempt > 0 && attempt + 1 == limits.attempts;
            let expected = (
                if second { Tier::SecondReply } else { Tier::Reply },
                if last { Delivery::Whole } else { limits.delivery },
            );
            check((*tier, *delivery) == expected, || format!("attempt {attempt} is {tier:?}, {delivery:?}"))?;
            if let Some(latest) = latest {
                let Some((at, fault)) = failed else {
                    return Err("although none has failed".to_owned());
                };
                let pause = step.now.since(at).as_millis();
                check(pause >= 200 << attempt, || format!("after {pause} ms"))?;
                check(fault != Fault::Rejected, || "although it was refused".to_owned())?;
                let is_shorter = prompt.messages.len() < latest.messages.len();
                check(is_shorter == (fault == Fault::TooLong), || format!("with another prompt after {fault:?}"))?;
                check(is_shorter || prompt == latest, || "with another prompt".to_owned())?;
            }
            latest = Some(prompt);
            attempt += 1;
            is_open = true;
        }
        if let (At::Running, false, Some((at, _))) = (step.at, is_open, failed) {
            let again = at + Duration::from_millis((200 << attempt) + 100);
            check(step.alarm.is_some_and(|alarm| alarm <= again), || format!("it is not asked again by {again}"))?;
        }
    }
    Ok(())
}

/// How a reply fails in this step, if one does before its first word.
fn failure(step: &Step) -> Option<Fault> {
    let hangs_up = step.performed().any(|effect| matches!(effect, Effect::StopReply));
    match step.given() {
        Some(Input::ReplyFailed(fault)) => Some(*fault),
        Some(Input::ReplyEnded(StopReason::Filtered, _)) => Some(Fault::Rejected),
        Some(Input::ReplyEnded(..)) => Some(Fault::Truncated),
        Some(_) => hangs_up.then_some(Fault::Truncated),
        None => hangs_up.then_some(Fault::TimedOut),
    }
}

pub(super) fn a_request_to_stop_is_obeyed_at_once(case: &Case<'_>) -> Verdict {
    for (before, step) in places(&case.trace.steps) {
        let is_asked = match step.given() {
            Some(Input::StopAsked) => true,
            Some(Input::Checkpointed(Ok(Kept { stop_asked }))) => *stop_asked,
            _ => false,
        };
        check(!is_asked || before != At::Running || step.finishes(), || "it goes on".to_owned())?;
    }
    Ok(())
}

pub(super) fn a_turn_ends_in_time(case: &Case<'_>) -> Verdict {
    let limits = &case.script.limits;
    check(!case.trace.is_stuck, || "it waits for ever".to_owned())?;
    let mut give_up: Option<Timestamp> = None;
    let (mut is_lost, mut is_ended) = (false, false);
    let mut patience = Patience::new(case);
    for (before, step) in places(&case.trace.steps) {
        let (now, woke) = (step.now, step.stimulus == Stimulus::Woke);
        if step.finishes() {
            give_up = give_up.or(Some(now + limits.save));
        }
        is_lost |= step.loses_lease(before);
        is_ended |= step.told().any(|event| matches!(event, TurnEvent::Ended(_)));
        patience.see(step);
        let Patience { silent, deadline, .. } = patience;
        match step.at {
            At::Running => {
                let alarm = step.alarm.unwrap_or(Timestamp(u64::MAX));
                check(alarm <= deadline, || format!("the alarm at {alarm} is after the deadline"))?;
                check(!woke || now < deadline, || format!("it is {now}, after the deadline, and it goes on"))?;
                check(silent.is_none_or(|silent| alarm <= silent), || "a silent model is not given up".to_owned())?;
            }
            At::Finishing => {
                check(step.alarm <= give_up && step.alarm.is_some(), || "it does not give up".to_owned())?;
                check(!woke || give_up > Some(now), || format!("it is {now}, and it does not give up"))?;
            }
            At::Over => {
                check(step.alarm.is_none(), || "it is over and has an alarm".to_owned())?;
                let gave_up = before == At::Over || woke && give_up <= Some(now);
                check(is_ended || is_lost || gave_up, || "it gives up too early".to_owned())?;
            }
        }
    }
    Ok(())
}

/// How long the reply that is open may go on saying nothing.
#[derive(Clone, Copy)]
struct Patience<'a> {
    limits: &'a Limits,
    deadline: Timestamp,
    /// How many replies were asked for.
    attempts: u32,
    /// When the open reply has been silent for too long; none while none is open.
    silent: Option<Timestamp>,
}

impl<'a> Patience<'a> {
    fn new(case: &Case<'a>) -> Self {
        Self { limits: &case.script.limits, deadline: case.script.deadline, attempts: 0, silent: None }
    }

    fn see(&mut self, step: &Step) {
        match step.given() {
            Some(Input::Delta(_)) if self.silent.is_some() => {
                self.silent = Some(step.now + self.limits.silence);
            }
            Some(Input::ReplyEnded(..) | Input::ReplyFailed(_)) => self.silent = None,
            Some(Input::HurryUp(earlier)) => self.deadline = self.deadline.min(*earlier),
            _ => {}
        }
        for effect in step.performed() {
            match effect {
                Effect::Reply(_, _, delivery) => {
                    self.attempts += 1;
                    self.silent = Some(self.first_by(*delivery, step.now));
                }
                Effect::StopReply => self.silent = None,
                Effect::Load | Effect::Route(_) | Effect::Gather | Effect::Checkpoint(..) | Effect::Finish(_) => {}
            }
        }
    }

    /// The last attempt has until a second before the deadline, unless that has passed already.
    fn first_by(&self, delivery: Delivery, now: Timestamp) -> Timestamp {
        let by = match delivery {
            Delivery::Streamed => now + self.limits.first_word,
            Delivery::Whole => now + self.limits.whole,
        };
        let last_moment = Timestamp(self.deadline.0.saturating_sub(1_000));
        let is_capped = self.attempts == self.limits.attempts && last_moment > now;
        if is_capped { by.min(last_moment) } else { by }
    }
}

pub(super) fn every_alarm_does_something(case: &Case<'_>) -> Verdict {
    let mut alarm = None;
    for step in case.steps() {
        match step.stimulus {
            Stimulus::Woke => {
                check(!step.outputs.is_empty() || step.at == At::Over, || "one does nothing".to_owned())?;
                check(step.alarm.is_none_or(|next| next > step.now), || "one is due again at once".to_owned())?;
            }
            Stimulus::WokeEarly => {
                check(step.outputs.is_empty(), || format!("too early, and yet {:?}", step.outputs))?;
                check(step.alarm == alarm, || "too early, and yet the alarm has moved".to_owned())?;
            }
            Stimulus::Began | Stimulus::Given(_) | Stimulus::Echoed(_) => {}
        }
        alarm = step.alarm;
    }
    Ok(())
}

pub(super) fn a_reply_is_hung_up_on_when_abandoned(case: &Case<'_>) -> Verdict {
    let mut patience = Patience::new(case);
    let mut heard = String::new();
    for step in case.steps() {
        let silent = patience.silent;
        let mut is_open = silent.is_some();
        let mut is_blank = false;
        match step.given() {
            Some(Input::ReplyEnded(..) | Input::ReplyFailed(_)) => is_open = false,
            Some(Input::Delta(text)) => {
                heard.push_str(text);
                let limit = case.script.limits.reply_bytes;
                is_blank = heard.len() > limit && reply_from(&heard, limit).is_empty();
            }
            _ => {}
        }
        for output in &step.outputs {
            match output {
                Output::Perform(Effect::Reply(..)) => {
                    check(!is_open, || "two replies are open".to_owned())?;
                    is_open = true;
                    heard.clear();
                }
                Output::Perform(Effect::StopReply) => {
                    check(is_open, || "none is open".to_owned())?;
                    let is_silent = step.stimulus == Stimulus::Woke && silent <= Some(step.now);
                    let is_cut = step.finishes() || step.at == At::Over;
                    check(is_silent || is_blank || is_cut, || "for no reason".to_owned())?;
                    is_open = false;
                }
                Output::Perform(Effect::Finish(_)) => check(!is_open, || "it is left open".to_owned())?,
                Output::Perform(_) | Output::Tell(_) => {}
            }
        }
        check(!is_open || step.at == At::Running, || "it is left open".to_owned())?;
        patience.see(step);
    }
    Ok(())
}

pub(super) fn old_answers_change_nothing(case: &Case<'_>) -> Verdict {
    let is_due = |output: &Output| matches!(output, Output::Perform(Effect::Checkpoint(..)));
    let mut echoes = case.steps().filter(|step| matches!(step.stimulus, Stimulus::Echoed(_)));
    check(echoes.all(|step| step.outputs.iter().all(is_due)), || "one has an effect".to_owned())
}
