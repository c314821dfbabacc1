//! What an invocation asks: pure.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Request, Uri};
use domain::Timestamp;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Context, RequestExt};

use crate::config::Responses;

/// How an answer goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As it comes.
    Streamed,
    /// At once, in the form of a REST API.
    WholeRest,
    /// At once, in the form of an HTTP API or a Function URL.
    WholeHttp,
}

/// How long an invocation may take, whatever a function's own limit is.
const LONGEST: Duration = Duration::from_secs(900);

/// The header in which AWS carries a trace.
const TRACE: &str = "x-amzn-trace-id";

/// Returns the request that an event means, and how its answer goes back.
pub(crate) fn read(
    event: LambdaRequest,
    context: &Context,
    responses: Responses,
) -> (Request<Body>, Manner) {
    let request = lambda_http::Request::from(event);
    let (is_rest, streams, prefix) = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(http)) => {
            let domain = http.domain_name.as_deref().unwrap_or_default();
            (false, is_function_url(domain), stage(http.stage.as_deref()))
        }
        _ => (true, true, String::new()),
    };
    let streams = match responses {
        Responses::Auto => streams,
        Responses::Stream => true,
        Responses::Whole => false,
    };
    let manner = match (streams, is_rest) {
        (true, _) => Manner::Streamed,
        (false, true) => Manner::WholeRest,
        (false, false) => Manner::WholeHttp,
    };
    let uri = address(&request, &prefix);
    let (mut parts, body) = request.into_parts();
    if let Some(uri) = uri {
        parts.uri = uri;
    }
    let trace = context.xray_trace_id.as_deref().map(HeaderValue::from_str);
    if let Some(Ok(trace)) = trace {
        parts.headers.entry(TRACE).or_insert(trace);
    }
    (
        Request::from_parts(parts, Body::from(body.to_vec())),
        manner,
    )
}

/// Returns when Lambda ends an invocation that has come by `now`. One that would be over before it
/// began says nothing, as some give it that stand in for Lambda: then it is Lambda's longest.
pub(crate) fn deadline(context: &Context, now: Timestamp) -> Timestamp {
    let told = Timestamp(context.deadline);
    if told > now { told } else { now + LONGEST }
}

/// A Function URL has a host of Lambda's; an HTTP API has one of API Gateway's, or its owner's.
fn is_function_url(domain: &str) -> bool {
    domain.contains(".lambda-url.")
}

/// Returns what the paths of a stage begin with.
fn stage(stage: Option<&str>) -> String {
    match stage {
        None | Some("" | "$default") => String::new(),
        Some(stage) => format!("/{stage}"),
    }
}

/// Returns the path that the client asked for, without the stage, and with its query.
fn address(request: &lambda_http::Request, prefix: &str) -> Option<Uri> {
    let path = request.raw_http_path();
    let inside = path.strip_prefix(prefix);
    let path = match inside {
        Some("") => "/",
        Some(inside) if inside.starts_with('/') => inside,
        _ => path,
    };
    match request.uri().query() {
        Some(query) => format!("{path}?{query}").parse().ok(),
        None => path.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_believed_if_it_is_still_to_come() {
        let now = Timestamp(1_800_000_000_000);
        let mut context = Context::default();
        for (told, until) in [
            (now.0 + 1, now.0 + 1),
            (now.0 + 180_000, now.0 + 180_000),
            (now.0, now.0 + 900_000),
            (600_000, now.0 + 900_000),
            (0, now.0 + 900_000),
        ] {
            context.deadline = told;
            assert_eq!(deadline(&context, now), Timestamp(until), "{told}");
        }
    }

    #[test]
    fn only_a_stage_that_has_a_name_stands_before_paths() {
        assert_eq!(stage(None), "");
        assert_eq!(stage(Some("$default")), "");
        assert_eq!(stage(Some("prod")), "/prod");
    }
}
