//! The parts that are on AWS. Region, endpoints and credentials are found as the AWS SDK finds them.

use std::sync::Arc;

use aws_config::{BehaviorVersion, SdkConfig};
use bedrock::{Bedrock, Guardrail, TitanEmbedder, TitanSettings};
use clap::Args;
use dynamodb::Table;
use ports::{Embedder, LlmStream};
use tokio::sync::OnceCell;

use crate::error::StartError;
use crate::parts::{Part, Stores};

/// What the log leaves out unless it is asked for by the name of a crate: the SDK tells the id of its key, and bodies.
pub(crate) const QUIET: [&str; 1] = [bedrock::QUIET];

/// The numbers of a vector that Titan can be asked for.
const TITAN: [usize; 3] = [256, 512, 1_024];

#[derive(Debug, Args)]
#[command(next_help_heading = "Parts on AWS (region and credentials as the AWS SDK finds them)")]
pub(crate) struct AwsArgs {
    /// The model or inference profile that replies; the default is Claude Sonnet 4 in the United States.
    #[arg(long, env = "COACH_REPLY_MODEL", value_name = "ID")]
    pub(crate) reply_model: Option<String>,

    /// The model of a reply's second attempt; the same if there is none.
    #[arg(long, env = "COACH_SECOND_REPLY_MODEL", value_name = "ID")]
    pub(crate) second_reply_model: Option<String>,

    /// The model that routes, extracts and sums up; the default is Nova Micro in the United States.
    #[arg(long, env = "COACH_FAST_MODEL", value_name = "ID")]
    pub(crate) fast_model: Option<String>,

    /// The model that makes vectors; the default is Titan Text Embeddings V2.
    #[arg(long, env = "COACH_EMBEDDING_MODEL", value_name = "ID")]
    pub(crate) embedding_model: Option<String>,

    /// The guardrail that checks replies, with its version, such as abc123:1 or abc123:DRAFT.
    #[arg(long, env = "COACH_GUARDRAIL", value_name = "ID:VERSION", value_parser = guardrail)]
    pub(crate) guardrail: Option<Guardrail>,

    /// Whether the models keep the beginnings of prompts; without it, those do that are known to be able to.
    #[arg(long, env = "COACH_CACHE_POINTS", value_name = "BOOL")]
    pub(crate) cache_points: Option<bool>,

    /// The table of DynamoDB.
    #[arg(long, env = "COACH_TABLE", value_name = "NAME", default_value = "coach")]
    pub(crate) table: String,
}

impl AwsArgs {
    pub(crate) fn has_second_model(&self) -> bool {
        self.second_reply_model.is_some()
    }
}

/// Makes parts, with one configuration for all of them.
pub(crate) struct Aws<'a> {
    args: &'a AwsArgs,
    config: OnceCell<SdkConfig>,
}

impl<'a> Aws<'a> {
    pub(crate) fn new(args: &'a AwsArgs) -> Self {
        Self { args, config: OnceCell::new() }
    }

    pub(crate) async fn model(&self) -> Result<Part<Arc<dyn LlmStream>>, StartError> {
        let config = self.config("--llm bedrock (COACH_LLM)").await?;
        let settings = self.models();
        let about = format!("bedrock: {}, {} for forms", settings.reply, settings.fast);
        let model = Bedrock::new(config, settings);
        let asked = model.clone();
        Ok(Part { ports: Arc::new(model), about, check: Box::pin(async move { asked.check().await }) })
    }

    pub(crate) async fn embedder(&self, dimensions: usize) -> Result<Part<Arc<dyn Embedder>>, StartError> {
        if !TITAN.contains(&dimensions) {
            return Err(StartError::Unsuited(
                "--embedder bedrock (COACH_EMBEDDER) makes vectors of 256, 512 or 1024 numbers: \
                 --embedding-dimensions, COACH_EMBEDDING_DIMENSIONS",
            ));
        }
        let config = self.config("--embedder bedrock (COACH_EMBEDDER)").await?;
        let settings = TitanSettings { dimensions, ..TitanSettings::default() };
        let model = self.args.embedding_model.clone().unwrap_or(settings.model);
        let about = format!("{model}, {dimensions} numbers");
        let embedder = TitanEmbedder::new(config, TitanSettings { model, ..settings });
        let asked = embedder.clone();
        Ok(Part { ports: Arc::new(embedder), about, check: Box::pin(async move { asked.check().await }) })
    }

    pub(crate) async fn store(&self) -> Result<Part<Stores>, StartError> {
        let table = self.table().await?;
        let stores: Stores = (Arc::new(table.messages()), Arc::new(table.records()));
        let about = format!("dynamodb: table {}", self.args.table);
        Ok(Part { ports: stores, about, check: Box::pin(async move { table.check().await }) })
    }

    /// Makes the table of the store, if it is not there.
    pub(crate) async fn create_table(&self) -> Result<String, StartError> {
        self.table().await?.create().await.map_err(StartError::Table)?;
        Ok(format!("the table {} is there", self.args.table))
    }

    async fn table(&self) -> Result<Table, StartError> {
        let config = self.config("--store dynamodb (COACH_STORE)").await?;
        let settings = dynamodb::Settings { table: self.args.table.clone(), ..dynamodb::Settings::default() };
        Ok(settings.open(config))
    }

    fn models(&self) -> bedrock::Settings {
        let usual = bedrock::Settings::default();
        let AwsArgs { reply_model, second_reply_model, fast_model, guardrail, cache_points, .. } = self.args;
        bedrock::Settings {
            reply: reply_model.clone().unwrap_or(usual.reply),
            second_reply: second_reply_model.clone(),
            fast: fast_model.clone().unwrap_or(usual.fast),
            guardrail: guardrail.clone(),
            cache_points: *cache_points,
            endpoint: None,
        }
    }

    async fn config(&self, chosen: &'static str) -> Result<&SdkConfig, StartError> {
        let config = self.config.get_or_init(|| aws_config::load_defaults(BehaviorVersion::latest())).await;
        let what = "a region: AWS_REGION";
        let is_named = config.region().is_some_and(|region| !region.as_ref().is_empty());
        if is_named { Ok(config) } else { Err(StartError::Missing { chosen, what }) }
    }
}

fn guardrail(text: &str) -> Result<Guardrail, String> {
    match text.split_once(':') {
        Some((id, version)) if !id.is_empty() && !version.is_empty() => {
            Ok(Guardrail { id: id.to_owned(), version: version.to_owned() })
        }
        _ => Err("a guardrail is an id, a colon and a version".to_owned()),
    }
}
