//! What stands in front of a function.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::stream::unfold;
use serde_json::Value;

use super::{Answer, Front, Shared};

/// Passes a request on, and its answer back.
pub(super) async fn pass(shared: Arc<Shared>, front: Front, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let event = front.event(&parts, &body, "gateway-request");
    match shared.asked_for(event).await {
        Some(Answer::Stream(prelude, frames)) if front.streams() => {
            let frames = unfold(frames, |mut frames| async move {
                Some((Ok::<_, std::io::Error>(frames.recv().await?), frames))
            });
            shaped(&prelude, Body::from_stream(frames))
        }
        // Invoked without streaming, a function that streams is taken at its word, all of it.
        Some(Answer::Stream(prelude, mut frames)) => {
            let mut all = prelude.to_string().into_bytes();
            all.extend([0; 8]);
            while let Some(frame) = frames.recv().await {
                all.extend_from_slice(&frame);
            }
            whole(&all)
        }
        Some(Answer::Whole(bytes)) => whole(&bytes),
        Some(Answer::Failed(error)) => (StatusCode::BAD_GATEWAY, error).into_response(),
        None => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// What is no JSON object with a status is passed on as it is.
fn whole(bytes: &[u8]) -> Response {
    let answer: Value = serde_json::from_slice(bytes).unwrap_or_default();
    if member(&answer, "statusCode").is_u64() {
        let body = member(&answer, "body").as_str().unwrap_or_default();
        let body = Body::from(body.to_owned());
        return shaped(&answer, body);
    }
    bytes.to_vec().into_response()
}

/// Gives an answer the status, the headers and the cookies that were told of it.
fn shaped(told: &Value, body: Body) -> Response {
    let mut response = Response::new(body);
    let status = member(told, "statusCode")
        .as_u64()
        .and_then(|status| u16::try_from(status).ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    *response.status_mut() = status.unwrap_or(StatusCode::BAD_GATEWAY);
    let members = ["headers", "multiValueHeaders"].map(|name| member(told, name).as_object());
    for (name, values) in members.into_iter().flatten().flatten() {
        let one = std::slice::from_ref(values);
        let values = values.as_array().map_or(one, Vec::as_slice);
        for value in values.iter().filter_map(Value::as_str) {
            add(&mut response, name, value);
        }
    }
    for cookie in member(told, "cookies")
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        add(&mut response, "set-cookie", cookie);
    }
    response
}

fn add(response: &mut Response, name: &str, value: &str) {
    let (name, value) = (name.parse::<HeaderName>(), HeaderValue::from_str(value));
    if let (Ok(name), Ok(value)) = (name, value) {
        response.headers_mut().append(name, value);
    }
}

fn member<'v>(value: &'v Value, name: &str) -> &'v Value {
    value.get(name).unwrap_or(&Value::Null)
}
