//! AWS Lambda, as far as a function speaks to it: the Runtime API, what stands in front of a
//! function, and the API that invokes one.

mod event;
mod front;

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::{Body, Bytes};
use axum::extract::{Path as InPath, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures::StreamExt;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::serving::serve;

pub use event::Front;

/// A function whose process is started here, and ended when this is dropped.
pub struct Lambda {
    shared: Arc<Shared>,
    api: SocketAddr,
    processes: Vec<Child>,
    tasks: JoinSet<()>,
}

/// How the Runtime API behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    /// As it should.
    Sound,
    /// Answers are refused with this status.
    Refuses(u16),
    /// The connection on which an answer comes is cut after so many bytes of it.
    Cuts(usize),
    /// What it is asked for takes so long.
    Slow(Duration),
}

struct Shared {
    invocations: mpsc::UnboundedSender<Invocation>,
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    answers: Mutex<BTreeMap<String, oneshot::Sender<Answer>>>,
    behaviour: Mutex<Behaviour>,
    /// How long an invocation may take.
    timeout: Mutex<Duration>,
    /// Asynchronous invocations by the API: the function, and the event.
    asynchronous: Mutex<VecDeque<(String, Value)>>,
    /// How often the next invocation was asked for.
    asked: watch::Sender<u64>,
    began: Mutex<Instant>,
    first: Mutex<Option<Duration>>,
    number: AtomicU64,
}

struct Invocation {
    id: String,
    event: Value,
}

/// What a function answers to an invocation.
#[derive(Debug)]
enum Answer {
    /// It streams: what it says of the answer, and the answer.
    Stream(Value, mpsc::UnboundedReceiver<Bytes>),
    /// It has answered at once.
    Whole(Bytes),
    /// It has failed.
    Failed(Bytes),
}

impl Lambda {
    /// Starts the Runtime API; nothing runs yet.
    pub async fn start() -> io::Result<Self> {
        let (invocations, waiting) = mpsc::unbounded_channel();
        #[expect(
            clippy::disallowed_methods,
            reason = "a start is measured, and not judged"
        )]
        let now = Instant::now();
        let shared = Arc::new(Shared {
            invocations,
            waiting: tokio::sync::Mutex::new(waiting),
            answers: Mutex::default(),
            behaviour: Mutex::new(Behaviour::Sound),
            timeout: Mutex::new(Duration::from_secs(180)),
            asynchronous: Mutex::default(),
            asked: watch::Sender::new(0),
            began: Mutex::new(now),
            first: Mutex::default(),
            number: AtomicU64::default(),
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(respond),
            )
            .route("/2018-06-01/runtime/invocation/{id}/error", post(fail))
            .route("/2015-03-31/functions/{name}/invocations", post(invoked))
            .with_state(shared.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let api = listener.local_addr()?;
        let tasks = serve(
            listener,
            || {},
            move |request| passed(router.clone(), request),
        );
        Ok(Self {
            shared,
            api,
            processes: Vec::new(),
            tasks,
        })
    }

    /// Starts a process of the function with these settings, as Lambda does; another one takes its
    /// share of the invocations.
    pub fn run(&mut self, program: &Path, settings: &[(&str, &str)], log: File) -> io::Result<()> {
        self.run_with(program, &[], settings, log)
    }

    /// The same of a program that takes arguments.
    pub fn run_with(
        &mut self,
        program: &Path,
        args: &[&str],
        settings: &[(&str, &str)],
        log: File,
    ) -> io::Result<()> {
        let mut command = Command::new(program);
        command
            .args(args)
            // A function knows nothing of who has started it.
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AWS_LAMBDA_RUNTIME_API", self.api.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "coach")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        self.shared.begin();
        self.processes.push(command.spawn()?);
        Ok(())
    }

    /// Puts something in front of the function; returns where it is.
    pub async fn front(&mut self, front: Front) -> io::Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = self.shared.clone();
        let router = Router::new()
            .fallback(move |request: Request| front::pass(shared.clone(), front, request));
        self.tasks
            .spawn(async move { _ = axum::serve(listener, router).await });
        Ok(format!("http://{address}"))
    }

    /// Where the API that invokes functions is, and the Runtime API.
    pub fn url(&self) -> String {
        format!("http://{}", self.api)
    }

    /// Invokes the function with an event; what it answers, or the error that it tells.
    pub async fn invoke(&self, event: Value) -> Result<Value, Value> {
        let value = |bytes: Bytes| serde_json::from_slice(&bytes).unwrap_or_default();
        match self.shared.asked_for(event).await {
            Some(Answer::Whole(bytes)) => Ok(value(bytes)),
            Some(Answer::Failed(bytes)) => Err(value(bytes)),
            Some(Answer::Stream(..)) | None => Err(Value::Null),
        }
    }

    /// Has the Runtime API behave like this from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        *lock(&self.shared.behaviour) = behaviour;
    }

    /// Has invocations that begin from now on take no longer than this.
    pub fn limit(&self, timeout: Duration) {
        *lock(&self.shared.timeout) = timeout;
    }

    /// The asynchronous invocations so far: of which function, and with which event.
    pub fn asynchronous(&self) -> Vec<(String, Value)> {
        lock(&self.shared.asynchronous).iter().cloned().collect()
    }

    /// Waits until the next invocation was asked for so often.
    pub async fn asked(&self, times: u64) {
        let mut asked = self.shared.asked.subscribe();
        _ = asked.wait_for(|asked| *asked >= times).await;
    }

    /// How long after its start the function first asked for an invocation.
    pub fn first_asked(&self) -> Option<Duration> {
        *lock(&self.shared.first)
    }

    /// Sends the first process a signal, such as `TERM`, `STOP` or `CONT`.
    pub fn signal(&self, signal: &str) -> io::Result<()> {
        let id = self.processes.first().map_or(0, Child::id).to_string();
        Command::new("kill")
            .args([&format!("-{signal}"), &id])
            .status()
            .map(drop)
    }

    /// The id of the first process.
    pub fn process(&self) -> Option<u32> {
        self.processes.first().map(Child::id)
    }

    /// Waits for the first process to end; its exit code.
    pub fn ended(&mut self) -> Option<i32> {
        self.processes.first_mut()?.wait().ok()?.code()
    }

    /// Returns whether all its processes still run.
    pub fn runs(&mut self) -> bool {
        let mut states = self.processes.iter_mut().map(Child::try_wait);
        states.all(|state| matches!(state, Ok(None)))
    }

    /// Ends all its processes as Lambda does at the end of an environment: at once.
    pub fn kill(&mut self) {
        for mut process in self.processes.drain(..) {
            _ = process.kill();
            _ = process.wait();
        }
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Shared {
    fn begin(&self) {
        #[expect(
            clippy::disallowed_methods,
            reason = "a start is measured, and not judged"
        )]
        let now = Instant::now();
        *lock(&self.began) = now;
        *lock(&self.first) = None;
        self.asked.send_replace(0);
    }

    /// Has an event answered; nothing if the function's process never does.
    async fn asked_for(&self, event: Value) -> Option<Answer> {
        let (answer, answered) = oneshot::channel();
        let id = self.id();
        lock(&self.answers).insert(id.clone(), answer);
        self.invocations.send(Invocation { id, event }).ok()?;
        answered.await.ok()
    }

    fn id(&self) -> String {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        format!("00000000-0000-4000-8000-{number:012}")
    }

    async fn slowly(&self) {
        let behaviour = lock(&self.behaviour).clone();
        if let Behaviour::Slow(pause) = behaviour {
            #[expect(clippy::disallowed_methods, reason = "a peer keeps the machine's time")]
            tokio::time::sleep(pause).await;
        }
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    lock(&shared.first).get_or_insert(lock(&shared.began).elapsed());
    shared.asked.send_modify(|asked| *asked += 1);
    let Some(invocation) = shared.waiting.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    shared.slowly().await;
    #[expect(
        clippy::disallowed_methods,
        reason = "a deadline is by the machine's clock"
    )]
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let deadline = now + *lock(&shared.timeout);
    let headers = [
        ("lambda-runtime-aws-request-id", invocation.id),
        (
            "lambda-runtime-deadline-ms",
            deadline.as_millis().to_string(),
        ),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-west-1:123456789012:function:coach".to_owned(),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1".to_owned(),
        ),
    ];
    let mut response = Body::from(invocation.event.to_string()).into_response();
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Takes the answer of an invocation, at once or as it comes.
async fn respond(
    State(shared): State<Arc<Shared>>,
    InPath(id): InPath<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    shared.slowly().await;
    let behaviour = lock(&shared.behaviour).clone();
    let Some(answer) = lock(&shared.answers).remove(&id) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if let Behaviour::Refuses(status) = behaviour {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        return (
            status,
            r#"{"errorMessage":"refused","errorType":"Refused"}"#,
        )
            .into_response();
    }
    let streams = headers.get("lambda-runtime-function-response-mode");
    let mut frames = body.into_data_stream();
    if streams.is_none() {
        let whole = axum::body::to_bytes(Body::from_stream(frames), usize::MAX).await;
        _ = answer.send(Answer::Whole(whole.unwrap_or_default()));
        return taken();
    }
    let most = match behaviour {
        Behaviour::Cuts(bytes) => bytes,
        Behaviour::Sound | Behaviour::Refuses(_) | Behaviour::Slow(_) => usize::MAX,
    };
    let (mut answer, mut passed, mut all) = (Some(answer), None, Vec::new());
    let mut seen = 0;
    while let Some(Ok(frame)) = frames.next().await {
        seen += frame.len();
        if seen > most {
            // Whoever takes an answer and drops it cuts the connection.
            return cut();
        }
        if let Some(to) = &passed {
            // Lambda takes an answer to its end, also if its client has gone.
            _ = mpsc::UnboundedSender::send(to, frame);
            continue;
        }
        all.extend_from_slice(&frame);
        let at = all.windows(NUL.len()).position(|window| window == NUL);
        let Some((prelude, rest)) = at.and_then(|at| all.split_at_checked(at)) else {
            continue;
        };
        let prelude = serde_json::from_slice(prelude).unwrap_or_default();
        let rest = Bytes::copy_from_slice(rest.get(NUL.len()..).unwrap_or_default());
        let (to, from) = mpsc::unbounded_channel();
        if !rest.is_empty() {
            _ = to.send(rest);
        }
        if let Some(answer) = answer.take() {
            _ = answer.send(Answer::Stream(prelude, from));
        }
        passed = Some(to);
    }
    taken()
}

/// What stands between what is said of an answer and the answer.
const NUL: [u8; 8] = [0; 8];

fn taken() -> Response {
    (StatusCode::ACCEPTED, r#"{"status":"OK"}"#).into_response()
}

/// Stands for no answer at all: the connection is cut.
#[derive(Clone)]
struct Cut;

fn cut() -> Response {
    (Extension(Cut), StatusCode::RESET_CONTENT).into_response()
}

/// Answers a request to the API; an error cuts the connection.
async fn passed(
    router: Router,
    request: http::Request<Incoming>,
) -> io::Result<Response<UnsyncBoxBody<Bytes, axum::Error>>> {
    let Ok(response) = router.oneshot(request.map(Body::new)).await;
    if response.extensions().get::<Cut>().is_some() {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    Ok(response.map(BodyExt::boxed_unsync))
}

async fn fail(
    State(shared): State<Arc<Shared>>,
    InPath(id): InPath<String>,
    body: Bytes,
) -> Response {
    if let Some(answer) = lock(&shared.answers).remove(&id) {
        _ = answer.send(Answer::Failed(body));
    }
    taken()
}

/// The Invoke action of Lambda's API: notes an asynchronous invocation.
async fn invoked(
    State(shared): State<Arc<Shared>>,
    InPath(name): InPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is_event = headers
        .get("x-amz-invocation-type")
        .is_some_and(|kind| kind == "Event");
    let is_signed = headers.contains_key("authorization");
    if !is_event || !is_signed {
        return StatusCode::FORBIDDEN.into_response();
    }
    let event = serde_json::from_slice(&body).unwrap_or_default();
    lock(&shared.asynchronous).push_back((name, event));
    StatusCode::ACCEPTED.into_response()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
