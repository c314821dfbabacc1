//! What is heard of an answer: events and whole answers to pieces.

use aws_sdk_bedrockruntime::operation::converse::ConverseOutput as Answered;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ContentBlockDelta, ContentBlockStart, ConverseOutput, ConverseStreamOutput,
    ReasoningContentBlock, ReasoningContentBlockDelta, StopReason as Stop, TokenUsage,
};
use aws_smithy_types::{Document, Number};
use domain::prompt::estimated_tokens;
use domain::{Fault, StopReason, Usage};
use ports::{Answer, ModelCall, Piece};
use serde_json::Value;

use crate::capabilities::{Forms, Lesson, Sent};
use crate::faults::{Failure, STOP_REASONS};

/// What was heard of an answer so far.
pub(crate) struct Hearing {
    /// The tool that is to be called, if the answer is not to be text.
    tool: Option<&'static str>,
    /// It may answer in text all the same.
    is_free: bool,
    /// Which block of the answer is the call of the tool.
    block: Option<i32>,
    bytes: usize,
    worded: bool,
    /// How many bytes it has thought, as far as they were shown, if it has thought.
    thought: Option<usize>,
    stop: Option<Stop>,
    usage: Usage,
    request: Option<String>,
    sent: Sent,
}

/// What an event was.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Some of the answer.
    Text(String),
    /// It thinks.
    Thinking,
    /// Nothing that belongs to the answer.
    Nothing,
    /// The last one.
    Last,
}

impl Hearing {
    /// Of a call to this model, which was sent like this.
    pub(crate) fn new(call: &ModelCall, model: &str, sent: Sent) -> Self {
        let tool = match call.answer {
            Answer::Tool { name, .. } if sent.forms != Some(Forms::Schema) => Some(name),
            Answer::Tool { .. } | Answer::Prose => None,
        };
        let usage = Usage {
            model: Some(model.into()),
            input_tokens: call.prompt.estimated_tokens(),
            estimated: true,
            ..Usage::default()
        };
        let is_free = sent.forms == Some(Forms::ChosenTool);
        let (block, stop, request, thought) = (None, None, None, None);
        Self {
            tool,
            is_free,
            block,
            bytes: 0,
            worded: false,
            thought,
            stop,
            usage,
            request,
            sent,
        }
    }

    /// Returns the same, of the request with this id.
    pub(crate) fn of(self, request: Option<&str>) -> Self {
        Self {
            request: request.map(str::to_owned),
            ..self
        }
    }

    /// Returns what an event adds to the answer. Citations and events of the future add nothing.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "there are more every year, and none of them is text"
    )]
    pub(crate) fn hear(&mut self, event: ConverseStreamOutput) -> Heard {
        match event {
            ConverseStreamOutput::ContentBlockStart(start) => {
                if let Some(ContentBlockStart::ToolUse(begun)) = start.start
                    && self.tool == Some(begun.name.as_str())
                {
                    self.block.get_or_insert(start.content_block_index);
                }
                Heard::Nothing
            }
            ConverseStreamOutput::ContentBlockDelta(delta) => match delta.delta {
                Some(ContentBlockDelta::Text(text)) if self.tool.is_none() => self.text(text),
                Some(ContentBlockDelta::ToolUse(part))
                    if self.block == Some(delta.content_block_index) =>
                {
                    self.text(part.input)
                }
                Some(ContentBlockDelta::ReasoningContent(delta)) => {
                    let shown = if let ReasoningContentBlockDelta::Text(text) = delta {
                        text.len()
                    } else {
                        0
                    };
                    self.think(shown);
                    Heard::Thinking
                }
                _ => Heard::Nothing,
            },
            ConverseStreamOutput::MessageStop(stop) => {
                self.stop = Some(stop.stop_reason);
                Heard::Nothing
            }
            ConverseStreamOutput::Metadata(metadata) => {
                if let Some(usage) = metadata.usage {
                    self.cost(&usage);
                }
                if self.stop.is_some() {
                    Heard::Last
                } else {
                    Heard::Nothing
                }
            }
            _ => Heard::Nothing,
        }
    }

    /// Returns the pieces of an answer that came at once; of one that has failed, nothing is told.
    pub(crate) fn whole(&mut self, answered: Answered) -> Result<Vec<Piece>, Failure> {
        let content = match answered.output {
            Some(ConverseOutput::Message(message)) => message.content,
            _ => Vec::new(),
        };
        self.tool = self
            .tool
            .filter(|tool| !self.is_free || calls(&content, tool));
        let texts: Vec<_> = content
            .into_iter()
            .filter_map(|block| self.said(block))
            .collect();
        if let Some(usage) = &answered.usage {
            self.cost(usage);
        }
        self.stop = Some(answered.stop_reason);
        let end = self.end()?;
        Ok(texts.into_iter().map(Piece::Text).chain([end]).collect())
    }

    /// Returns what a call has cost that has failed, where that is known: what was refused has cost
    /// nothing.
    pub(crate) fn spent(&self, failure: &Failure) -> Option<Usage> {
        let told = (!self.usage.estimated).then(|| self.used());
        told.or_else(|| failure.status.map(|_| Usage::default()))
    }

    /// Returns how the answer ended, when nothing comes any more.
    pub(crate) fn end(&self) -> Result<Piece, Failure> {
        self.ended().map_err(|failure| self.named(failure))
    }

    /// Returns how it ended when the stream broke off: well, if all of the answer had come.
    pub(crate) fn broke_off(&self, failure: Failure) -> Result<Piece, Failure> {
        if self.stop.is_some() {
            self.end()
        } else {
            Err(self.named(failure))
        }
    }

    fn named(&self, failure: Failure) -> Failure {
        Failure {
            request: self.request.clone(),
            ..failure
        }
    }

    fn ended(&self) -> Result<Piece, Failure> {
        let Some(stop) = &self.stop else {
            return Err(Failure::new(
                Fault::Truncated,
                "the stream ended without a stop reason",
            ));
        };
        let known = STOP_REASONS.iter().find(|(name, _)| *name == stop.as_str());
        let (name, meaning) = known
            .copied()
            .unwrap_or(("an unknown stop reason", Err(Fault::Truncated)));
        let reason = match meaning {
            Err(Fault::Truncated) if *stop == Stop::ToolUse && self.tool.is_some() => {
                StopReason::Complete
            }
            Err(Fault::TooLong) if self.worded => StopReason::Length,
            Err(fault) => return Err(Failure::new(fault, name)),
            Ok(reason) => reason,
        };
        if !self.worded && reason != StopReason::Filtered {
            let failure = Failure::new(Fault::Truncated, "the answer has no words");
            let is_short_of_room =
                reason == StopReason::Length && self.thought.is_some() && !self.sent.room;
            return Err(if is_short_of_room {
                failure.teaching(Lesson::Thinks)
            } else {
                failure
            });
        }
        Ok(Piece::End {
            reason,
            usage: self.used(),
        })
    }

    /// Returns what it has cost. Bedrock counts thoughts among what was said: what the words do not
    /// account for was thought.
    fn used(&self) -> Usage {
        let said = estimated_tokens(self.bytes);
        let mut usage = self.usage.clone();
        if usage.estimated {
            usage.output_tokens = said + self.thought.map_or(0, estimated_tokens);
        }
        if self.thought.is_some() {
            usage.reasoning_tokens = usage.output_tokens.saturating_sub(said);
        }
        usage
    }

    /// Returns whether any of the answer was heard that is not white space.
    pub(crate) fn is_worded(&self) -> bool {
        self.worded
    }

    /// Returns what the model was sent that it may refuse.
    pub(crate) fn sent(&self) -> Sent {
        self.sent
    }

    /// Returns whether the model thinks, without having been given room for it.
    pub(crate) fn thinks_in_no_room(&self) -> bool {
        self.thought.is_some() && !self.sent.room
    }

    fn think(&mut self, bytes: usize) {
        self.thought = Some(self.thought.unwrap_or(0) + bytes);
    }

    fn text(&mut self, text: String) -> Heard {
        self.add(text).map_or(Heard::Nothing, Heard::Text)
    }

    fn said(&mut self, block: ContentBlock) -> Option<String> {
        match (block, self.tool) {
            (ContentBlock::Text(text), None) => self.add(text),
            (ContentBlock::ToolUse(call), Some(tool))
                if call.name == tool && self.block.is_none() =>
            {
                self.block = Some(0);
                self.add(value(&call.input).to_string())
            }
            (ContentBlock::ReasoningContent(thought), _) => {
                self.think(shown(&thought));
                None
            }
            _ => None,
        }
    }

    fn add(&mut self, text: String) -> Option<String> {
        self.bytes += text.len();
        self.worded |= !text.trim().is_empty();
        Some(text).filter(|text| !text.is_empty())
    }

    fn cost(&mut self, told: &TokenUsage) {
        let tokens = |count: i32| u64::try_from(count).unwrap_or_default();
        self.usage = Usage {
            model: self.usage.model.take(),
            input_tokens: tokens(told.input_tokens),
            output_tokens: tokens(told.output_tokens),
            cache_read_tokens: told.cache_read_input_tokens.map_or(0, tokens),
            cache_write_tokens: told.cache_write_input_tokens.map_or(0, tokens),
            reasoning_tokens: 0,
            estimated: false,
        };
    }
}

fn calls(content: &[ContentBlock], tool: &str) -> bool {
    content
        .iter()
        .any(|block| block.as_tool_use().is_ok_and(|call| call.name == tool))
}

/// Returns how many bytes of a thought were shown.
fn shown(thought: &ReasoningContentBlock) -> usize {
    thought
        .as_reasoning_text()
        .map_or(0, |thought| thought.text.len())
}

fn value(document: &Document) -> Value {
    match document {
        Document::Null => Value::Null,
        Document::Bool(is) => (*is).into(),
        Document::Number(Number::PosInt(number)) => (*number).into(),
        Document::Number(Number::NegInt(number)) => (*number).into(),
        Document::Number(Number::Float(number)) => (*number).into(),
        Document::String(text) => text.as_str().into(),
        Document::Array(items) => items.iter().map(value).collect(),
        Document::Object(fields) => fields
            .iter()
            .map(|(name, field)| (name.clone(), value(field)))
            .collect(),
    }
}
