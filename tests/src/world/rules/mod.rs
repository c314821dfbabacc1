//! What must hold in every world, each rule by itself, so that a violation says which one broke.

mod calls;
mod lease;
mod pace;
mod saving;
mod stream;

use std::sync::Arc;

use domain::{Effect, Finish, Heard, Input, Output, PartKind, Refused, Timestamp, TurnEvent};

use super::play::{At, Step, Stimulus, Trace};
use super::script::Script;

/// What is wrong, if anything.
pub type Verdict = Result<(), String>;

type Rule = fn(&Case<'_>) -> Verdict;

/// A rule does not hold, for this reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub rule: &'static str,
    pub why: String,
}

/// Every rule, by the name that `docs/turn.md` gives it.
const RULES: &[(&str, Rule)] = &[
    (
        "S1 the stream is start, text, one ending",
        stream::is_start_then_text_then_one_ending,
    ),
    (
        "S2 an event keeps its number",
        stream::an_event_keeps_its_number,
    ),
    (
        "S7 what is told is what the model said",
        stream::the_reply_is_what_the_model_said,
    ),
    (
        "A2 nothing of anybody else enters a prompt",
        stream::nothing_of_anybody_else_enters_a_prompt,
    ),
    (
        "A6 nothing that was forgotten enters a prompt",
        stream::nothing_that_was_forgotten_enters_a_prompt,
    ),
    (
        "D2 what was told is what was saved",
        saving::what_was_told_is_what_was_saved,
    ),
    (
        "D3 the ending is told once it is saved",
        saving::the_ending_is_told_once_it_is_saved,
    ),
    (
        "D5 what is kept is a prefix of what is told",
        saving::what_is_kept_agrees_with_what_is_told,
    ),
    ("D7 no reply is blank", saving::no_reply_is_blank),
    (
        "D10 the finishing write is repeated unchanged",
        saving::the_finishing_write_is_repeated_unchanged,
    ),
    (
        "D11 the first turn names its conversation",
        saving::the_first_turn_names_its_conversation,
    ),
    (
        "P1 jobs are left by turns that keep promises",
        saving::jobs_are_left_by_turns_that_keep_promises,
    ),
    (
        "K1 a rule may add care and takes none away",
        saving::a_rule_may_add_care_and_takes_none_away,
    ),
    (
        "K2 nothing is kept of what is urgent, and help is told",
        saving::nothing_is_kept_of_what_is_urgent_and_help_is_told,
    ),
    (
        "K3 every reply is told the safety facts, or that they could not be read",
        stream::every_reply_is_told_the_safety_facts,
    ),
    (
        "P4 what is told of memories is what is done",
        saving::what_is_told_of_memories_is_what_is_done,
    ),
    (
        "L1 what is kept is told at once",
        lease::what_is_kept_is_told_at_once,
    ),
    (
        "L2 who lost the lease is silent",
        lease::who_lost_the_lease_is_silent,
    ),
    (
        "L3 nothing is told while the turn is finishing",
        lease::nothing_is_told_while_finishing,
    ),
    (
        "L4 a checkpoint is under way or due",
        lease::a_checkpoint_is_under_way_or_due,
    ),
    (
        "W told text is at most 4 KiB ahead",
        lease::told_text_is_not_far_ahead,
    ),
    (
        "T2 a reply is asked for again only before its first word",
        pace::a_reply_is_asked_for_again_only_before_a_word,
    ),
    (
        "T4 a request to stop is obeyed at once",
        pace::a_request_to_stop_is_obeyed_at_once,
    ),
    ("T5 a turn ends in time", pace::a_turn_ends_in_time),
    (
        "T6 every alarm does something",
        pace::every_alarm_does_something,
    ),
    (
        "T7 every ending has its cause",
        calls::every_ending_has_its_cause,
    ),
    (
        "T8 a reply is hung up on exactly when it is abandoned",
        pace::a_reply_is_hung_up_on_when_abandoned,
    ),
    (
        "T9 old answers change nothing",
        pace::old_answers_change_nothing,
    ),
    (
        "M1 every model call is on record",
        calls::every_model_call_is_on_record,
    ),
    (
        "M2 the timings are in order",
        calls::the_timings_are_in_order,
    ),
];

/// The first rule that does not hold, if there is one.
pub fn judge(script: &Script, trace: &Trace) -> Option<Broken> {
    let case = Case::new(script, trace);
    RULES
        .iter()
        .find_map(|(rule, holds)| holds(&case).err().map(|why| Broken { rule, why }))
}

/// What happened, and what several rules ask about it.
struct Case<'a> {
    script: &'a Script,
    trace: &'a Trace,
    /// The first finishing write, and the step that began it.
    finish: Option<(usize, &'a Arc<Finish>)>,
    /// What the model said in its last attempt, before the turn began to finish.
    heard: String,
}

impl<'a> Case<'a> {
    fn new(script: &'a Script, trace: &'a Trace) -> Self {
        let mut finish = None;
        let mut heard = String::new();
        for (number, step) in trace.steps.iter().enumerate() {
            if let (Stimulus::Given(Input::Heard(_, Heard::Delta(text))), None) =
                (&step.stimulus, finish)
            {
                heard.push_str(text);
            }
            for effect in step.performed() {
                match effect {
                    Effect::Finish(first) => finish = finish.or(Some((number, first))),
                    Effect::Reply(..) => heard.clear(),
                    Effect::Load(_)
                    | Effect::Route(_)
                    | Effect::Gather(_)
                    | Effect::StopReply
                    | Effect::Checkpoint(..) => {}
                }
            }
        }
        Self {
            script,
            trace,
            finish,
            heard,
        }
    }

    fn steps(&self) -> impl Iterator<Item = &'a Step> {
        self.trace.steps.iter()
    }

    fn performed(&self) -> impl Iterator<Item = &'a Effect> {
        self.steps().flat_map(Step::performed)
    }

    fn reply(&self) -> &str {
        reply_from(&self.heard, self.script.limits.reply_bytes)
    }

    /// By when the turn must begin to finish, as far as it knows after this step.
    fn deadline(&self, step: usize) -> Timestamp {
        let hurried = self
            .steps()
            .take(step + 1)
            .filter_map(|step| match step.given() {
                Some(Input::HurryUp(deadline)) => Some(*deadline),
                _ => None,
            });
        hurried.fold(self.script.deadline, Timestamp::min)
    }

    fn asks_a_model(&self) -> bool {
        self.performed()
            .any(|effect| matches!(effect, Effect::Load(_)))
    }
}

impl Step {
    pub(super) fn performed(&self) -> impl Iterator<Item = &Effect> {
        self.outputs.iter().filter_map(|output| match output {
            Output::Perform(effect) => Some(effect),
            Output::Tell(_) => None,
        })
    }

    fn told(&self) -> impl Iterator<Item = &TurnEvent> {
        self.outputs.iter().filter_map(|output| match output {
            Output::Tell(event) => Some(event),
            Output::Perform(_) => None,
        })
    }

    /// The input, unless it is an old one.
    pub(super) fn given(&self) -> Option<&Input> {
        if let Stimulus::Given(input) = &self.stimulus {
            Some(input)
        } else {
            None
        }
    }

    fn finishes(&self) -> bool {
        self.performed()
            .any(|effect| matches!(effect, Effect::Finish(_)))
    }

    /// Whether the turn hears here that it has lost its lease; `before` is where it was.
    fn loses_lease(&self, before: At) -> bool {
        match self.given() {
            Some(Input::Checkpointed(Err(Refused::LeaseLost))) => before == At::Running,
            Some(Input::Finished(Err(Refused::LeaseLost))) => before == At::Finishing,
            _ => false,
        }
    }
}

/// The reply that follows from what was heard: cut at the limit, and none if that is blank.
fn reply_from(heard: &str, limit: usize) -> &str {
    let (reply, _beyond) = heard.split_at(heard.floor_char_boundary(limit));
    if reply.trim().is_empty() { "" } else { reply }
}

/// The coach's words among the events.
fn reply_of<'a>(events: impl IntoIterator<Item = &'a TurnEvent>) -> String {
    let said = events.into_iter().filter_map(TurnEvent::said);
    said.filter(|said| said.kind == PartKind::Reply)
        .map(|said| &*said.text)
        .collect()
}

/// The places of the turn before each step.
fn places(steps: &[Step]) -> impl Iterator<Item = (At, &Step)> {
    let before = std::iter::once(At::Running).chain(steps.iter().map(|step| step.at));
    before.zip(steps)
}

fn check(holds: bool, why: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(why()) }
}
