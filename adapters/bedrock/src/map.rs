//! From our words to Bedrock's, and back.

mod hearing;

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_bedrockruntime::error::BuildError;
use aws_sdk_bedrockruntime::types::{
    AutoToolChoice, CachePointBlock, CachePointType, CacheTtl, ContentBlock, ConversationRole,
    InferenceConfiguration, JsonSchemaDefinition, Message, OutputConfig, OutputFormat,
    OutputFormatStructure, OutputFormatType, ServiceTier, ServiceTierType, SpecificToolChoice,
    SystemContentBlock, Tool, ToolChoice, ToolConfiguration, ToolInputSchema, ToolSpecification,
};
use aws_smithy_types::Document;
use domain::prompt::{Block, ChatMessage, Speaker};
use domain::{Tier, router};
pub(crate) use hearing::{Heard, Hearing};
use ports::{Answer, ModelCall};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::capabilities::{Capabilities, Forms, Learned, Sent};
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
        let effort = if takes.effort {
            Some(settings.efforts.of(call.tier).unwrap_or(Effort::Low))
        } else {
            None
        };
        let room = if takes.thinks && takes.room {
            effort.unwrap_or(Effort::Medium).room()
        } else {
            0
        };
        let service = service(settings, call).filter(|_| takes.service_tier);
        let ttl = Ttl {
            is_taken: takes.cache_hour,
        };
        let mut system = instructions(&call.prompt.system, takes.cache, ttl)?;
        if let Some(manner) = forms.and_then(|forms| manner(forms, call)) {
            system.push(SystemContentBlock::Text(manner));
        }
        let mut messages = Vec::new();
        for said in &call.prompt.messages {
            messages.push(message(said, takes.cache, ttl)?);
        }
        let (tools, schema) = match (&call.answer, takes.forms) {
            (Answer::Tool { name, schema }, Forms::ForcedTool | Forms::ChosenTool) => {
                (Some(tool(name, takes.forms)?), Some(schema.clone()))
            }
            (Answer::Tool { .. }, Forms::Schema) | (Answer::Prose, _) => (None, None),
        };
        Ok(Self {
            system,
            messages,
            inference: inference(&takes, call, room),
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

/// Returns what the model is told to be, as far as it takes places to keep a prompt until.
fn instructions(
    blocks: &[Block],
    takes_points: bool,
    ttl: Ttl,
) -> Result<Vec<SystemContentBlock>, BuildError> {
    let mut told = Vec::new();
    for block in blocks {
        if takes_points || block.text().is_some() {
            told.push(instruction(block, ttl)?);
        }
    }
    Ok(told)
}

/// Returns how long and how freely the model may answer; `room` is for what it thinks before.
fn inference(takes: &Capabilities, call: &ModelCall, room: u32) -> InferenceConfiguration {
    let max_tokens = call.max_tokens.saturating_add(room);
    let builder =
        InferenceConfiguration::builder().max_tokens(i32::try_from(max_tokens).unwrap_or(i32::MAX));
    if takes.temperature {
        let temperature = call.temperature.clamp(0.0, 1.0) as f32;
        builder.temperature(temperature).build()
    } else {
        builder.build()
    }
}

/// Returns how a call is served: jobs are what no athlete waits for.
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

/// Returns what a model is told that need not fill in the form.
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

/// Returns the schema without room for fields that it does not name: where the text itself must
/// follow it, no other is taken.
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

/// Returns the body of a request with the schema of its tool put in.
///
/// The SDK holds a schema in a `HashMap`, so that its fields would be in another order in every
/// process: the model fills them in by their order, and a prompt whose beginning changes is never
/// found in the model's cache.
pub(crate) fn with_schema(body: &[u8], schema: &Value) -> Option<Vec<u8>> {
    let mut body: Value = serde_json::from_slice(body).ok()?;
    schema.clone_into(body.pointer_mut("/toolConfig/tools/0/toolSpec/inputSchema/json")?);
    serde_json::to_vec(&body).ok()
}

/// Returns which model is asked.
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

/// Returns what an answer has of what is looked for.
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
    /// Returns the vector, if it has so many numbers.
    pub(crate) fn vector(self, dimensions: usize) -> Option<Vec<f32>> {
        self.embedding.filter(|vector| vector.len() == dimensions)
    }
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

#[cfg(test)]
mod tests;
