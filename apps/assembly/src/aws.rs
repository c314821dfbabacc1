//! The parts that are on AWS. Region, endpoints and credentials are found as the AWS SDK finds
//! them.

use std::sync::Arc;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use bedrock::{
    Bedrock, Effort, Efforts, Findings, Guardrail, Service, Standing, Takes, TitanEmbedder,
    TitanSettings,
};
use clap::Args;
use domain::Tier;
use domain::prompt::estimated_tokens;
use dynamodb::Table;
use futures::future::FutureExt;
use ports::{Embedder, LlmStream};
use tokio::sync::OnceCell;

use crate::error::StartError;
use crate::parts::{Found, Part, Stores};
use crate::traced;

/// What the log leaves out unless it is asked for by the name of a crate: the SDK tells the id of
/// its key, and bodies.
pub(crate) const QUIET: [&str; 1] = [bedrock::QUIET];

/// The numbers of a vector that Titan can be asked for.
const TITAN: [usize; 3] = [256, 512, 1_024];

#[derive(Debug, Args)]
#[command(next_help_heading = "Parts on AWS (region and credentials as the AWS SDK finds them)")]
pub(crate) struct AwsArgs {
    /// The model or inference profile that replies; the default is Claude Sonnet 4.6, in all
    /// regions.
    #[arg(long, env = "COACH_REPLY_MODEL", value_name = "ID")]
    pub(crate) reply_model: Option<String>,

    /// The model of a reply's second attempt; the same if there is none.
    #[arg(long, env = "COACH_SECOND_REPLY_MODEL", value_name = "ID")]
    pub(crate) second_reply_model: Option<String>,

    /// The model that routes, extracts and sums up; the default is Nova Micro, by the profile of
    /// the region.
    #[arg(long, env = "COACH_FAST_MODEL", value_name = "ID")]
    pub(crate) fast_model: Option<String>,

    /// The model that makes vectors; the default is Titan Text Embeddings V2.
    #[arg(long, env = "COACH_EMBEDDING_MODEL", value_name = "ID")]
    pub(crate) embedding_model: Option<String>,

    /// How hard the replying model tries, of those that can be told: low, medium, high, xhigh or
    /// max; the default is low.
    #[arg(long, env = "COACH_REPLY_EFFORT", value_name = "EFFORT")]
    pub(crate) reply_effort: Option<Effort>,

    /// The same for the model of a reply's second attempt.
    #[arg(long, env = "COACH_SECOND_REPLY_EFFORT", value_name = "EFFORT")]
    pub(crate) second_reply_effort: Option<Effort>,

    /// The same for the model that routes, extracts and sums up.
    #[arg(long, env = "COACH_FAST_EFFORT", value_name = "EFFORT")]
    pub(crate) fast_effort: Option<Effort>,

    /// How replies are served: priority, default, flex or reserved.
    #[arg(long, env = "COACH_REPLY_SERVICE", value_name = "TIER")]
    pub(crate) reply_service: Option<Service>,

    /// How jobs are served, for which nobody waits: flex is the cheapest.
    #[arg(long, env = "COACH_JOB_SERVICE", value_name = "TIER")]
    pub(crate) job_service: Option<Service>,

    /// What a model takes, where its id does not say so, such as
    /// ARN=like:anthropic.claude-sonnet-4-6; may be given more than once, in the environment with
    /// semicolons between.
    #[arg(
        long,
        env = "COACH_MODEL_TAKES",
        value_name = "ID=TAKES",
        value_delimiter = ';',
        value_parser = model_takes
    )]
    pub(crate) model_takes: Vec<(String, Takes)>,

    /// The guardrail that checks replies, with its version, such as abc123:1 or abc123:DRAFT.
    #[arg(long, env = "COACH_GUARDRAIL", value_name = "ID:VERSION", value_parser = guardrail)]
    pub(crate) guardrail: Option<Guardrail>,

    /// Whether the models keep the beginnings of prompts; without it, those do that are known to be
    /// able to.
    #[arg(long, env = "COACH_CACHE_POINTS", value_name = "BOOL")]
    pub(crate) cache_points: Option<bool>,

    /// The table of DynamoDB.
    #[arg(
        long,
        env = "COACH_TABLE",
        value_name = "NAME",
        default_value = "coach"
    )]
    pub(crate) table: String,
}

impl AwsArgs {
    pub(crate) fn has_second_model(&self) -> bool {
        self.second_reply_model.is_some()
    }
}

/// Returns the configuration of the AWS SDK, which a process has one of: with it, its clients share
/// credentials.
pub async fn sdk_config() -> &'static SdkConfig {
    static CONFIG: OnceCell<SdkConfig> = OnceCell::const_new();
    CONFIG
        .get_or_init(|| {
            let usual = aws_config::defaults(BehaviorVersion::latest());
            usual.http_client(traced::client()).load()
        })
        .await
}

/// Makes parts, with one configuration for all of them.
pub(crate) struct Aws<'a> {
    args: &'a AwsArgs,
}

impl<'a> Aws<'a> {
    pub(crate) fn new(args: &'a AwsArgs) -> Self {
        Self { args }
    }

    pub(crate) async fn model(&self) -> Result<Part<Arc<dyn LlmStream>>, StartError> {
        let config = self.config("--llm bedrock (COACH_LLM)").await?;
        let settings = self.models(config);
        let about = format!("bedrock: {}, {} for forms", settings.reply, settings.fast);
        let model = Bedrock::new(config, settings);
        let (asked, opened) = (model.clone(), model.clone());
        let check = Box::pin(async move {
            let Findings { troubles, notes } = asked.check(setting, &standing()).await;
            Found { troubles, notes }
        });
        Ok(Part {
            ports: Arc::new(model),
            about,
            check,
            connect: async move { opened.connect().await }.boxed(),
        })
    }

    pub(crate) async fn embedder(
        &self,
        dimensions: usize,
    ) -> Result<Part<Arc<dyn Embedder>>, StartError> {
        if !TITAN.contains(&dimensions) {
            return Err(StartError::Unsuited(
                "--embedder bedrock (COACH_EMBEDDER) makes vectors of 256, 512 or 1024 numbers: \
                 --embedding-dimensions, COACH_EMBEDDING_DIMENSIONS",
            ));
        }
        let config = self.config("--embedder bedrock (COACH_EMBEDDER)").await?;
        let settings = TitanSettings {
            dimensions,
            ..TitanSettings::default()
        };
        let model = self.args.embedding_model.clone().unwrap_or(settings.model);
        let about = format!("{model}, {dimensions} numbers");
        let embedder = TitanEmbedder::new(config, TitanSettings { model, ..settings });
        let (asked, opened) = (embedder.clone(), embedder.clone());
        Ok(Part {
            ports: Arc::new(embedder),
            about,
            check: Box::pin(async move { asked.check(EMBEDDING_MODEL).await.into() }),
            connect: async move { opened.connect().await }.boxed(),
        })
    }

    pub(crate) async fn store(&self) -> Result<Part<Stores>, StartError> {
        let table = self.table().await?;
        let stores: Stores = (Arc::new(table.messages()), Arc::new(table.records()));
        let about = format!("dynamodb: table {}", self.args.table);
        let opened = table.clone();
        Ok(Part {
            ports: stores,
            about,
            check: Box::pin(async move { table.check().await.into() }),
            connect: async move { opened.connect().await }.boxed(),
        })
    }

    /// Reads a secret of AWS Secrets Manager.
    pub(crate) async fn secret(&self, name: &str) -> Result<String, StartError> {
        const SETTING: &str = "--pinecone-secret (COACH_PINECONE_KEY_SECRET)";
        let client = aws_sdk_secretsmanager::Client::new(self.config(SETTING).await?);
        let read = client.get_secret_value().secret_id(name).send().await;
        // Not in the words of the answer, which may quote what was asked for.
        let read = read.map_err(|error| StartError::Unread {
            setting: SETTING,
            code: error.code().unwrap_or("it was not answered").to_owned(),
        })?;
        read.secret_string.ok_or(StartError::Missing {
            chosen: SETTING,
            what: "a secret that is a text",
        })
    }

    /// Makes the table of the store, if it is not there.
    pub(crate) async fn create_table(&self) -> Result<String, StartError> {
        self.table()
            .await?
            .create()
            .await
            .map_err(StartError::Table)?;
        Ok(format!("the table {} is there", self.args.table))
    }

    async fn table(&self) -> Result<Table, StartError> {
        let config = self.config("--store dynamodb (COACH_STORE)").await?;
        let settings = dynamodb::Settings {
            table: self.args.table.clone(),
            ..dynamodb::Settings::default()
        };
        Ok(settings.open(config))
    }

    fn models(&self, config: &SdkConfig) -> bedrock::Settings {
        let usual =
            bedrock::Settings::in_region(config.region().map_or("", |region| region.as_ref()));
        let AwsArgs {
            reply_model,
            second_reply_model,
            fast_model,
            guardrail,
            cache_points,
            ..
        } = self.args;
        let AwsArgs {
            reply_effort,
            second_reply_effort,
            fast_effort,
            ..
        } = *self.args;
        bedrock::Settings {
            reply: reply_model.clone().unwrap_or(usual.reply),
            second_reply: second_reply_model.clone(),
            fast: fast_model.clone().unwrap_or(usual.fast),
            guardrail: guardrail.clone(),
            cache_points: *cache_points,
            efforts: Efforts {
                reply: reply_effort,
                second_reply: second_reply_effort,
                fast: fast_effort,
            },
            reply_service: self.args.reply_service,
            job_service: self.args.job_service,
            models: self.args.model_takes.iter().cloned().collect(),
            endpoint: None,
            control_endpoint: control_endpoint(),
        }
    }

    async fn config(&self, chosen: &'static str) -> Result<&SdkConfig, StartError> {
        let config = sdk_config().await;
        let what = "a region: AWS_REGION";
        let is_named = config
            .region()
            .is_some_and(|region| !region.as_ref().is_empty());
        if is_named {
            Ok(config)
        } else {
            Err(StartError::Missing { chosen, what })
        }
    }
}

/// What has the model chosen that a call of this tier asks.
fn setting(tier: Tier) -> &'static str {
    match tier {
        Tier::Reply => "--reply-model (COACH_REPLY_MODEL)",
        Tier::SecondReply => "--second-reply-model (COACH_SECOND_REPLY_MODEL)",
        Tier::Fast => "--fast-model (COACH_FAST_MODEL)",
    }
}

const EMBEDDING_MODEL: &str = "--embedding-model (COACH_EMBEDDING_MODEL)";

/// Returns what every model is told by the coaches that there are.
fn standing() -> Vec<Standing> {
    let coaches = domain::coach::shipped().into_iter();
    let standing = coaches.map(|coach| Standing {
        coach: coach.id.to_string(),
        model: coach.models.reply.clone(),
        tokens: estimated_tokens(coach.instructions().len()),
    });
    standing.collect()
}

/// Returns where Bedrock's models are asked about: a stand-in for Bedrock answers that, too.
fn control_endpoint() -> Option<String> {
    let names = [
        "AWS_ENDPOINT_URL_BEDROCK",
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
    ];
    names
        .into_iter()
        .find_map(|name| std::env::var(name).ok())
        .filter(|url| !url.is_empty())
}

fn model_takes(text: &str) -> Result<(String, Takes), String> {
    match text.split_once('=') {
        Some((id, takes)) if !id.is_empty() => Ok((id.to_owned(), takes.parse()?)),
        _ => Err("what a model takes is its id, an equals sign, and names with values".to_owned()),
    }
}

fn guardrail(text: &str) -> Result<Guardrail, String> {
    match text.split_once(':') {
        Some((id, version)) if !id.is_empty() && !version.is_empty() => Ok(Guardrail {
            id: id.to_owned(),
            version: version.to_owned(),
        }),
        _ => Err("a guardrail is an id, a colon and a version".to_owned()),
    }
}
