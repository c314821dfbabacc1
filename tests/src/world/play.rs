//! Runs a turn through its script.

use std::time::Duration;

use domain::{Attempt, Effect, Heard, Input, Output, Refused, Task, Timestamp, Turn, TurnEvent};

use super::script::{How, Move, Script};
use super::store::Store;
use super::words;

/// Everything that happened in one world.
#[derive(Debug, PartialEq)]
pub struct Trace {
    pub steps: Vec<Step>,
    /// All that was told, in order.
    pub told: Vec<TurnEvent>,
    pub store: Store,
    /// The turn went on after so many alarms without an answer that it will for ever.
    pub is_stuck: bool,
}

/// A stimulus, what followed, and where that left the turn.
#[derive(Debug, PartialEq)]
pub struct Step {
    /// The latest time that the turn was ever given.
    pub now: Timestamp,
    pub stimulus: Stimulus,
    pub outputs: Vec<Output>,
    pub at: At,
    pub alarm: Option<Timestamp>,
    /// How many events the turn knows to be kept.
    pub kept: usize,
    /// How many events the store has.
    pub stored: usize,
}

#[derive(Debug, PartialEq)]
pub enum Stimulus {
    Began,
    Given(Input),
    /// An answer that was given before.
    Echoed(Input),
    /// The alarm went off.
    Woke,
    /// It was too early for the alarm.
    WokeEarly,
}

/// How far a turn is, as far as can be seen from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    Running,
    /// The finishing write was begun.
    Finishing,
    Over,
}

/// Runs a turn through its script, and then leaves it alone with its alarms.
pub fn play(script: &Script) -> Trace {
    let mut world = World::new(script);
    world.note(Stimulus::Began);
    for next in &script.moves {
        world.make(*next);
    }
    for _ in 0..SILENCE {
        world.wake();
    }
    let is_stuck = !world.turn.is_done();
    Trace {
        steps: world.steps,
        told: world.told,
        store: world.store,
        is_stuck,
    }
}

/// More alarms than any turn needs that hears nothing: one for each attempt and each pause, and a
/// few.
const SILENCE: usize = 32;

struct World {
    turn: Turn,
    now: Timestamp,
    latest: Timestamp,
    at: At,
    /// The effects that wait for an answer, but the reply.
    open: Vec<Effect>,
    /// The attempt at a reply that is open.
    replying: Option<Attempt>,
    /// Writes that were answered with a fault and may still be done.
    late: Vec<Effect>,
    given: Vec<Input>,
    kept: usize,
    store: Store,
    steps: Vec<Step>,
    told: Vec<TurnEvent>,
}

impl World {
    fn new(script: &Script) -> Self {
        let task = Task {
            opening: words::opening(script),
            coach: words::coach(),
            seed: script.seed,
            asked: script.asked,
            deadline: script.deadline,
        };
        let now = script.asked + Duration::from_millis(script.seed % 50);
        Self {
            turn: Turn::new(task, script.limits, now),
            now,
            latest: now,
            at: At::Running,
            open: Vec::new(),
            replying: None,
            late: Vec::new(),
            given: Vec::new(),
            kept: 0,
            store: Store::default(),
            steps: Vec::new(),
            told: Vec::new(),
        }
    }

    fn make(&mut self, next: Move) {
        match next {
            Move::Answer(which, how) => self.answer(which, how),
            Move::Hear(words) => self.hear(Heard::Delta(words.text())),
            Move::Think => self.hear(Heard::Thinking),
            Move::End(reason) => self.hear(Heard::Ended(reason, words::usage(3))),
            Move::BreakOff(fault, spent) => {
                if let Some(spent) = spent {
                    self.hear(Heard::Spent(words::usage(spent)));
                }
                self.hear(Heard::Failed(fault));
            }
            Move::Echo(which) => self.echo(which),
            Move::Land(which) => {
                if let Some(effect) = take(&mut self.late, which) {
                    self.write(&effect);
                }
            }
            Move::Stop => self.give(Input::StopAsked),
            Move::HurryUp(ms) => self.give(Input::HurryUp(self.now + Duration::from_millis(ms))),
            Move::StopElsewhere => self.store.stop_asked = true,
            Move::Reap => self.store.reap(),
            Move::Wake => self.wake(),
            Move::Pass(ms) => {
                self.now = self.now + Duration::from_millis(ms);
                self.look_at_clock();
            }
            Move::Skip(ms) => self.now = self.now + Duration::from_millis(ms),
            Move::Back(ms) => self.now = Timestamp(self.now.0 - ms),
        }
    }

    fn answer(&mut self, which: usize, how: How) {
        let Some(effect) = take(&mut self.open, which) else {
            return;
        };
        let through = match &effect {
            Effect::Checkpoint(from, events) => from + events.len(),
            Effect::Finish(finish) => finish.events.len(),
            Effect::Load(_)
            | Effect::Route(_)
            | Effect::Gather(_)
            | Effect::Reply(..)
            | Effect::StopReply => 0,
        };
        let answer = self.answered(effect, how);
        let is_checkpoint = matches!(answer, Input::Checkpointed(Ok(_))) && self.at == At::Running;
        if is_checkpoint || answer == Input::Finished(Ok(())) {
            self.kept = through;
        }
        self.give(answer);
    }

    fn answered(&mut self, effect: Effect, how: How) -> Input {
        let fault = match how {
            How::Good(_) | How::Empty | How::Malformed(_) | How::Foreign => None,
            How::Fails(fault) | How::Applied(fault) | How::Late(fault) => Some(fault),
        };
        let choice = if let How::Good(choice) = how {
            choice
        } else {
            0
        };
        match (&effect, fault) {
            (Effect::Load(_), None) => Input::Loaded(Ok(words::loaded(choice))),
            (Effect::Load(_), Some(fault)) => Input::Loaded(Err(fault)),
            (Effect::Route(_), None) => {
                let tries = words::tries(self.steps.len(), false);
                Input::Routed(Ok((routed(how), words::usage(choice))), tries)
            }
            (Effect::Route(_), Some(fault)) => {
                Input::Routed(Err(fault), words::tries(self.steps.len(), true))
            }
            (Effect::Gather(_), None) if how == How::Empty => Input::Gathered(Ok(words::nothing())),
            (Effect::Gather(_), None) => Input::Gathered(Ok(words::gathered(how != How::Foreign))),
            (Effect::Gather(_), Some(fault)) => Input::Gathered(Err(fault)),
            (Effect::Checkpoint(from, events), None) => {
                Input::Checkpointed(self.store.checkpoint(*from, events))
            }
            (Effect::Finish(finish), None) => Input::Finished(self.store.finish(finish)),
            (Effect::Checkpoint(..), Some(fault)) => {
                self.write_in_doubt(effect, how);
                Input::Checkpointed(Err(Refused::Fault(fault)))
            }
            (Effect::Finish(_), Some(fault)) => {
                self.write_in_doubt(effect, how);
                Input::Finished(Err(Refused::Fault(fault)))
            }
            (Effect::Reply(..) | Effect::StopReply, _) => {
                unreachable!("neither is ever among the open ones")
            }
        }
    }

    fn write_in_doubt(&mut self, effect: Effect, how: How) {
        if let How::Applied(_) = how {
            self.write(&effect);
        } else if let How::Late(_) = how {
            self.late.push(effect);
        }
    }

    /// Does a write whose answer nobody hears.
    fn write(&mut self, effect: &Effect) {
        if let Effect::Checkpoint(from, events) = effect {
            let _unheard = self.store.checkpoint(*from, events);
        } else if let Effect::Finish(finish) = effect {
            let _unheard = self.store.finish(finish);
        }
    }

    /// What came before may come again: answers, and words of an attempt that is over, also while
    /// another is open.
    fn echo(&mut self, which: usize) {
        let comes = |input: &&Input| match input {
            Input::Loaded(_) | Input::Routed(..) | Input::Gathered(_) => true,
            Input::Heard(attempt, _) => self.replying != Some(*attempt),
            Input::Checkpointed(_) | Input::Finished(_) | Input::StopAsked | Input::HurryUp(_) => {
                false
            }
        };
        let old: Vec<&Input> = self.given.iter().filter(comes).collect();
        if let Some(input) = old.get(which % old.len().max(1)).copied().cloned() {
            self.turn.handle_input(input.clone(), self.now);
            self.note(Stimulus::Echoed(input));
        }
    }

    /// Something of the reply, if one is open.
    fn hear(&mut self, heard: Heard) {
        let Some(attempt) = self.replying else {
            return;
        };
        if let Heard::Ended(..) | Heard::Failed(_) = heard {
            self.replying = None;
        }
        self.give(Input::Heard(attempt, heard));
    }

    fn give(&mut self, input: Input) {
        self.given.push(input.clone());
        self.turn.handle_input(input.clone(), self.now);
        self.note(Stimulus::Given(input));
    }

    fn wake(&mut self) {
        if let Some(alarm) = self.turn.poll_timeout() {
            self.now = self.now.max(alarm);
            self.look_at_clock();
        }
    }

    fn look_at_clock(&mut self) {
        let is_due = self
            .turn
            .poll_timeout()
            .is_some_and(|alarm| alarm <= self.now.max(self.latest));
        self.turn.handle_timeout(self.now);
        self.note(if is_due {
            Stimulus::Woke
        } else {
            Stimulus::WokeEarly
        });
    }

    fn note(&mut self, stimulus: Stimulus) {
        let mut outputs = Vec::new();
        while let Some(output) = self.turn.poll_output() {
            match &output {
                Output::Tell(event) => self.told.push(event.clone()),
                Output::Perform(Effect::StopReply) => self.replying = None,
                Output::Perform(Effect::Reply(attempt, _)) => self.replying = Some(*attempt),
                Output::Perform(effect) => {
                    if let Effect::Finish(_) = effect {
                        self.at = At::Finishing;
                    }
                    self.open.push(effect.clone());
                }
            }
            outputs.push(output);
        }
        if self.turn.is_done() {
            self.at = At::Over;
        }
        self.latest = self.latest.max(self.now);
        self.steps.push(Step {
            now: self.latest,
            stimulus,
            outputs,
            at: self.at,
            alarm: self.turn.poll_timeout(),
            kept: self.kept,
            stored: self.store.log.len(),
        });
    }
}

fn routed(how: How) -> String {
    match how {
        How::Good(choice) => words::decision(choice),
        How::Malformed(choice) => words::no_decision(choice),
        How::Foreign => words::FOREIGN.to_owned(),
        How::Empty | How::Fails(_) | How::Applied(_) | How::Late(_) => String::new(),
    }
}

/// Takes one out of `effects`; any number chooses one, if there is one.
fn take(effects: &mut Vec<Effect>, which: usize) -> Option<Effect> {
    (!effects.is_empty()).then(|| effects.remove(which % effects.len()))
}
