//! From our words to Bedrock's, and back.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_bedrockruntime::error::BuildError;
use aws_sdk_bedrockruntime::operation::converse::ConverseOutput as Answered;
use aws_sdk_bedrockruntime::types::{
    AutoToolChoice, CachePointBlock, CachePointType, CacheTtl, ContentBlock, ContentBlockDelta,
    ContentBlockStart, ConversationRole, ConverseOutput, ConverseStreamOutput,
    InferenceConfiguration, JsonSchemaDefinition, Message, OutputConfig, OutputFormat,
    OutputFormatStructure, OutputFormatType, ReasoningContentBlock, ReasoningContentBlockDelta,
    ServiceTier, ServiceTierType, SpecificToolChoice, StopReason as Stop, SystemContentBlock,
    TokenUsage, Tool, ToolChoice, ToolConfiguration, ToolInputSchema, ToolSpecification,
};
use aws_smithy_types::{Document, Number};
use domain::prompt::{Block, ChatMessage, Speaker, estimated_tokens};
use domain::{Fault, StopReason, Tier, Usage, router};
use ports::{Answer, ModelCall, Piece};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::capabilities::{Capabilities, Forms, Learned, Lesson, Sent};
use crate::faults::{Failure, STOP_REASONS};
use crate::{Effort, Service, Settings};

/// A call in Bedrock's words.
pub(crate) struct Question {
    pub(crate) model: String,
    pub(crate) system: Vec<SystemContentBlock>,
    pub(crate) messages: Vec<Message>,
    pub(crate) inference: InferenceConfiguration,
    /// The schema in it is a placeholder: see [`with_schema`].
    pub(crate) tools: Option<ToolConfiguration>,
    pub(crate) schema: Option<Arc<Value>>,
    pub(crate) output: Option<OutputConfig>,
    pub(crate) service: Option<ServiceTier>,
    /// What of all this the model may refuse.
    pub(crate) sent: Sent,
}

impl Question {
    pub(crate) fn new(
        settings: &Settings,
        learned: &Learned,
        call: &ModelCall,
    ) -> Result<Self, BuildError> {
        let model = model(settings, call).to_owned();
        let takes = Capabilities::set(settings, &model, call.tier).after(&learned.of(&model));
        let forms = match &call.answer {
            Answer::Prose => None,
            Answer::Tool { .. } => Some(takes.forms),
        };
        let effort = takes
            .effort
            .then(|| settings.efforts.of(call.tier).unwrap_or(Effort::Low));
        let room = if takes.thinks && takes.room {
            effort.unwrap_or(Effort::Medium).room()
        } else {
            0
        };
        let service = service(settings, call).filter(|_| takes.service_tier);
        let ttl = Ttl {
            is_taken: takes.cache_hour,
        };
        let kept = |block: &&Block| takes.cache || block.text().is_some();
        let system = call
            .prompt
            .system
            .iter()
            .filter(kept)
            .map(|block| instruction(block, ttl));
        let manner = forms
            .and_then(|forms| manner(forms, call))
            .map(SystemContentBlock::Text)
            .map(Ok);
        let messages = call
            .prompt
            .messages
            .iter()
            .map(|said| message(said, takes.cache, ttl));
        let max_tokens = call
            .max_tokens
            .saturating_add(room)
            .try_into()
            .unwrap_or(i32::MAX);
        let temperature = takes
            .temperature
            .then(|| call.temperature.clamp(0.0, 1.0) as f32);
        let (tools, schema) = match (&call.answer, takes.forms) {
            (Answer::Tool { name, schema }, Forms::ForcedTool | Forms::ChosenTool) => {
                (Some(tool(name, takes.forms)?), Some(schema.clone()))
            }
            (Answer::Tool { .. }, Forms::Schema) | (Answer::Prose, _) => (None, None),
        };
        Ok(Self {
            system: system.chain(manner).collect::<Result<_, _>>()?,
            messages: messages.collect::<Result<_, _>>()?,
            inference: InferenceConfiguration::builder()
                .max_tokens(max_tokens)
                .set_temperature(temperature)
                .build(),
            tools,
            schema,
            output: output(effort, call, takes.forms)?,
            service: service.map(service_tier).transpose()?,
            sent: Sent {
                temperature: takes.temperature,
                effort: takes.effort,
                forms,
                cache: takes.cache,
                cache_hour: takes.cache && takes.cache_hour,
                service_tier: service.is_some(),
                room: room > 0,
            },
            model,
        })
    }
}

/// How a call is served: jobs are what no athlete waits for.
fn service(settings: &Settings, call: &ModelCall) -> Option<Service> {
    match call.answer {
        Answer::Tool { name, .. } if name != router::TOOL => settings.job_service,
        Answer::Tool { .. } | Answer::Prose => settings.reply_service,
    }
}

fn service_tier(service: Service) -> Result<ServiceTier, BuildError> {
    ServiceTier::builder()
        .r#type(ServiceTierType::from(service.as_str()))
        .build()
}

/// What a model is told that need not fill in the form.
fn manner(forms: Forms, call: &ModelCall) -> Option<String> {
    match (forms, &call.answer) {
        (Forms::ChosenTool, Answer::Tool { name, .. }) => Some(format!(
            "Answer by one call of the tool {name}, and by nothing else."
        )),
        (Forms::ForcedTool | Forms::Schema | Forms::ChosenTool, _) => None,
    }
}

fn output(
    effort: Option<Effort>,
    call: &ModelCall,
    forms: Forms,
) -> Result<Option<OutputConfig>, BuildError> {
    let format = match &call.answer {
        Answer::Tool { name, schema } if forms == Forms::Schema => Some(text_format(name, schema)?),
        Answer::Tool { .. } | Answer::Prose => None,
    };
    let is_there = effort.is_some() || format.is_some();
    let output = OutputConfig::builder().set_text_format(format);
    Ok(is_there.then(|| {
        output
            .set_effort(effort.map(|effort| effort.as_str().to_owned()))
            .build()
    }))
}

fn text_format(name: &str, schema: &Value) -> Result<OutputFormat, BuildError> {
    let schema = JsonSchemaDefinition::builder()
        .name(name)
        .schema(closed(schema).to_string())
        .build()?;
    let structure = OutputFormatStructure::JsonSchema(schema);
    OutputFormat::builder()
        .r#type(OutputFormatType::JsonSchema)
        .structure(structure)
        .build()
}

/// The schema without room for fields that it does not name: where the text itself must follow it,
/// no other is taken.
fn closed(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let mut fields: Map<_, _> = fields
                .iter()
                .map(|(name, field)| (name.clone(), closed(field)))
                .collect();
            if fields.get("properties").is_some_and(Value::is_object) {
                fields.entry("additionalProperties").or_insert(false.into());
            }
            Value::Object(fields)
        }
        Value::Array(items) => items.iter().map(closed).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema.clone(),
    }
}

/// The body of a request with the schema of its tool put in.
///
/// The SDK holds a schema in a `HashMap`, so that its fields would be in another order in every
/// process: the model fills them in by their order, and a prompt whose beginning changes is never
/// found in the model's cache.
pub(crate) fn with_schema(body: &[u8], schema: &Value) -> Option<Vec<u8>> {
    let mut body: Value = serde_json::from_slice(body).ok()?;
    schema.clone_into(body.pointer_mut("/toolConfig/tools/0/toolSpec/inputSchema/json")?);
    serde_json::to_vec(&body).ok()
}

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

    /// The same, of the request with this id.
    pub(crate) fn of(self, request: Option<&str>) -> Self {
        Self {
            request: request.map(str::to_owned),
            ..self
        }
    }

    /// What an event adds to the answer. Citations and events of the future add nothing.
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

    /// The pieces of an answer that came at once; of one that has failed, nothing is told.
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

    /// What a call has cost that has failed, where that is known: what was refused has cost
    /// nothing.
    pub(crate) fn spent(&self, failure: &Failure) -> Option<Usage> {
        let told = (!self.usage.estimated).then(|| self.used());
        told.or_else(|| failure.status.map(|_| Usage::default()))
    }

    /// How the answer ended, when nothing comes any more.
    pub(crate) fn end(&self) -> Result<Piece, Failure> {
        self.ended().map_err(|failure| self.named(failure))
    }

    /// How it ended when the stream broke off: well, if all of the answer had come.
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

    /// What it has cost. Bedrock counts thoughts among what was said: what the words do not account
    /// for was thought.
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

    /// Whether any of the answer was heard that is not white space.
    pub(crate) fn is_worded(&self) -> bool {
        self.worded
    }

    /// What the model was sent that it may refuse.
    pub(crate) fn sent(&self) -> Sent {
        self.sent
    }

    /// Whether the model thinks, without having been given room for it.
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

/// Which model is asked.
pub(crate) fn model<'a>(settings: &'a Settings, call: &'a ModelCall) -> &'a str {
    let configured = match call.tier {
        Tier::Fast => &settings.fast,
        Tier::Reply => &settings.reply,
        Tier::SecondReply => settings.second_reply.as_ref().unwrap_or(&settings.reply),
    };
    call.model.as_ref().unwrap_or(configured)
}

/// As much of a text as cannot have more tokens than the model takes: none is shorter than a byte.
pub(crate) fn embedded(text: &str) -> &str {
    let (text, _) = text.split_at(text.floor_char_boundary(LONGEST_EMBEDDED));
    text
}

pub(crate) fn embedding_request(text: &str, dimensions: usize) -> Vec<u8> {
    json!({ "inputText": text, "dimensions": dimensions, "normalize": true })
        .to_string()
        .into_bytes()
}

/// In bytes; the model takes 8,192 tokens.
const LONGEST_EMBEDDED: usize = 8_000;

/// What an answer has of what is looked for.
pub(crate) fn embedding_answer(body: &[u8]) -> Embedding {
    serde_json::from_slice(body).unwrap_or_default()
}

/// A vector, and of how many tokens it was made.
#[derive(Default, Deserialize)]
pub(crate) struct Embedding {
    embedding: Option<Vec<f32>>,
    #[serde(rename = "inputTextTokenCount")]
    pub(crate) tokens: Option<u64>,
}

impl Embedding {
    /// The vector, if it has so many numbers.
    pub(crate) fn vector(self, dimensions: usize) -> Option<Vec<f32>> {
        self.embedding.filter(|vector| vector.len() == dimensions)
    }
}

fn calls(content: &[ContentBlock], tool: &str) -> bool {
    content
        .iter()
        .any(|block| block.as_tool_use().is_ok_and(|call| call.name == tool))
}

/// How many bytes of a thought were shown.
fn shown(thought: &ReasoningContentBlock) -> usize {
    thought
        .as_reasoning_text()
        .map_or(0, |thought| thought.text.len())
}

fn tool(name: &str, forms: Forms) -> Result<ToolConfiguration, BuildError> {
    let schema = ToolInputSchema::Json(Document::Object(HashMap::new()));
    let tool = ToolSpecification::builder()
        .name(name)
        .input_schema(schema)
        .build()?;
    let choice = match forms {
        Forms::ChosenTool => ToolChoice::Auto(AutoToolChoice::builder().build()),
        Forms::ForcedTool | Forms::Schema => {
            ToolChoice::Tool(SpecificToolChoice::builder().name(name).build()?)
        }
    };
    ToolConfiguration::builder()
        .tools(Tool::ToolSpec(tool))
        .tool_choice(choice)
        .build()
}

fn instruction(block: &Block, ttl: Ttl) -> Result<SystemContentBlock, BuildError> {
    Ok(match block {
        Block::Text(text) => SystemContentBlock::Text(text.as_ref().to_owned()),
        Block::CachePoint => SystemContentBlock::CachePoint(cache_point(ttl.of_instructions())?),
    })
}

fn message(message: &ChatMessage, caching: bool, ttl: Ttl) -> Result<Message, BuildError> {
    let role = match message.speaker {
        Speaker::User => ConversationRole::User,
        Speaker::Coach => ConversationRole::Assistant,
    };
    let mut said = Message::builder().role(role);
    for block in message
        .blocks
        .iter()
        .filter(|block| caching || block.text().is_some())
    {
        said = said.content(match block {
            Block::Text(text) => ContentBlock::Text(text.as_ref().to_owned()),
            Block::CachePoint => ContentBlock::CachePoint(cache_point(ttl.of_history())?),
        });
    }
    said.build()
}

/// For how long the beginnings of a prompt are kept: never longer than what stands before them.
#[derive(Clone, Copy)]
struct Ttl {
    is_taken: bool,
}

impl Ttl {
    fn of_instructions(self) -> Option<CacheTtl> {
        self.is_taken.then_some(CacheTtl::OneHour)
    }

    fn of_history(self) -> Option<CacheTtl> {
        self.is_taken.then_some(CacheTtl::FiveMinutes)
    }
}

fn cache_point(ttl: Option<CacheTtl>) -> Result<CachePointBlock, BuildError> {
    CachePointBlock::builder()
        .r#type(CachePointType::Default)
        .set_ttl(ttl)
        .build()
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

#[cfg(test)]
mod tests;
