//! What models refuse, whatever they are asked, and what they keep of a prompt.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::{Request, Script};

/// Something in a request that a model does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refuses {
    /// A temperature.
    Temperature,
    /// A tool that must be called.
    ForcedTool,
    /// A schema for its text.
    Schema,
    /// An effort.
    Effort,
    /// A cache point.
    CachePoint,
    /// To keep a prompt for longer than usual.
    CacheTtl,
    /// A service tier.
    ServiceTier,
    /// To be asked for more tokens than these.
    MoreTokensThan(u64),
}

impl Refuses {
    /// What it says, if a request has it.
    fn says(self, body: &Value) -> Option<&'static str> {
        let has = |pointer| body.pointer(pointer).is_some();
        let points = cache_points(body);
        let (is_there, message) = match self {
            Self::Temperature => (
                has("/inferenceConfig/temperature"),
                "temperature is deprecated for this model.",
            ),
            Self::ForcedTool => {
                let message = "tool_choice: forcing a tool is not supported for this model";
                (
                    has("/toolConfig/toolChoice/tool") || has("/toolConfig/toolChoice/any"),
                    message,
                )
            }
            Self::Schema => (
                has("/outputConfig/textFormat"),
                "outputConfig.textFormat: not supported by this model",
            ),
            Self::Effort => (
                has("/outputConfig/effort"),
                "output_config.effort: this model does not take an effort",
            ),
            Self::CachePoint => (
                !points.is_empty(),
                "cachePoint: this model does not support prompt caching",
            ),
            Self::CacheTtl => (
                points.iter().any(|point| point.get("ttl").is_some()),
                "cachePoint.ttl: 1h is not supported",
            ),
            Self::ServiceTier => (
                has("/serviceTier"),
                "serviceTier: not available for this model",
            ),
            Self::MoreTokensThan(most) => {
                let asked = body
                    .pointer("/inferenceConfig/maxTokens")
                    .and_then(Value::as_u64);
                (
                    asked > Some(most),
                    "max_tokens: more than the maximum allowed number of output tokens",
                )
            }
        };
        is_there.then_some(message)
    }
}

/// The refusal of a request by a model that refuses these, if it has one of them: the first is
/// named.
pub fn refused(request: &Request, refuses: &[Refuses]) -> Option<Script> {
    let body = request.json();
    let message = refuses.iter().find_map(|refuses| refuses.says(&body))?;
    Some(Script::refuse_saying("ValidationException", message))
}

fn cache_points(body: &Value) -> Vec<&Value> {
    let blocks = blocks(body);
    blocks.filter_map(|block| block.get("cachePoint")).collect()
}

/// All blocks of a prompt, in the order in which a model reads them.
fn blocks(body: &Value) -> impl Iterator<Item = &Value> {
    let system = body
        .get("system")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let messages = body
        .get("messages")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    system.chain(
        messages
            .filter_map(|message| message.get("content")?.as_array())
            .flatten(),
    )
}

/// The shortest beginning of a prompt that each family keeps, in tokens: told apart from what
/// anybody else believes.
const SMALLEST: [(&str, usize); 8] = [
    ("claude-sonnet-4-6", 2_048),
    ("claude-haiku-4-5", 4_096),
    ("claude-opus-4-5", 4_096),
    ("claude-opus-4-6", 4_096),
    ("claude-sonnet-4", 1_024),
    ("nova-micro", 1_536),
    ("nova-lite", 1_536),
    ("nova-pro", 1_024),
];

/// What models keep of the prompts that they are asked: nothing shorter than the smallest of their
/// family.
#[derive(Debug, Default)]
pub struct PromptCache(Mutex<BTreeSet<(String, String)>>);

impl PromptCache {
    /// What reading a prompt costs: read anew, read from what is kept, and written to it.
    pub fn read(&self, request: &Request) -> [u32; 3] {
        let body = request.json();
        let smallest = SMALLEST
            .iter()
            .find(|(family, _)| request.model.contains(family))
            .map(|(_, tokens)| *tokens);
        let (mut text, mut points) = (String::new(), Vec::new());
        for block in blocks(&body) {
            match block.get("text").and_then(Value::as_str) {
                Some(said) => text.push_str(said),
                None => points.extend(block.get("cachePoint").map(|_| text.clone())),
            }
        }
        let tokens = |text: &str| text.len().div_ceil(4);
        points.retain(|point| smallest.is_some_and(|smallest| tokens(point) >= smallest));
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept
            .iter()
            .filter(|(model, begun)| *model == request.model && text.starts_with(begun));
        let read = found.map(|(_, begun)| tokens(begun)).max().unwrap_or(0);
        let through = points.iter().map(|point| tokens(point)).max().unwrap_or(0);
        kept.extend(
            points
                .into_iter()
                .map(|point| (request.model.clone(), point)),
        );
        let written = through.saturating_sub(read);
        [tokens(&text) - read - written, read, written]
            .map(|count| u32::try_from(count).unwrap_or(u32::MAX))
    }
}
