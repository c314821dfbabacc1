//! What is saved, and when that is told.

use domain::{
    Care, Effect, Ending, Input, JobKind, PartKind, RouterDecision, TurnEvent, conversation,
};

use super::{Case, Verdict, check, places, reply_of};
use crate::promises::told_is_left_to_do;
use crate::world::play::At;
use crate::world::words;

pub(super) fn what_was_told_is_what_was_saved(case: &Case<'_>) -> Verdict {
    let Some((TurnEvent::Ended(closing), told)) = case.trace.told.split_last() else {
        return Ok(());
    };
    let Some(saved) = &case.trace.store.ended else {
        return Err("it ended, and the store does not know".to_owned());
    };
    check(saved.events == told, || {
        format!(
            "{} events were told and {} saved",
            told.len(),
            saved.events.len()
        )
    })?;
    check(saved.closing == *closing, || {
        "another ending was told than saved".to_owned()
    })?;
    let said = told.iter().filter_map(TurnEvent::said);
    let reply = words::opening(case.script)
        .place()
        .filled(closing.ending, said);
    check(saved.reply == reply, || {
        "the message that was saved is not what was told".to_owned()
    })
}

pub(super) fn the_ending_is_told_once_it_is_saved(case: &Case<'_>) -> Verdict {
    for (before, step) in places(&case.trace.steps) {
        let ends = step
            .told()
            .any(|event| matches!(event, TurnEvent::Ended(_)));
        let is_saved = before == At::Finishing && step.given() == Some(&Input::Finished(Ok(())));
        check(!ends || is_saved, || {
            format!("the ending is told on {:?}", step.stimulus)
        })?;
        check(ends || !is_saved, || {
            "the finishing write was done, and the ending is not told".to_owned()
        })?;
    }
    Ok(())
}

pub(super) fn what_is_kept_agrees_with_what_is_told(case: &Case<'_>) -> Verdict {
    let store = &case.trace.store;
    check(store.complaints.is_empty(), || store.complaints.join("; "))?;
    let told = case
        .trace
        .told
        .iter()
        .filter(|event| !matches!(event, TurnEvent::Ended(_)));
    check(
        told.zip(&store.log).all(|(told, kept)| told == kept),
        || "the store has something else".to_owned(),
    )?;
    let mut kept = 0;
    for step in case.steps() {
        for effect in step.performed() {
            if let Effect::Checkpoint(from, _) = effect {
                check(*from == step.kept, || {
                    format!("a checkpoint from {from}, while {} are kept", step.kept)
                })?;
            }
        }
        check(step.stored >= kept, || {
            "the store has lost what it had confirmed".to_owned()
        })?;
        kept = step.kept;
    }
    Ok(())
}

pub(super) fn no_reply_is_blank(case: &Case<'_>) -> Verdict {
    let mut told = String::new();
    for step in case.steps() {
        told.push_str(&reply_of(step.told()));
        check(told.is_empty() || !told.trim().is_empty(), || {
            format!("{told:?} was told")
        })?;
        for effect in step.performed() {
            if let Effect::Finish(finish) = effect {
                let saved = reply_of(&finish.events);
                check(saved.is_empty() || !saved.trim().is_empty(), || {
                    format!("{saved:?} was saved")
                })?;
                let must_reply =
                    !matches!(finish.closing.ending, Ending::Failed(_) | Ending::Stopped);
                check(!must_reply || !saved.is_empty(), || {
                    format!("{:?} without a reply", finish.closing.ending)
                })?;
            }
        }
    }
    Ok(())
}

pub(super) fn the_finishing_write_is_repeated_unchanged(case: &Case<'_>) -> Verdict {
    let mut first = None;
    // The last of these writes that was answered with a fault, and when; else one is under way.
    let mut answered = None;
    for step in case.steps() {
        if let Some(Input::Finished(Err(_))) = step.given() {
            answered = Some(step.now);
        }
        for effect in step.performed() {
            let Effect::Finish(finish) = effect else {
                continue;
            };
            check(*first.get_or_insert(finish) == finish, || {
                "it was changed".to_owned()
            })?;
            if let Some((at, _)) = case.finish
                && case
                    .trace
                    .steps
                    .get(at)
                    .is_some_and(|begun| !std::ptr::eq(begun, step))
            {
                let again = answered.take().map(|at| at + case.script.limits.again);
                check(again.is_some_and(|again| step.now >= again), || {
                    "it was repeated too soon".to_owned()
                })?;
            }
        }
        let waits = step.at == At::Finishing && answered.is_some();
        let again = answered.map(|at| at + case.script.limits.again);
        check(!waits || step.alarm <= again, || {
            "it is not repeated after a fault".to_owned()
        })?;
    }
    Ok(())
}

pub(super) fn the_first_turn_names_its_conversation(case: &Case<'_>) -> Verdict {
    let Some((_, finish)) = case.finish else {
        return Ok(());
    };
    let (text, route) = (case.script.text, finish.closing.report.route.as_ref());
    let proposed = route.and_then(|route| route.conversation_title.clone());
    let named = proposed.unwrap_or_else(|| conversation::title_from(text));
    let is_urgent = match route {
        Some(route) => route.keeps_nothing(text),
        None => Care::floor(text).is_urgent(),
    };
    let expected = (case.script.number == 1 && !is_urgent).then_some(named);
    check(finish.title == expected, || {
        format!("{:?} instead of {expected:?}", finish.title)
    })?;
    let is_short = finish
        .title
        .as_ref()
        .is_none_or(|title| (1..=60).contains(&title.chars().count()));
    check(is_short, || format!("{:?} is no title", finish.title))
}

pub(super) fn a_rule_may_add_care_and_takes_none_away(case: &Case<'_>) -> Verdict {
    let floor = Care::floor(case.script.text);
    let Some((_, finish)) = case.finish else {
        return Ok(());
    };
    let route = finish.closing.report.route.as_ref();
    check(route.is_none_or(|route| route.care >= floor), || {
        format!("{:?} is less than {floor:?}", route.map(|route| route.care))
    })
}

pub(super) fn nothing_is_kept_of_what_is_urgent_and_help_is_told(case: &Case<'_>) -> Verdict {
    let Some((_, finish)) = case.finish else {
        return Ok(());
    };
    let route = finish.closing.report.route.as_ref();
    let is_urgent = route.is_some_and(|route| route.keeps_nothing(case.script.text));
    let told = |kind| {
        let mut said = finish.events.iter().filter_map(TurnEvent::said);
        said.any(|said| said.kind == kind)
    };
    let floor = Care::floor(case.script.text);
    let tells_help = told(PartKind::Care);
    check(tells_help == (is_urgent || floor.is_urgent()), || {
        format!("help is told: {tells_help}")
    })?;
    let is_kept = !finish.closing.jobs.is_empty() || finish.title.is_some();
    check(!is_urgent || !is_kept, || {
        format!("{:?} and {:?}", finish.closing.jobs, finish.title)
    })?;
    check(!is_urgent || !told(PartKind::Contextual), || {
        "lines of what the coach is at".to_owned()
    })
}

pub(super) fn jobs_are_left_by_turns_that_keep_promises(case: &Case<'_>) -> Verdict {
    let Some((_, finish)) = case.finish else {
        return check(case.trace.store.jobs.is_empty(), || {
            "jobs from nowhere".to_owned()
        });
    };
    let closing = &finish.closing;
    let route = closing
        .report
        .route
        .as_ref()
        .filter(|_| !matches!(closing.ending, Ending::Failed(_)));
    let leaves = |kind| closing.jobs.contains(&kind);
    let expected = [
        (
            JobKind::Workout,
            route.is_some_and(RouterDecision::logs_workout),
        ),
        (
            JobKind::Forget,
            route.is_some_and(|route| !route.memory_processing.forget.is_empty()),
        ),
    ];
    check(
        expected
            .iter()
            .all(|(kind, wanted)| leaves(*kind) == *wanted),
        || {
            format!(
                "{:?} leaves {:?}, not {expected:?}",
                closing.ending, closing.jobs
            )
        },
    )?;
    let may_save = route.is_some_and(|route| route.memory_to_save().is_some());
    check(!leaves(JobKind::Memory) || may_save, || {
        "a memory that nobody proposed".to_owned()
    })?;
    check(!leaves(JobKind::Summary) || route.is_some(), || {
        "a summary of a failed turn".to_owned()
    })?;
    check(closing.jobs.is_sorted_by(|a, b| a < b), || {
        format!("{:?} are not each once", closing.jobs)
    })?;
    let stored: &[JobKind] = if case.trace.store.ended.is_some() {
        &closing.jobs
    } else {
        &[]
    };
    check(case.trace.store.jobs == stored, || {
        format!("the store was given {:?}", case.trace.store.jobs)
    })
}

/// "I'll remember X" is told only if a job remembers it, and "I'll forget Y" exactly if one forgets
/// Y and nothing else.
pub(super) fn what_is_told_of_memories_is_what_is_done(case: &Case<'_>) -> Verdict {
    let Some((_, finish)) = case.finish else {
        return Ok(());
    };
    let closing = &finish.closing;
    let known = words::MEMORIES.map(|(id, content)| (id.parse().unwrap(), content.to_owned()));
    told_is_left_to_do(closing, &finish.events, &known.into())?;
    let said = finish.events.iter().filter_map(TurnEvent::said);
    let told = said.filter(|said| said.kind == PartKind::Confirmation);
    let told: String = told.map(|said| &*said.text).collect();
    let leaves = |kind| closing.jobs.contains(&kind);
    if !closing.ending.keeps_promises() {
        return Ok(());
    }
    let route = closing.report.route.as_ref();
    let forget = route
        .map(|route| route.memory_processing.forget.clone())
        .unwrap_or_default();
    let (promise, _) = told.split_once("Which of these").unwrap_or((&told, ""));
    let promise = promise
        .split_once("I'll forget")
        .map_or("", |(_, promise)| promise);
    for (id, content) in words::MEMORIES {
        let is_gone = forget.iter().any(|gone| gone.as_str() == id);
        check(promise.contains(content) == is_gone, || {
            format!("{told:?}, and {forget:?} are forgotten")
        })?;
    }
    check(leaves(JobKind::Forget) != promise.is_empty(), || {
        format!("{told:?} with {:?}", closing.jobs)
    })
}
