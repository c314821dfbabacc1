//! Language models and embeddings of Amazon Bedrock, by ConverseStream, Converse and InvokeModel.
//!
//! Nothing in here is tried again, and nothing but connecting has a time limit: both are the
//! caller's.

mod capabilities;
mod check;
mod faults;
mod lifecycle;
mod map;
mod settings;
mod titan;

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::http::HttpRequest;
use aws_sdk_bedrockruntime::operation::RequestId;
use aws_sdk_bedrockruntime::primitives::event_stream::EventReceiver;
use aws_sdk_bedrockruntime::types::error::ConverseStreamOutputError;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, ConverseStreamOutput, ConverseTokensRequest, CountTokensInput,
    GuardrailConfiguration, GuardrailStreamConfiguration, Message,
};
use aws_smithy_types::body::SdkBody;
use domain::{Delivery, Fault};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use ports::{Answer, LlmStream, ModelCall, Piece, Result};
use serde_json::Value;
use tracing::debug;

use crate::capabilities::{Learned, Lesson};
use crate::faults::Failure;
use crate::map::{Heard, Hearing, Question, with_schema};
use crate::settings::client;

pub use capabilities::{Capabilities, Forms, Takes};
pub use check::{Findings, Standing};
pub use faults::{EXCEPTIONS, STOP_REASONS};
pub use settings::{Effort, Efforts, Guardrail, Service, Settings, TitanSettings};
pub use titan::TitanEmbedder;

/// What a filter of logs must say besides: the SDK tells the id of its key at debug level, and
/// bodies at trace level.
pub const QUIET: &str = "aws=info";

/// Opens a client's connection by a question that costs nothing and asks no model: how many tokens
/// a word is. What is answered, if only that this model does not say, is of no interest.
pub(crate) async fn connect(client: &Client, model: &str) {
    let Ok(word) = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text("squat".to_owned()))
        .build()
    else {
        return;
    };
    let words = ConverseTokensRequest::builder().messages(word).build();
    let counted = client
        .count_tokens()
        .model_id(model)
        .input(CountTokensInput::Converse(words));
    _ = counted.send().await;
}

/// The language models of Amazon Bedrock.
// No `Debug`: that of the client tells the id of the key.
#[derive(Clone)]
pub struct Bedrock {
    client: Client,
    settings: Arc<Settings>,
    /// What the models themselves have said of what they take.
    learned: Arc<Learned>,
    /// Where it is asked about its models.
    control: Arc<str>,
}

impl Bedrock {
    /// Region and credentials are those of `config`.
    pub fn new(config: &SdkConfig, settings: Settings) -> Self {
        let client = client(config, settings.endpoint.as_deref());
        let control = lifecycle::control(config, settings.control_endpoint.as_deref()).into();
        Self {
            client,
            settings: Arc::new(settings),
            learned: Arc::default(),
            control,
        }
    }

    /// Opens the connection that the first question would have to wait for.
    pub async fn connect(&self) {
        connect(&self.client, &self.settings.reply).await;
    }

    fn ask(self, call: ModelCall) -> Pieces {
        stream::once(self.asked(call)).flatten().boxed()
    }

    async fn asked(self, call: ModelCall) -> Pieces {
        let Ok(question) = Question::new(&self.settings, &self.learned, &call) else {
            return failing(unasked());
        };
        let pupil = Pupil {
            learned: self.learned.clone(),
            model: question.model.clone(),
        };
        let hearing = Hearing::new(&call, &question.model, question.sent);
        match call.delivery {
            Delivery::Streamed => self.streamed(&call, question, hearing, pupil).await,
            Delivery::Whole => self.whole(&call, question, hearing, pupil).await,
        }
    }

    async fn streamed(
        &self,
        call: &ModelCall,
        question: Question,
        hearing: Hearing,
        pupil: Pupil,
    ) -> Pieces {
        let guardrail = self.guardrail(call).map(|guardrail| {
            let builder =
                GuardrailStreamConfiguration::builder().guardrail_identifier(&guardrail.id);
            builder.guardrail_version(&guardrail.version).build()
        });
        let request = self
            .client
            .converse_stream()
            .model_id(question.model)
            .set_system(Some(question.system));
        let request = request
            .set_messages(Some(question.messages))
            .inference_config(question.inference);
        let request = request
            .set_tool_config(question.tools)
            .set_guardrail_config(guardrail);
        let request = request
            .set_output_config(question.output)
            .set_service_tier(question.service);
        let answered = request
            .customize()
            .mutate_request(complete(question.schema))
            .send()
            .await;
        match answered {
            Ok(answered) => {
                debug!(request = answered.request_id(), "a model answers");
                let hearing = hearing.of(answered.request_id());
                let listening = Listening {
                    events: answered.stream,
                    hearing,
                    pupil,
                };
                stream::unfold(Line::Open(Box::new(listening)), Line::next).boxed()
            }
            Err(error) => pupil.fails(&hearing, Failure::of_call(&error, question.sent)),
        }
    }

    async fn whole(
        &self,
        call: &ModelCall,
        question: Question,
        hearing: Hearing,
        pupil: Pupil,
    ) -> Pieces {
        let guardrail = self.guardrail(call).map(|guardrail| {
            let builder = GuardrailConfiguration::builder().guardrail_identifier(&guardrail.id);
            builder.guardrail_version(&guardrail.version).build()
        });
        let request = self
            .client
            .converse()
            .model_id(question.model)
            .set_system(Some(question.system));
        let request = request
            .set_messages(Some(question.messages))
            .inference_config(question.inference);
        let request = request
            .set_tool_config(question.tools)
            .set_guardrail_config(guardrail);
        let request = request
            .set_output_config(question.output)
            .set_service_tier(question.service);
        let answered = request
            .customize()
            .mutate_request(complete(question.schema))
            .send()
            .await;
        match answered {
            Ok(answered) => {
                debug!(request = answered.request_id(), "a model has answered");
                let mut hearing = hearing.of(answered.request_id());
                match hearing.whole(answered) {
                    Ok(pieces) => {
                        pupil.has_heard(&hearing);
                        stream::iter(pieces.into_iter().map(Ok)).boxed()
                    }
                    Err(failure) => pupil.fails(&hearing, failure),
                }
            }
            Err(error) => pupil.fails(&hearing, Failure::of_call(&error, question.sent)),
        }
    }

    /// What the athlete reads is checked; forms are read by machines only.
    fn guardrail(&self, call: &ModelCall) -> Option<&Guardrail> {
        self.settings
            .guardrail
            .as_ref()
            .filter(|_| call.answer == Answer::Prose)
    }
}

impl LlmStream for Bedrock {
    fn open(&self, call: ModelCall) -> BoxStream<'static, Result<Piece>> {
        self.clone().ask(call).map_err(Into::into).boxed()
    }
}

type Pieces = BoxStream<'static, Result<Piece, Failure>>;

/// Learns from what one model does.
struct Pupil {
    learned: Arc<Learned>,
    model: String,
}

impl Pupil {
    /// Notes what a call has shown that went well.
    fn has_heard(&self, hearing: &Hearing) {
        if hearing.thinks_in_no_room() {
            self.learned.note(&self.model, &[Lesson::Thinks]);
        }
    }

    /// Returns what is told of a call that failed: what it has cost, if that is known, and why.
    fn fails(&self, hearing: &Hearing, failure: Failure) -> Pieces {
        self.has_heard(hearing);
        self.learned.note(&self.model, &failure.lessons);
        let spent = hearing.spent(&failure).map(Piece::Spent).map(Ok);
        // After words nothing can be asked again.
        let is_too_late = failure.fault == Fault::Adjusted && hearing.is_worded();
        let fault = if is_too_late {
            Fault::Rejected
        } else {
            failure.fault
        };
        let failure = Failure { fault, ..failure };
        stream::iter(spent.into_iter().chain([Err(failure)])).boxed()
    }
}

/// An answer that comes word by word.
enum Line {
    Open(Box<Listening>),
    /// The answer is complete. What little may follow is heard out, so that the connection can be
    /// used again.
    Ending(Box<Events>),
    /// What is left to tell.
    Closing(Pieces),
}

/// Somebody speaks.
struct Listening {
    events: Events,
    hearing: Hearing,
    pupil: Pupil,
}

type Events = EventReceiver<ConverseStreamOutput, ConverseStreamOutputError>;

impl Line {
    async fn next(self) -> Option<(Result<Piece, Failure>, Self)> {
        match self {
            Self::Open(listening) => Self::hear(listening).await,
            Self::Ending(mut events) => {
                while let Ok(Some(_)) = events.recv().await {}
                None
            }
            Self::Closing(mut pieces) => pieces
                .next()
                .await
                .map(|piece| (piece, Self::Closing(pieces))),
        }
    }

    async fn hear(mut listening: Box<Listening>) -> Option<(Result<Piece, Failure>, Self)> {
        let (end, is_open) = loop {
            let Listening {
                events, hearing, ..
            } = &mut *listening;
            match events.recv().await {
                Ok(Some(event)) => match hearing.hear(event) {
                    Heard::Text(text) => {
                        return Some((Ok(Piece::Text(text)), Self::Open(listening)));
                    }
                    Heard::Thinking => return Some((Ok(Piece::Thinking), Self::Open(listening))),
                    Heard::Nothing => {}
                    Heard::Last => break (hearing.end(), true),
                },
                Ok(None) => break (hearing.end(), false),
                Err(error) => {
                    break (
                        hearing.broke_off(Failure::of_stream(&error, hearing.sent())),
                        false,
                    );
                }
            }
        };
        let Listening {
            events,
            hearing,
            pupil,
        } = *listening;
        match end {
            Ok(end) => {
                pupil.has_heard(&hearing);
                let rest = if is_open {
                    Self::Ending(Box::new(events))
                } else {
                    Self::Closing(stream::empty().boxed())
                };
                Some((Ok(end), rest))
            }
            Err(failure) => {
                let mut pieces = pupil.fails(&hearing, failure);
                pieces
                    .next()
                    .await
                    .map(|piece| (piece, Self::Closing(pieces)))
            }
        }
    }
}

fn failing(failure: Failure) -> Pieces {
    stream::iter([Err(failure)]).boxed()
}

/// Puts the schema of the tool into a request, before it is signed.
fn complete(schema: Option<Arc<Value>>) -> impl Fn(&mut HttpRequest) + Send + Sync {
    move |request| {
        let Some(schema) = &schema else { return };
        if let Some(body) = request
            .body()
            .bytes()
            .and_then(|body| with_schema(body, schema))
        {
            request
                .headers_mut()
                .insert("content-length", body.len().to_string());
            *request.body_mut() = SdkBody::from(body);
        }
    }
}

fn unasked() -> Failure {
    Failure::new(Fault::Rejected, "the request could not be made")
}
