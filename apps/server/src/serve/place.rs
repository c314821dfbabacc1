//! The place of one connection in a crowd, and how far its request has come.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::{HttpService, Service, service_fn};
use hyper_util::service::TowerToHyperService;
use tokio_util::sync::CancellationToken;

use super::crowd::{Crowd, Id, Limits};

/// Who sent a request; each has one among its extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// A crowd that its members join and leave by themselves.
pub(super) struct Room(Mutex<Crowd<CancellationToken>>);

impl Room {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Crowd::new(limits))))
    }

    /// A place in it, for which another may have to go; nothing if there is none.
    pub(super) fn enter(self: &Arc<Self>, peer: SocketAddr) -> Option<Arc<Place>> {
        let dismissal = CancellationToken::new();
        let (id, out) = self.crowd().enter(peer.ip(), dismissal.clone())?;
        out.iter().for_each(CancellationToken::cancel);
        let was_answered = AtomicBool::new(false);
        Some(Arc::new(Place {
            room: self.clone(),
            id,
            peer,
            dismissal,
            was_answered,
        }))
    }

    /// Has some of those go that have never asked for anything; how many.
    pub(super) fn thin_out(&self) -> usize {
        let out = self.crowd().thin_out();
        out.iter().for_each(CancellationToken::cancel);
        out.len()
    }

    /// Has all of those go that have not sent a whole request.
    pub(super) fn clear_out(&self) {
        let out = self.crowd().clear_out();
        out.iter().for_each(CancellationToken::cancel);
    }

    fn crowd(&self) -> MutexGuard<'_, Crowd<CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a connection stands, until all of it is dropped.
pub(super) struct Place {
    room: Arc<Room>,
    id: Id,
    peer: SocketAddr,
    dismissal: CancellationToken,
    was_answered: AtomicBool,
}

impl Place {
    /// Returns once the connection has to go.
    pub(super) async fn dismissed(&self) {
        self.dismissal.cancelled().await;
    }

    /// Returns whether any request of it was answered.
    pub(super) fn was_answered(&self) -> bool {
        self.was_answered.load(Ordering::Relaxed)
    }

    /// It has sent a whole request. Whether the place is still its own.
    fn asked(&self) -> bool {
        self.room.crowd().asked(self.id)
    }

    /// Goes on with a whole request. One whose connection has to go leads to nothing.
    async fn heard(&self) {
        if !self.asked() {
            std::future::pending().await
        }
    }

    fn answered(&self) -> bool {
        self.was_answered.store(true, Ordering::Relaxed);
        if let Some(out) = self.room.crowd().answered(self.id) {
            out.cancel();
        }
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.crowd().leave(self.id);
    }
}

/// Has a router answer what comes over a connection. A request is whole with the last byte of its
/// body, or when it is answered without that; it is answered with the last byte of the answer's.
pub(super) fn answering(
    router: Router,
    place: Arc<Place>,
) -> impl HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send> {
    let router = TowerToHyperService::new(router);
    service_fn(move |request: Request<Incoming>| {
        let (router, place) = (router.clone(), place.clone());
        async move {
            if request.body().is_end_stream() {
                place.heard().await;
            }
            let asking = place.clone();
            let mut request = request.map(|body| watched(body, move || asking.asked()));
            request.extensions_mut().insert(Peer(place.peer));
            let response = router.call(request).await?;
            place.heard().await;
            Ok::<_, Infallible>(response.map(|body| watched(body, move || place.answered())))
        }
    })
}

fn watched<B>(body: B, over: impl FnOnce() -> bool + Send + 'static) -> Body
where
    B: HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Unpin + Send + 'static,
{
    Body::new(Watched {
        body,
        over: Some(Box::new(over)),
    })
}

/// A body that says when it is over: read to its end, or dropped. Who is told so says whether the
/// end may be seen; if not, the connection is about to be closed.
struct Watched<B> {
    body: B,
    over: Option<Box<dyn FnOnce() -> bool + Send>>,
}

impl<B> Watched<B> {
    fn ended(&mut self) -> bool {
        self.over.take().is_none_or(|over| over())
    }
}

impl<B> Drop for Watched<B> {
    fn drop(&mut self) {
        self.ended();
    }
}

impl<B: HttpBody + Unpin> HttpBody for Watched<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match polled {
            Poll::Ready(None) if !self.ended() => Poll::Pending,
            polled @ (Poll::Ready(_) | Poll::Pending) => polled,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Returns what a router answers to anything, in the bytes that are sent, for who has not asked
/// yet.
pub(super) async fn spoken(router: Router) -> Vec<u8> {
    let answer: Result<Response, Infallible> = TowerToHyperService::new(router)
        .call(Request::new(Body::empty()))
        .await;
    let (mut head, body) = match answer {
        Ok(answer) => answer.into_parts(),
        Err(never) => match never {},
    };
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    head.headers
        .insert(header::CONTENT_LENGTH, body.len().into());
    head.headers
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    let mut bytes = format!("HTTP/1.1 {}\r\n", head.status).into_bytes();
    for (name, value) in &head.headers {
        let line = [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"];
        bytes.extend_from_slice(&line.concat());
    }
    [&bytes[..], b"\r\n", &body].concat()
}
