//! Serving on loopback, with the means to cut a connection.

use std::future::Future;
use std::io;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Answers until it is dropped; an error cuts the connection. `opened` hears of each connection.
pub(crate) fn serve<A, F, E>(
    listener: TcpListener,
    opened: impl Fn() + Send + 'static,
    answer: A,
) -> JoinSet<()>
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = io::Result<Response<UnsyncBoxBody<Bytes, E>>>> + Send + 'static,
    E: std::error::Error + Send + Sync + 'static,
{
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            opened();
            connections.spawn(connection(stream, answer.clone()));
            while connections.try_join_next().is_some() {}
        }
    });
    serving
}

async fn connection<A, F, E>(stream: TcpStream, answer: A)
where
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = io::Result<Response<UnsyncBoxBody<Bytes, E>>>>,
    E: std::error::Error + Send + Sync + 'static,
{
    _ = stream.set_nodelay(true);
    _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .await;
}
