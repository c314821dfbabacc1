//! What exists, who may call it, and how much it may carry: one table for everything.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use domain::UserId;
use futures::future::{BoxFuture, FutureExt};
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::{Instrument, info_span};
use uuid::Uuid;

use crate::app::App;
use crate::call::{Answer, Call, bearer, body, id, typed};
use crate::code::{Code, Problem};
use crate::{conversations, library, sse, turns};

/// One thing that can be called.
#[derive(Debug)]
pub struct Route {
    /// How.
    pub method: Method,
    /// Where; `{…}` stands for an id.
    pub path: &'static str,
    /// By whom.
    pub access: Access,
    /// Whether the answer is a stream of events.
    pub streaming: bool,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// What for.
    pub summary: &'static str,
    handler: fn(Call) -> BoxFuture<'static, Answer>,
}

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// The user that the path names, by a verified token.
    User,
}

/// The largest body of a turn.
const MESSAGE: usize = 256 * 1024;
/// The largest body of anything else.
const FORM: usize = 16 * 1024;
/// The largest headers, with the address.
const HEADERS: usize = 32 * 1024;

const REQUEST_ID: &str = "x-request-id";

macro_rules! conversation {
    ($rest:literal) => {
        concat!("/users/{userId}/coaches/{coachId}/conversations/{conversationId}", $rest)
    };
}

macro_rules! routes {
    ($($method:ident $path:expr, $access:ident, $streaming:literal, $limit:expr, $handler:path, $summary:literal;)*) => {
        /// Everything that can be called.
        pub static ROUTES: &[Route] = &[$(Route {
            method: Method::$method,
            path: $path,
            access: Access::$access,
            streaming: $streaming,
            body_limit: $limit,
            summary: $summary,
            handler: |call| $handler(call).boxed(),
        }),*];
    };
}

routes! {
    POST conversation!("/stream"), User, true, MESSAGE, turns::stream, "Say something; the answer streams";
    GET conversation!("/stream"), User, true, FORM, turns::resume, "Follow or resume a turn";
    POST conversation!("/send-message"), User, false, MESSAGE, turns::send, "Say something; the answer comes whole";
    GET conversation!("/turns/{turnId}"), User, false, FORM, turns::read, "Look at a turn";
    POST conversation!("/turns/{turnId}/stop"), User, false, FORM, turns::stop, "Stop a turn";
    POST "/users/{userId}/coaches/{coachId}/conversations", User, false, FORM, conversations::create,
        "Begin a conversation";
    GET "/users/{userId}/coaches/{coachId}/conversations", User, false, FORM, conversations::list,
        "List conversations, the last active first";
    GET conversation!(""), User, false, FORM, conversations::read, "Look at a conversation";
    GET conversation!("/messages"), User, false, FORM, conversations::messages, "Read messages, the oldest first";
    GET conversation!("/jobs"), User, false, FORM, conversations::jobs, "Jobs that wait, or that were given up";
    GET "/users/{userId}/coaches", User, false, FORM, library::coaches, "List coaches";
    GET "/users/{userId}/coaches/{coachId}", User, false, FORM, library::coach, "Look at a coach";
    GET "/users/{userId}/workouts", User, false, FORM, library::workouts, "List workouts, the newest first";
    GET "/users/{userId}/workouts/{workoutId}", User, false, FORM, library::workout, "Look at a workout";
    GET "/health", Public, false, FORM, library::health, "Whether the server is up";
    GET "/.well-known/jwks.json", Public, false, FORM, library::jwks, "The keys of the local issuer";
}

/// The router of everything in [`ROUTES`].
pub fn router(app: App) -> Router {
    let mut by_path: BTreeMap<&str, Vec<&'static Route>> = BTreeMap::new();
    for route in ROUTES {
        by_path.entry(route.path).or_default().push(route);
    }
    let cors = cors(&app);
    let mut router = Router::new();
    for (path, routes) in by_path {
        let app = app.clone();
        router = router.route(path, any(move |request| answer(app.clone(), routes.clone(), request)));
    }
    let nowhere = move |request| answer(app.clone(), Vec::new(), request);
    router.fallback(nowhere).layer(cors).layer(map_response(never_empty))
}

/// A router that answers everything with one code: for a server that takes no more.
pub fn refusing(code: Code) -> Router {
    Router::new().fallback(move |request: Request| async move {
        refused(&code.into(), accepts_events(request.headers()), &Uuid::new_v4().simple().to_string())
    })
}

/// Answers a request, whatever happens: with its id, and with a code when it led to nothing.
async fn answer(app: App, routes: Vec<&'static Route>, request: Request) -> Response {
    let request_id = Uuid::new_v4().simple().to_string();
    let streams = accepts_events(request.headers());
    let span = info_span!("request", id = request_id);
    let checked = AssertUnwindSafe(checked(app, routes, request, &request_id)).catch_unwind().instrument(span);
    let answer = checked.await.unwrap_or_else(|_| Err(Code::Internal.into()));
    let mut response = answer.unwrap_or_else(|problem| refused(&problem, streams, &request_id));
    insert(&mut response, REQUEST_ID, &request_id);
    response
}

/// The steps before a handler, each with its own refusal: nothing is looked up before all are passed.
async fn checked(app: App, routes: Vec<&'static Route>, request: Request, request_id: &str) -> Answer {
    let arrived = app.ports.clock.now();
    let (mut parts, request_body) = request.into_parts();
    let fields: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if fields + parts.uri.path_and_query().map_or(0, |uri| uri.as_str().len()) > HEADERS {
        return Err(Code::HeadersTooLarge.into());
    }
    let method = if parts.method == Method::HEAD { Method::GET } else { parts.method.clone() };
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
    let params = RawPathParams::from_request_parts(&mut parts, &()).await.map_err(|_| Code::InvalidPath)?;
    let path: Vec<_> = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let scope = identity.map(|identity| identity.scope);
    if let Some(scope) = &scope
        && id::<UserId>(&path, "userId")? != *scope.user()
    {
        return Err(Code::UserIdMismatch.into());
    }
    let body = match method {
        Method::GET => Bytes::new(),
        _ => body(&app, &parts, request_body, route.body_limit).await?,
    };
    let call = Call { app, arrived, path, uri: parts.uri, headers: parts.headers, scope, body };
    (route.handler)(call).await
}

fn refused(problem: &Problem, streams: bool, request_id: &str) -> Response {
    let status = problem.code.status();
    tracing::info!(request_id, code = problem.code.as_str(), "refused");
    let mut response = if streams {
        let mut event = String::new();
        sse::frame(&mut event, None, &problem.to_event(request_id));
        sse::whole(status, event)
    } else {
        typed(status, "application/problem+json", problem.to_json(request_id).to_string())
    };
    insert(&mut response, "x-request-id", request_id);
    if let Some(seconds) = problem.retry_after {
        insert(&mut response, header::RETRY_AFTER.as_str(), &seconds.to_string());
    }
    insert(&mut response, REQUEST_ID, request_id);
    response
}

fn not_allowed(routes: &[&'static Route], headers: &HeaderMap, request_id: &str) -> Response {
    let mut response = refused(&Code::MethodNotAllowed.into(), accepts_events(headers), request_id);
    let allowed: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
    insert(&mut response, header::ALLOW.as_str(), &allowed.join(", "));
    response
}

fn accepts_events(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    accepts.flat_map(|accept| accept.split(',')).any(|kind| kind.trim().starts_with("text/event-stream"))
}

pub(crate) fn insert(response: &mut Response, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
        response.headers_mut().insert(name, value);
    }
}

/// An empty answer can hang behind a Function URL; a preflight's is empty.
async fn never_empty(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    if parts.status == StatusCode::OK && body.size_hint().exact() == Some(0) {
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::from("{}"));
    }
    Response::from_parts(parts, body)
}

fn cors(app: &App) -> CorsLayer {
    let mut methods: Vec<Method> = ROUTES.iter().map(|route| route.method.clone()).collect();
    methods.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    methods.dedup();
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(app.settings.cors_origins.clone()))
        .allow_methods(methods)
        .allow_headers(
            [
                "authorization",
                "x-coach-authorization",
                "content-type",
                "accept",
                "idempotency-key",
                "last-event-id",
                "traceparent",
            ]
            .map(HeaderName::from_static),
        )
        .expose_headers(["x-turn-id", "x-request-id", "content-location", "retry-after"].map(HeaderName::from_static))
        .max_age(Duration::from_secs(600))
}
