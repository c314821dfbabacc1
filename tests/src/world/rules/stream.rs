//! What clients are told.

use domain::{Effect, Input, PartKind, TurnEvent};

use super::{Case, Verdict, check, reply_of};
use crate::world::words::{FOREIGN, FORGETTABLE, SAFETY};

pub(super) fn is_start_then_text_then_one_ending(case: &Case<'_>) -> Verdict {
    let told = &case.trace.told;
    check(told.first() == Some(&TurnEvent::Started), || {
        "it does not begin with the start".to_owned()
    })?;
    let mut latest = 0;
    for (number, event) in told.iter().enumerate().skip(1) {
        match event {
            TurnEvent::Started => return Err(format!("event {number} starts again")),
            TurnEvent::Ended(_) => {
                check(number + 1 == told.len(), || {
                    format!("{} events follow the ending", told.len() - number - 1)
                })?;
            }
            TurnEvent::Said(said) => {
                let place = place(said.kind);
                check(!said.text.is_empty(), || {
                    format!("event {number} says nothing")
                })?;
                check(place >= latest, || {
                    format!("event {number} is {:?} and comes late", said.kind)
                })?;
                check((place == 1 || place == 2) == said.stage.is_some(), || {
                    format!("event {number} has a wrong stage")
                })?;
                latest = place;
            }
        }
    }
    Ok(())
}

/// Their order in a stream.
fn place(kind: PartKind) -> u8 {
    match kind {
        PartKind::User => 0,
        PartKind::Acknowledgment => 1,
        PartKind::Contextual => 2,
        PartKind::Care => 3,
        PartKind::Reply => 4,
        PartKind::Confirmation => 5,
    }
}

pub(super) fn an_event_keeps_its_number(case: &Case<'_>) -> Verdict {
    let mut events: Vec<&TurnEvent> = case
        .trace
        .told
        .iter()
        .filter(|event| !matches!(event, TurnEvent::Ended(_)))
        .collect();
    for effect in case.performed() {
        let (from, claimed) = match effect {
            Effect::Checkpoint(from, events) => (*from, events),
            Effect::Finish(finish) => (0, &finish.events),
            Effect::Load(_)
            | Effect::Route(_)
            | Effect::Gather(_)
            | Effect::Reply(..)
            | Effect::StopReply => continue,
        };
        check(from <= events.len(), || {
            format!("a checkpoint from {from} leaves out some events")
        })?;
        for (number, event) in (from..).zip(claimed) {
            match events.get(number) {
                Some(known) => check(*known == event, || {
                    format!("event {number} is {known:?} and {event:?}")
                })?,
                None => events.push(event),
            }
        }
    }
    Ok(())
}

pub(super) fn the_reply_is_what_the_model_said(case: &Case<'_>) -> Verdict {
    if !case.asks_a_model() {
        return check(!reply_of(&case.trace.told).is_empty(), || {
            "a rule answers nothing".to_owned()
        });
    }
    let told = reply_of(&case.trace.told);
    check(case.reply().starts_with(&told), || {
        format!("{told:?} was told of {:?}", case.heard)
    })?;
    let saved = case
        .finish
        .map_or(told, |(_, finish)| reply_of(&finish.events));
    let whole = case.finish.is_none() || saved == case.reply();
    check(whole, || format!("{saved:?} is saved of {:?}", case.heard))
}

pub(super) fn nothing_of_anybody_else_enters_a_prompt(case: &Case<'_>) -> Verdict {
    check(!says(case, FOREIGN), || {
        "a record of another user is in a prompt".to_owned()
    })
}

pub(super) fn nothing_that_was_forgotten_enters_a_prompt(case: &Case<'_>) -> Verdict {
    let loaded = case.steps().find_map(|step| match step.given() {
        Some(Input::Loaded(Ok(loaded))) => Some(loaded),
        _ => None,
    });
    let is_forgotten = loaded.is_some_and(|loaded| !loaded.forgotten.is_empty());
    check(!is_forgotten || !says(case, FORGETTABLE), || {
        "what was forgotten is in a prompt".to_owned()
    })
}

pub(super) fn every_reply_is_told_the_safety_facts(case: &Case<'_>) -> Verdict {
    let loaded = case.steps().find_map(|step| match step.given() {
        Some(Input::Loaded(Ok(loaded))) => Some(loaded),
        _ => None,
    });
    for effect in case.performed() {
        if let (Effect::Reply(_, call), Some(loaded)) = (effect, loaded) {
            let safety = &loaded.safety;
            let text = call.prompt.text();
            let is_told = text.contains(SAFETY) != safety.facts.is_empty();
            check(is_told, || "the safety facts are not told".to_owned())?;
            let is_missing_some = safety.is_missing_some || loaded.memories.is_err();
            let says_so = text.contains("could be read just now") == is_missing_some;
            check(says_so, || {
                "it is not told that some are missing".to_owned()
            })?;
        }
    }
    Ok(())
}

/// Whether a prompt has this text.
fn says(case: &Case<'_>, text: &str) -> bool {
    case.performed().any(|effect| match effect {
        Effect::Route(form) => form.prompt.text().contains(text),
        Effect::Reply(_, call) => call.prompt.text().contains(text),
        Effect::Load(_)
        | Effect::Gather(_)
        | Effect::StopReply
        | Effect::Checkpoint(..)
        | Effect::Finish(_) => false,
    })
}
