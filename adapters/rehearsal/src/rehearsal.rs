use std::sync::Arc;
use std::time::Duration;

use domain::prompt::estimated_tokens;
use domain::{Delivery, Fault, StopReason, Usage, router};
use futures::stream::BoxStream;
use ports::{Answer, Clock, LlmStream, ModelCall, Piece, Result};

use crate::dice::Dice;
use crate::heard::{self, Heard};
use crate::scene::{Line, Scene, play, words};
use crate::{extract, reply, route, summary};

/// An offline coach: it needs no account and costs nothing, and says the same on every run.
///
/// It routes messages, reads workouts out of them and replies in words, all from the call alone. It
/// knows English, the common exercises and a handful of phrases; it does not think. One
/// [`with_mistakes`](Self::with_mistakes) has a router that answers about one message in sixteen
/// wrongly on purpose, as real models do: in prose, fenced, cut off, with wrong types, with unknown
/// values or too late.
///
/// Who writes a client can order a fault by writing it into the message; the router stays well:
///
/// | in the message | what the reply does |
/// |---|---|
/// | `[rehearse:throttled]` | fails with that fault |
/// | `[rehearse:unavailable]` | fails with that fault |
/// | `[rehearse:rejected]` | fails with that fault |
/// | `[rehearse:silent]` | says nothing, ever |
/// | `[rehearse:cut]` | stops after 20 words, without an end |
/// | `[rehearse:stall]` | says 20 words, and then nothing, ever |
/// | `[rehearse:truncated]` | has no room for more than 40 words |
/// | `[rehearse:filtered]` | is filtered after 10 words |
/// | `[rehearse:panic]` | panics after 5 words |
pub struct Rehearsal {
    clock: Arc<dyn Clock>,
    pace: Pace,
    seed: u64,
    mistaken: bool,
}

/// How fast a [`Rehearsal`] speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// From one word of a reply to the next.
    pub per_word: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            per_word: Duration::from_millis(30),
        }
    }
}

impl Pace {
    /// Until a form is filled in.
    fn form(self) -> Duration {
        self.per_word * 8
    }

    /// Until so many words are there at once.
    fn whole(self, words: usize) -> Duration {
        self.per_word * u32::try_from(words).unwrap_or(u32::MAX) / 10
    }
}

impl Rehearsal {
    /// The seed for demonstrations: no everyday message of theirs is routed wrongly, with mistakes
    /// either.
    pub const SEED: u64 = 7;

    /// A coach whose words follow from `seed` and the prompt, and whose pauses `clock` measures.
    pub fn new(clock: Arc<dyn Clock>, pace: Pace, seed: u64) -> Self {
        Self {
            clock,
            pace,
            seed,
            mistaken: false,
        }
    }

    /// Returns the same coach with a router that now and then answers wrongly.
    #[must_use]
    pub fn with_mistakes(self) -> Self {
        Self {
            mistaken: true,
            ..self
        }
    }

    fn scene(&self, call: &ModelCall) -> Scene {
        match &call.answer {
            Answer::Prose => self.reply(call),
            Answer::Tool { name, .. } if *name == router::TOOL => self.route(call),
            Answer::Tool {
                name: "log_workout",
                ..
            } => self.form(extract::answer(&call.prompt)),
            Answer::Tool { name, .. } if *name == domain::summary::TOOL => {
                self.form(summary::answer(&call.prompt))
            }
            // It knows no two things to be one.
            Answer::Tool { name, .. } if *name == domain::memory::RELATING => {
                self.form("{}".to_owned())
            }
            Answer::Tool { .. } => Scene::failing(Fault::Rejected),
        }
    }

    fn route(&self, call: &ModelCall) -> Scene {
        let text = heard::message(&call.prompt);
        let mut dice = Dice::of(self.seed, &text);
        let answer = route::answer(&Heard::new(&text), heard::is_first(&call.prompt));
        if !self.mistaken || !dice.roll().is_multiple_of(16) {
            return self.form(answer.to_string());
        }
        match dice.pick(&route::SLIPS) {
            "late" => form(answer.to_string(), TOO_LATE),
            slip => self.form(route::slipped(answer, slip)),
        }
    }

    fn form(&self, filled_in: String) -> Scene {
        form(filled_in, self.pace.form())
    }

    fn reply(&self, call: &ModelCall) -> Scene {
        let said = heard::last_block(&call.prompt);
        let text = reply::compose(&call.prompt, &mut Dice::of(self.seed, said));
        let mut words: Vec<&str> = words(&text).collect();
        let (most, then) = ordered(said).unwrap_or_else(|| room(&words, call.max_tokens));
        words.truncate(most);
        let mut lines: Vec<Line> = match call.delivery {
            Delivery::Streamed => {
                let spoken = |word: &&str| {
                    [
                        Line::Pause(self.pace.per_word),
                        Line::Say((*word).to_owned()),
                    ]
                };
                words.iter().flat_map(spoken).collect()
            }
            Delivery::Whole => vec![
                Line::Pause(self.pace.whole(words.len())),
                Line::Say(words.concat()),
            ],
        };
        lines.push(then);
        Scene(lines)
    }
}

impl LlmStream for Rehearsal {
    fn open(&self, call: ModelCall) -> BoxStream<'static, Result<Piece>> {
        let model = match call.answer {
            Answer::Prose => "rehearsal-reply",
            Answer::Tool { .. } => "rehearsal-fast",
        };
        let usage = Usage {
            model: Some(model.into()),
            input_tokens: call.prompt.estimated_tokens(),
            estimated: true,
            ..Usage::default()
        };
        play(self.clock.clone(), self.scene(&call), usage)
    }
}

/// Later than anybody waits for a router.
const TOO_LATE: Duration = Duration::from_secs(5);

fn form(filled_in: String, pause: Duration) -> Scene {
    Scene(vec![
        Line::Pause(pause),
        Line::Say(filled_in),
        Line::End(StopReason::Complete),
    ])
}

/// Returns how many of the words fit, and how they end, at four characters a token.
fn room(words: &[&str], max_tokens: u32) -> (usize, Line) {
    let ends = words.iter().scan(0, |end, word| {
        *end += word.len();
        Some(*end)
    });
    let fit = ends
        .take_while(|end| estimated_tokens(*end) <= u64::from(max_tokens))
        .count();
    let reason = if fit < words.len() {
        StopReason::Length
    } else {
        StopReason::Complete
    };
    (fit, Line::End(reason))
}

/// Returns the fault that the message orders: after how many words, and which.
fn ordered(text: &str) -> Option<(usize, Line)> {
    let (_, rest) = text.split_once("[rehearse:")?;
    Some(match rest.split_once(']')?.0 {
        "throttled" => (0, Line::Fail(Fault::Throttled)),
        "unavailable" => (0, Line::Fail(Fault::Unavailable)),
        "rejected" => (0, Line::Fail(Fault::Rejected)),
        "silent" => (0, Line::Hang),
        "cut" => (20, Line::Cut),
        "stall" => (20, Line::Hang),
        "truncated" => (40, Line::End(StopReason::Length)),
        "filtered" => (10, Line::End(StopReason::Filtered)),
        "panic" => (5, Line::Panic),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
