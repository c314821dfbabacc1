//! Server-Sent Events: framing and transport, for whatever is streamed.
//!
//! A frame is optional `retry` and `id` lines, one `data` line that holds one JSON value, and a
//! blank line (WHATWG HTML, section 9.2). There is no `event` line: it would bypass `onmessage`.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures::future::{Either, select};
use futures::stream::{BoxStream, StreamExt, unfold};
use ports::Clock;
use serde::Serialize;

/// What is sent when there is nothing to send: a comment, which clients ignore. No blank line ends
/// it: some take every blank line for the end of an event, and would hand out an empty one.
pub const HEARTBEAT: &str = ": hb\n";

/// Adds one frame to `out`. JSON has no raw line breaks, so no data can end its frame early; an id
/// with a line break or NUL in it is left out.
pub fn frame(out: &mut String, id: Option<&str>, data: &impl Serialize) {
    let Ok(data) = serde_json::to_string(data) else {
        return;
    };
    if let Some(id) = id.filter(|id| !id.contains(['\r', '\n', '\0'])) {
        out.push_str("id: ");
        out.push_str(id);
        out.push('\n');
    }
    out.push_str("data: ");
    out.push_str(&data);
    out.push_str("\n\n");
}

/// Tells clients how long to wait before they connect again, in the frame that is added next: alone
/// it would be an empty event to some.
pub fn retry(out: &mut String, after: Duration) {
    out.push_str(&format!("retry: {}\n", after.as_millis()));
}

/// An answer that streams `frames`, with a heartbeat whenever nothing was sent for so long.
///
/// The body is pulled: a client that does not read costs one frame, and no task. It cannot fail;
/// what goes wrong is an event.
pub fn response(
    status: StatusCode,
    clock: Arc<dyn Clock>,
    heartbeat: Duration,
    frames: BoxStream<'static, String>,
) -> Response {
    let beating = unfold((frames, clock), move |(mut frames, clock)| async move {
        let beat = clock.sleep_until(clock.now() + heartbeat);
        let text = match select(pin!(frames.next()), beat).await {
            Either::Left((text, _)) => text?,
            Either::Right(_) => HEARTBEAT.to_owned(),
        };
        Some((Ok::<_, Infallible>(Bytes::from(text)), (frames, clock)))
    });
    headed(status, Body::from_stream(beating))
}

/// An answer of frames that are all there already.
pub fn whole(status: StatusCode, frames: String) -> Response {
    headed(status, Body::from(frames))
}

fn headed(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream; charset=utf-8"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-transform"),
    );
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
