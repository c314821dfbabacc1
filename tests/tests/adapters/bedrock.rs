//! Amazon Bedrock.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests may panic"
)]

mod check;
mod embedder;
mod live;
mod log;
mod meter;
mod models;
mod requests;
mod rows;
mod turns;
mod wire;

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_bedrockruntime::config::{Credentials, SharedCredentialsProvider};
use bedrock::{Bedrock, Settings};
use domain::{Delivery, Fault, Prompt, StopReason, Tier};
use futures::StreamExt;
use peers::bedrock::{Bedrock as Peer, Script};
use ports::{Answer, LlmStream, ModelCall, Piece};

/// Keys that no log may show.
const KEYS: [&str; 3] = ["AKIDKEYCANARY", "secret-canary", "session-canary"];

fn config() -> SdkConfig {
    let [id, secret, session] = KEYS;
    let keys = Credentials::new(id, secret, Some(session.to_owned()), None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .build()
}

fn at(peer: &Peer) -> Settings {
    Settings {
        endpoint: Some(peer.url()),
        control_endpoint: Some(peer.url()),
        ..Settings::default()
    }
}

fn adapter(peer: &Peer) -> Bedrock {
    Bedrock::new(&config(), at(peer))
}

/// What the tests call the settings that choose models.
fn named(tier: Tier) -> &'static str {
    match tier {
        Tier::Reply => "REPLY",
        Tier::SecondReply => "SECOND",
        Tier::Fast => "FAST",
    }
}

async fn playing(script: Script) -> Peer {
    Peer::start(move |_| script.clone()).await.unwrap()
}

fn prose(delivery: Delivery) -> ModelCall {
    ModelCall {
        tier: Tier::Reply,
        model: None,
        prompt: Prompt::question("Be a coach.", "How deep?"),
        answer: Answer::Prose,
        delivery,
        max_tokens: 100,
        temperature: 0.5,
    }
}

fn form(delivery: Delivery) -> ModelCall {
    let answer = Answer::Tool {
        name: domain::router::TOOL,
        schema: Arc::new(domain::router::schema()),
    };
    ModelCall {
        tier: Tier::Fast,
        answer,
        ..prose(delivery)
    }
}

/// All that a call is answered: the texts joined, and the end.
async fn answered(model: &Bedrock, call: ModelCall) -> (String, Result<StopReason, Fault>) {
    let mut pieces = model.open(call);
    let mut text = String::new();
    let end = loop {
        match pieces.next().await {
            Some(Ok(Piece::Text(more))) => {
                assert!(!more.is_empty());
                text += &more;
            }
            Some(Ok(Piece::Thinking | Piece::Spent(_))) => {}
            Some(Ok(Piece::End { reason, .. })) => break Ok(reason),
            Some(Err(error)) => break Err(error.fault),
            None => panic!("the stream stopped without an end"),
        }
    };
    assert!(pieces.next().await.is_none(), "something follows the end");
    (text, end)
}
