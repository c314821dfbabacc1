//! The contracts of the ports: for a file of its own for each clause, for one that is closed and
//! opened again around every call, for one that is open twice, and for one that all clauses use at
//! once.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
// Whatever a method of a port speaks of.
use domain::{conversation::*, memory::*, *};
use ports::conformance::Reopened;
use ports::*;
use tempfile::TempDir;

use crate::{Settings, Sqlite};

/// Something that is in a file, and the directory of the file for as long.
struct Kept<S> {
    inside: S,
    _directory: TempDir,
}

fn kept<S>(open: impl FnOnce(Settings) -> S) -> Kept<S> {
    // In memory, if there is such a place: a disk takes its time for each of thousands of openings.
    let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let directory = directory.unwrap();
    let file = directory.path().join("coach.db");
    Kept {
        inside: open(Settings::new(file)),
        _directory: directory,
    }
}

/// In a file that stays open.
fn open<S>(give: fn(&Sqlite) -> S) -> Kept<S> {
    kept(|settings| give(&Sqlite::open(&settings).unwrap()))
}

/// In a file that is opened for each call.
fn reopened<S: Send + Sync + 'static>(give: fn(&Sqlite) -> S) -> Kept<Reopened<S>> {
    kept(|settings| {
        let open = move || give(&Sqlite::open(&settings).unwrap());
        Reopened::new(move || std::future::ready(open()))
    })
}

/// Makes it a port itself.
macro_rules! stand {
    ({} $port:ident { $(
        $(#[$_attribute:meta])*
        async fn $method:ident(&self $(, $arg:ident: $type:ty)* $(,)?) -> $answer:ty;
    )* }) => {
        #[async_trait]
        impl<S: $port> $port for Kept<S> {
            $(
                async fn $method(&self $(, $arg: $type)*) -> $answer {
                    self.inside.$method($($arg),*).await
                }
            )*
        }
    };
}

ports::message_store_methods! { stand {} }
ports::record_store_methods! { stand {} }
ports::memory_index_methods! { stand {} }

/// An index in a file that is opened for each call.
struct ReopenedIndex(Settings);

macro_rules! reopen {
    ({} $port:ident { $(
        $(#[$_attribute:meta])*
        async fn $method:ident(&self $(, $arg:ident: $type:ty)* $(,)?) -> $answer:ty;
    )* }) => {
        #[async_trait]
        impl $port for ReopenedIndex {
            $(
                async fn $method(&self $(, $arg: $type)*) -> $answer {
                    let index = Sqlite::open(&self.0).unwrap().index();
                    index.$method($($arg),*).await
                }
            )*
        }
    };
}

ports::memory_index_methods! { reopen {} }

/// A file that is opened twice, as by two processes, which are asked by turns.
struct ByTurns<S> {
    both: [S; 2],
    calls: AtomicUsize,
}

fn by_turns<S>(give: fn(&Sqlite) -> S) -> Kept<ByTurns<S>> {
    kept(|settings| {
        let open = || give(&Sqlite::open(&settings).unwrap());
        let (both, calls) = ([open(), open()], AtomicUsize::new(0));
        ByTurns { both, calls }
    })
}

macro_rules! take_turns {
    ({} $port:ident { $(
        $(#[$_attribute:meta])*
        async fn $method:ident(&self $(, $arg:ident: $type:ty)* $(,)?) -> $answer:ty;
    )* }) => {
        #[async_trait]
        impl<S: $port> $port for ByTurns<S> {
            $(
                async fn $method(&self $(, $arg: $type)*) -> $answer {
                    let call = self.calls.fetch_add(1, Ordering::Relaxed);
                    self.both[call % 2].$method($($arg),*).await
                }
            )*
        }
    };
}

ports::message_store_methods! { take_turns {} }
ports::record_store_methods! { take_turns {} }
ports::memory_index_methods! { take_turns {} }

/// Makes all clauses of a module one test, on the same store.
macro_rules! in_one_file {
    ($module:path, $make:expr; $($clause:ident)*) => {
        #[tokio::test]
        async fn every_clause_holds_beside_the_others() {
            use $module as clauses;
            let store = $make.await;
            futures::join!($( clauses::$clause(&store), )*);
        }
    };
}

mod messages {
    ports::message_store_conformance!(async { super::open(crate::Sqlite::messages) });
}
mod reopened_messages {
    ports::message_store_conformance!(async { super::reopened(crate::Sqlite::messages) });
}
mod shared_messages {
    ports::message_store_conformance! {
        in_one_file; async { super::open(crate::Sqlite::messages) }
    }
}
mod records {
    ports::record_store_conformance!(async { super::open(crate::Sqlite::records) });
}
mod reopened_records {
    ports::record_store_conformance!(async { super::reopened(crate::Sqlite::records) });
}
mod index {
    ports::memory_index_conformance!(async { super::open(crate::Sqlite::index) });
}
mod reopened_index {
    ports::memory_index_conformance!(async { super::kept(super::ReopenedIndex) });
}
mod messages_by_turns {
    ports::message_store_conformance!(async { super::by_turns(crate::Sqlite::messages) });
}
mod records_by_turns {
    ports::record_store_conformance!(async { super::by_turns(crate::Sqlite::records) });
}
mod index_by_turns {
    ports::memory_index_conformance!(async { super::by_turns(crate::Sqlite::index) });
}
