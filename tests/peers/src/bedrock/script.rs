//! What the peer plays.

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{Form, Operation, Request};

/// The answer to one request.
#[derive(Debug, Clone)]
pub enum Script {
    /// Refused before it begins.
    Refuse {
        /// The status.
        status: u16,
        /// The exception's name.
        kind: &'static str,
        /// What it says.
        message: String,
    },
    /// An answer, step by step. To a call that wants it at once: all steps together.
    Play(Vec<Step>),
    /// Never a byte.
    Silence,
    /// The connection is cut before the answer begins.
    Cut,
    /// The vector of the text, as Titan gives it.
    Embed,
    /// This body.
    Body(Value),
}

/// One step of an answer.
#[derive(Debug, Clone)]
pub enum Step {
    /// Some text.
    Text(String),
    /// Some text, with the time at which it is sent behind it: see [`Step::timed`].
    Timed(String),
    /// A call of a tool.
    Tool(String, Value),
    /// The stop reason.
    Stop(&'static str),
    /// What it cost: input, output, read from the cache, written to the cache.
    Usage([u32; 4]),
    /// Any other event: its name and its body.
    Event(&'static str, Value),
    /// An exception, by its name before a stream, and what it says; nothing comes after it.
    Exception(&'static str, String),
    /// Any bytes.
    Bytes(Bytes),
    /// A while without a byte.
    Pause(Duration),
    /// Not a byte before the gate is open.
    Until(Gate),
    /// Not a byte ever again.
    Silence,
    /// The connection is cut.
    Cut,
}

/// Holds an answer up until a test lets it go on.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    /// Opens it, for good.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    async fn is_open(&self) {
        _ = self.0.subscribe().wait_for(|is_open| *is_open).await;
    }
}

/// The exceptions that Converse and ConverseStream know, with their statuses; `true`: also within a
/// stream.
pub const EXCEPTIONS: [(&str, u16, bool); 10] = [
    ("AccessDeniedException", 403, false),
    ("InternalServerException", 500, true),
    ("ModelErrorException", 424, false),
    ("ModelNotReadyException", 429, false),
    ("ModelStreamErrorException", 424, true),
    ("ModelTimeoutException", 408, false),
    ("ResourceNotFoundException", 404, false),
    ("ServiceUnavailableException", 503, true),
    ("ThrottlingException", 429, true),
    ("ValidationException", 400, true),
];

impl Script {
    /// Refused with this exception and its status.
    pub fn refuse(kind: &'static str) -> Self {
        Self::refuse_saying(kind, "as the script says")
    }

    /// Refused with this exception and its status, in these words.
    pub fn refuse_saying(kind: &'static str, message: &str) -> Self {
        Self::Refuse {
            status: status(kind).as_u16(),
            kind,
            message: message.to_owned(),
        }
    }

    /// A whole answer, word by word.
    pub fn saying(text: &str) -> Self {
        Self::Play(words(text).chain(end(text)).collect())
    }

    /// The same after thoughts, each of which takes so long.
    pub fn thinking(thoughts: usize, pause: Duration, text: &str) -> Self {
        let thought = (0..thoughts).flat_map(|_| [Step::Pause(pause), Step::thought("Hm. ")]);
        Self::Play(thought.chain(words(text)).chain(end(text)).collect())
    }

    /// A call of a tool.
    pub fn calling(tool: &str, input: Value) -> Self {
        Self::Play(vec![
            Step::Tool(tool.to_owned(), input),
            Step::Stop("tool_use"),
            Step::Usage([100, 50, 0, 0]),
        ])
    }
}

impl Step {
    /// Some text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// Some text as it is when sent at this time, which is in nanoseconds of the machine's clock.
    pub fn timed(text: &str, now: u64) -> String {
        format!("{text}{now:016x} ")
    }

    /// Some of a thought.
    pub fn thought(text: &str) -> Self {
        let delta = json!({ "reasoningContent": { "text": text } });
        Self::Event(
            "contentBlockDelta",
            json!({ "contentBlockIndex": 0, "delta": delta }),
        )
    }

    /// An exception.
    pub fn exception(kind: &'static str) -> Self {
        Self::Exception(kind, "as the script says".to_owned())
    }

    /// A frame with a text in it that ends in its middle.
    pub fn half_a_frame() -> Self {
        let frame = text_frame("half");
        Self::Bytes(frame.slice(..frame.len() / 2))
    }

    /// The frame of an exception that nobody knows yet.
    pub fn future_exception() -> Self {
        Self::Bytes(exception("FutureException", "as the script says"))
    }

    /// A frame whose checksum is wrong.
    pub fn damaged_frame() -> Self {
        let mut frame = text_frame("damaged").to_vec();
        if let Some(last) = frame.last_mut() {
            *last ^= 0xff;
        }
        Self::Bytes(frame.into())
    }
}

/// A model that always has something to say: forms by the names of their tools, and prose for the
/// rest.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// What is filled into the form of each tool; a call of any other is refused.
    pub forms: BTreeMap<&'static str, Value>,
    /// What is said when no tool is asked for.
    pub prose: String,
    /// How long each word of it takes.
    pub pace: Duration,
}

impl Answers {
    /// What is answered to a request.
    pub fn script(&self, request: &Request) -> Script {
        if request.operation == Operation::Invoke {
            return Script::Embed;
        }
        let Some((name, how)) = request.form() else {
            let words = words(&self.prose).flat_map(|word| [Step::Pause(self.pace), word]);
            return Script::Play(words.chain(end(&self.prose)).collect());
        };
        match (self.forms.get(name.as_str()), how) {
            (Some(form), Form::Tool) => Script::calling(&name, form.clone()),
            (Some(form), Form::Text) => Script::saying(&form.to_string()),
            (None, _) => Script::refuse("ValidationException"),
        }
    }
}

/// The frames of an answer; an error cuts the connection.
pub(super) fn frames(
    steps: Vec<Step>,
    costs: impl Fn([u32; 4]) + Send + Sync + 'static,
) -> BoxStream<'static, io::Result<Bytes>> {
    let begun = Step::Event("messageStart", json!({ "role": "assistant" }));
    let steps: VecDeque<_> = [begun].into_iter().chain(steps).collect();
    let frames = stream::unfold((steps, costs), async |(mut steps, costs)| {
        loop {
            let frame = match steps.pop_front()? {
                Step::Text(text) => Ok(text_frame(&text)),
                Step::Timed(text) => Ok(text_frame(&Step::timed(&text, now()))),
                Step::Tool(name, input) => {
                    tool_events(&name, &input)
                        .into_iter()
                        .rev()
                        .for_each(|step| steps.push_front(step));
                    continue;
                }
                Step::Stop(reason) => Ok(event("messageStop", &json!({ "stopReason": reason }))),
                Step::Usage(usage) => {
                    costs(usage);
                    Ok(event(
                        "metadata",
                        &json!({ "usage": tokens(usage), "metrics": { "latencyMs": 1 } }),
                    ))
                }
                Step::Event(name, body) => Ok(event(name, &body)),
                Step::Exception(kind, message) => {
                    steps.clear();
                    Ok(exception(kind, &message))
                }
                Step::Bytes(bytes) => Ok(bytes),
                Step::Pause(pause) => {
                    wait(pause).await;
                    continue;
                }
                Step::Until(gate) => {
                    gate.is_open().await;
                    continue;
                }
                Step::Silence => pending().await,
                Step::Cut => Err(cut().await),
            };
            return Some((frame, (steps, costs)));
        }
    });
    frames.boxed()
}

/// An answer at once.
pub(super) enum Whole {
    Body(Value, [u32; 4]),
    Exception(&'static str, String),
    /// It begins, and the connection is cut.
    Broken,
}

pub(super) async fn whole(steps: Vec<Step>) -> Whole {
    let (mut text, mut content, mut stop, mut usage) = (String::new(), Vec::new(), None, [0; 4]);
    for step in steps {
        match step {
            Step::Text(more) => text += &more,
            Step::Timed(more) => text += &Step::timed(&more, now()),
            Step::Tool(name, input) => {
                content.push(
                    json!({ "toolUse": { "toolUseId": "call", "name": name, "input": input } }),
                );
            }
            Step::Stop(reason) => stop = Some(reason),
            Step::Usage(told) => usage = told,
            Step::Event(_, body) => {
                let thought = body
                    .pointer("/delta/reasoningContent/text")
                    .and_then(Value::as_str);
                let block =
                    |text| json!({ "reasoningContent": { "reasoningText": { "text": text } } });
                content.extend(thought.map(block));
            }
            Step::Exception(kind, message) => return Whole::Exception(kind, message),
            Step::Pause(pause) => wait(pause).await,
            Step::Until(gate) => gate.is_open().await,
            Step::Silence => pending().await,
            // Half a frame, or a damaged one, is half an answer.
            Step::Bytes(_) | Step::Cut => return Whole::Broken,
        }
    }
    if !text.is_empty() {
        content.push(json!({ "text": text }));
    }
    let mut body = json!({
        "output": { "message": { "role": "assistant", "content": content } },
        "usage": tokens(usage),
        "metrics": { "latencyMs": 1 },
    });
    if let (Some(stop), Some(body)) = (stop, body.as_object_mut()) {
        body.insert("stopReason".to_owned(), stop.into());
    }
    Whole::Body(body, usage)
}

/// The status of an exception; 400 of one that nobody knows.
pub(super) fn status(kind: &str) -> StatusCode {
    let known = EXCEPTIONS.iter().find(|(name, ..)| *name == kind);
    known
        .and_then(|(_, status, _)| StatusCode::from_u16(*status).ok())
        .unwrap_or(StatusCode::BAD_REQUEST)
}

fn words(text: &str) -> impl Iterator<Item = Step> {
    text.split_inclusive(' ').map(Step::text)
}

fn end(text: &str) -> [Step; 2] {
    let tokens = u32::try_from(text.len().div_ceil(4)).unwrap_or(u32::MAX);
    [Step::Stop("end_turn"), Step::Usage([100, tokens, 0, 0])]
}

fn tool_events(name: &str, input: &Value) -> [Step; 4] {
    let input = input.to_string();
    let (head, tail) = input.split_at(input.floor_char_boundary(input.len() / 2));
    let part = |input: &str| {
        Step::Event(
            "contentBlockDelta",
            json!({ "contentBlockIndex": 0, "delta": { "toolUse": { "input": input } } }),
        )
    };
    let begin = json!({
        "contentBlockIndex": 0,
        "start": { "toolUse": { "toolUseId": "call", "name": name } },
    });
    let stop = json!({ "contentBlockIndex": 0 });
    [
        Step::Event("contentBlockStart", begin),
        part(head),
        part(tail),
        Step::Event("contentBlockStop", stop),
    ]
}

fn tokens([input, output, read, write]: [u32; 4]) -> Value {
    json!({
        "inputTokens": input,
        "outputTokens": output,
        "totalTokens": input + output + read + write,
        "cacheReadInputTokens": read,
        "cacheWriteInputTokens": write,
    })
}

fn text_frame(text: &str) -> Bytes {
    event(
        "contentBlockDelta",
        &json!({ "contentBlockIndex": 0, "delta": { "text": text }, "p": "abcdefgh" }),
    )
}

fn event(name: &str, body: &Value) -> Bytes {
    frame([(":message-type", "event"), (":event-type", name)], body)
}

/// Within a stream the names of exceptions begin with a small letter.
fn exception(kind: &str, message: &str) -> Bytes {
    let (first, rest) = kind.split_at(1);
    let name = first.to_lowercase() + rest;
    frame(
        [(":message-type", "exception"), (":exception-type", &name)],
        &json!({ "message": message }),
    )
}

fn frame(headers: [(&'static str, &str); 2], body: &Value) -> Bytes {
    let headers = headers
        .into_iter()
        .chain([(":content-type", "application/json")]);
    let headers = headers
        .map(|(name, value)| Header::new(name, HeaderValue::String(value.to_owned().into())));
    let message = Message::new_from_parts(headers.collect(), Bytes::from(body.to_string()));
    let mut bytes = Vec::new();
    #[expect(clippy::expect_used, reason = "a peer of tests may panic")]
    write_message_to(&message, &mut bytes).expect("the headers are short");
    bytes.into()
}

/// What hyper cuts a connection at, once it has sent all that came before.
pub(super) async fn cut() -> io::Error {
    tokio::task::yield_now().await;
    io::ErrorKind::ConnectionReset.into()
}

/// The time of the machine's clock, in nanoseconds: the same for all of its processes.
pub fn now() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a peer has no clock but the machine's"
    )]
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    })
}

async fn wait(pause: Duration) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a peer has no clock but the machine's"
    )]
    tokio::time::sleep(pause).await;
}
