//! Drives one turn by hand: no runtime, no async, no I/O. `cargo run --bin turn`
use std::collections::VecDeque;
use std::sync::Arc;

use coach_domain::turn::{Effect, Heard, Input, Kept, Limits, Loaded, Output, Task, Turn};
use coach_domain::{
    Body, ConversationKey, Fault, Gathered, Message, Opening, StopReason, Timestamp, Tries,
    TurnEvent, TurnKey, Usage, UserScope, coach,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Whoever calls has verified who asks: this is the one place that says so.
    let user = UserScope::verified("ada".parse()?);
    let (coach, conversation) = ("strength".parse()?, "monday".parse()?);
    let conversation = ConversationKey { user, coach, conversation };
    let (turn, mut now) = (TurnKey { conversation, turn: "turn-1".parse()? }, Timestamp(0));
    let text = "How do I squat deeper?".into();
    let body = Body::User { text, sent: None, zone: None };
    let [id, assistant_message] = ["message-1".parse()?, "message-2".parse()?];
    let user_message = Message { id, number: 1, turn: turn.clone(), created: now, body };
    let opening = Opening { turn, user_message, assistant_message };
    let coach = Arc::new(coach::shipped().remove(0));
    let task = Task { opening, coach, seed: 7, asked: now, deadline: Timestamp(120_000) };
    let (mut turn, mut answers) = (Turn::new(task, Limits::default(), now), VecDeque::new());
    loop {
        while let Some(output) = turn.poll_output() {
            match output {
                Output::Tell(TurnEvent::Said(said)) => print!("{}", said.text),
                Output::Tell(TurnEvent::Ended(closing)) => println!("\n[{:?}]", closing.ending),
                Output::Tell(TurnEvent::Started) => println!("[Started]"),
                Output::Perform(Effect::Reply(attempt, _)) => {
                    let words = ["Sit between ", "your hips."].map(String::from);
                    let ended = Heard::Ended(StopReason::Complete, Usage::default());
                    let heard = words.map(Heard::Delta).into_iter().chain([ended]);
                    answers.extend(heard.map(|heard| Input::Heard(attempt, heard)));
                }
                Output::Perform(effect) => answers.extend(answer(effect)),
            }
        }
        let Some(alarm) = turn.poll_timeout() else { return Ok(()) };
        if let Some(input) = answers.pop_front() {
            turn.handle_input(input, now);
        } else {
            now = alarm;
            turn.handle_timeout(now);
        }
    }
}

fn answer(effect: Effect) -> Option<Input> {
    Some(match effect {
        Effect::Load(_) => Input::Loaded(Ok(Loaded::default())),
        Effect::Route(_) => Input::Routed(Err(Fault::Unavailable), Tries::default()),
        Effect::Gather(_) => Input::Gathered(Ok(Gathered::default())),
        Effect::Checkpoint(..) => Input::Checkpointed(Ok(Kept { stop_asked: false })),
        Effect::Finish(_) => Input::Finished(Ok(())),
        Effect::Reply(..) | Effect::StopReply => return None,
    })
}
