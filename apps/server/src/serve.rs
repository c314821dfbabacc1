//! The accept loop: what `axum::serve` leaves out. It sets no timer, so a client could hold a
//! connection by sending headers for ever, and it leaves Nagle's algorithm on, which holds back
//! every other chunk of a stream for 40 ms.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http_adapter::{Code, refusing};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

/// How long a client may take to send its headers, also of the next request on a connection.
const HEADERS: Duration = Duration::from_secs(10);

/// How long a client may leave what it was sent unread, before its connection is cut.
const UNREAD: Duration = Duration::from_secs(15);

/// How many connections more than the limit are told so at once.
const REFUSED_AT_ONCE: usize = 64;

/// Serves until `stop` comes. What it gives back is over once every connection is.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    connections: u32,
    stop: impl Future<Output = ()>,
) -> impl Future<Output = ()> {
    let server = Server {
        tracker: TaskTracker::new(),
        graceful: GracefulShutdown::new(),
        served: semaphore(usize::try_from(connections).unwrap_or(usize::MAX)),
        refused: semaphore(REFUSED_AT_ONCE),
        router,
        full: refusing(Code::Overloaded),
    };
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => server.accept(socket),
                Err(error) => {
                    warn!(%error, "a connection could not be accepted");
                    tokio::task::yield_now().await;
                }
            },
            () = &mut stop => break,
        }
    }
    let Server { tracker, graceful, .. } = server;
    tracker.close();
    async move {
        graceful.shutdown().await;
        tracker.wait().await;
    }
}

struct Server {
    tracker: TaskTracker,
    graceful: GracefulShutdown,
    served: Arc<Semaphore>,
    refused: Arc<Semaphore>,
    router: Router,
    full: Router,
}

impl Server {
    fn accept(&self, socket: TcpStream) {
        if let Err(error) = socket.set_nodelay(true) {
            debug!(%error, "a socket is gone already");
            return;
        }
        if let Ok(permit) = self.served.clone().try_acquire_owned() {
            self.spawn(socket, self.router.clone(), permit, true);
        } else if let Ok(permit) = self.refused.clone().try_acquire_owned() {
            self.spawn(socket, self.full.clone(), permit, false);
        }
    }

    fn spawn(&self, socket: TcpStream, router: Router, permit: OwnedSemaphorePermit, keep_alive: bool) {
        let mut socket = TimeoutStream::new(socket);
        socket.set_write_timeout(Some(UNREAD));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS)
            .keep_alive(keep_alive)
            .serve_connection(TokioIo::new(Box::pin(socket)), TowerToHyperService::new(router));
        let watched = self.graceful.watch(connection);
        self.tracker.spawn(async move {
            if let Err(error) = watched.await {
                debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
    }
}

fn semaphore(permits: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)))
}
