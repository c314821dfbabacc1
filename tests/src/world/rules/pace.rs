//! Attempts, alarms, and the ways to an end.

use std::time::Duration;

use domain::{
    Delivery, Effect, Fault, Heard, Input, Kept, Limits, Output, Prompt, StopReason, Tier,
    Timestamp, TurnEvent,
};

use super::{Case, Verdict, check, places, reply_from};
use crate::world::play::{At, Step, Stimulus};

/// Which model is asked, and how it is to answer.
fn asked_at(limits: &Limits, attempt: u32) -> (Tier, Delivery) {
    let is_second = attempt == 1 && limits.second_model;
    let is_last = attempt > 0 && attempt + 1 == limits.attempts;
    let tier = if is_second {
        Tier::SecondReply
    } else {
        Tier::Reply
    };
    let delivery = if is_last {
        Delivery::Whole
    } else {
        limits.delivery
    };
    (tier, delivery)
}

/// A prompt that was too long is shorter; any other is the same.
fn is_what_was_asked_before(prompt: &Prompt, latest: &Prompt, fault: Fault) -> Verdict {
    check(fault != Fault::Rejected, || {
        "although it was refused".to_owned()
    })?;
    let is_shorter = prompt.messages.len() < latest.messages.len();
    check(is_shorter == (fault == Fault::TooLong), || {
        format!("with another prompt after {fault:?}")
    })?;
    check(is_shorter || prompt == latest, || {
        "with another prompt".to_owned()
    })
}

pub(super) fn a_reply_is_asked_for_again_only_before_a_word(case: &Case<'_>) -> Verdict {
    let limits = &case.script.limits;
    let mut attempt: u32 = 0;
    let mut heard = String::new();
    let mut failed: Option<(Timestamp, Fault)> = None;
    let mut latest: Option<&Prompt> = None;
    let (mut is_open, mut is_adjusted) = (false, false);
    for step in case.steps() {
        if let Some(Input::Heard(_, Heard::Delta(text))) = step.given() {
            heard.push_str(text);
        }
        if is_open && let Some(fault) = failure(step) {
            failed = Some((step.now, fault));
            is_open = false;
        }
        for effect in step.performed() {
            let Effect::Reply(_, call) = effect else {
                continue;
            };
            let prompt = &call.prompt;
            let at_once = failed.is_some_and(|(_, fault)| fault == Fault::Adjusted) && !is_adjusted;
            if at_once {
                attempt -= 1;
            }
            is_adjusted = at_once;
            check(attempt < limits.attempts, || "once too often".to_owned())?;
            let has_word = !reply_from(&heard, limits.reply_bytes).is_empty();
            check(!has_word, || "although a word was heard".to_owned())?;
            heard.clear();
            let asked = (call.tier, call.delivery);
            check(asked == asked_at(limits, attempt), || {
                format!("attempt {attempt} is {asked:?}")
            })?;
            if let Some(latest) = latest {
                let Some((at, fault)) = failed else {
                    return Err("although none has failed".to_owned());
                };
                let pause = step.now.since(at).as_millis();
                let is_in_time = if at_once {
                    pause == 0
                } else {
                    pause >= 200 << attempt
                };
                check(is_in_time, || format!("after {pause} ms"))?;
                is_what_was_asked_before(prompt, latest, fault)?;
            }
            latest = Some(prompt);
            attempt += 1;
            is_open = true;
        }
        if let (At::Running, false, Some((at, fault))) = (step.at, is_open, failed) {
            let has_word = !reply_from(&heard, limits.reply_bytes).is_empty();
            let is_due = fault == Fault::Adjusted && !is_adjusted && !has_word;
            check(!is_due, || "it is not asked again at once".to_owned())?;
            let again = at + Duration::from_millis((200 << attempt) + 100);
            check(step.alarm.is_some_and(|alarm| alarm <= again), || {
                format!("it is not asked again by {again}")
            })?;
        }
    }
    Ok(())
}

/// How a reply fails in this step, if one does before its first word.
fn failure(step: &Step) -> Option<Fault> {
    let hangs_up = step
        .performed()
        .any(|effect| matches!(effect, Effect::StopReply));
    match step.given() {
        Some(Input::Heard(_, Heard::Failed(fault))) => Some(*fault),
        Some(Input::Heard(_, Heard::Ended(StopReason::Filtered, _))) => Some(Fault::Rejected),
        Some(Input::Heard(_, Heard::Ended(..))) => Some(Fault::Truncated),
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
        check(
            !is_asked || before != At::Running || step.finishes(),
            || "it goes on".to_owned(),
        )?;
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
        is_ended |= step
            .told()
            .any(|event| matches!(event, TurnEvent::Ended(_)));
        patience.see(step);
        let (silent, deadline) = (patience.until, patience.deadline);
        match step.at {
            At::Running => {
                let alarm = step.alarm.unwrap_or(Timestamp(u64::MAX));
                check(alarm <= deadline, || {
                    format!("the alarm at {alarm} is after the deadline")
                })?;
                check(!woke || now < deadline, || {
                    format!("it is {now}, after the deadline, and it goes on")
                })?;
                check(silent.is_none_or(|silent| alarm <= silent), || {
                    "a silent model is not given up".to_owned()
                })?;
            }
            At::Finishing => {
                check(step.alarm <= give_up && step.alarm.is_some(), || {
                    "it does not give up".to_owned()
                })?;
                check(!woke || give_up > Some(now), || {
                    format!("it is {now}, and it does not give up")
                })?;
            }
            At::Over => {
                check(step.alarm.is_none(), || {
                    "it is over and has an alarm".to_owned()
                })?;
                let gave_up = before == At::Over || woke && give_up <= Some(now);
                check(is_ended || is_lost || gave_up, || {
                    "it gives up too early".to_owned()
                })?;
            }
        }
    }
    Ok(())
}

/// How long the reply that is open may go on saying nothing.
struct Patience<'a> {
    limits: &'a Limits,
    deadline: Timestamp,
    /// How many attempts were begun; one that is asked otherwise is still the same.
    attempts: u32,
    /// The attempt is the same as before, asked otherwise; or the next one will be.
    is_adjusted: bool,
    will_adjust: bool,
    heard: String,
    /// When the open reply must be given up, if nothing more comes of it; none while none is open.
    until: Option<Timestamp>,
}

impl<'a> Patience<'a> {
    fn new(case: &Case<'a>) -> Self {
        Self {
            limits: &case.script.limits,
            deadline: case.script.deadline,
            attempts: 0,
            is_adjusted: false,
            will_adjust: false,
            heard: String::new(),
            until: None,
        }
    }

    fn see(&mut self, step: &Step) {
        match step.given() {
            Some(Input::Heard(_, Heard::Delta(text))) => {
                self.heard.push_str(text);
                self.lives(step.now + self.limits.silence);
            }
            Some(Input::Heard(_, Heard::Thinking)) if self.has_word() => {
                self.lives(step.now + self.limits.silence)
            }
            Some(Input::Heard(_, Heard::Thinking)) => self.lives(step.now + self.limits.first_word),
            Some(Input::Heard(_, Heard::Failed(fault))) => {
                let is_open = self.until.take().is_some();
                let can_adjust = !self.is_adjusted && !self.has_word();
                self.will_adjust = is_open && *fault == Fault::Adjusted && can_adjust;
            }
            Some(Input::Heard(_, Heard::Ended(..))) => self.until = None,
            Some(Input::HurryUp(earlier)) => self.deadline = self.deadline.min(*earlier),
            _ => {}
        }
        for effect in step.performed() {
            match effect {
                Effect::Reply(_, call) => self.asked(call.delivery, step.now),
                Effect::StopReply => self.until = None,
                Effect::Load(_)
                | Effect::Route(_)
                | Effect::Gather(_)
                | Effect::Checkpoint(..)
                | Effect::Finish(_) => {}
            }
        }
    }

    fn lives(&mut self, until: Timestamp) {
        if self.until.is_some() {
            self.until = Some(until);
        }
    }

    fn has_word(&self) -> bool {
        !reply_from(&self.heard, self.limits.reply_bytes).is_empty()
    }

    /// The last attempt has until a second before the deadline, unless that has passed already.
    fn asked(&mut self, delivery: Delivery, now: Timestamp) {
        self.is_adjusted = std::mem::take(&mut self.will_adjust);
        self.attempts += u32::from(!self.is_adjusted);
        self.heard.clear();
        let by = match delivery {
            Delivery::Streamed => now + self.limits.first_word,
            Delivery::Whole => now + self.limits.whole,
        };
        let last_moment = Timestamp(self.deadline.0.saturating_sub(1_000));
        let is_capped = self.attempts == self.limits.attempts && last_moment > now;
        self.until = Some(if is_capped { by.min(last_moment) } else { by });
    }
}

pub(super) fn every_alarm_does_something(case: &Case<'_>) -> Verdict {
    let mut alarm = None;
    for step in case.steps() {
        match step.stimulus {
            Stimulus::Woke => {
                check(!step.outputs.is_empty() || step.at == At::Over, || {
                    "one does nothing".to_owned()
                })?;
                check(step.alarm.is_none_or(|next| next > step.now), || {
                    "one is due again at once".to_owned()
                })?;
            }
            Stimulus::WokeEarly => {
                check(step.outputs.is_empty(), || {
                    format!("too early, and yet {:?}", step.outputs)
                })?;
                check(step.alarm == alarm, || {
                    "too early, and yet the alarm has moved".to_owned()
                })?;
            }
            Stimulus::Began | Stimulus::Given(_) | Stimulus::Echoed(_) => {}
        }
        alarm = step.alarm;
    }
    Ok(())
}

pub(super) fn a_reply_is_hung_up_on_when_abandoned(case: &Case<'_>) -> Verdict {
    let mut patience = Patience::new(case);
    for step in case.steps() {
        let mut is_open = patience.until.is_some();
        let mut is_blank = false;
        match step.given() {
            Some(Input::Heard(_, Heard::Ended(..)) | Input::Heard(_, Heard::Failed(_))) => {
                is_open = false
            }
            Some(Input::Heard(_, Heard::Delta(text))) => {
                let heard = format!("{}{text}", patience.heard);
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
                }
                Output::Perform(Effect::StopReply) => {
                    check(is_open, || "none is open".to_owned())?;
                    let is_silent =
                        step.stimulus == Stimulus::Woke && patience.until <= Some(step.now);
                    let is_cut = step.finishes() || step.at == At::Over;
                    check(is_silent || is_blank || is_cut, || {
                        "for no reason".to_owned()
                    })?;
                    is_open = false;
                }
                Output::Perform(Effect::Finish(_)) => {
                    check(!is_open, || "it is left open".to_owned())?
                }
                Output::Perform(_) | Output::Tell(_) => {}
            }
        }
        check(!is_open || step.at == At::Running, || {
            "it is left open".to_owned()
        })?;
        patience.see(step);
    }
    Ok(())
}

pub(super) fn old_answers_change_nothing(case: &Case<'_>) -> Verdict {
    let is_due = |output: &Output| matches!(output, Output::Perform(Effect::Checkpoint(..)));
    let mut echoes = case
        .steps()
        .filter(|step| matches!(step.stimulus, Stimulus::Echoed(_)));
    check(echoes.all(|step| step.outputs.iter().all(is_due)), || {
        "one has an effect".to_owned()
    })
}
