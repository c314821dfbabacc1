//! A turn in a browser: whoever loads this gives it a message and the words of a model, and is told
//! what the athlete sees. It imports nothing, not even a clock.

use std::sync::Arc;

use coach_domain::turn::{Attempt, Effect, Heard, Input, Kept, Limits, Loaded, Output, Task, Turn};
use coach_domain::{
    Body, ConversationKey, Fault, Gathered, Message, Opening, StopReason, Timestamp, Tries,
    TurnEvent, TurnKey, Usage, UserScope, coach,
};

/// A turn, and what it has told that nobody has read.
pub struct Driven {
    turn: Turn,
    attempt: Option<Attempt>,
    told: String,
    is_over: bool,
}

/// Begins a turn with the message of this length that was written at `text`.
///
/// # Safety
///
/// `text` was returned by [`room`] for at least `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn begin(text: *mut u8, length: usize, now: u64) -> *mut Driven {
    let text = unsafe { text_of(text, length) };
    let now = Timestamp(now);
    let turn = Turn::new(task(text, now).unwrap_or_else(|| std::process::abort()), limits(), now);
    let driven = Driven { turn, attempt: None, told: String::new(), is_over: false };
    let driven = Box::leak(Box::new(driven));
    driven.go_on(now);
    driven
}

/// Takes more words of the model; none at all are the end of its reply.
///
/// # Safety
///
/// `driven` was returned by [`begin`], and `text` by [`room`] for at least `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hear(driven: *mut Driven, text: *mut u8, length: usize, now: u64) {
    let (driven, text) = unsafe { (&mut *driven, text_of(text, length)) };
    let Some(attempt) = driven.attempt else { return };
    let heard = if text.is_empty() {
        Heard::Ended(StopReason::Complete, Usage::default())
    } else {
        Heard::Delta(text)
    };
    driven.turn.handle_input(Input::Heard(attempt, heard), Timestamp(now));
    driven.go_on(Timestamp(now));
}

/// Returns whether the turn has ended.
///
/// # Safety
///
/// `driven` was returned by [`begin`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn is_over(driven: *const Driven) -> bool {
    unsafe { (*driven).is_over }
}

/// Returns where the text stands that was told so far.
///
/// # Safety
///
/// `driven` was returned by [`begin`]; the text stays until its next call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn told(driven: *const Driven) -> *const u8 {
    unsafe { (&(*driven).told).as_ptr() }
}

/// Returns how long it is, in bytes.
///
/// # Safety
///
/// `driven` was returned by [`begin`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn told_length(driven: *const Driven) -> usize {
    unsafe { (&(*driven).told).len() }
}

/// Returns room for a text of this many bytes. Whoever is given the text takes the room back.
#[unsafe(no_mangle)]
pub extern "C" fn room(length: usize) -> *mut u8 {
    Vec::leak(vec![0; length]).as_mut_ptr()
}

unsafe fn text_of(text: *mut u8, length: usize) -> String {
    let bytes = unsafe { Vec::from_raw_parts(text, length, length) };
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Driven {
    /// Does what the turn asks for, until it waits for the model or is over.
    fn go_on(&mut self, now: Timestamp) {
        while let Some(output) = self.turn.poll_output() {
            let answer = match output {
                Output::Tell(TurnEvent::Said(said)) => {
                    self.told.push_str(&said.text);
                    None
                }
                Output::Tell(TurnEvent::Started) => None,
                Output::Tell(TurnEvent::Ended(_)) => {
                    self.is_over = true;
                    None
                }
                Output::Perform(Effect::Reply(attempt, _)) => {
                    self.attempt = Some(attempt);
                    None
                }
                Output::Perform(effect) => answer(effect),
            };
            if let Some(input) = answer {
                self.turn.handle_input(input, now);
            }
        }
    }
}

/// What a page answers that keeps nothing.
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

fn limits() -> Limits {
    Limits::default()
}

fn task(text: String, now: Timestamp) -> Option<Task> {
    let conversation = ConversationKey {
        user: UserScope::verified("visitor".parse().ok()?),
        coach: "strength".parse().ok()?,
        conversation: "page".parse().ok()?,
    };
    let turn = TurnKey { conversation, turn: "turn".parse().ok()? };
    let user_message = Message {
        id: "question".parse().ok()?,
        number: 1,
        turn: turn.clone(),
        created: now,
        body: Body::User { text: text.into(), sent: None, zone: None },
    };
    let assistant_message = "answer".parse().ok()?;
    let opening = Opening { turn, user_message, assistant_message };
    let coach = Arc::new(coach::shipped().into_iter().next()?);
    let deadline = Timestamp(now.0 + 120_000);
    Some(Task { opening, coach, seed: now.0, asked: now, deadline })
}
