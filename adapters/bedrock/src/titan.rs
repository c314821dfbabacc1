use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::operation::RequestId;
use aws_sdk_bedrockruntime::primitives::Blob;
use domain::call::CallOutcome;
use domain::{Fault, Usage};
use futures::stream::{self, StreamExt, TryStreamExt};
use ports::{Bill, Embedder, Result};
use tracing::debug;

use crate::TitanSettings;
use crate::capabilities::Sent;
use crate::faults::Failure;
use crate::map::{embedded, embedding_answer, embedding_request};
use crate::settings::client;

/// Vectors by Titan Text Embeddings V2.
// No `Debug`: that of the client tells the id of the key.
#[derive(Clone)]
pub struct TitanEmbedder {
    client: Client,
    settings: TitanSettings,
}

impl TitanEmbedder {
    /// Region and credentials are those of `config`.
    pub fn new(config: &SdkConfig, settings: TitanSettings) -> Self {
        Self {
            client: client(config, settings.endpoint.as_deref()),
            settings,
        }
    }

    /// Opens the connection that the first text would have to wait for.
    pub async fn connect(&self) {
        crate::connect(&self.client, &self.settings.model).await;
    }

    /// Returns what keeps it from working, a sentence each; `setting` names what has its model
    /// chosen.
    pub async fn check(&self, setting: &str) -> Vec<String> {
        let found = self.vector("squat", &Bill::default()).await.err();
        found
            .map(|failure| failure.advice(&self.settings.model, setting))
            .into_iter()
            .collect()
    }

    async fn vector(&self, text: &str, bill: &Bill) -> Result<Vec<f32>, Failure> {
        let text = embedded(text);
        let body = embedding_request(text, self.settings.dimensions);
        let request = self
            .client
            .invoke_model()
            .model_id(&self.settings.model)
            .body(Blob::new(body));
        let item = bill.embedding(text.len());
        let answered = request.content_type(JSON).accept(JSON).send().await;
        let answered = match answered {
            Ok(answered) => answered,
            Err(error) => {
                let failure = Failure::of_call(&error, Sent::default());
                // What was answered by an error has cost nothing; what was not answered may have.
                item.close(
                    CallOutcome::Failed(failure.fault),
                    failure.status.map(|_| Usage::default()),
                );
                return Err(failure);
            }
        };
        debug!(request = answered.request_id(), "a text has its vector");
        let answer = embedding_answer(answered.body.as_ref());
        let tokens = answer.tokens;
        let vector = answer.vector(self.settings.dimensions);
        let fault = Fault::Unavailable;
        let outcome = if vector.is_some() {
            CallOutcome::Ok
        } else {
            CallOutcome::Failed(fault)
        };
        item.close(outcome, tokens.map(|tokens| self.used(tokens)));
        vector.ok_or(Failure::new(
            fault,
            "the answer is no vector of the right length",
        ))
    }

    fn used(&self, input_tokens: u64) -> Usage {
        Usage {
            model: Some(self.settings.model.as_str().into()),
            input_tokens,
            ..Usage::default()
        }
    }
}

#[async_trait]
impl Embedder for TitanEmbedder {
    fn dimensions(&self) -> usize {
        self.settings.dimensions
    }

    async fn embed(&self, texts: &[String], bill: &Bill) -> Result<Vec<Vec<f32>>> {
        // Not a closure of borrowed texts: its future would not be `Send` for every lifetime.
        let calls: Vec<_> = texts.iter().map(|text| self.vector(text, bill)).collect();
        Ok(stream::iter(calls)
            .buffered(self.settings.at_once.max(1))
            .try_collect()
            .await?)
    }
}

const JSON: &str = "application/json";
