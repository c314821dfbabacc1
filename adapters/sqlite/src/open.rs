//! Opening the file: what must hold before anything is read or written.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use crate::Sqlite;
use crate::holder::Holder;
use crate::network::network_of;

/// An older SQLite can damage a file when a writer meets the one that empties its log (WAL).
const OLDEST: i32 = 3_051_003;

/// What a file of this store has in its head: "coch".
const APPLICATION: i32 = 0x636F_6368;

/// What makes of each version of the tables the next one, from none at all on.
const MIGRATIONS: [&str; 1] = [include_str!("schema/1.sql")];

/// How long a writer waits for another process's. A caller is told within two seconds.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Which file, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the file is, or is to be made. Its directory must be there.
    pub file: PathBuf,
    /// What is on the disk before a write is answered.
    pub synchronous: Synchronous,
}

impl Settings {
    /// Keeps to this file, and answers only for what is on the disk.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            synchronous: Synchronous::Full,
        }
    }
}

/// What is on the disk before a write is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synchronous {
    /// All of it: no loss of power loses what was answered.
    Full,
    /// Not the last moments: a process that is killed loses nothing, a machine that loses its power
    /// may lose some seconds. The file stays sound.
    Normal,
}

/// Why a file was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// This program was built with a SQLite that is too old.
    #[error(
        "this is SQLite {version}, and it must be 3.51.3 or newer: an older one can damage \
             a file that several connections use"
    )]
    TooOld {
        /// Its version.
        version: &'static str,
    },
    /// The file would be on another machine.
    #[error("{} is on a network file system ({network}), on which SQLite's locks do not hold: \
             choose a directory on a disk of this machine", directory.display())]
    Network {
        /// The directory of the file.
        directory: PathBuf,
        /// What kind it is.
        network: &'static str,
    },
    /// A newer version of this program has written the file.
    #[error("{} was written by a newer version of this program (its tables have version {found}, \
             this program knows {known}): start the newer one, or use another file",
             file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// The version of its tables.
        found: i64,
        /// The newest version that is known here.
        known: i64,
    },
    /// The file is a database of something else.
    #[error("{} is a database of another program: choose another file", file.display())]
    AnotherPrograms {
        /// The file.
        file: PathBuf,
    },
    /// The file system has no memory that processes share.
    #[error("{} cannot be opened with a write-ahead log: its file system does not let processes \
             share memory", file.display())]
    NoLog {
        /// The file.
        file: PathBuf,
    },
    /// The file, or what stands beside it, could not be read or written.
    #[error("{} cannot be opened", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// SQLite could not open the file, or could not bring its tables up to date.
    #[error("{} cannot be opened as a database", file.display())]
    Sqlite {
        /// The file.
        file: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

/// Opens a file, or makes it: checks where it is, brings its tables up to date, and starts the
/// threads that read and write. It takes its time: ask before there is anybody to wait for it.
pub(crate) fn open(settings: &Settings) -> Result<Sqlite, OpenError> {
    check_version(rusqlite::version_number(), rusqlite::version())?;
    let io = |source| OpenError::Io {
        file: settings.file.clone(),
        source,
    };
    let file = place(&settings.file).map_err(io)?;
    if let Some(network) = network_of(directory_of(&file)).map_err(io)? {
        let directory = directory_of(&file).to_owned();
        return Err(OpenError::Network { directory, network });
    }
    let opened = Opened {
        holder: Holder::of(&file).map_err(io)?,
        file,
        synchronous: settings.synchronous,
    };
    // SQLite itself does not wait while another process makes the file one with a log.
    let _alone = opened.holder.alone().map_err(io)?;
    let mut first = opened.connection()?;
    migrate(&mut first, &opened.file)?;
    Sqlite::start(&opened, first)
}

fn check_version(number: i32, version: &'static str) -> Result<(), OpenError> {
    if number < OLDEST {
        return Err(OpenError::TooOld { version });
    }
    Ok(())
}

/// Returns the path of the file in full. Makes it if it is not there, for nobody else to read.
fn place(file: &Path) -> io::Result<PathBuf> {
    let mut make = OpenOptions::new();
    make.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut make, 0o600);
    make.open(file)?;
    fs::canonicalize(file)
}

fn directory_of(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("/"))
}

/// A file that may be opened, as often as there are threads.
pub(crate) struct Opened {
    pub(crate) file: PathBuf,
    pub(crate) holder: Arc<Holder>,
    synchronous: Synchronous,
}

impl Opened {
    /// Connects to the file.
    pub(crate) fn connection(&self) -> Result<Connection, OpenError> {
        let connect = || {
            let connection = Connection::open(&self.file)?;
            connection.busy_timeout(PATIENCE)?;
            connection.set_prepared_statement_cache_capacity(128);
            connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
            let to_wal = "PRAGMA journal_mode = WAL";
            let mode: String = connection.query_row(to_wal, [], |row| row.get(0))?;
            let synchronous = match self.synchronous {
                Synchronous::Full => "FULL",
                Synchronous::Normal => "NORMAL",
            };
            connection.pragma_update(None, "synchronous", synchronous)?;
            connection.pragma_update(None, "secure_delete", true)?;
            connection.pragma_update(None, "foreign_keys", true)?;
            connection.pragma_update(None, "trusted_schema", false)?;
            Ok((connection, mode))
        };
        let (connection, mode) = connect().map_err(|source| self.failed(source))?;
        if !mode.eq_ignore_ascii_case("wal") {
            let file = self.file.clone();
            return Err(OpenError::NoLog { file });
        }
        Ok(connection)
    }

    pub(crate) fn failed(&self, source: rusqlite::Error) -> OpenError {
        let file = self.file.clone();
        OpenError::Sqlite { file, source }
    }
}

/// Brings the tables up to date, in one transaction.
fn migrate(connection: &mut Connection, file: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::Sqlite {
        file: file.to_owned(),
        source,
    };
    let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let transaction = begun.map_err(failed)?;
    let one = |sql| transaction.query_row(sql, [], |row| row.get::<_, i64>(0));
    let found = one("PRAGMA user_version").map_err(failed)?;
    let application = one("PRAGMA application_id").map_err(failed)?;
    let tables = one("SELECT count(*) FROM sqlite_schema").map_err(failed)?;
    if application != i64::from(APPLICATION) && tables > 0 {
        let file = file.to_owned();
        return Err(OpenError::AnotherPrograms { file });
    }
    let known = crate::row::count(MIGRATIONS.len());
    let missing = usize::try_from(found).ok();
    let Some(missing) = missing.and_then(|done| MIGRATIONS.get(done..)) else {
        let file = file.to_owned();
        return Err(OpenError::Newer { file, found, known });
    };
    let bring = || {
        for migration in missing {
            transaction.execute_batch(migration)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", known)?;
        transaction.commit()
    };
    if missing.is_empty() {
        return Ok(());
    }
    bring().map_err(failed)
}

#[cfg(test)]
mod tests;
