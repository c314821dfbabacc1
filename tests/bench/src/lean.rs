//! A floor: hyper on both sides, frames and JSON by hand. It checks nothing and keeps nothing, so
//! it is the least that relaying a reply can cost here, and no server.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

type Failure = Box<dyn Error + Send + Sync>;
type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Where replies come from.
struct Upstream {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
}

/// Serves until the process ends.
pub(crate) async fn run(listener: TcpListener, upstream: &str) -> Result<(), Failure> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let url = format!("{upstream}/model/lean/converse-stream");
    let upstream = Arc::new(Upstream { client, url });
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let upstream = upstream.clone();
        let answer = service_fn(move |request| relay(request, upstream.clone()));
        connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        while connections.try_join_next().is_some() {}
    }
}

async fn relay(
    request: Request<Incoming>,
    upstream: Arc<Upstream>,
) -> Result<Response<Body>, Failure> {
    if request.method() != Method::POST {
        let mut refusal = Response::new(Full::default().boxed_unsync());
        *refusal.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        return Ok(refusal);
    }
    let asked = request.into_body().collect().await?.to_bytes();
    let call = Request::post(&upstream.url)
        .header(
            header::AUTHORIZATION,
            "AWS4-HMAC-SHA256 Credential=lean, Signature=lean",
        )
        .body(Full::new(asked))?;
    let reply = upstream.client.request(call).await?;
    if reply.status() != StatusCode::OK {
        return Err("the upstream refused".into());
    }
    let begun = Relay {
        reply: reply.into_body(),
        bytes: Vec::new(),
        is_over: false,
    };
    let start = Bytes::from_static(b"data: {\"type\":\"start\"}\n\n");
    let events = stream::unfold((Some(start), begun), async |(start, mut relay)| {
        let events = match start {
            Some(start) => start,
            None => relay.next().await?,
        };
        Some((Ok(Frame::data(events)), (None, relay)))
    });
    let answer = Response::builder().header(header::CONTENT_TYPE, "text/event-stream");
    Ok(answer.body(StreamBody::new(events).boxed_unsync())?)
}

struct Relay {
    reply: Incoming,
    /// What has come and is no whole frame yet.
    bytes: Vec<u8>,
    is_over: bool,
}

impl Relay {
    /// The events of the frames that come next; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        let mut events = Vec::new();
        while events.is_empty() && !self.is_over {
            let piece = self.reply.frame().await?.ok()?;
            if let Some(data) = piece.data_ref() {
                self.bytes.extend_from_slice(data);
            }
            let mut rest = self.bytes.as_slice();
            while let Some((frame, behind)) = whole(rest) {
                self.is_over |= add(&mut events, frame);
                rest = behind;
            }
            let done = self.bytes.len() - rest.len();
            self.bytes.drain(..done);
        }
        (!events.is_empty()).then(|| events.into())
    }
}

/// The first frame, if it is there as a whole, and what is behind it.
fn whole(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = u32::from_be_bytes(*bytes.first_chunk()?);
    bytes.split_at_checked(usize::try_from(length).ok()?)
}

/// Adds what a frame says, as an event; whether it was the last one.
fn add(events: &mut Vec<u8>, frame: &[u8]) -> bool {
    if let Some(text) = text(frame) {
        events.extend_from_slice(b"data: {\"type\":\"chunk\",\"content\":\"");
        events.extend_from_slice(text);
        events.extend_from_slice(b"\"}\n\n");
        return false;
    }
    let is_last = find(frame, b"messageStop").is_some();
    if is_last {
        events.extend_from_slice(b"data: {\"type\":\"complete\"}\n\n");
    }
    is_last
}

/// The text of a frame as it is written in JSON, without what is around it.
fn text(frame: &[u8]) -> Option<&[u8]> {
    const FIELD: &[u8] = b"\"text\":\"";
    let (_, text) = frame.split_at_checked(find(frame, FIELD)? + FIELD.len())?;
    let mut is_escaped = false;
    let end = text.iter().position(|byte| {
        let is_end = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        is_end
    })?;
    text.get(..end)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
