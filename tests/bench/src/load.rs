//! Clients: many streams at once, of which every token is checked.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures::future::try_join_all;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use peers::bedrock::now;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Result;
use crate::tokens::Listener;

/// What is sent to begin a stream.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    pub(crate) path: String,
    pub(crate) token: String,
    pub(crate) body: &'static str,
}

/// What was heard of one stream or of several; all times are in nanoseconds.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) streams: u64,
    pub(crate) tokens: u64,
    /// From the request to the first event of each stream.
    pub(crate) first_event: Vec<u64>,
    /// From the request to the first token of each stream.
    pub(crate) first_token: Vec<u64>,
    /// From the upstream to here, of each token.
    pub(crate) on_the_way: Vec<u64>,
    replies: BTreeSet<u64>,
}

impl Heard {
    pub(crate) fn add(&mut self, other: Self) {
        self.streams += other.streams;
        self.tokens += other.tokens;
        self.first_event.extend(other.first_event);
        self.first_token.extend(other.first_token);
        self.on_the_way.extend(other.on_the_way);
        self.replies.extend(other.replies);
    }
}

/// Asks on as many connections as there are lists, on each of them one after another, and hears
/// every reply to its end. Each connection begins so long after the one before.
pub(crate) async fn run(
    address: SocketAddr,
    lists: &[Vec<Asking>],
    tokens: u32,
    apart: Duration,
) -> Result<Heard> {
    let starts = (0..).map(|place| apart * place);
    let clients = lists.iter().zip(starts).map(async |(list, start)| {
        #[expect(
            clippy::disallowed_methods,
            reason = "a load has no clock but the machine's"
        )]
        tokio::time::sleep(start).await;
        one_after_another(address, list, tokens).await
    });
    let mut all = Heard::default();
    for heard in try_join_all(clients).await? {
        all.add(heard);
    }
    // Each stream has heard one reply only; two that heard the same would be one too few.
    if u64::try_from(all.replies.len())? != all.streams {
        return Err("two streams have heard the same reply".into());
    }
    Ok(all)
}

async fn one_after_another(address: SocketAddr, list: &[Asking], tokens: u32) -> Result<Heard> {
    let mut client = Client::connect(address).await?;
    let mut heard = Heard::default();
    for asking in list {
        heard.add(client.hear(asking, tokens).await?);
    }
    Ok(heard)
}

/// One connection, which is served as long as this is there.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    _served: JoinSet<hyper::Result<()>>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let mut served = JoinSet::new();
        served.spawn(connection);
        Ok(Self {
            sender,
            _served: served,
        })
    }

    /// Sends a request; an answer that is no success is an error.
    pub(crate) async fn send(&mut self, asking: &Asking) -> Result<Response<Incoming>> {
        let request = Request::post(&asking.path)
            .header(header::HOST, "localhost")
            .header(header::AUTHORIZATION, format!("Bearer {}", asking.token))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(asking.body))?;
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        if matches!(answer.status(), StatusCode::OK | StatusCode::CREATED) {
            return Ok(answer);
        }
        let status = answer.status();
        let said = answer.into_body().collect().await?.to_bytes();
        Err(format!(
            "{}: {status} {}",
            asking.path,
            String::from_utf8_lossy(&said)
        )
        .into())
    }

    async fn hear(&mut self, asking: &Asking, tokens: u32) -> Result<Heard> {
        let asked = now();
        let mut body = self.send(asking).await?.into_body();
        let mut stream = Stream::new(asked);
        while let Some(frame) = body.frame().await {
            if let Some(data) = frame?.data_ref() {
                stream.take(data, now())?;
            }
        }
        stream.end(tokens)
    }
}

/// One stream, as it comes.
struct Stream {
    asked: u64,
    bytes: Vec<u8>,
    heard: Heard,
    listener: Listener,
    is_complete: bool,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow, default)]
    content: Cow<'a, str>,
}

impl Stream {
    fn new(asked: u64) -> Self {
        Self {
            asked,
            bytes: Vec::new(),
            heard: Heard::default(),
            listener: Listener::default(),
            is_complete: false,
        }
    }

    /// Takes what has come at this time.
    fn take(&mut self, data: &[u8], at: u64) -> Result<()> {
        self.bytes.extend_from_slice(data);
        let bytes = std::mem::take(&mut self.bytes);
        let mut rest = bytes.as_slice();
        while let Some(end) = rest.windows(2).position(|two| two == b"\n\n") {
            let (event, behind) = rest.split_at(end);
            self.event(std::str::from_utf8(event)?, at)?;
            rest = behind.get(2..).unwrap_or_default();
        }
        self.bytes = rest.to_owned();
        Ok(())
    }

    fn event(&mut self, event: &str, at: u64) -> Result<()> {
        let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: ")) else {
            return Ok(());
        };
        if self.is_complete {
            return Err(format!("after the end: {data}").into());
        }
        let since_asked = at.saturating_sub(self.asked);
        if self.heard.first_event.is_empty() {
            self.heard.first_event.push(since_asked);
        }
        let event: Event<'_> = serde_json::from_str(data)?;
        match event.kind {
            "chunk" => {
                let sent = self.listener.hear(&event.content)?;
                if self.heard.first_token.is_empty() && self.listener.heard() > 0 {
                    self.heard.first_token.push(since_asked);
                }
                self.heard
                    .on_the_way
                    .extend(sent.iter().map(|sent| at.saturating_sub(*sent)));
            }
            "complete" => self.is_complete = true,
            "error" => return Err(format!("the stream failed: {data}").into()),
            _ => {}
        }
        Ok(())
    }

    fn end(mut self, tokens: u32) -> Result<Heard> {
        if !self.is_complete {
            return Err("a stream has ended without a terminal event".into());
        }
        self.heard.replies.insert(self.listener.end(tokens)?);
        self.heard.streams = 1;
        self.heard.tokens = u64::from(tokens);
        Ok(self.heard)
    }
}

#[cfg(test)]
mod tests {
    use peers::bedrock::Step;
    use serde_json::json;

    use super::*;
    use crate::tokens::token;

    fn frame(data: &serde_json::Value) -> String {
        format!("id: 1\ndata: {data}\n\n")
    }

    fn chunk(number: u32) -> String {
        let text = Step::timed(&token(1, number), 1_000);
        frame(&json!({ "type": "chunk", "content": text, "seq": number }))
    }

    fn heard(events: &[String], at_once: usize) -> Result<Heard> {
        let mut stream = Stream::new(500);
        for piece in events.concat().as_bytes().chunks(at_once) {
            stream.take(piece, 3_000)?;
        }
        stream.end(2)
    }

    #[test]
    fn a_stream_is_timed_and_counted_however_it_is_cut() {
        let start = frame(&json!({ "type": "start" }));
        let end = frame(&json!({ "type": "complete" }));
        for at_once in 1..40 {
            let events = [
                start.clone(),
                ": hb\n".to_owned(),
                chunk(0),
                chunk(1),
                end.clone(),
            ];
            let heard = heard(&events, at_once).unwrap();
            assert_eq!((heard.streams, heard.tokens), (1, 2));
            assert_eq!(
                (heard.first_event, heard.first_token),
                (vec![2_500], vec![2_500])
            );
            assert_eq!(heard.on_the_way, [2_000, 2_000]);
        }
    }

    #[test]
    fn a_stream_that_is_cut_fails_or_goes_on_after_its_end_is_wrong() {
        let end = || frame(&json!({ "type": "complete" }));
        let failed = || frame(&json!({ "type": "error" }));
        for (trouble, events) in [
            ("no terminal event", vec![chunk(0), chunk(1)]),
            ("a token is missing", vec![chunk(0), end()]),
            (
                "two are the other way round",
                vec![chunk(1), chunk(0), end()],
            ),
            ("an error", vec![chunk(0), chunk(1), failed()]),
            (
                "an end after the end",
                vec![chunk(0), chunk(1), end(), end()],
            ),
            ("a token after the end", vec![chunk(0), end(), chunk(1)]),
        ] {
            assert!(heard(&events, 7).is_err(), "{trouble}");
        }
    }
}
