//! Pinecone, as far as the coach speaks to it: one index of dense vectors, compared by their
//! cosine.
//!
//! It is honest: it counts and compares what it was given, and refuses what the service refuses.
//! What was written is seen a number of requests later, as with the service.

mod filter;
mod shelf;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use shelf::Shelf;

/// The most that a request may hold.
const LARGEST: usize = 2 * 1024 * 1024;

/// What an index is like.
#[derive(Debug, Clone)]
pub struct Index {
    /// How many numbers its vectors have.
    pub dimension: usize,
    /// The key that it takes.
    pub key: String,
    /// After how many more requests a write is seen.
    pub lag: u64,
}

/// An index on loopback, until it is dropped.
pub struct Pinecone {
    address: SocketAddr,
    shared: Arc<Shared>,
    _task: JoinSet<()>,
}

/// A request that came in, whatever became of it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Without the query.
    pub path: String,
    /// The body; null if it was no JSON.
    pub body: Value,
}

struct Shared {
    index: Index,
    shelf: Mutex<Shelf>,
    asked: Mutex<Vec<Asked>>,
}

impl Pinecone {
    /// Begins to answer on a free port.
    pub async fn start(index: Index) -> io::Result<Self> {
        Self::listen(index, "127.0.0.1:0").await
    }

    /// Begins to answer at this address.
    pub async fn listen(index: Index, address: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shelf = Mutex::new(Shelf::new(index.dimension, index.lag));
        let shared = Arc::new(Shared {
            index,
            shelf,
            asked: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let mut task = JoinSet::new();
        task.spawn(async move { _ = axum::serve(listener, router).await });
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

    /// What it was asked, in order.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared.asked).clone()
    }

    /// How many vectors a namespace holds, also those that are not seen yet.
    pub fn count(&self, namespace: &str) -> usize {
        lock(&self.shared.shelf).count(namespace)
    }
}

/// Why a request is refused: a status, and the service's own number for it.
#[derive(Debug)]
struct Refusal(StatusCode, i64, String);

impl Refusal {
    fn invalid(message: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, 3, message.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, code, message) = self;
        json_of(
            status,
            &json!({ "code": code, "message": message, "details": [] }),
        )
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    shared
        .answer(request)
        .await
        .unwrap_or_else(Refusal::into_response)
}

impl Shared {
    async fn answer(&self, request: Request) -> Result<Response, Refusal> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, 64 * LARGEST)
            .await
            .map_err(|_| Refusal::invalid("the body broke off"))?;
        let json: Option<Value> = serde_json::from_slice(&body).ok();
        let (method, path) = (&parts.method, parts.uri.path());
        lock(&self.asked).push(Asked {
            path: path.to_owned(),
            body: json.clone().unwrap_or_default(),
        });

        let header = |name: &str| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        if header("api-key") != Some(&self.index.key) {
            return Ok((StatusCode::UNAUTHORIZED, "Invalid API Key").into_response());
        }
        if header("x-pinecone-api-version").is_none() {
            return Err(Refusal::invalid("X-Pinecone-Api-Version is missing"));
        }
        if body.len() > LARGEST {
            let found = format!(
                "message length too large: found {} bytes, the limit is: {LARGEST} bytes",
                body.len()
            );
            return Err(Refusal(StatusCode::BAD_REQUEST, 11, found));
        }
        let mut shelf = lock(&self.shelf);
        shelf.tick();
        let query: Vec<(String, String)> =
            form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect();
        let body = json.ok_or_else(|| Refusal::invalid("the body is not JSON"));
        let told = match (method, path) {
            (&Method::POST, "/query") => shelf.query(&body?)?,
            (&Method::POST, "/vectors/upsert") => shelf.upsert(&body?)?,
            (&Method::POST, "/vectors/delete") => shelf.delete(&body?)?,
            (&Method::GET, "/vectors/fetch") => shelf.fetch(&query)?,
            (&Method::GET, "/vectors/list") => shelf.list(&query)?,
            (&Method::POST, "/describe_index_stats") => shelf.stats(),
            _ => {
                return Err(Refusal(
                    StatusCode::NOT_FOUND,
                    12,
                    "there is nothing at this path".to_owned(),
                ));
            }
        };
        Ok(json_of(StatusCode::OK, &told))
    }
}

fn json_of(status: StatusCode, body: &Value) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
