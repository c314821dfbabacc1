use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::timeout::TimeoutConfig;
use aws_sdk_bedrockruntime::config::{Builder, StalledStreamProtectionConfig};
use domain::Tier;

use crate::Takes;

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
    /// Whether models are asked to keep the beginnings of prompts. `None`: those whose ids say that
    /// they can; the id of an application inference profile says nothing.
    pub cache_points: Option<bool>,
    /// How hard models try that can be told. `None`: as little as they can, which costs the least
    /// and is told soonest.
    pub efforts: Efforts,
    /// How replies are served, and the question of how to reply. `None`: as usual.
    pub reply_service: Option<Service>,
    /// How jobs are served, for which nobody waits. `None`: as usual.
    pub job_service: Option<Service>,
    /// What models take, where it is not what is known of their ids.
    pub models: BTreeMap<String, Takes>,
    /// Where Bedrock is, instead of where the SDK's configuration says.
    pub endpoint: Option<String>,
    /// Where Bedrock is asked about its models, instead of where the SDK's configuration says.
    pub control_endpoint: Option<String>,
}

/// How hard each of the models tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Efforts {
    pub reply: Option<Effort>,
    pub second_reply: Option<Effort>,
    pub fast: Option<Effort>,
}

impl Efforts {
    pub(crate) fn of(self, tier: Tier) -> Option<Effort> {
        match tier {
            Tier::Reply => self.reply,
            Tier::SecondReply => self.second_reply,
            Tier::Fast => self.fast,
        }
    }
}

/// How hard a model tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    Low,
    Medium,
    High,
    Xhigh,
    Max,
}

impl Effort {
    /// In Bedrock's words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// Returns how many tokens a model may think in that tries so hard.
    pub(crate) fn room(self) -> u32 {
        match self {
            Self::Low => 4_000,
            Self::Medium => 8_000,
            Self::High => 16_000,
            Self::Xhigh | Self::Max => 32_000,
        }
    }
}

impl FromStr for Effort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Low, Self::Medium, Self::High, Self::Xhigh, Self::Max];
        let found = all.into_iter().find(|effort| effort.as_str() == text);
        found.ok_or_else(|| "an effort is low, medium, high, xhigh or max".to_owned())
    }
}

/// How Bedrock serves a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Priority,
    Default,
    Flex,
    Reserved,
}

impl Service {
    /// In Bedrock's words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Priority => "priority",
            Self::Default => "default",
            Self::Flex => "flex",
            Self::Reserved => "reserved",
        }
    }
}

impl FromStr for Service {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Priority, Self::Default, Self::Flex, Self::Reserved];
        let found = all.into_iter().find(|service| service.as_str() == text);
        found.ok_or_else(|| "a service tier is priority, default, flex or reserved".to_owned())
    }
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
    /// Those of a region in the United States.
    fn default() -> Self {
        Self::in_region("us-east-1")
    }
}

impl Settings {
    /// Claude Sonnet 4.6 by the profile that is for all regions, and Nova Micro by the one of this
    /// region.
    pub fn in_region(region: &str) -> Self {
        Self {
            reply: "global.anthropic.claude-sonnet-4-6".to_owned(),
            second_reply: None,
            fast: format!("{}amazon.nova-micro-v1:0", profiles(region)),
            guardrail: None,
            cache_points: None,
            efforts: Efforts::default(),
            reply_service: None,
            job_service: None,
            models: BTreeMap::new(),
            endpoint: None,
            control_endpoint: None,
        }
    }
}

/// Returns what the ids of the inference profiles of a region begin with; nothing where there are
/// none.
fn profiles(region: &str) -> &'static str {
    let by_region = [
        ("us-gov-", "us-gov."),
        ("us-", "us."),
        ("ca-", "us."),
        ("eu-", "eu."),
        ("ap-", "apac."),
    ];
    by_region
        .iter()
        .find(|(begins, _)| region.starts_with(begins))
        .map_or("", |(_, profiles)| profiles)
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
        Self {
            model: "amazon.titan-embed-text-v2:0".to_owned(),
            dimensions: 512,
            at_once: 8,
            endpoint: None,
        }
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
