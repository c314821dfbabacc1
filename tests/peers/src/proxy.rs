//! A reverse proxy that goes wrong when told to.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::TryStreamExt;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::serving::serve;

type Body = UnsyncBoxBody<Bytes, reqwest::Error>;

/// What goes wrong with one request.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// It is answered like this, and never forwarded.
    Answer {
        /// The status.
        status: u16,
        /// Headers, such as `x-amzn-errortype`.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: String,
    },
    /// The connection is cut before it is forwarded.
    Cut,
    /// It is forwarded and done, but the connection is cut before its answer.
    LostAnswer,
    /// It is never answered, and never forwarded.
    Silence,
}

impl Trouble {
    /// An error as the JSON protocols of AWS tell it.
    pub fn aws(status: u16, kind: &str, message: &str) -> Self {
        let body = serde_json::json!({ "__type": kind, "message": message }).to_string();
        Self::Answer {
            status,
            headers: vec![("x-amzn-errortype", kind.to_owned())],
            body,
        }
    }
}

type Judge = Box<dyn FnMut(&str, &HeaderMap, &[u8]) -> Option<Trouble> + Send>;

/// Stands on loopback in front of a peer, until it is dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    _task: JoinSet<()>,
}

struct Shared {
    upstream: String,
    client: reqwest::Client,
    queued: Mutex<VecDeque<Trouble>>,
    judge: Mutex<Option<Judge>>,
}

impl Proxy {
    /// Stands in front of the peer at this address, such as `http://127.0.0.1:8000`.
    pub async fn before(upstream: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .map_err(io::Error::other)?;
        let upstream = upstream.trim_end_matches('/').to_owned();
        let shared = Arc::new(Shared {
            upstream,
            client,
            queued: Mutex::default(),
            judge: Mutex::default(),
        });
        let answering = shared.clone();
        let task = serve(
            listener,
            || {},
            move |request| answer(request, answering.clone()),
        );
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

    /// Has the next request go wrong; told several times, the next ones in that order.
    pub fn trouble(&self, trouble: Trouble) {
        self.shared
            .queued
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(trouble);
    }

    /// Has each request judged by path, headers and body; what was queued by
    /// [`trouble`](Self::trouble) comes first.
    pub fn judge(
        &self,
        judge: impl FnMut(&str, &HeaderMap, &[u8]) -> Option<Trouble> + Send + 'static,
    ) {
        *self
            .shared
            .judge
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Box::new(judge));
    }

    /// Lets everything pass again.
    pub fn calm(&self) {
        self.shared
            .queued
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        *self
            .shared
            .judge
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// An error cuts the connection.
async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> io::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let trouble = shared.trouble(path, &parts.headers, &body);
    match trouble {
        Some(Trouble::Cut) => return Err(io::ErrorKind::ConnectionReset.into()),
        Some(Trouble::Silence) => return pending().await,
        Some(Trouble::Answer {
            status,
            headers,
            body,
        }) => return scripted(status, &headers, body),
        Some(Trouble::LostAnswer) | None => {}
    }
    let mut headers = parts.headers;
    headers.remove(header::CONTENT_LENGTH);
    let forwarded = shared
        .client
        .request(parts.method, format!("{}{path}", shared.upstream))
        .headers(headers)
        .body(body);
    let answer = forwarded.send().await.map_err(io::Error::other)?;
    if matches!(trouble, Some(Trouble::LostAnswer)) {
        answer.bytes().await.map_err(io::Error::other)?;
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    let mut passed = Response::builder().status(answer.status());
    for (name, value) in answer
        .headers()
        .iter()
        .filter(|(name, _)| *name != header::TRANSFER_ENCODING)
    {
        passed = passed.header(name, value);
    }
    let body = StreamBody::new(answer.bytes_stream().map_ok(Frame::data));
    passed.body(body.boxed_unsync()).map_err(io::Error::other)
}

fn scripted(
    status: u16,
    headers: &[(&'static str, String)],
    body: String,
) -> io::Result<Response<Body>> {
    let status = StatusCode::from_u16(status).map_err(io::Error::other)?;
    let mut answer = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        answer = answer.header(*name, value);
    }
    let body = Full::new(Bytes::from(body))
        .map_err(|never: Infallible| match never {})
        .boxed_unsync();
    answer.body(body).map_err(io::Error::other)
}

impl Shared {
    fn trouble(&self, path: &str, headers: &HeaderMap, body: &[u8]) -> Option<Trouble> {
        let queued = self
            .queued
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front();
        let mut judge = self.judge.lock().unwrap_or_else(PoisonError::into_inner);
        queued.or_else(|| judge.as_mut()?(path, headers, body))
    }
}
