//! What a test's thread has warned of.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use metrics::requests::Requests;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt, registry};

thread_local! {
    /// A test has a thread of its own.
    static WARNINGS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

static LISTENING: Once = Once::new();

/// Has every thread keep what it warns of: a subscriber for one thread only would miss what others
/// have met first.
pub(crate) fn listen() {
    LISTENING.call_once(|| {
        let log = fmt::layer().with_ansi(false).with_writer(|| Warnings);
        registry()
            .with(Requests.only())
            .with(log.with_filter(EnvFilter::new("warn")))
            .init();
    });
}

/// What this thread has warned of since.
pub(crate) fn heard() -> String {
    WARNINGS.with_borrow(|warnings| String::from_utf8_lossy(warnings).into_owned())
}

struct Warnings;

impl io::Write for Warnings {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        WARNINGS.with_borrow_mut(|warnings| warnings.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
