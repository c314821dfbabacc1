use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{Fault, Usage, router};
use futures::stream::{self, BoxStream, StreamExt};
use ports::{Answer, Clock, LlmStream, ModelCall, Piece, Result};

use crate::scene::{Scene, play};

/// A model that plays what a test writes, and keeps every call.
///
/// Replies, routes and extractions have a queue of scenes each. The last scene of a queue is played
/// again and again; a call of a kind that was given none is rejected.
pub struct Scripted {
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    replies: VecDeque<Scene>,
    routes: VecDeque<Scene>,
    extractions: VecDeque<Scene>,
    calls: Vec<ModelCall>,
}

impl Scripted {
    /// A model without scenes, whose pauses `clock` measures.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            state: Arc::default(),
        }
    }

    /// Returns what the next call for prose plays that has no scene yet.
    #[must_use]
    pub fn reply(self, scene: Scene) -> Self {
        self.state().replies.push_back(scene);
        self
    }

    /// Returns what the next call of the router plays that has no scene yet.
    #[must_use]
    pub fn route(self, scene: Scene) -> Self {
        self.state().routes.push_back(scene);
        self
    }

    /// Returns what the next call of any other tool plays that has no scene yet.
    #[must_use]
    pub fn extract(self, scene: Scene) -> Self {
        self.state().extractions.push_back(scene);
        self
    }

    /// Every call as it was asked, in order. One that nobody listened to was not asked.
    pub fn calls(&self) -> Vec<ModelCall> {
        self.state().calls.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next(&mut self, call: &ModelCall) -> Scene {
        self.calls.push(call.clone());
        let scenes = match &call.answer {
            Answer::Prose => &mut self.replies,
            Answer::Tool { name, .. } if *name == router::TOOL => &mut self.routes,
            Answer::Tool { .. } => &mut self.extractions,
        };
        let next = if scenes.len() > 1 {
            scenes.pop_front()
        } else {
            scenes.front().cloned()
        };
        next.unwrap_or_else(|| Scene::failing(Fault::Rejected))
    }
}

impl LlmStream for Scripted {
    fn open(&self, call: ModelCall) -> BoxStream<'static, Result<Piece>> {
        let (clock, state) = (self.clock.clone(), self.state.clone());
        let scene = move || {
            let scene = state
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .next(&call);
            let usage = Usage {
                model: Some("scripted".into()),
                input_tokens: call.prompt.estimated_tokens(),
                ..Usage::default()
            };
            play(clock, scene, usage)
        };
        stream::once(async move { scene() }).flatten().boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::{Delivery, Prompt, StopReason, Tier, Timestamp};
    use futures::FutureExt;
    use in_memory::ManualClock;

    use super::*;
    use crate::Line;

    fn clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::at(Timestamp(0)))
    }

    fn at_once<T>(work: impl Future<Output = T>) -> T {
        work.now_or_never().expect("it has nothing to wait for")
    }

    fn call(answer: Answer) -> ModelCall {
        let prompt = Prompt::question("instruct", "ask");
        let (tier, delivery) = (Tier::Reply, Delivery::Streamed);
        ModelCall {
            tier,
            model: None,
            prompt,
            answer,
            delivery,
            max_tokens: 10,
            temperature: 0.0,
        }
    }

    fn tool(name: &'static str) -> Answer {
        Answer::Tool {
            name,
            schema: Arc::default(),
        }
    }

    fn played(model: &Scripted, answer: Answer) -> Vec<Result<Piece, Fault>> {
        let pieces = model
            .open(call(answer))
            .map(|piece| piece.map_err(|error| error.fault));
        at_once(pieces.collect())
    }

    fn said(model: &Scripted, answer: Answer) -> String {
        let texts = played(model, answer)
            .into_iter()
            .filter_map(|piece| match piece {
                Ok(Piece::Text(text)) => Some(text),
                Ok(Piece::Thinking | Piece::Spent(_) | Piece::End { .. }) | Err(_) => None,
            });
        texts.collect()
    }

    #[test]
    fn each_kind_of_call_has_its_own_queue_and_the_last_scene_repeats() {
        let model = Scripted::new(clock())
            .reply(Scene::saying("one"))
            .reply(Scene::saying("two"))
            .route(Scene::saying("{}"))
            .extract(Scene::saying("[]"));
        assert_eq!(
            [
                said(&model, Answer::Prose),
                said(&model, tool(router::TOOL))
            ],
            ["one", "{}"]
        );
        assert_eq!(
            [
                said(&model, tool("log_workout")),
                said(&model, Answer::Prose)
            ],
            ["[]", "two"]
        );
        assert_eq!(said(&model, Answer::Prose), "two");
        let asked: Vec<_> = model.calls().into_iter().map(|call| call.answer).collect();
        assert_eq!(asked[1..3], [tool(router::TOOL), tool("log_workout")]);
        assert_eq!(asked.len(), 5);
    }

    #[test]
    fn a_call_without_a_scene_is_rejected_and_one_that_nobody_polls_is_not_made() {
        let model = Scripted::new(clock());
        assert_eq!(played(&model, Answer::Prose), [Err(Fault::Rejected)]);
        drop(model.open(call(Answer::Prose)));
        assert_eq!(model.calls().len(), 1);
    }

    #[test]
    fn nothing_follows_an_ending_and_no_text_is_empty() {
        let (say, end) = (
            |text: &str| Line::Say(text.to_owned()),
            Line::End(StopReason::Length),
        );
        let model = Scripted::new(clock())
            .reply(Scene(vec![say(""), say("eight ch"), end, say("more")]))
            .reply(Scene(vec![
                say("a"),
                Line::Fail(Fault::Throttled),
                say("b"),
            ]))
            .reply(Scene(vec![say("a"), Line::Cut, say("b")]));
        let usage = Usage {
            model: Some("scripted".into()),
            input_tokens: 3,
            output_tokens: 2,
            ..Usage::default()
        };
        let text = |text: &str| Ok(Piece::Text(text.to_owned()));
        let end = Ok(Piece::End {
            reason: StopReason::Length,
            usage,
        });
        assert_eq!(played(&model, Answer::Prose), [text("eight ch"), end]);
        assert_eq!(
            played(&model, Answer::Prose),
            [text("a"), Err(Fault::Throttled)]
        );
        assert_eq!(played(&model, Answer::Prose), [text("a")]);
    }

    #[test]
    fn pauses_last_until_the_clock_says_so_and_a_hang_for_ever() {
        let clock = clock();
        let lines = [
            Line::Pause(Duration::from_secs(2)),
            Line::Say("late".to_owned()),
            Line::Hang,
        ];
        let model = Scripted::new(clock.clone()).reply(Scene(lines.into()));
        let mut pieces = model.open(call(Answer::Prose));
        assert!(pieces.next().now_or_never().is_none());
        clock.advance(Duration::from_millis(1_999));
        assert!(pieces.next().now_or_never().is_none());
        clock.advance(Duration::from_millis(1));
        assert_eq!(
            pieces.next().now_or_never().unwrap().unwrap().unwrap(),
            Piece::Text("late".to_owned())
        );
        clock.advance(Duration::from_secs(1 << 40));
        assert!(pieces.next().now_or_never().is_none());
    }

    #[test]
    #[should_panic(expected = "the scene has the model panic here")]
    fn a_panic_is_a_panic() {
        played(
            &Scripted::new(clock()).reply(Scene(vec![Line::Panic])),
            Answer::Prose,
        );
    }
}
