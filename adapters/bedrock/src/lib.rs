//! Language models and embeddings of Amazon Bedrock, by ConverseStream, Converse and InvokeModel.
//!
//! Nothing in here is tried again, and nothing but connecting has a time limit: both are the caller's.

#![warn(missing_docs)]

mod check;
mod faults;
mod map;
mod settings;
mod titan;

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::http::HttpRequest;
use aws_sdk_bedrockruntime::error::BuildError;
use aws_sdk_bedrockruntime::operation::RequestId;
use aws_sdk_bedrockruntime::primitives::event_stream::EventReceiver;
use aws_sdk_bedrockruntime::types::error::ConverseStreamOutputError;
use aws_sdk_bedrockruntime::types::{ConverseStreamOutput, GuardrailConfiguration, GuardrailStreamConfiguration};
use aws_smithy_types::body::SdkBody;
use domain::{Delivery, Fault};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use ports::{Answer, LlmStream, ModelCall, Piece, Result};
use serde_json::Value;
use tracing::debug;

use crate::faults::Failure;
use crate::map::{Heard, Hearing, Question, with_schema};
use crate::settings::client;

pub use faults::{EXCEPTIONS, STOP_REASONS};
pub use settings::{Guardrail, Settings, TitanSettings};
pub use titan::TitanEmbedder;

/// What a filter of logs must say besides: the SDK tells the id of its key at debug level, and bodies at trace level.
pub const QUIET: &str = "aws=info";

/// The language models of Amazon Bedrock.
// No `Debug`: that of the client tells the id of the key.
#[derive(Clone)]
pub struct Bedrock {
    client: Client,
    settings: Arc<Settings>,
}

impl Bedrock {
    /// Region and credentials are those of `config`.
    pub fn new(config: &SdkConfig, settings: Settings) -> Self {
        Self { client: client(config, settings.endpoint.as_deref()), settings: Arc::new(settings) }
    }

    fn ask(self, call: ModelCall) -> Pieces {
        let pieces = async move {
            match call.delivery {
                Delivery::Streamed => self.streamed(call).await,
                Delivery::Whole => self.whole(call).await,
            }
        };
        stream::once(pieces).try_flatten().boxed()
    }

    async fn streamed(self, call: ModelCall) -> Result<Pieces, Failure> {
        let question = Question::new(&self.settings, &call).map_err(unasked)?;
        let hearing = Hearing::new(&call, &question.model);
        let guardrail = self.guardrail(&call).map(|guardrail| {
            let builder = GuardrailStreamConfiguration::builder().guardrail_identifier(&guardrail.id);
            builder.guardrail_version(&guardrail.version).build()
        });
        let request = self.client.converse_stream().model_id(question.model).set_system(Some(question.system));
        let request = request.set_messages(Some(question.messages)).inference_config(question.inference);
        let request = request.set_tool_config(question.tools).set_guardrail_config(guardrail);
        let answered = request.customize().mutate_request(complete(question.schema)).send().await;
        let answered = answered.map_err(|error| Failure::of_call(&error))?;
        debug!(request = answered.request_id(), "a model answers");
        let hearing = hearing.of(answered.request_id());
        Ok(stream::unfold(Line::Open(answered.stream, hearing), Line::next).boxed())
    }

    async fn whole(self, call: ModelCall) -> Result<Pieces, Failure> {
        let question = Question::new(&self.settings, &call).map_err(unasked)?;
        let hearing = Hearing::new(&call, &question.model);
        let guardrail = self.guardrail(&call).map(|guardrail| {
            let builder = GuardrailConfiguration::builder().guardrail_identifier(&guardrail.id);
            builder.guardrail_version(&guardrail.version).build()
        });
        let request = self.client.converse().model_id(question.model).set_system(Some(question.system));
        let request = request.set_messages(Some(question.messages)).inference_config(question.inference);
        let request = request.set_tool_config(question.tools).set_guardrail_config(guardrail);
        let answered = request.customize().mutate_request(complete(question.schema)).send().await;
        let answered = answered.map_err(|error| Failure::of_call(&error))?;
        debug!(request = answered.request_id(), "a model has answered");
        let hearing = hearing.of(answered.request_id());
        Ok(stream::iter(hearing.whole(answered)).boxed())
    }

    /// What the athlete reads is checked; forms are read by machines only.
    fn guardrail(&self, call: &ModelCall) -> Option<&Guardrail> {
        self.settings.guardrail.as_ref().filter(|_| call.answer == Answer::Prose)
    }
}

impl LlmStream for Bedrock {
    fn open(&self, call: ModelCall) -> BoxStream<'static, Result<Piece>> {
        self.clone().ask(call).map_err(Into::into).boxed()
    }
}

type Pieces = BoxStream<'static, Result<Piece, Failure>>;

/// An answer that comes word by word.
enum Line {
    Open(Events, Hearing),
    /// The answer is complete. What little may follow is heard out, so that the connection can be used again.
    Ending(Events),
    Closed,
}

type Events = EventReceiver<ConverseStreamOutput, ConverseStreamOutputError>;

impl Line {
    async fn next(self) -> Option<(Result<Piece, Failure>, Self)> {
        match self {
            Self::Open(mut events, mut hearing) => Some(loop {
                match events.recv().await {
                    Ok(Some(event)) => match hearing.hear(event) {
                        Heard::Text(text) => return Some((Ok(Piece::Text(text)), Self::Open(events, hearing))),
                        Heard::Nothing => {}
                        Heard::Last => break (hearing.end(), Self::Ending(events)),
                    },
                    Ok(None) => break (hearing.end(), Self::Closed),
                    Err(error) => break (hearing.broke_off(Failure::of_stream(&error)), Self::Closed),
                }
            }),
            Self::Ending(mut events) => {
                while let Ok(Some(_)) = events.recv().await {}
                None
            }
            Self::Closed => None,
        }
    }
}

/// Puts the schema of the tool into a request, before it is signed.
fn complete(schema: Option<Arc<Value>>) -> impl Fn(&mut HttpRequest) + Send + Sync {
    move |request| {
        let Some(schema) = &schema else { return };
        if let Some(body) = request.body().bytes().and_then(|body| with_schema(body, schema)) {
            request.headers_mut().insert("content-length", body.len().to_string());
            *request.body_mut() = SdkBody::from(body);
        }
    }
}

fn unasked(_: BuildError) -> Failure {
    Failure::new(Fault::Rejected, "the request could not be made")
}
