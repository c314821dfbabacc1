//! Models that play at random, the same for the same call in every run of a seed.

use std::panic::resume_unwind;
use std::sync::Arc;

use domain::{Fault, StopReason, TurnKey, router};
use futures::stream::{self, BoxStream, StreamExt};
use ports::{Answer, LlmStream, ModelCall, Piece, Result};
use rehearsal::{Line, Scene, Scripted};
use serde_json::{Value, json};

use super::book::Phase;
use super::engine::{SkewedClock, ms};
use super::foreign::FOREIGN;
use super::script::{name, sub_seed};
use super::stage::Stage;
use crate::world::Chance;

/// The models, as one turn, or the jobs of one worker, hear them.
pub(super) struct Voice {
    pub stage: Arc<Stage>,
    pub slot: usize,
    /// The turn, and what its scenes are drawn from.
    pub turn: Option<(TurnKey, u64)>,
}

impl LlmStream for Voice {
    fn open(&self, call: ModelCall) -> BoxStream<'static, Result<Piece>> {
        let (kind, count) = self.note(&call.answer);
        self.is_told_nothing_foreign(&call);
        // Jobs are those of the worker, whichever turn's they are.
        let turn = self.turn.as_ref().filter(|_| kind != "extract");
        let source = turn.map_or(self.slot as u64, |(_, source)| *source);
        let mut chance = Chance::new(sub_seed(
            self.stage.script.seed,
            &[name(kind), source, count],
        ));
        let script = &self.stage.script;
        let is_calm = self.stage.hand.now() >= script.calm
            || matches!(script.faults, super::script::Faults::Often(0));
        let scenes = Scripted::new(Arc::new(SkewedClock {
            hand: self.stage.hand.clone(),
            skew: 0,
        }));
        let (scene, what) = match kind {
            "route" => route(&mut chance),
            "extract" => extraction(&mut chance, is_calm),
            _ => reply(&mut chance),
        };
        self.stage
            .census()
            .count("model", format!("{kind}: {what}"));
        let pieces = match kind {
            "route" => scenes.route(scene).open(call),
            "extract" => scenes.extract(scene).open(call),
            _ => scenes.reply(scene).open(call),
        };
        if what != "panics" {
            return pieces;
        }
        let (stage, turn) = (self.stage.clone(), self.turn.clone());
        let panic = stream::once(async move {
            if let Some((turn, _)) = turn
                && let Some(drive) = stage.book().drives.get_mut(&turn)
            {
                drive.panicked = true;
            }
            // Not `panic!`, which would print each one.
            resume_unwind(Box::new("the model panics"))
        });
        pieces.chain(panic).boxed()
    }
}

impl Voice {
    fn is_told_nothing_foreign(&self, call: &ModelCall) {
        let is_foreign = call.prompt.text().contains(FOREIGN);
        self.stage.rule(!is_foreign, "A2", || {
            "a model is told what is somebody else's".to_owned()
        });
        if self.stage.script.mixes_users {
            self.stage
                .census()
                .count("trouble", "users mixed up".to_owned());
        }
    }

    /// What is asked, and how often it was asked before.
    fn note(&self, answer: &Answer) -> (&'static str, u64) {
        let kind = match answer {
            Answer::Prose => "reply",
            Answer::Tool { name, .. } if *name == router::TOOL => "route",
            Answer::Tool { .. } => "extract",
        };
        let mut book = self.stage.book();
        let turn = self
            .turn
            .as_ref()
            .map(|(turn, _)| turn)
            .filter(|_| kind != "extract");
        if let Some((turn, drive)) = turn.and_then(|turn| Some((turn, book.drives.get_mut(turn)?)))
        {
            if kind == "reply" {
                drive.asks_for_reply(&self.stage, turn);
                return (kind, u64::from(drive.replies));
            }
            drive.phase = drive.phase.max(Phase::Preparing);
            drive.routes += 1;
            return (kind, 1);
        }
        drop(book);
        let mut seen = self.stage.seen();
        let count = seen.counts.entry((self.slot, kind)).or_default();
        *count += 1;
        (kind, *count)
    }
}

fn reply(chance: &mut Chance) -> (Scene, &'static str) {
    let kinds = [
        (60, "speaks"),
        (6, "fails"),
        (5, "breaks off"),
        (5, "is cut"),
        (4, "hangs"),
        (5, "falls silent"),
        (4, "is blank"),
        (6, "says much"),
        (4, "says too much"),
        (1, "panics"),
    ];
    let what = chance.weighted(&kinds, "speaks");
    let pause = chance.weighted(&[(3, 20), (4, 120), (2, 700), (1, 3_000)], 0);
    let mut lines = vec![Line::Pause(ms(chance.below(1_500)))];
    if chance.percent(20) {
        lines.push(Line::Say(" \n ".to_owned()));
    }
    let size = match what {
        "says much" => 700,
        "says too much" => 2_500,
        _ => 1,
    };
    let words = match what {
        "fails" | "hangs" | "is blank" => 0,
        "says too much" => 6,
        _ => 1 + chance.below(24),
    };
    let salt = chance.below(1_000);
    for word in 0..words {
        lines.push(Line::Say(format!(
            "{}{word} ",
            format!("w{salt}.").repeat(size)
        )));
        if size == 1 || chance.percent(50) {
            lines.push(Line::Pause(ms(chance.below(pause * 2))));
        }
    }
    let fault = chance.pick(
        Fault::Unavailable,
        &[
            Fault::Throttled,
            Fault::Rejected,
            Fault::TooLong,
            Fault::TimedOut,
        ],
    );
    let reasons = [
        StopReason::Complete,
        StopReason::Complete,
        StopReason::Length,
        StopReason::Filtered,
    ];
    lines.push(match what {
        "fails" | "breaks off" => Line::Fail(fault),
        "is cut" | "panics" => Line::Cut,
        "hangs" | "falls silent" => Line::Hang,
        _ => Line::End(chance.pick(StopReason::Complete, &reasons)),
    });
    (Scene(lines), what)
}

fn route(chance: &mut Chance) -> (Scene, &'static str) {
    let what = chance.weighted(
        &[
            (70, "decides"),
            (8, "fails"),
            (8, "babbles"),
            (7, "hangs"),
            (7, "is slow"),
        ],
        "decides",
    );
    let line = match what {
        "fails" => Line::Fail(Fault::Throttled),
        "hangs" => Line::Hang,
        "babbles" => Line::Say("I think it is a workout.".to_owned()),
        _ => Line::Say(decision(chance).to_string()),
    };
    let pause = if what == "is slow" { 4_000 } else { 400 };
    (
        Scene(vec![
            Line::Pause(ms(chance.below(pause))),
            line,
            Line::End(StopReason::Complete),
        ]),
        what,
    )
}

fn decision(chance: &mut Chance) -> Value {
    let (logs, recalls) = (chance.percent(60), chance.percent(50));
    json!({
        "userIntent": if logs { "workout_logging" } else { "general" },
        "showContextualUpdates": chance.percent(50),
        "contextualUpdates": [
            { "stage": "initial_greeting", "text": "Digging into it" },
            { "stage": "workout_analysis", "text": "Scouting those squats" },
        ],
        "workoutDetection": { "isWorkoutLog": logs, "confidence": 0.9 },
        "memoryProcessing": {
            "needsRetrieval": recalls, "isMemoryRequest": false, "isForgetRequest": false,
            "confidence": 0.5,
        },
        "contextNeeds": {
            "needsPineconeSearch": recalls, "searchTypes": ["workouts", "methodology"],
        },
        "conversationTitle": null,
        "conversationComplexity": {
            "hasComplexity": false, "needsSummary": false, "confidence": 0.5,
        },
        "confidence": 0.9,
    })
}

/// Each names the workout otherwise, so that a second effect of one job shows.
fn extraction(chance: &mut Chance, is_calm: bool) -> (Scene, &'static str) {
    let kinds = [
        (60, "extracts"),
        (10, "refuses"),
        (10, "babbles"),
        (10, "fails"),
        (10, "hangs"),
    ];
    let what = if is_calm {
        "extracts"
    } else {
        chance.weighted(&kinds, "extracts")
    };
    let refusal = if what == "refuses" {
        json!("plan")
    } else {
        Value::Null
    };
    let workout = json!({
        "refusal": refusal, "discipline": "strength",
        "name": format!("Squats {}", chance.below(1 << 30)),
        "performedAt": null, "durationSeconds": 3_600, "exercises": [], "score": null,
        "perceivedExertion": null,
        "notes": null, "confidence": 0.9,
    });
    let line = match what {
        "fails" => Line::Fail(Fault::Unavailable),
        "hangs" => Line::Hang,
        "babbles" => Line::Say("squats, five".to_owned()),
        _ => Line::Say(workout.to_string()),
    };
    (
        Scene(vec![
            Line::Pause(ms(chance.below(600))),
            line,
            Line::End(StopReason::Complete),
        ]),
        what,
    )
}
