//! What SQLite's errors mean to the domain. None of them quotes what is stored.

use domain::Fault;
use ports::PortError;
use rusqlite::{Error, ErrorCode};

/// What the log knows this adapter by.
pub(crate) const ADAPTER: &str = "sqlite";

pub(crate) type Result<T, E = Failed> = std::result::Result<T, E>;

/// What came in the way inside of an operation.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error(transparent)]
    Sqlite(#[from] Error),
    #[error(transparent)]
    Port(#[from] PortError),
}

impl From<Failed> for PortError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Sqlite(error) => port_error(&error),
            Failed::Port(error) => error,
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error("{code:?} (SQLite's error {extended})")]
    Sqlite { code: ErrorCode, extended: i32 },
    #[error("no readable {0}")]
    Unreadable(&'static str),
    #[error("the store was closed")]
    Closed,
}

/// Another process writes, for longer than a writer waits.
const BUSY: [ErrorCode; 3] = [
    ErrorCode::DatabaseBusy,
    ErrorCode::DatabaseLocked,
    ErrorCode::FileLockingProtocolFailed,
];

/// Asking again for the same will not help.
const REFUSED: [ErrorCode; 5] = [
    ErrorCode::ConstraintViolation,
    ErrorCode::TypeMismatch,
    ErrorCode::ApiMisuse,
    ErrorCode::ParameterOutOfRange,
    ErrorCode::NotADatabase,
];

/// Returns what an error of SQLite is to the caller.
pub(crate) fn port_error(error: &Error) -> PortError {
    // The message of an error may hold a name or a value; its code holds neither.
    let Some(told) = error.sqlite_error() else {
        return unreadable("value");
    };
    let is_one_of = |codes: &[ErrorCode]| codes.contains(&told.code);
    let fault = if told.code == ErrorCode::TooBig {
        Fault::TooLong
    } else if is_one_of(&BUSY) {
        Fault::Throttled
    } else if is_one_of(&REFUSED) {
        Fault::Rejected
    } else {
        // A full disk, a file that may not be written, one that cannot be reached: that may pass.
        Fault::Unavailable
    };
    let cause = Cause::Sqlite {
        code: told.code,
        extended: told.extended_code,
    };
    because(fault, cause)
}

/// Something stored is not what it should be.
pub(crate) fn unreadable(what: &'static str) -> PortError {
    because(Fault::Rejected, Cause::Unreadable(what))
}

/// Whoever should have done it is not there any more.
pub(crate) fn closed() -> PortError {
    because(Fault::Unavailable, Cause::Closed)
}

fn because(fault: Fault, cause: Cause) -> PortError {
    PortError {
        fault,
        adapter: ADAPTER,
        source: Some(Box::new(cause)),
    }
}
