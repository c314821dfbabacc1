use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::timeout::TimeoutConfig;
use aws_sdk_bedrockruntime::config::{Builder, StalledStreamProtectionConfig};

/// Which models answer, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The coach's voice: the id of a model or of an inference profile.
    pub reply: String,
    /// Its stand-in for a second attempt, if there is one: set `Limits::second_model` to match.
    pub second_reply: Option<String>,
    /// The router's and the jobs' model: small, quick, and able to use tools.
    pub fast: String,
    /// What replies are checked by.
    pub guardrail: Option<Guardrail>,
    /// Whether models are asked to keep the beginnings of prompts. `None`: those whose ids say that they can; the id
    /// of an application inference profile says nothing.
    pub cache_points: Option<bool>,
    /// Where Bedrock is, instead of where the SDK's configuration says.
    pub endpoint: Option<String>,
}

/// A guardrail of Bedrock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guardrail {
    /// Its id or ARN.
    pub id: String,
    /// A number, or `DRAFT`.
    pub version: String,
}

impl Default for Settings {
    /// Claude Sonnet 4 and Nova Micro, by the inference profiles of the regions in the United States.
    fn default() -> Self {
        Self {
            reply: "us.anthropic.claude-sonnet-4-20250514-v1:0".to_owned(),
            second_reply: None,
            fast: "us.amazon.nova-micro-v1:0".to_owned(),
            guardrail: None,
            cache_points: None,
            endpoint: None,
        }
    }
}

/// How texts become vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TitanSettings {
    /// The id of a model of the family Titan Text Embeddings V2.
    pub model: String,
    /// 256, 512 or 1,024: what the index was made for.
    pub dimensions: usize,
    /// How many texts are on their way at once: a call takes only one.
    pub at_once: usize,
    /// Where Bedrock is, instead of where the SDK's configuration says.
    pub endpoint: Option<String>,
}

impl Default for TitanSettings {
    /// Titan Text Embeddings V2 with 512 dimensions, 8 texts at once.
    fn default() -> Self {
        Self { model: "amazon.titan-embed-text-v2:0".to_owned(), dimensions: 512, at_once: 8, endpoint: None }
    }
}

/// A client that asks once and waits as long as its caller does.
pub(crate) fn client(config: &SdkConfig, endpoint: Option<&str>) -> Client {
    let mut config = Builder::from(config)
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT).build())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(endpoint) = endpoint {
        config = config.endpoint_url(endpoint);
    }
    Client::from_conf(config.build())
}

const CONNECT: Duration = Duration::from_secs(3);
