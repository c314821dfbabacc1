//! Stores that say of themselves that they last, and answer before they have written.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
// Whatever a method of a port speaks of.
use domain::{conversation::*, *};
use futures::FutureExt;
use ports::conformance::Reopened;
use ports::*;

use super::{failing, judge, quiet};
use crate::{InMemoryMessages, InMemoryRecords};

/// What is there when a store is opened again.
pub(crate) trait Disk: Send + Sync + Default + 'static {
    /// Returns what puts all back as it is now.
    fn way_back(&self) -> WayBack<Self>;
}

pub(crate) type WayBack<S> = Box<dyn FnOnce(&S) + Send>;

/// A store that is open. It writes what one method asks for only when it is asked again: whoever
/// drops it before loses that.
struct Late<S: Disk> {
    disk: Arc<S>,
    method: &'static str,
    before: Mutex<Option<WayBack<S>>>,
}

impl<S: Disk> Late<S> {
    fn is_asked(&self, method: &str) {
        let is_late = method == self.method;
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        *before = is_late.then(|| self.disk.way_back());
    }
}

impl<S: Disk> Drop for Late<S> {
    fn drop(&mut self) {
        let before = self.before.get_mut();
        if let Some(before) = before.unwrap_or_else(PoisonError::into_inner).take() {
            before(&self.disk);
        }
    }
}

macro_rules! late {
    ({} $port:ident { $(
        $(#[$_attribute:meta])*
        async fn $method:ident(&self $(, $arg:ident: $type:ty)* $(,)?) -> $answer:ty;
    )* }) => {
        #[async_trait]
        impl<S: Disk + $port> $port for Late<S> {
            $(
                async fn $method(&self $(, $arg: $type)*) -> $answer {
                    self.is_asked(stringify!($method));
                    self.disk.$method($($arg),*).await
                }
            )*
        }
    };
}

ports::message_store_methods! { late {} }
ports::record_store_methods! { late {} }

/// A store that lasts, but for what this method writes.
fn lasting<S: Disk>(method: &'static str) -> Reopened<Late<S>> {
    let disk = Arc::new(S::default());
    Reopened::new(move || {
        let disk = disk.clone();
        let before = Mutex::default();
        async move {
            Late {
                disk,
                method,
                before,
            }
        }
    })
}

#[tokio::test]
async fn a_store_that_answers_before_it_has_written_is_found() {
    quiet();
    let writes = [
        "none",
        "create_conversation",
        "edit_conversation",
        "delete_conversation",
        "admit",
        "checkpoint",
        "finish",
        "settle_hold",
        "ask_stop",
        "claim_jobs",
        "settle_job",
        "erase",
    ];
    let mut found = Vec::new();
    for method in writes {
        let make = async || lasting::<InMemoryMessages>(method);
        let clauses = ports::message_store_conformance! { failing; make() };
        found.push((method, clauses));
    }
    for method in ["none", "put", "delete", "bind", "erase"] {
        let make = async || lasting::<InMemoryRecords>(method);
        let clauses = ports::record_store_conformance! { failing; make() };
        found.push((method, clauses));
    }
    let (sound, found): (Vec<_>, Vec<_>) = found.into_iter().partition(|(of, _)| *of == "none");
    assert_eq!(sound, [("none", Vec::new()), ("none", Vec::new())]);
    judge("answered before it was written", &found);
}
