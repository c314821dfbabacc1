//! A floor: axum and the AWS SDK, and nothing between them that would be left out.

use std::convert::Infallible;
use std::error::Error;

use aws_config::BehaviorVersion;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::operation::converse_stream::ConverseStreamOutput;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ContentBlockDelta, ConversationRole, ConverseStreamOutput as Piece, Message,
};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Sse;
use axum::response::sse::Event;
use axum::routing::post;
use axum::{Json, Router};
use futures::Stream;
use futures::stream::{self, StreamExt};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    user_response: String,
}

/// Serves until the process ends.
pub(crate) async fn run(listener: TcpListener) -> Result<(), Box<dyn Error + Send + Sync>> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let routes = Router::new()
        .fallback(post(relay))
        .with_state(Client::new(&config));
    Ok(axum::serve(listener, routes).await?)
}

async fn relay(
    State(bedrock): State<Client>,
    Json(asked): Json<Asked>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, StatusCode> {
    let message = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text(asked.user_response))
        .build()
        .map_err(|_| StatusCode::BAD_REQUEST)?;
    let call = bedrock
        .converse_stream()
        .model_id("amazon.nova-micro-v1:0")
        .messages(message);
    let reply = call.send().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    let begun = stream::iter([event(&json!({ "type": "start" }))]);
    Ok(Sse::new(begun.chain(pieces(reply))))
}

fn pieces(reply: ConverseStreamOutput) -> impl Stream<Item = Result<Event, Infallible>> {
    let events = stream::unfold(reply, async |mut reply| {
        let event = match reply.stream.recv().await {
            Ok(piece) => told(piece?),
            Err(_) => Some(event(&json!({ "type": "error" }))),
        };
        Some((event, reply))
    });
    events.filter_map(async |event| event)
}

fn told(piece: Piece) -> Option<Result<Event, Infallible>> {
    if piece.is_message_stop() {
        return Some(event(&json!({ "type": "complete" })));
    }
    let Piece::ContentBlockDelta(piece) = piece else {
        return None;
    };
    let ContentBlockDelta::Text(text) = piece.delta? else {
        return None;
    };
    Some(event(&json!({ "type": "chunk", "content": text })))
}

fn event(data: &serde_json::Value) -> Result<Event, Infallible> {
    Ok(Event::default().data(data.to_string()))
}
