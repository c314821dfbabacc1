//! The contracts of the ports: for a file of its own for each clause, for one that is closed and
//! opened again around every call, and for one that all clauses use.

use async_trait::async_trait;
// Whatever a method of a port speaks of.
use domain::{conversation::*, *};
use ports::*;
use tempfile::TempDir;

use crate::{Settings, Sqlite, Synchronous};

/// A file, and what has opened it; nobody in between, if it is opened for each call.
struct InFile {
    directory: TempDir,
    opened: Option<Sqlite>,
}

impl InFile {
    fn that_is_opened_for_each_call() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            opened: None,
        }
    }

    fn that_stays_open() -> Self {
        let closed = Self::that_is_opened_for_each_call();
        let opened = Some(closed.open());
        Self { opened, ..closed }
    }

    fn open(&self) -> Sqlite {
        if let Some(opened) = &self.opened {
            return opened.clone();
        }
        let file = self.directory.path().join("coach.db");
        // No power is lost here, and it takes half the time.
        let synchronous = Synchronous::Normal;
        Sqlite::open(&Settings { file, synchronous }).unwrap()
    }
}

/// Makes a file a port itself.
macro_rules! stand {
    ({ $give:ident } $port:ident { $(
        $(#[$_attribute:meta])*
        async fn $method:ident(&self $(, $arg:ident: $type:ty)* $(,)?) -> $answer:ty;
    )* }) => {
        #[async_trait]
        impl $port for InFile {
            $(
                async fn $method(&self $(, $arg: $type)*) -> $answer {
                    let given = self.open().$give();
                    given.$method($($arg),*).await
                }
            )*
        }
    };
}

ports::message_store_methods! { stand { messages } }
ports::record_store_methods! { stand { records } }

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
    ports::message_store_conformance!(async { super::InFile::that_stays_open() });
}
mod reopened_messages {
    ports::message_store_conformance!(async { super::InFile::that_is_opened_for_each_call() });
}
mod shared_messages {
    ports::message_store_conformance! { in_one_file; async { super::InFile::that_stays_open() } }
}
mod records {
    ports::record_store_conformance!(async { super::InFile::that_stays_open() });
}
mod reopened_records {
    ports::record_store_conformance!(async { super::InFile::that_is_opened_for_each_call() });
}
