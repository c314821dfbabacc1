//! What is done before the first invocation, while nobody waits.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::timeout;
use tracing::warn;

/// How long the opening of connections may hold up the start.
const WARMTH: Duration = Duration::from_millis(500);

/// Opens the connections to all parts. A part that is slow or gone costs its warmth, and not the
/// start: what is still being opened then goes on beside the first invocation, which shares it.
pub(crate) async fn connect(connecting: BoxFuture<'static, ()>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends by itself, and owes nobody anything"
    )]
    let connecting = tokio::spawn(connecting);
    if timeout(WARMTH, connecting).await.is_err() {
        warn!("not every connection is open yet");
    }
}
