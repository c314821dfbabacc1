//! Amazon Bedrock, as far as the coach speaks to it: ConverseStream, Converse, and InvokeModel of
//! Titan embeddings.

mod nature;
mod plausible;
mod script;
mod titan;

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::StreamExt;
use futures::stream;
use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use script::Whole;

use crate::serving::serve;

pub use nature::{PromptCache, Refuses, refused};
pub use script::{Answers, EXCEPTIONS, Gate, Script, Step, now};
pub use titan::vector;

/// Stands on loopback until it is dropped, and answers whoever signs their requests.
pub struct Bedrock {
    address: SocketAddr,
    shared: Arc<Shared>,
    _task: JoinSet<()>,
}

struct Shared {
    script: Box<dyn Fn(&Request) -> Script + Send + Sync>,
    queued: Mutex<VecDeque<Script>>,
    requests: Mutex<Vec<Request>>,
    /// What is said of models and profiles, by their ids.
    about: Mutex<BTreeMap<String, Value>>,
    meter: Mutex<BTreeMap<String, Metered>>,
    connections: AtomicUsize,
    hang_ups: AtomicUsize,
}

/// What somebody asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// How they want the answer.
    pub operation: Operation,
    /// The id of the model.
    pub model: String,
    /// The body, as it was sent.
    pub body: Bytes,
}

impl Request {
    /// The body; `null` if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The tool that the model is to call, if it must call one.
    pub fn tool(&self) -> Option<String> {
        let name = self
            .json()
            .pointer("/toolConfig/toolChoice/tool/name")?
            .as_str()?
            .to_owned();
        Some(name)
    }

    /// The form that is to be filled in, and how: by a tool or as text.
    pub fn form(&self) -> Option<(String, Form)> {
        let body = self.json();
        let name = |pointer| {
            body.pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let schema = || {
            Some((
                name("/outputConfig/textFormat/structure/jsonSchema/name")?,
                Form::Text,
            ))
        };
        let tool = || Some((name("/toolConfig/tools/0/toolSpec/name")?, Form::Tool));
        schema().or_else(tool)
    }
}

/// How a form is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As the input of a tool.
    Tool,
    /// As the text of the answer.
    Text,
}

/// What was told of a model's work, summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Metered {
    /// How often it was asked.
    pub asked: u64,
    /// Tokens read, but for the cached ones.
    pub input: u64,
    /// Tokens said.
    pub output: u64,
    /// Tokens read from the cache.
    pub cache_read: u64,
    /// Tokens written to the cache.
    pub cache_write: u64,
}

/// How an answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// By ConverseStream: word by word.
    Stream,
    /// By Converse: at once.
    Whole,
    /// By InvokeModel: in the model's own format.
    Invoke,
}

impl Bedrock {
    /// Answers every request like this, on any free port.
    pub async fn start(
        answer: impl Fn(&Request) -> Script + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::listen(([127, 0, 0, 1], 0).into(), answer).await
    }

    /// The same at this address.
    pub async fn listen(
        address: SocketAddr,
        script: impl Fn(&Request) -> Script + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            script: Box::new(script),
            queued: Mutex::default(),
            requests: Mutex::default(),
            about: Mutex::default(),
            meter: Mutex::default(),
            connections: AtomicUsize::default(),
            hang_ups: AtomicUsize::default(),
        });
        let (counting, answering) = (shared.clone(), shared.clone());
        let opened = move || _ = counting.connections.fetch_add(1, Ordering::SeqCst);
        let task = serve(listener, opened, move |request| {
            answer(request, answering.clone())
        });
        Ok(Self {
            address,
            shared,
            _task: task,
        })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Plays this for the next request; told several times, for the next ones in that order.
    pub fn play(&self, script: Script) {
        lock(&self.shared.queued).push_back(script);
    }

    /// What was told of each model's work, by the ids of the models.
    pub fn meter(&self) -> BTreeMap<String, Metered> {
        lock(&self.shared.meter).clone()
    }

    /// Has this told of a model, or of an application's profile. Of all others it is told that they
    /// are active; of one that is `null`, that there is none.
    pub fn tell(&self, id: &str, about: Value) {
        lock(&self.shared.about).insert(id.to_owned(), about);
    }

    /// Tells of a model that it is legacy, and until when it is there.
    pub fn tell_legacy(&self, id: &str, until: &str) {
        let lifecycle = json!({ "status": "LEGACY", "endOfLifeTime": until });
        self.tell(
            id,
            json!({ "modelDetails": { "modelId": id, "modelLifecycle": lifecycle } }),
        );
    }

    /// All that was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How many have hung up before their answer was over.
    pub fn hang_ups(&self) -> usize {
        self.shared.hang_ups.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn costs(&self, model: &str, [input, output, read, write]: [u32; 4]) {
        self.metered(model, |meter| {
            meter.input += u64::from(input);
            meter.output += u64::from(output);
            meter.cache_read += u64::from(read);
            meter.cache_write += u64::from(write);
        });
    }

    fn metered(&self, model: &str, change: impl FnOnce(&mut Metered)) {
        change(lock(&self.meter).entry(model.to_owned()).or_default());
    }

    /// What the control plane answers: GetFoundationModel and GetInferenceProfile.
    fn control(&self, path: &str) -> io::Result<Response<Body>> {
        let Some((_, id)) = path.strip_prefix('/').and_then(|path| path.split_once('/')) else {
            return refusal(StatusCode::NOT_FOUND, "UnknownOperationException", "");
        };
        let id = unescaped(id);
        let active =
            json!({ "modelDetails": { "modelId": id, "modelLifecycle": { "status": "ACTIVE" } } });
        let about = lock(&self.about).get(&id).cloned().unwrap_or(active);
        if about.is_null() {
            return refusal(
                StatusCode::NOT_FOUND,
                "ResourceNotFoundException",
                "no such model",
            );
        }
        json_answer(&about)
    }
}

fn unescaped(id: &str) -> String {
    // No id has any other character that is escaped in a path.
    id.replace("%3A", ":").replace("%2F", "/")
}

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// An error cuts the connection.
async fn answer(
    request: http::Request<Incoming>,
    shared: Arc<Shared>,
) -> io::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    if !is_signed(&parts.headers) {
        return refusal(
            StatusCode::FORBIDDEN,
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        );
    }
    if parts.method == Method::GET {
        return shared.control(parts.uri.path());
    }
    let Some((model, operation)) = asked(parts.uri.path()).filter(|_| parts.method == Method::POST)
    else {
        return refusal(StatusCode::NOT_FOUND, "UnknownOperationException", "");
    };
    let request = Request {
        operation,
        model,
        body,
    };
    lock(&shared.requests).push(request.clone());
    shared.metered(&request.model, |meter| meter.asked += 1);
    let queued = lock(&shared.queued).pop_front();
    let script = queued.unwrap_or_else(|| (shared.script)(&request));
    let caller = Caller {
        shared,
        served: false,
    };
    played(script, &request, caller).await
}

fn is_signed(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers.get(header::AUTHORIZATION).map(|it| it.to_str()) else {
        return false;
    };
    value.starts_with("AWS4-HMAC-SHA256 Credential=") && value.contains("Signature=")
}

/// Whoever goes before they are served has hung up.
async fn played(
    script: Script,
    request: &Request,
    mut caller: Caller,
) -> io::Result<Response<Body>> {
    match (script, request.operation) {
        (
            Script::Refuse {
                status,
                kind,
                message,
            },
            _,
        ) => {
            caller.served = true;
            refusal(
                StatusCode::from_u16(status).map_err(io::Error::other)?,
                kind,
                &message,
            )
        }
        (Script::Silence, _) => pending().await,
        (Script::Cut, _) => {
            caller.served = true;
            Err(io::ErrorKind::ConnectionReset.into())
        }
        (Script::Embed, _) => {
            caller.served = true;
            let answer = titan::answer(&request.json());
            let tokens = answer
                .get("inputTextTokenCount")
                .and_then(Value::as_u64)
                .unwrap_or_default();
            caller
                .shared
                .metered(&request.model, |meter| meter.input += tokens);
            json_answer(&answer)
        }
        (Script::Body(body), _) => {
            caller.served = true;
            json_answer(&body)
        }
        (Script::Play(steps), Operation::Stream) => {
            Ok(streamed(steps, caller, request.model.clone()))
        }
        (Script::Play(steps), Operation::Whole | Operation::Invoke) => {
            let whole = script::whole(steps).await;
            caller.served = true;
            match whole {
                Whole::Body(body, usage) => {
                    caller.shared.costs(&request.model, usage);
                    json_answer(&body)
                }
                Whole::Exception(kind, message) => refusal(script::status(kind), kind, &message),
                Whole::Broken => Ok(broken()),
            }
        }
    }
}

/// Who waits for an answer; one who is dropped before it was served has hung up.
struct Caller {
    shared: Arc<Shared>,
    served: bool,
}

impl Drop for Caller {
    fn drop(&mut self) {
        if !self.served {
            self.shared.hang_ups.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn streamed(steps: Vec<Step>, caller: Caller, model: String) -> Response<Body> {
    let metering = caller.shared.clone();
    let costs = move |usage| metering.costs(&model, usage);
    let frames = stream::unfold(
        (script::frames(steps, costs), caller),
        async |(mut frames, mut caller)| {
            let frame = frames.next().await;
            // Hyper polls no further than an error, which is how a script has a connection cut.
            caller.served = !matches!(frame, Some(Ok(_)));
            frame.map(|frame| (frame.map(Frame::data), (frames, caller)))
        },
    );
    let mut answer = Response::new(StreamBody::new(frames).boxed_unsync());
    mark(&mut answer, "application/vnd.amazon.eventstream");
    answer
}

fn broken() -> Response<Body> {
    let begun = stream::once(async { Ok(Frame::data(Bytes::from_static(b"{\"output\":"))) });
    let begun = begun.chain(stream::once(async { Err(script::cut().await) }));
    let mut answer = Response::new(StreamBody::new(begun).boxed_unsync());
    mark(&mut answer, "application/json");
    answer
}

fn refusal(status: StatusCode, kind: &str, message: &str) -> io::Result<Response<Body>> {
    let mut answer = json_answer(&json!({ "message": message }))?;
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert("x-amzn-errortype", kind.parse().map_err(io::Error::other)?);
    Ok(answer)
}

fn json_answer(body: &Value) -> io::Result<Response<Body>> {
    let body = Full::new(Bytes::from(body.to_string()))
        .map_err(io::Error::other)
        .boxed_unsync();
    let mut answer = Response::new(body);
    mark(&mut answer, "application/json");
    Ok(answer)
}

fn mark(answer: &mut Response<Body>, kind: &'static str) {
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    headers.insert(
        "x-amzn-requestid",
        header::HeaderValue::from_static("peer-request"),
    );
}

/// The model and the operation of `/model/{id}/{operation}`.
fn asked(path: &str) -> Option<(String, Operation)> {
    let (model, operation) = path.strip_prefix("/model/")?.split_once('/')?;
    let operation = match operation {
        "converse-stream" => Operation::Stream,
        "converse" => Operation::Whole,
        "invoke" => Operation::Invoke,
        _ => return None,
    };
    Some((unescaped(model), operation))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
