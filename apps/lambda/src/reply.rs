//! What goes back to Lambda.

use std::convert::Infallible;

use axum::body::to_bytes;
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use bytes::Bytes;
use futures::future::ready;
use futures::stream::{BoxStream, StreamExt, once};
use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayV2httpResponse};
use lambda_runtime::{FunctionResponse, MetadataPrelude, StreamResponse};
use serde::Serialize;

use crate::event::Manner;

/// An answer, at once or as it comes. A body cannot fail: Lambda would write the error into it.
pub(crate) type Reply = FunctionResponse<Whole, BoxStream<'static, Result<Bytes, Infallible>>>;

/// An answer at once, in the form of whoever passes it on.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Whole {
    Rest(ApiGatewayProxyResponse),
    Http(ApiGatewayV2httpResponse),
}

/// Returns an answer that is passed on as it comes, until it is too `late`, and stays open until
/// what it has left to do is `over`: Lambda freezes the process at its end.
pub(crate) fn streamed(
    response: Response,
    late: impl Future<Output = ()> + Send + 'static,
    over: impl Future<Output = ()> + Send + 'static,
) -> Reply {
    let (mut parts, body) = response.into_parts();
    let cookies = cookies(&mut parts.headers);
    let frames = body.into_data_stream();
    let told = frames.filter_map(|frame| ready(frame.ok().map(Ok)));
    let told = told.take_until(late);
    let rest = once(over).filter_map(|()| ready(None));
    FunctionResponse::StreamingResponse(StreamResponse {
        metadata_prelude: MetadataPrelude {
            headers: parts.headers,
            status_code: parts.status,
            cookies,
        },
        stream: told.chain(rest).boxed(),
    })
}

/// Returns an answer that is passed on when it is whole.
pub(crate) async fn whole(response: Response, manner: Manner) -> Reply {
    let (mut parts, body) = response.into_parts();
    // All bodies are text, and none can fail.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let body = Some(String::from_utf8_lossy(&body).into_owned().into());
    let status_code = i64::from(parts.status.as_u16());
    let whole = if manner == Manner::WholeRest {
        let mut rest = ApiGatewayProxyResponse::default();
        rest.status_code = status_code;
        rest.multi_value_headers = parts.headers;
        rest.body = body;
        Whole::Rest(rest)
    } else {
        let mut http = ApiGatewayV2httpResponse::default();
        http.status_code = status_code;
        http.cookies = cookies(&mut parts.headers);
        http.headers = parts.headers;
        http.body = body;
        Whole::Http(http)
    };
    FunctionResponse::BufferedResponse(whole)
}

/// Takes the cookies out of the headers: these forms have a place of their own for them.
fn cookies(headers: &mut HeaderMap) -> Vec<String> {
    let cookies = headers.get_all(SET_COOKIE).iter();
    let cookies = cookies.filter_map(|cookie| cookie.to_str().ok());
    let cookies = cookies.map(str::to_owned).collect();
    headers.remove(SET_COOKIE);
    cookies
}
