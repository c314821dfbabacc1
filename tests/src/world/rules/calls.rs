//! Why a turn ended, what it cost, and how long it took.

use domain::call::{CallKind, CallOutcome, CallRecord};
use domain::router::Source;
use domain::{
    Effect, Ending, Fault, Heard, Input, Kept, Prompt, Report, StopReason, Timestamp, TurnError,
    Usage,
};

use super::{Case, Verdict, check};
use crate::world::play::{Step, Stimulus};
use crate::world::words::is_decision;

pub(super) fn every_ending_has_its_cause(case: &Case<'_>) -> Verdict {
    let Some((at, finish)) = case.finish else {
        return Ok(());
    };
    let Some(step) = case.trace.steps.get(at) else {
        return Ok(());
    };
    let expected = cause(case, step, case.deadline(at));
    let ending = finish.closing.ending;
    check(Some(ending) == expected, || {
        format!("{ending:?} instead of {expected:?} on {:?}", step.stimulus)
    })?;
    if let Ending::Failed(TurnError::Model(fault)) = ending {
        let asked = |step: &&Step| {
            step.performed()
                .any(|effect| matches!(effect, Effect::Reply(..)))
        };
        let is_again = |step: &&Step| {
            matches!(
                step.given(),
                Some(Input::Heard(_, Heard::Failed(Fault::Adjusted)))
            )
        };
        let at_once = |step: &&Step| asked(step) && is_again(step);
        let attempts = case
            .steps()
            .filter(|step| asked(step) && !is_again(step))
            .count();
        let is_last = attempts == usize::try_from(case.script.limits.attempts).unwrap_or(0);
        let is_futile = match fault {
            Fault::Rejected => true,
            Fault::TooLong => {
                latest_prompt(case).is_some_and(|prompt| prompt.without_oldest().is_none())
            }
            Fault::Throttled
            | Fault::Unavailable
            | Fault::TimedOut
            | Fault::Truncated
            | Fault::Adjusted => false,
        };
        let is_told = !case.reply().is_empty();
        let was_adjusted = case
            .steps()
            .filter(asked)
            .last()
            .is_some_and(|step| at_once(&step));
        let is_due = fault == Fault::Adjusted && !is_told && !was_adjusted;
        check(!is_due, || "it is not asked again at once".to_owned())?;
        check(is_told || is_last || is_futile, || {
            format!("{fault:?} could be tried again")
        })?;
    }
    Ok(())
}

/// How a turn must end that begins to finish in this step.
fn cause(case: &Case<'_>, step: &Step, deadline: Timestamp) -> Option<Ending> {
    let replies = !case.reply().is_empty();
    let input = match &step.stimulus {
        Stimulus::Began => return (!case.asks_a_model()).then_some(Ending::Finished),
        Stimulus::Woke if step.now < deadline => {
            return Some(TurnError::Model(Fault::TimedOut).into());
        }
        Stimulus::Woke if replies => return Some(Ending::Deadline),
        Stimulus::Woke => return Some(TurnError::Deadline.into()),
        Stimulus::WokeEarly | Stimulus::Echoed(_) => return None,
        Stimulus::Given(input) => input,
    };
    match input {
        Input::Loaded(Err(fault)) => Some(TurnError::Store(*fault).into()),
        Input::Heard(_, Heard::Delta(_)) if case.heard.len() <= case.script.limits.reply_bytes => {
            None
        }
        Input::Heard(_, Heard::Delta(_)) if replies => Some(Ending::Truncated),
        Input::Heard(_, Heard::Delta(_)) => Some(TurnError::Model(Fault::Truncated).into()),
        Input::Heard(_, Heard::Ended(StopReason::Filtered, _)) if !replies => {
            Some(TurnError::Model(Fault::Rejected).into())
        }
        Input::Heard(_, Heard::Ended(_, _)) if !replies => {
            Some(TurnError::Model(Fault::Truncated).into())
        }
        Input::Heard(_, Heard::Ended(StopReason::Complete, _)) => Some(Ending::Finished),
        Input::Heard(_, Heard::Ended(StopReason::Length, _)) => Some(Ending::Truncated),
        Input::Heard(_, Heard::Ended(StopReason::Filtered, _)) => Some(Ending::Filtered),
        Input::Heard(_, Heard::Failed(fault)) => Some(TurnError::Model(*fault).into()),
        Input::StopAsked | Input::Checkpointed(Ok(Kept { stop_asked: true })) => {
            Some(Ending::Stopped)
        }
        Input::Loaded(Ok(_))
        | Input::Heard(_, Heard::Thinking)
        | Input::Heard(_, Heard::Spent(_))
        | Input::Routed(..)
        | Input::Gathered(_)
        | Input::Checkpointed(_)
        | Input::Finished(_)
        | Input::HurryUp(_) => None,
    }
}

fn latest_prompt<'a>(case: &Case<'a>) -> Option<&'a Prompt> {
    case.performed()
        .filter_map(|effect| {
            if let Effect::Reply(_, call) = effect {
                Some(&call.prompt)
            } else {
                None
            }
        })
        .last()
}

pub(super) fn every_model_call_is_on_record(case: &Case<'_>) -> Verdict {
    let Some((at, finish)) = case.finish else {
        return Ok(());
    };
    let report = &finish.closing.report;
    let count =
        |is: fn(&Effect) -> bool| case.performed().filter(|effect| is(effect)).count() as u64;
    let routed = count(|effect| matches!(effect, Effect::Route(_)));
    let replied = count(|effect| matches!(effect, Effect::Reply(..)));
    let attempts = |kind| {
        report
            .calls
            .iter()
            .filter(|call| call.kind == kind)
            .map(|call| u64::from(call.attempts))
            .sum::<u64>()
    };
    let tried = case.steps().take(at).find_map(|step| match step.given() {
        Some(Input::Routed(_, tries)) => Some(u64::from(tries.asked)),
        _ => None,
    });
    let routed = tried.unwrap_or(routed);
    check(attempts(CallKind::Router) == routed, || {
        format!("{routed} routers were asked: {:?}", report.calls)
    })?;
    check(attempts(CallKind::Reply) == replied, || {
        format!("{replied} replies were asked for: {:?}", report.calls)
    })?;

    let answer = routers_answer(case, at);
    let router = match answer {
        Some(Ok((text, _))) if is_decision(text) => CallOutcome::Ok,
        Some(Ok(_)) => CallOutcome::Malformed,
        Some(Err(fault)) => CallOutcome::Failed(*fault),
        None => CallOutcome::Abandoned,
    };
    let reply = outcome_of_the_reply(case, at, finish.closing.ending);
    let expected = [
        (CallKind::Router, router, routed > 0),
        (CallKind::Reply, reply, replied > 0),
    ];
    let expected = expected
        .iter()
        .filter(|(.., made)| *made)
        .map(|(kind, outcome, _)| (*kind, *outcome));
    let (embeddings, others): (Vec<_>, Vec<_>) = report
        .calls
        .iter()
        .partition(|call| call.kind == CallKind::Embedding);
    let recorded = others.iter().map(|call| (call.kind, call.outcome));
    check(expected.eq(recorded), || format!("{:?}", report.calls))?;
    embeddings_are_those_that_were_told(case, at, embeddings)?;
    for call in others {
        costs_are_told_or_estimated(case, at, call)?;
    }
    let source = source_of_the_decision(report, answer, router, routed);
    let decided = report.route.as_ref();
    let told = decided.map(|route| route.router_metadata.source);
    check(told == source, || {
        format!("{told:?} decided, not {source:?}")
    })
}

fn source_of_the_decision(
    report: &Report,
    answer: Option<&RoutersAnswer>,
    router: CallOutcome,
    routed: u64,
) -> Option<Source> {
    match (answer, routed) {
        (Some(_), _) if router == CallOutcome::Ok => Some(Source::Model),
        (Some(_), _) => Some(Source::Default),
        // A rule's decision is reported once it is used.
        (None, 0) => report.route.as_ref().map(|_| Source::Rule),
        (None, _) => None,
    }
}

type RoutersAnswer = Result<(String, Usage), Fault>;

fn routers_answer<'a>(case: &Case<'a>, before: usize) -> Option<&'a RoutersAnswer> {
    case.steps()
        .take(before)
        .find_map(|step| match step.given() {
            Some(Input::Routed(answer, _)) => Some(answer),
            _ => None,
        })
}

fn outcome_of_the_reply(case: &Case<'_>, at: usize, ending: Ending) -> CallOutcome {
    let last = case.trace.steps.get(at).and_then(|step| step.given());
    let has_ended = matches!(last, Some(Input::Heard(_, Heard::Ended(..))));
    match ending {
        Ending::Failed(TurnError::Model(fault)) => CallOutcome::Failed(fault),
        _ if has_ended => CallOutcome::Ok,
        Ending::Finished
        | Ending::Truncated
        | Ending::Stopped
        | Ending::Deadline
        | Ending::Filtered
        | Ending::Failed(_) => CallOutcome::Abandoned,
    }
}

fn embeddings_are_those_that_were_told(
    case: &Case<'_>,
    before: usize,
    recorded: Vec<&CallRecord>,
) -> Verdict {
    let told = case
        .steps()
        .take(before)
        .find_map(|step| match step.given() {
            Some(Input::Gathered(Ok(gathered))) => Some(&gathered.calls[..]),
            Some(Input::Gathered(Err(_))) => Some(&[][..]),
            _ => None,
        });
    let is_told = recorded.iter().copied().eq(told.unwrap_or_default());
    check(is_told, || format!("{told:?} is not in {recorded:?}"))
}

/// What the model has said of each attempt is summed up; what it has not is estimated, unless the
/// last one was answered.
fn costs_are_told_or_estimated(case: &Case<'_>, at: usize, call: &CallRecord) -> Verdict {
    let mut said = Vec::new();
    for step in case.steps().take(at + 1) {
        match (step.given(), call.kind) {
            (Some(Input::Routed(answer, tries)), CallKind::Router) => {
                let answered = answer.as_ref().ok().map(|(_, usage)| usage);
                said.extend(
                    tries
                        .spent
                        .iter()
                        .chain(answered)
                        .map(|usage| usage.input_tokens),
                );
            }
            (
                Some(
                    Input::Heard(_, Heard::Ended(_, usage)) | Input::Heard(_, Heard::Spent(usage)),
                ),
                CallKind::Reply,
            ) => said.push(usage.input_tokens),
            _ => {}
        }
    }
    let (attempts, told) = (said.len(), said.iter().sum::<u64>());
    let is_answered = matches!(call.outcome, CallOutcome::Ok | CallOutcome::Malformed);
    let is_known = is_answered || u32::try_from(attempts) == Ok(call.attempts);
    let usage = &call.usage;
    let is_right = if is_known {
        usage.input_tokens == told
    } else {
        usage.input_tokens > told
    };
    let is_told =
        is_right && usage.estimated != is_known && usage.model.is_some() == (attempts > 0);
    check(is_told, || format!("{said:?}, but {call:?}"))
}

pub(super) fn the_timings_are_in_order(case: &Case<'_>) -> Verdict {
    let Some((at, finish)) = case.finish else {
        return Ok(());
    };
    let closing = &finish.closing;
    let written = closing.at;
    let times = closing.report.timings;
    let after = |time: Timestamp| u64::try_from(time.since(case.script.asked).as_millis()).ok();
    let when = |is: fn(&Input) -> bool| {
        let step = case
            .steps()
            .take(at + 1)
            .find(|step| step.given().is_some_and(is));
        step.and_then(|step| after(step.now))
    };
    let begun = case.trace.steps.get(at).map(|step| step.now);
    check(
        Some(written) == begun && times.finish == after(written),
        || format!("finish: {times:?}"),
    )?;
    let began = case.trace.steps.first().and_then(|step| after(step.now));
    check(times.admit == began && times.start == began, || {
        format!("start: {times:?}")
    })?;
    check(
        times.load == when(|input| matches!(input, Input::Loaded(Ok(_)))),
        || format!("load: {times:?}"),
    )?;
    check(
        times.route == when(|input| matches!(input, Input::Routed(..))),
        || format!("route: {times:?}"),
    )?;
    let is_told = case.asks_a_model() && !case.reply().is_empty();
    check(
        times.first_token.is_some() == is_told && times.last_token.is_some() == is_told,
        || format!("{times:?}"),
    )?;
    for middle in [times.route, times.gather] {
        let order = [
            times.admit,
            times.start,
            times.load,
            middle,
            times.first_token,
            times.last_token,
            times.finish,
        ];
        check(order.iter().flatten().is_sorted(), || format!("{times:?}"))?;
    }
    Ok(())
}
