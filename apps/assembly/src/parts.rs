//! Which adapter stands at each port, from the settings that every app has in common.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use futures::future::{BoxFuture, FutureExt, ready};
use in_memory::{HashingEmbedder, InMemoryMessages, InMemoryRecords, LexicalIndex};
use pinecone::Pinecone;
use ports::{Clock, Embedder, IndexEntry, LlmStream, MemoryIndex, MessageStore, RecordStore};
use rehearsal::{Pace, Rehearsal};

use crate::aws::{Aws, AwsArgs};
use crate::error::StartError;
use crate::own::Own;

/// The key is no option: what is on a command line can be read by every process.
pub(crate) const PINECONE_KEY: &str = "COACH_PINECONE_KEY";

#[derive(Debug, Args)]
#[command(next_help_heading = "Parts")]
pub struct PartsArgs {
    /// Where conversations and records are kept.
    #[arg(long, env = "COACH_STORE", value_enum, default_value_t = StoreKind::Memory)]
    pub store: StoreKind,

    /// Who answers.
    #[arg(long, env = "COACH_LLM", value_enum, default_value_t = ModelKind::Rehearsal)]
    pub llm: ModelKind,

    /// How long the rehearsal model takes for a word, in milliseconds.
    #[arg(long, env = "COACH_PACE_MS", value_name = "MS", default_value_t = 30,
          value_parser = clap::value_parser!(u64).range(0..=10_000))]
    pub pace_ms: u64,

    /// What the rehearsal model's choices come from.
    #[arg(
        long,
        env = "COACH_REHEARSAL_SEED",
        value_name = "NUMBER",
        default_value_t = Rehearsal::SEED
    )]
    pub rehearsal_seed: u64,

    /// Have the rehearsal model route about one message in sixteen wrongly, as real models do.
    #[arg(long, env = "COACH_REHEARSAL_MISTAKES", value_name = "BOOL", default_value_t = false,
          action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    pub rehearsal_mistakes: bool,

    /// What finds memories, summaries and the methodology again.
    #[arg(long, env = "COACH_INDEX", value_enum, default_value_t = IndexKind::Lexical)]
    pub index: IndexKind,

    /// A folder of Markdown files that the lexical index finds for every user; it is read at each
    /// start.
    #[arg(long, env = "COACH_METHODOLOGY", value_name = "DIR")]
    pub methodology: Option<PathBuf>,

    /// The host of the Pinecone index, as its page in the console shows it; its key is in
    /// COACH_PINECONE_KEY.
    #[arg(long, env = "COACH_PINECONE_HOST", value_name = "HOST")]
    pub pinecone_host: Option<String>,

    /// The name or ARN of a secret of AWS Secrets Manager that holds that key; read at the start.
    #[arg(
        long = "pinecone-secret",
        env = "COACH_PINECONE_KEY_SECRET",
        value_name = "NAME"
    )]
    pub pinecone_key_secret: Option<String>,

    /// How near a hit of the Pinecone index must be, from 0 to 1.
    #[arg(long, env = "COACH_PINECONE_THRESHOLD", value_name = "COSINE",
          default_value_t = pinecone::Settings::THRESHOLD, value_parser = cosine)]
    pub pinecone_threshold: f32,

    /// Who makes the vectors of the Pinecone index. To change it, begin with an empty index.
    #[arg(long, env = "COACH_EMBEDDER", value_enum, default_value_t = EmbedderKind::Hashing)]
    pub embedder: EmbedderKind,

    /// How many numbers a vector has: the dimension of the Pinecone index.
    #[arg(long, env = "COACH_EMBEDDING_DIMENSIONS", value_name = "NUMBER", default_value_t = 512,
          value_parser = clap::value_parser!(u16).range(1..=20_000))]
    pub embedding_dimensions: u16,

    #[command(flatten)]
    pub(crate) aws: AwsArgs,
}

impl PartsArgs {
    /// Returns whether there is a model of its own for the second attempt of a reply.
    pub fn has_second_model(&self) -> bool {
        self.llm == ModelKind::Bedrock && self.aws.has_second_model()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StoreKind {
    /// In memory: gone when the server ends.
    Memory,
    /// In a table of DynamoDB.
    Dynamodb,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModelKind {
    /// An offline stand-in that needs no account.
    Rehearsal,
    /// Models of Amazon Bedrock.
    Bedrock,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IndexKind {
    /// In memory, by words: gone when the server ends.
    Lexical,
    /// In a Pinecone index, by vectors.
    Pinecone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EmbedderKind {
    /// By words, offline: it knows no meaning.
    Hashing,
    /// By meaning, with Titan Text Embeddings of Amazon Bedrock.
    Bedrock,
}

/// One or more ports, what stands there, and whether it works.
pub struct Part<T> {
    pub ports: T,
    pub about: String,
    /// How it is with it. Nobody is asked before it is polled.
    pub check: Check,
    /// Opens the connection to it, if there is one, before it is needed. Whoever is not reached
    /// costs nothing but that.
    pub connect: BoxFuture<'static, ()>,
}

pub type Check = BoxFuture<'static, Found>;

/// What is said of a part, a sentence each.
#[derive(Debug, Default)]
pub struct Found {
    /// What keeps it from working.
    pub troubles: Vec<String>,
    /// What is worth knowing.
    pub notes: Vec<String>,
}

impl From<Vec<String>> for Found {
    fn from(troubles: Vec<String>) -> Self {
        Self {
            troubles,
            notes: Vec::new(),
        }
    }
}
pub type Stores = (Arc<dyn MessageStore>, Arc<dyn RecordStore>);

impl<T> Part<T> {
    /// One that is here, and so cannot be missed.
    pub(crate) fn here(ports: T, about: String) -> Self {
        Self {
            ports,
            about,
            check: ready(Found::default()).boxed(),
            connect: ready(()).boxed(),
        }
    }
}

/// Makes parts from settings, each by itself.
pub struct Assembly<'a> {
    args: &'a PartsArgs,
    pinecone_key: Option<String>,
    aws: Aws<'a>,
    clock: Arc<dyn Clock>,
    own: &'a Own,
}

impl<'a> Assembly<'a> {
    /// With what the environment holds beside the settings.
    pub fn new(args: &'a PartsArgs, clock: &Arc<dyn Clock>, own: &'a Own) -> Self {
        let pinecone_key = std::env::var(PINECONE_KEY).ok();
        Self {
            args,
            pinecone_key,
            aws: Aws::new(&args.aws),
            clock: clock.clone(),
            own,
        }
    }

    /// Returns whether who answers only rehearses.
    pub(crate) fn rehearses(&self) -> bool {
        self.own.model.is_none() && self.args.llm == ModelKind::Rehearsal
    }

    pub async fn model(&self) -> Result<Part<Arc<dyn LlmStream>>, StartError> {
        if let Some(own) = &self.own.model {
            return Ok(own.part());
        }
        match self.args.llm {
            ModelKind::Bedrock => self.aws.model().await,
            ModelKind::Rehearsal => Ok(self.rehearsal()),
        }
    }

    fn rehearsal(&self) -> Part<Arc<dyn LlmStream>> {
        let PartsArgs {
            pace_ms,
            rehearsal_seed,
            rehearsal_mistakes,
            ..
        } = *self.args;
        let pace = Pace {
            per_word: Duration::from_millis(pace_ms),
        };
        let model = Rehearsal::new(self.clock.clone(), pace, rehearsal_seed);
        let about = format!("rehearsal: offline, {pace_ms} ms a word");
        if rehearsal_mistakes {
            Part::here(
                Arc::new(model.with_mistakes()),
                format!("{about}, with mistakes"),
            )
        } else {
            Part::here(Arc::new(model), about)
        }
    }

    pub async fn store(&self) -> Result<Part<Stores>, StartError> {
        if let Some(own) = &self.own.store {
            return Ok(own.part());
        }
        match self.args.store {
            StoreKind::Dynamodb => self.aws.store().await,
            StoreKind::Memory => {
                let stores: Stores = (
                    Arc::new(InMemoryMessages::default()),
                    Arc::new(InMemoryRecords::default()),
                );
                Ok(Part::here(
                    stores,
                    "memory: gone when the server ends".to_owned(),
                ))
            }
        }
    }

    pub async fn index(&self) -> Result<Part<Arc<dyn MemoryIndex>>, StartError> {
        if let Some(own) = &self.own.index {
            return Ok(own.part());
        }
        match self.args.index {
            IndexKind::Lexical => self.lexical(),
            IndexKind::Pinecone => {
                let Part {
                    ports,
                    about,
                    check,
                    connect,
                } = self.pinecone().await?;
                Ok(Part {
                    ports,
                    about,
                    check,
                    connect,
                })
            }
        }
    }

    /// Returns the index that is asked over the net, for those who do more with it than search.
    pub async fn pinecone(&self) -> Result<Part<Arc<Pinecone>>, StartError> {
        let settings = self.pinecone_settings().await?;
        let embedder = self.embedder().await?;
        let about = format!("pinecone: {}, vectors by {}", settings.host, embedder.about);
        let index = Pinecone::new(&settings, embedder.ports)
            .map_err(|error| StartError::setting("--pinecone-host (COACH_PINECONE_HOST)", error))?;
        let index = Arc::new(index);
        let (asked, opened) = (index.clone(), index.clone());
        let connect = async move {
            futures::join!(opened.connect(), embedder.connect);
        };
        let check = Box::pin(async move {
            // Without vectors the index is of no use, and its own answer would say no more.
            let found = embedder.check.await;
            if found.troubles.is_empty() {
                asked.check().await.into()
            } else {
                found
            }
        });
        Ok(Part {
            ports: index,
            about,
            check,
            connect: connect.boxed(),
        })
    }

    fn lexical(&self) -> Result<Part<Arc<dyn MemoryIndex>>, StartError> {
        let (mut index, mut about) = (
            LexicalIndex::default(),
            "lexical: gone when the server ends".to_owned(),
        );
        if let Some(folder) = &self.args.methodology {
            let entries = pieces(folder)?;
            about = format!("{about}; {} pieces of methodology", entries.len());
            index = index.with_shared(entries);
        }
        Ok(Part::here(Arc::new(index), about))
    }

    async fn pinecone_settings(&self) -> Result<pinecone::Settings, StartError> {
        const CHOSEN: &str = "--index pinecone (COACH_INDEX)";
        if self.args.methodology.is_some() {
            return Err(StartError::Unsuited(
                "--methodology (COACH_METHODOLOGY) is for --index lexical: \
                 what Pinecone holds is loaded once, by `coach-server index methodology DIR`",
            ));
        }
        let missing = |what| StartError::Missing {
            chosen: CHOSEN,
            what,
        };
        let host = self.args.pinecone_host.as_deref();
        let host = host.ok_or(missing(
            "the host of the index: --pinecone-host, COACH_PINECONE_HOST",
        ))?;
        let key = match (&self.pinecone_key, &self.args.pinecone_key_secret) {
            (Some(key), _) => key.clone(),
            (None, Some(secret)) => self.aws.secret(secret).await?,
            (None, None) => {
                return Err(missing(
                    "the key of the index, in the environment: COACH_PINECONE_KEY",
                ));
            }
        };
        let key = key
            .parse()
            .map_err(|error: pinecone::SettingsError| StartError::setting(PINECONE_KEY, error))?;
        let threshold = self.args.pinecone_threshold;
        Ok(pinecone::Settings {
            threshold,
            ..pinecone::Settings::new(host, key)
        })
    }

    async fn embedder(&self) -> Result<Part<Arc<dyn Embedder>>, StartError> {
        let dimensions = usize::from(self.args.embedding_dimensions);
        match self.args.embedder {
            EmbedderKind::Bedrock => self.aws.embedder(dimensions).await,
            EmbedderKind::Hashing => Ok(Part::here(
                Arc::new(HashingEmbedder::new(dimensions)),
                format!("hashing, {dimensions} numbers"),
            )),
        }
    }
}

/// Returns the pieces of a folder of Markdown files.
#[cfg(feature = "methodology")]
fn pieces(folder: &Path) -> Result<Vec<IndexEntry>, StartError> {
    Ok(methodology::read(folder)?)
}

#[cfg(not(feature = "methodology"))]
fn pieces(_: &Path) -> Result<Vec<IndexEntry>, StartError> {
    Err(StartError::Unsuited(
        "--methodology (COACH_METHODOLOGY) is for coach-server: a function finds what \
         `coach-server index methodology DIR` has loaded into Pinecone",
    ))
}

/// Makes the table of the store, if there is one to make.
pub async fn create_table(args: &PartsArgs) -> Result<String, StartError> {
    match args.store {
        StoreKind::Dynamodb => Aws::new(&args.aws).create_table().await,
        StoreKind::Memory => Err(StartError::Unsuited(
            "--store memory (COACH_STORE) has no table: `table create` is for --store dynamodb",
        )),
    }
}

fn cosine(text: &str) -> Result<f32, String> {
    let value: Option<f32> = text.parse().ok();
    value
        .filter(|value| (0.0..=1.0).contains(value))
        .ok_or_else(|| "a cosine is from 0 to 1".to_owned())
}

#[cfg(test)]
mod tests;
