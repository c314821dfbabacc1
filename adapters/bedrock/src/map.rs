//! From our words to Bedrock's, and back.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_bedrockruntime::error::BuildError;
use aws_sdk_bedrockruntime::operation::converse::ConverseOutput as Answered;
use aws_sdk_bedrockruntime::types::{
    CachePointBlock, CachePointType, ContentBlock, ContentBlockDelta, ContentBlockStart, ConversationRole,
    ConverseOutput, ConverseStreamOutput, InferenceConfiguration, Message, SpecificToolChoice, StopReason as Stop,
    SystemContentBlock, TokenUsage, Tool, ToolChoice, ToolConfiguration, ToolInputSchema, ToolSpecification,
};
use aws_smithy_types::{Document, Number};
use domain::prompt::{Block, ChatMessage, Speaker, estimated_tokens};
use domain::{Fault, StopReason, Tier, Usage};
use ports::{Answer, ModelCall, Piece};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Settings;
use crate::faults::{Failure, STOP_REASONS};

/// A call in Bedrock's words.
pub(crate) struct Question {
    pub(crate) model: String,
    pub(crate) system: Vec<SystemContentBlock>,
    pub(crate) messages: Vec<Message>,
    pub(crate) inference: InferenceConfiguration,
    /// The schema in it is a placeholder: see [`with_schema`].
    pub(crate) tools: Option<ToolConfiguration>,
    pub(crate) schema: Option<Arc<Value>>,
}

impl Question {
    pub(crate) fn new(settings: &Settings, call: &ModelCall) -> Result<Self, BuildError> {
        let model = model(settings, call).to_owned();
        let caching = settings.cache_points.unwrap_or_else(|| keeps_prompts(&model));
        let (tools, schema) = match &call.answer {
            Answer::Prose => (None, None),
            Answer::Tool { name, schema } => (Some(forced(name)?), Some(schema.clone())),
        };
        let system = call.prompt.system.iter().filter(|block| caching || block.text().is_some());
        let messages = call.prompt.messages.iter().map(|said| message(said, caching));
        let inference = InferenceConfiguration::builder()
            .max_tokens(call.max_tokens.try_into().unwrap_or(i32::MAX))
            .temperature(call.temperature.clamp(0.0, 1.0) as f32);
        Ok(Self {
            system: system.map(instruction).collect::<Result<_, _>>()?,
            messages: messages.collect::<Result<_, _>>()?,
            inference: inference.build(),
            model,
            tools,
            schema,
        })
    }
}

/// The body of a request with the schema of its tool put in.
///
/// The SDK holds a schema in a `HashMap`, so that its fields would be in another order in every process: the model
/// fills them in by their order, and a prompt whose beginning changes is never found in the model's cache.
pub(crate) fn with_schema(body: &[u8], schema: &Value) -> Option<Vec<u8>> {
    let mut body: Value = serde_json::from_slice(body).ok()?;
    schema.clone_into(body.pointer_mut("/toolConfig/tools/0/toolSpec/inputSchema/json")?);
    serde_json::to_vec(&body).ok()
}

/// What was heard of an answer so far.
pub(crate) struct Hearing {
    tool: Option<&'static str>,
    /// Which block of the answer is the call of the tool.
    block: Option<i32>,
    bytes: usize,
    worded: bool,
    stop: Option<Stop>,
    usage: Usage,
    request: Option<String>,
}

/// What an event was.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Some of the answer.
    Text(String),
    /// Nothing that belongs to the answer.
    Nothing,
    /// The last one.
    Last,
}

impl Hearing {
    pub(crate) fn new(call: &ModelCall, model: &str) -> Self {
        let tool = match call.answer {
            Answer::Prose => None,
            Answer::Tool { name, .. } => Some(name),
        };
        let usage = Usage {
            model: Some(model.into()),
            input_tokens: call.prompt.estimated_tokens(),
            estimated: true,
            ..Usage::default()
        };
        Self { tool, block: None, bytes: 0, worded: false, stop: None, usage, request: None }
    }

    /// The same, of the request with this id.
    pub(crate) fn of(self, request: Option<&str>) -> Self {
        Self { request: request.map(str::to_owned), ..self }
    }

    /// What an event adds to the answer. Reasoning, citations and events of the future add nothing.
    #[expect(clippy::wildcard_enum_match_arm, reason = "there are more every year, and none of them is text")]
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
                Some(ContentBlockDelta::ToolUse(part)) if self.block == Some(delta.content_block_index) => {
                    self.text(part.input)
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
                if self.stop.is_some() { Heard::Last } else { Heard::Nothing }
            }
            _ => Heard::Nothing,
        }
    }

    /// The pieces of an answer that came at once; of one that has failed, nothing is told.
    pub(crate) fn whole(mut self, answered: Answered) -> Vec<Result<Piece, Failure>> {
        let content = match answered.output {
            Some(ConverseOutput::Message(message)) => message.content,
            _ => Vec::new(),
        };
        let texts: Vec<_> = content.into_iter().filter_map(|block| self.said(block)).collect();
        if let Some(usage) = &answered.usage {
            self.cost(usage);
        }
        self.stop = Some(answered.stop_reason);
        match self.end() {
            Ok(end) => texts.into_iter().map(Piece::Text).chain([end]).map(Ok).collect(),
            Err(failure) => vec![Err(failure)],
        }
    }

    /// How the answer ended, when nothing comes any more.
    pub(crate) fn end(&self) -> Result<Piece, Failure> {
        self.ended().map_err(|failure| self.named(failure))
    }

    /// How it ended when the stream broke off: well, if all of the answer had come.
    pub(crate) fn broke_off(&self, failure: Failure) -> Result<Piece, Failure> {
        if self.stop.is_some() { self.end() } else { Err(self.named(failure)) }
    }

    fn named(&self, failure: Failure) -> Failure {
        Failure { request: self.request.clone(), ..failure }
    }

    fn ended(&self) -> Result<Piece, Failure> {
        let Some(stop) = &self.stop else {
            return Err(Failure::new(Fault::Truncated, "the stream ended without a stop reason"));
        };
        let known = STOP_REASONS.iter().find(|(name, _)| *name == stop.as_str());
        let (name, meaning) = known.copied().unwrap_or(("an unknown stop reason", Err(Fault::Truncated)));
        let reason = match meaning {
            Err(Fault::Truncated) if *stop == Stop::ToolUse && self.tool.is_some() => StopReason::Complete,
            Err(Fault::TooLong) if self.worded => StopReason::Length,
            Err(fault) => return Err(Failure::new(fault, name)),
            Ok(reason) => reason,
        };
        if !self.worded && reason != StopReason::Filtered {
            return Err(Failure::new(Fault::Truncated, "the answer has no words"));
        }
        let mut usage = self.usage.clone();
        if usage.estimated {
            usage.output_tokens = estimated_tokens(self.bytes);
        }
        Ok(Piece::End { reason, usage })
    }

    fn text(&mut self, text: String) -> Heard {
        self.add(text).map_or(Heard::Nothing, Heard::Text)
    }

    fn said(&mut self, block: ContentBlock) -> Option<String> {
        match (block, self.tool) {
            (ContentBlock::Text(text), None) => self.add(text),
            (ContentBlock::ToolUse(call), Some(tool)) if call.name == tool && self.block.is_none() => {
                self.block = Some(0);
                self.add(value(&call.input).to_string())
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
            estimated: false,
        };
    }
}

/// Which model is asked.
pub(crate) fn model<'a>(settings: &'a Settings, call: &'a ModelCall) -> &'a str {
    let configured = match call.tier {
        Tier::Fast => &settings.fast,
        Tier::Reply => &settings.reply,
        Tier::SecondReply => settings.second_reply.as_ref().unwrap_or(&settings.reply),
    };
    call.model.as_ref().unwrap_or(configured)
}

/// Whether a model takes cache points; the others refuse a prompt that has one.
fn keeps_prompts(model: &str) -> bool {
    let families = [
        "amazon.nova-",
        "anthropic.claude-3-5-haiku",
        "anthropic.claude-3-5-sonnet-20241022",
        "anthropic.claude-3-7",
        "anthropic.claude-haiku-",
        "anthropic.claude-opus-",
        "anthropic.claude-sonnet-",
    ];
    families.iter().any(|family| model.contains(family))
}

/// A text whose tokens cannot be more than the model takes: none is shorter than a byte.
pub(crate) fn embedding_request(text: &str, dimensions: usize) -> Vec<u8> {
    let (text, _) = text.split_at(text.floor_char_boundary(LONGEST_EMBEDDED));
    json!({ "inputText": text, "dimensions": dimensions, "normalize": true }).to_string().into_bytes()
}

/// In bytes; the model takes 8,192 tokens.
const LONGEST_EMBEDDED: usize = 8_000;

pub(crate) fn embedding_vector(body: &[u8], dimensions: usize) -> Option<Vec<f32>> {
    let body: Embedding = serde_json::from_slice(body).ok()?;
    Some(body.embedding).filter(|vector| vector.len() == dimensions)
}

#[derive(Deserialize)]
struct Embedding {
    embedding: Vec<f32>,
}

fn forced(name: &str) -> Result<ToolConfiguration, BuildError> {
    let schema = ToolInputSchema::Json(Document::Object(HashMap::new()));
    let tool = ToolSpecification::builder().name(name).input_schema(schema).build()?;
    let choice = ToolChoice::Tool(SpecificToolChoice::builder().name(name).build()?);
    ToolConfiguration::builder().tools(Tool::ToolSpec(tool)).tool_choice(choice).build()
}

fn instruction(block: &Block) -> Result<SystemContentBlock, BuildError> {
    Ok(match block {
        Block::Text(text) => SystemContentBlock::Text(text.as_ref().to_owned()),
        Block::CachePoint => SystemContentBlock::CachePoint(cache_point()?),
    })
}

fn message(message: &ChatMessage, caching: bool) -> Result<Message, BuildError> {
    let role = match message.speaker {
        Speaker::User => ConversationRole::User,
        Speaker::Coach => ConversationRole::Assistant,
    };
    let mut said = Message::builder().role(role);
    for block in message.blocks.iter().filter(|block| caching || block.text().is_some()) {
        said = said.content(match block {
            Block::Text(text) => ContentBlock::Text(text.as_ref().to_owned()),
            Block::CachePoint => ContentBlock::CachePoint(cache_point()?),
        });
    }
    said.build()
}

fn cache_point() -> Result<CachePointBlock, BuildError> {
    CachePointBlock::builder().r#type(CachePointType::Default).build()
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
        Document::Object(fields) => fields.iter().map(|(name, field)| (name.clone(), value(field))).collect(),
    }
}

#[cfg(test)]
mod tests;
