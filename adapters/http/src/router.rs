//! What answers every request: the checks before a handler, and what is said when they fail.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::LazyLock;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use domain::UserId;
use futures::future::FutureExt;
use mediatype::{MediaType, MediaTypeList, ReadParams, names};
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::{Instrument, error_span};
use uuid::Uuid;

use crate::app::{App, Within};
use crate::call::{Answer, Call, bearer, body, id, insert, typed};
use crate::code::Code;
use crate::problem::Problem;
use crate::route::{Access, Route};
use crate::routes::ROUTES;
use crate::trace::Trace;
use crate::{openapi, sse};

/// The largest headers, with the address.
const HEADERS: usize = 32 * 1024;

/// What a stream of events is called.
const EVENT_STREAM: MediaType<'static> = MediaType::new(names::TEXT, names::EVENT_STREAM);

const REQUEST_ID: &str = "x-request-id";

/// The OpenAPI document; made when it is asked for.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| openapi::document(ROUTES).to_string());

/// Returns the router of everything in [`ROUTES`].
pub fn router(app: App) -> Router {
    let mut by_path: BTreeMap<&str, Vec<&'static Route>> = BTreeMap::new();
    for route in ROUTES {
        by_path.entry(route.path).or_default().push(route);
    }
    let cors = cors(&app);
    let mut router = Router::new();
    for (path, routes) in by_path {
        let app = app.clone();
        router = router.route(
            path,
            any(move |request| answer(app.clone(), routes.clone(), request)),
        );
    }
    let nowhere = move |request| answer(app.clone(), Vec::new(), request);
    router
        .fallback(nowhere)
        .layer(cors)
        .layer(map_response(never_empty))
}

/// A router that answers everything with one code: for a server that takes no more.
pub fn refusing(code: Code) -> Router {
    Router::new().fallback(move |request: Request| async move {
        refused(
            &code.into(),
            accepts_events(request.headers()),
            &Uuid::new_v4().simple().to_string(),
        )
    })
}

/// Answers a request, in the span of its id and its trace.
async fn answer(app: App, routes: Vec<&'static Route>, request: Request) -> Response {
    let request_id = Uuid::new_v4().simple().to_string();
    let trace = Trace::of(request.headers());
    // At the level of errors: every line that is logged at all says whose it is.
    let span = error_span!(
        "request",
        id = request_id,
        trace = trace.id,
        sampled = trace.is_sampled.then_some(true)
    );
    answered(app, routes, request, &request_id)
        .instrument(span)
        .await
}

/// Answers a request, whatever happens: with its id, and with a code when it led to nothing.
async fn answered(
    app: App,
    routes: Vec<&'static Route>,
    request: Request,
    request_id: &str,
) -> Response {
    let streams = accepts_events(request.headers());
    let is_a_users = routes.iter().any(|route| route.access == Access::User);
    let checked = AssertUnwindSafe(checked(app, routes, request, request_id)).catch_unwind();
    let answer = checked.await.unwrap_or_else(|_| Err(Code::Internal.into()));
    let mut response = answer.unwrap_or_else(|problem| refused(&problem, streams, request_id));
    insert(&mut response, REQUEST_ID, request_id);
    insert(
        &mut response,
        header::X_CONTENT_TYPE_OPTIONS.as_str(),
        "nosniff",
    );
    if is_a_users {
        // Besides what a stream says about caches.
        response
            .headers_mut()
            .append(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// The steps before a handler, each with its own refusal: nothing is looked up before all are
/// passed.
async fn checked(
    mut app: App,
    routes: Vec<&'static Route>,
    request: Request,
    request_id: &str,
) -> Answer {
    let arrived = app.ports.clock.now();
    let (mut parts, request_body) = request.into_parts();
    let within = parts.extensions.remove::<Within>();
    if let Some(within) = &within {
        app.tasks = within.tasks.clone();
    }
    if length_of_headers(&parts) > HEADERS {
        return Err(Code::HeadersTooLarge.into());
    }
    // axum leaves out the body of an answer to HEAD.
    let method = if parts.method == Method::HEAD {
        Method::GET
    } else {
        parts.method.clone()
    };
    let Some(route) = routes.iter().find(|route| route.method == method) else {
        return if routes.is_empty() {
            Err(Code::NotFound.into())
        } else {
            Ok(not_allowed(&routes, &parts.headers, request_id))
        };
    };
    let identity = match route.access {
        Access::Public => None,
        Access::User => Some(app.tokens.verify(bearer(&parts.headers)?).await?),
    };
    let params = RawPathParams::from_request_parts(&mut parts, &())
        .await
        .map_err(|_| Code::InvalidPath)?;
    let path: Vec<_> = params
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let scope = identity.map(|identity| identity.scope);
    if let Some(scope) = &scope
        && id::<UserId>(&path, "userId")? != *scope.user()
    {
        return Err(Code::UserIdMismatch.into());
    }
    let body = match method {
        // A body has no meaning in a GET, and is not waited for.
        Method::GET => Bytes::new(),
        _ => body(&app, &parts, request_body, route.body.limit).await?,
    };
    let call = Call {
        app,
        within,
        arrived,
        path,
        uri: parts.uri,
        headers: parts.headers,
        scope,
        body,
        document: &DOCUMENT,
    };
    (route.handler)(call).await
}

/// Returns how long the headers are as they are sent, together with the address.
fn length_of_headers(parts: &request::Parts) -> usize {
    let mut length = parts
        .uri
        .path_and_query()
        .map_or(0, |uri| uri.as_str().len());
    for (name, value) in &parts.headers {
        length += name.as_str().len() + ": ".len() + value.len() + "\r\n".len();
    }
    length
}

/// Answers with a problem, in the form that the client reads.
fn refused(problem: &Problem, streams: bool, request_id: &str) -> Response {
    let status = problem.code.status();
    tracing::info!(request_id, code = problem.code.as_str(), "refused");
    let mut response = if streams {
        let mut event = String::new();
        sse::frame(&mut event, None, &problem.told_as_event(request_id));
        sse::whole(status, event)
    } else {
        let told = serde_json::to_string(&problem.told(request_id)).unwrap_or_default();
        typed(status, "application/problem+json", told)
    };
    if status == StatusCode::UNAUTHORIZED {
        // What is wrong with a token is for nobody to know.
        let has_token = problem.code != Code::MissingAuthHeader;
        let error = if has_token {
            r#", error="invalid_token""#
        } else {
            ""
        };
        insert(
            &mut response,
            header::WWW_AUTHENTICATE.as_str(),
            &format!(r#"Bearer realm="coach"{error}"#),
        );
    }
    if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        insert(&mut response, header::ACCEPT.as_str(), "application/json");
        insert(&mut response, header::ACCEPT_ENCODING.as_str(), "identity");
    }
    if let Some(seconds) = problem.retry_after {
        insert(
            &mut response,
            header::RETRY_AFTER.as_str(),
            &seconds.to_string(),
        );
    }
    insert(&mut response, REQUEST_ID, request_id);
    response
}

/// Answers that an address does not take this method, and which ones it does.
fn not_allowed(routes: &[&'static Route], headers: &HeaderMap, request_id: &str) -> Response {
    let mut response = refused(
        &Code::MethodNotAllowed.into(),
        accepts_events(headers),
        request_id,
    );
    let allowed: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
    insert(&mut response, header::ALLOW.as_str(), &allowed.join(", "));
    response
}

/// Returns whether an `Accept` names a stream of events, and not with a weight of 0 (RFC 9110,
/// 12.5.1). A range such as `*/*` names none: whoever takes anything can read a problem.
fn accepts_events(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT).iter();
    let texts = lines.filter_map(|line| line.to_str().ok());
    // What cannot be read says nothing, and what stands beside it still holds.
    let mut accepted = texts.flat_map(MediaTypeList::new).flatten();
    accepted.any(|kind| kind.essence() == EVENT_STREAM && !is_refused(&kind))
}

fn is_refused(kind: &MediaType<'_>) -> bool {
    let weight = kind.get_param(names::Q);
    let weight = weight.and_then(|weight| weight.as_str().parse::<f32>().ok());
    weight.is_some_and(|weight| weight <= 0.0)
}

/// Gives an answer that would be empty, such as that of a preflight, a body of `{}`.
async fn never_empty(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    // An empty body can hang behind a Function URL.
    if parts.status == StatusCode::OK && body.size_hint().exact() == Some(0) {
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::from("{}"));
    }
    Response::from_parts(parts, body)
}

/// What pages send to us, and what the tools send that watch over pages.
const REQUEST_HEADERS: [&str; 11] = [
    "authorization",
    "x-coach-authorization",
    "content-type",
    "accept",
    "idempotency-key",
    "last-event-id",
    "traceparent",
    "cache-control",
    "x-requested-with",
    "sentry-trace",
    "baggage",
];

fn cors(app: &App) -> CorsLayer {
    let more = app.settings.cors_headers.iter().cloned();
    let mut methods: Vec<Method> = ROUTES.iter().map(|route| route.method.clone()).collect();
    methods.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    methods.dedup();
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(app.settings.cors_origins.clone()))
        .allow_methods(methods)
        .allow_headers(
            REQUEST_HEADERS
                .map(HeaderName::from_static)
                .into_iter()
                .chain(more)
                .collect::<Vec<_>>(),
        )
        .expose_headers(
            [
                "x-turn-id",
                "x-request-id",
                "content-location",
                "retry-after",
            ]
            .map(HeaderName::from_static),
        )
        .max_age(Duration::from_secs(600))
}
