//! What a test's thread has warned of.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use tracing_subscriber::EnvFilter;

thread_local! {
    /// A test has a thread of its own.
    static WARNINGS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

static LISTENING: Once = Once::new();

/// Has every thread keep what it warns of: a subscriber for one thread only would miss what others
/// have met first.
pub(crate) fn listen() {
    LISTENING.call_once(|| {
        let log = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("warn"))
            .with_ansi(false);
        log.with_writer(|| Warnings).init();
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
