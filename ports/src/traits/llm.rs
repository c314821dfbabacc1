use std::sync::Arc;

use domain::{Delivery, Extraction, Prompt, ReplyCall, StopReason, Tier, Usage};
use futures::stream::BoxStream;
use serde_json::Value;

use super::Result;

/// A language model that speaks as it thinks.
///
/// - *Once.* A call is one request to one model: no retries, no timers and no clock inside. The
///   caller limits it, and hangs up by dropping the stream.
/// - *Whole or failed.* The stream ends after one [`Piece::End`] or one error, and yields nothing
///   after it. A stream that merely stops has failed.
/// - *Told.* A call that fails after the model has said what it cost yields [`Piece::Spent`] before
///   its error, and so does one of which it is known that it cost nothing.
/// - *Adjusted.* A model that refuses how it was asked, where it can be asked otherwise, is
///   [`Fault::Adjusted`](domain::Fault::Adjusted): the same call made again is asked otherwise.
/// - *Exact.* The texts joined are the model's answer byte for byte; none is empty.
/// - *Lazy.* Nothing is asked before the stream is polled.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait LlmStream: Send + Sync {
    /// Returns the model's answer as a stream, and asks the model once that is polled.
    fn open(&self, call: ModelCall) -> BoxStream<'static, Result<Piece>>;
}

/// What to ask, of whom, and how the answer is to look.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelCall {
    /// Which of the configured models.
    pub tier: Tier,
    /// The model that this coach wants instead, if any.
    pub model: Option<String>,
    /// What is said to it.
    pub prompt: Prompt,
    /// What its answer is to look like.
    pub answer: Answer,
    /// Whether the answer arrives piece by piece.
    pub delivery: Delivery,
    /// The longest answer, in the model's own tokens.
    pub max_tokens: u32,
    /// How free the model is in its choice of words: from 0, for the same answer every time, to 1.
    pub temperature: f64,
}

impl ModelCall {
    /// Makes a question to the small model, whose answer is a form to be filled in.
    pub fn question(form: Extraction) -> Self {
        let (name, schema) = (form.tool, Arc::new(form.schema));
        Self {
            tier: Tier::Fast,
            model: None,
            prompt: form.prompt,
            answer: Answer::Tool { name, schema },
            delivery: Delivery::Whole,
            max_tokens: form.max_tokens,
            temperature: 0.0,
        }
    }

    /// Makes a call for the coach's words.
    pub fn reply(call: ReplyCall) -> Self {
        Self {
            tier: call.tier,
            model: call.model,
            prompt: call.prompt,
            answer: Answer::Prose,
            delivery: call.delivery,
            max_tokens: call.max_tokens,
            temperature: call.temperature,
        }
    }
}

/// What an answer is to look like.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Words for the athlete.
    Prose,
    /// One call of this tool, and nothing else: the texts are its input, a JSON object.
    Tool {
        /// The tool's name.
        name: &'static str,
        /// Its input's JSON schema.
        schema: Arc<Value>,
    },
}

/// Part of a model's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Some of its text; never empty.
    Text(String),
    /// Nothing of the answer, but a sign of life: the model thinks.
    Thinking,
    /// What a call has cost that is about to fail; an error follows.
    Spent(Usage),
    /// It is complete.
    End {
        /// Why the model stopped.
        reason: StopReason,
        /// What it cost.
        usage: Usage,
    },
}
