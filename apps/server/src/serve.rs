//! The accept loop: what `axum::serve` leaves out. It sets no timer, so a client could hold a
//! connection by sending headers for ever, and it leaves Nagle's algorithm on, which holds back
//! every other chunk of a stream for 40 ms. It has room for any number of connections, too.

mod crowd;
mod place;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http_adapter::{Code, refusing};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use ports::Clock;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

pub(crate) use crowd::Limits;
pub(crate) use place::Peer;

use place::{Place, Room, answering};

/// How long a client may take to send its headers, also of the next request on a connection.
const HEADERS: Duration = Duration::from_secs(10);

/// How long a client may leave what it was sent unread, before its connection is cut.
const UNREAD: Duration = Duration::from_secs(15);

/// How many connections for which there is no place may send a request, to be told so as it wants.
/// The others are told before that.
const OUTSIDE: usize = 256;

/// How long no connection is accepted after one could not be.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves until `stop` comes.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    clock: Arc<dyn Clock>,
    stop: impl Future<Output = ()>,
) -> Served {
    let server = Served {
        tracker: TaskTracker::new(),
        closing: CancellationToken::new(),
        inside: Room::new(limits),
        outside: Room::new(Limits {
            all: OUTSIDE,
            per_address: 0,
        }),
        router,
        full: refusing(Code::Overloaded),
        clock,
    };
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            (socket, peer) = server.next(&listener) => server.accept(socket, peer),
            () = &mut stop => break,
        }
    }
    server.closing.cancel();
    server.tracker.close();
    server
}

/// A server, and all who are connected to it.
pub(crate) struct Served {
    tracker: TaskTracker,
    closing: CancellationToken,
    inside: Arc<Room>,
    outside: Arc<Room>,
    router: Router,
    full: Router,
    clock: Arc<dyn Clock>,
}

impl Served {
    /// Returns once nobody is connected any more. A request that is not whole after `patience` is
    /// refused: nothing begins later than that.
    pub(crate) async fn over(&self, patience: Duration) {
        self.outside.clear_out();
        let refused = async {
            self.clock.sleep_until(self.clock.now() + patience).await;
            self.inside.clear_out();
            std::future::pending().await
        };
        tokio::select! {
            () = self.tracker.wait() => {}
            () = refused => {}
        }
    }

    /// Returns the next connection. One that is gone already is passed over; if none can be
    /// accepted, as when no more files may be open, the next attempt is made after a pause.
    async fn next(&self, listener: &TcpListener) -> (TcpStream, SocketAddr) {
        loop {
            let error = match listener.accept().await {
                Ok(accepted) => return accepted,
                Err(error) => error,
            };
            if is_of_one_connection(&error) {
                debug!(%error, "a connection is gone already");
                continue;
            }
            // Those that ask for nothing hold files, too.
            let closed = self.inside.thin_out();
            warn!(%error, closed, "a connection could not be accepted");
            self.clock.sleep_until(self.clock.now() + PAUSE).await;
        }
    }

    fn accept(&self, socket: TcpStream, peer: SocketAddr) {
        if let Err(error) = socket.set_nodelay(true) {
            debug!(%error, "a socket is gone already");
            return;
        }
        if let Some(place) = self.inside.enter(peer) {
            self.tracker
                .spawn(self.attend(socket, self.router.clone(), place, true));
        } else if let Some(place) = self.outside.enter(peer) {
            self.tracker
                .spawn(self.attend(socket, self.full.clone(), place, false));
        }
    }

    /// Answers the requests of a connection, until it ends or has to leave its place.
    fn attend(
        &self,
        socket: TcpStream,
        router: Router,
        place: Arc<Place>,
        keep_alive: bool,
    ) -> impl Future<Output = ()> + use<> {
        let mut socket = TimeoutStream::new(socket);
        socket.set_write_timeout(Some(UNREAD));
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS)
            .keep_alive(keep_alive)
            .serve_connection(
                TokioIo::new(Box::pin(socket)),
                answering(router, place.clone()),
            );
        let (closing, full) = (self.closing.clone(), self.full.clone());
        async move {
            let mut is_closing = false;
            loop {
                tokio::select! {
                    biased;
                    () = place.dismissed() => break,
                    () = closing.cancelled(), if !is_closing => {}
                    ended = &mut connection => {
                        if let Err(error) = ended {
                            debug!(%error, "a connection ended early");
                        }
                        return;
                    }
                }
                Pin::new(&mut connection).graceful_shutdown();
                is_closing = true;
            }
            // Who was answered before has asked for nothing since, or not whole.
            if !place.was_answered() {
                let mut socket = connection.into_parts().io.into_inner();
                let refusal = place::spoken(full).await;
                let told = async {
                    socket.write_all(&refusal).await?;
                    socket.shutdown().await
                };
                if let Err(error) = told.await {
                    debug!(%error, "a connection ended early");
                }
            }
        }
    }
}

/// Returns whether only this connection is troubled, and the next may be well.
fn is_of_one_connection(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
