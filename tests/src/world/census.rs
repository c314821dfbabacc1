//! How far the turns of a simulation came, and what they met on the way.

use std::collections::BTreeMap;
use std::fmt;

use domain::{Effect, Ending, Fault, Heard, Input, Refused, TurnError, TurnEvent};

use super::play::Trace;

/// Counts turns, each at most once for each thing that it reached.
#[derive(Debug, Default)]
pub struct Census {
    turns: u64,
    steps: usize,
    reached: BTreeMap<(&'static str, String), u64>,
}

/// What must be reached, and by how many turns in a thousand: a simulation that mostly fails while
/// loading proves little.
const FLOORS: &[(&str, &str, u64)] = &[
    ("phase", "loading", 800),
    ("phase", "preparing", 400),
    ("phase", "replying", 400),
    ("phase", "finishing", 700),
    ("phase", "done", 500),
    ("ending", "finished", 50),
    ("ending", "truncated", 10),
    ("ending", "filtered", 10),
    ("ending", "stopped", 10),
    ("ending", "deadline", 10),
    ("ending", "failed: store", 10),
    ("ending", "failed: model", 10),
    ("ending", "failed: deadline", 10),
    ("ending", "none: lease lost", 10),
    ("ending", "none: given up", 10),
    ("fault", "throttled", 10),
    ("fault", "unavailable", 10),
    ("fault", "timed out", 10),
    ("fault", "truncated", 10),
    ("fault", "rejected", 10),
    ("fault", "too long", 10),
    ("fault", "adjusted", 10),
    ("asked again", "at once", 5),
    ("asked again", "in two attempts", 1),
    ("sign of life", "thinking", 20),
    ("attempts", "2", 10),
    ("attempts", "3", 2),
];

impl Census {
    pub fn count(&mut self, trace: &Trace) {
        self.turns += 1;
        self.steps += trace.steps.len();
        let mut reached = vec![("ending", ending(trace).to_owned())];
        let (mut attempts, mut at_once) = (0, 0);
        for step in &trace.steps {
            let is_adjusted = matches!(
                step.given(),
                Some(Input::Heard(_, Heard::Failed(Fault::Adjusted)))
            );
            for effect in step.performed() {
                let phase = match effect {
                    Effect::Load(_) => "loading",
                    Effect::Route(_) | Effect::Gather(_) => "preparing",
                    Effect::Reply(..) => "replying",
                    Effect::Finish(_) => "finishing",
                    Effect::Checkpoint(..) | Effect::StopReply => continue,
                };
                let again = phase == "replying" && is_adjusted;
                attempts += u64::from(phase == "replying" && !again);
                at_once += u64::from(again);
                reached.push(("phase", phase.to_owned()));
            }
            reached.extend(
                step.given()
                    .and_then(fault)
                    .map(|fault| ("fault", fault.to_string())),
            );
        }
        reached.extend((at_once > 0).then(|| ("asked again", "at once".to_owned())));
        reached.extend((at_once > 1).then(|| ("asked again", "in two attempts".to_owned())));
        reached.extend(thinks(trace).then(|| ("sign of life", "thinking".to_owned())));
        if let Some(TurnEvent::Ended(closing)) = trace.told.last() {
            reached.push(("phase", "done".to_owned()));
            if let Ending::Failed(TurnError::Store(fault) | TurnError::Model(fault)) =
                closing.ending
            {
                reached.push(("failed", format!("{}, {fault}", ending(trace))));
            }
        }
        reached.push(("attempts", attempts.to_string()));
        reached.sort();
        reached.dedup();
        for what in reached {
            *self.reached.entry(what).or_default() += 1;
        }
    }

    /// What too few turns have reached.
    pub fn short_of(&self) -> Vec<String> {
        let floors = FLOORS.iter().filter_map(|(what, which, floor)| {
            let count = self
                .reached
                .get(&(*what, (*which).to_owned()))
                .copied()
                .unwrap_or(0);
            (count * 1_000 < floor * self.turns)
                .then(|| format!("{what} {which}: {count}, and {floor} in 1,000 are due"))
        });
        floors.collect()
    }
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} turns, {} stimuli", self.turns, self.steps)?;
        for ((what, which), count) in &self.reached {
            let share = *count as f64 * 100.0 / self.turns as f64;
            writeln!(f, "  {what:<9} {which:<32} {count:>8} {share:>5.1} %")?;
        }
        Ok(())
    }
}

/// What the clients saw at the end.
fn ending(trace: &Trace) -> &'static str {
    let Some(TurnEvent::Ended(closing)) = trace.told.last() else {
        return if trace.store.reaped {
            "none: lease lost"
        } else {
            "none: given up"
        };
    };
    match closing.ending {
        Ending::Finished => "finished",
        Ending::Truncated => "truncated",
        Ending::Filtered => "filtered",
        Ending::Stopped => "stopped",
        Ending::Deadline => "deadline",
        Ending::Failed(TurnError::Store(_)) => "failed: store",
        Ending::Failed(TurnError::Model(_)) => "failed: model",
        Ending::Failed(TurnError::Deadline) => "failed: deadline",
        Ending::Failed(TurnError::ProducerLost | TurnError::Internal) => "failed: by others",
    }
}

fn thinks(trace: &Trace) -> bool {
    trace
        .steps
        .iter()
        .any(|step| matches!(step.given(), Some(Input::Heard(_, Heard::Thinking))))
}

fn fault(input: &Input) -> Option<Fault> {
    match input {
        Input::Loaded(Err(fault)) | Input::Routed(Err(fault), _) | Input::Gathered(Err(fault)) => {
            Some(*fault)
        }
        Input::Heard(_, Heard::Failed(fault)) => Some(*fault),
        Input::Checkpointed(Err(Refused::Fault(fault)))
        | Input::Finished(Err(Refused::Fault(fault))) => Some(*fault),
        Input::Loaded(Ok(_))
        | Input::Routed(Ok(_), _)
        | Input::Gathered(Ok(_))
        | Input::Checkpointed(Ok(_) | Err(Refused::LeaseLost))
        | Input::Finished(Ok(()) | Err(Refused::LeaseLost))
        | Input::Heard(_, Heard::Delta(_))
        | Input::Heard(_, Heard::Thinking)
        | Input::Heard(_, Heard::Spent(_))
        | Input::Heard(_, Heard::Ended(..))
        | Input::StopAsked
        | Input::HurryUp(_) => None,
    }
}
