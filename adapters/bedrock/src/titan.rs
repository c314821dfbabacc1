use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::operation::RequestId;
use aws_sdk_bedrockruntime::primitives::Blob;
use domain::Fault;
use futures::stream::{self, StreamExt, TryStreamExt};
use ports::{Embedder, Result};
use tracing::debug;

use crate::TitanSettings;
use crate::faults::Failure;
use crate::map::{embedding_request, embedding_vector};
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
        Self { client: client(config, settings.endpoint.as_deref()), settings }
    }

    /// What keeps it from working, a sentence each.
    pub async fn check(&self) -> Vec<String> {
        let found = self.vector("squat").await.err();
        found.map(|failure| failure.advice(&self.settings.model)).into_iter().collect()
    }

    async fn vector(&self, text: &str) -> Result<Vec<f32>, Failure> {
        let body = embedding_request(text, self.settings.dimensions);
        let request = self.client.invoke_model().model_id(&self.settings.model).body(Blob::new(body));
        let answered = request.content_type(JSON).accept(JSON).send().await;
        let answered = answered.map_err(|error| Failure::of_call(&error))?;
        debug!(request = answered.request_id(), "a text has its vector");
        embedding_vector(answered.body.as_ref(), self.settings.dimensions)
            .ok_or(Failure::new(Fault::Unavailable, "the answer is no vector of the right length"))
    }
}

#[async_trait]
impl Embedder for TitanEmbedder {
    fn dimensions(&self) -> usize {
        self.settings.dimensions
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        // Not a closure of borrowed texts: its future would not be `Send` for every lifetime.
        let calls: Vec<_> = texts.iter().map(|text| self.vector(text)).collect();
        Ok(stream::iter(calls).buffered(self.settings.at_once.max(1)).try_collect().await?)
    }
}

const JSON: &str = "application/json";
