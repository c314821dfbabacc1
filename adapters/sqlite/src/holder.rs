//! Which processes of this machine are alive that use a file: each has locked a file of its own,
//! and the lock dies with it. A number of a process would be another's some day.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

/// A process that uses a file, by the name that it leaves with what it holds.
#[derive(Debug)]
pub(crate) struct Holder {
    directory: PathBuf,
    name: String,
    /// Locked until the process ends, however that happens.
    _lock: File,
}

/// What this process is called at each file that it uses: once opened, for as long as it lives.
static HOLDERS: Mutex<Option<HashMap<PathBuf, Arc<Holder>>>> = Mutex::new(None);

impl Holder {
    /// Returns what this process is at the file with this path.
    pub(crate) fn of(database: &Path) -> io::Result<Arc<Self>> {
        let mut known = HOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get_or_insert_default();
        if let Some(holder) = known.get(database)
            && holder.is_there()
        {
            return Ok(holder.clone());
        }
        let holder = Arc::new(Self::begin(database)?);
        known.insert(database.to_owned(), holder.clone());
        Ok(holder)
    }

    /// Waits until no other process is opening the file, and lets none do so for as long as what it
    /// returns is there.
    pub(crate) fn alone(&self) -> io::Result<File> {
        let lock = File::create(self.directory.join(".opening"))?;
        lock.lock()?;
        Ok(lock)
    }

    /// Locks a file of its own. It gets its name only then, so that nobody ever sees it unlocked.
    pub(crate) fn begin(database: &Path) -> io::Result<Self> {
        let mut directory = database.as_os_str().to_owned();
        directory.push("-processes");
        let directory = PathBuf::from(directory);
        fs::create_dir_all(&directory)?;
        sweep(&directory)?;
        let name = Uuid::new_v4().to_string();
        let hidden = directory.join(format!(".{name}"));
        let lock = File::create(&hidden)?;
        lock.lock()?;
        fs::rename(&hidden, directory.join(&name))?;
        Ok(Self {
            directory,
            name,
            _lock: lock,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether its file is still in its place.
    fn is_there(&self) -> bool {
        self.directory.join(&self.name).exists()
    }

    /// Returns whether a process of this name is gone for certain. If that cannot be found out, it
    /// is not.
    pub(crate) fn is_gone(&self, name: &str) -> bool {
        // What is stored says where to look, so it may say nothing but a name of this form.
        let Ok(id) = Uuid::parse_str(name) else {
            return false;
        };
        let name = id.to_string();
        name != self.name && is_gone(&self.directory.join(name)).unwrap_or(false)
    }
}

fn is_gone(file: &Path) -> io::Result<bool> {
    let file = match File::open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        file => file?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Removes the files of those that are gone.
fn sweep(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let is_hidden = path.file_name().is_some_and(|name| {
            let name = name.as_encoded_bytes();
            name.starts_with(b".")
        });
        if !is_hidden && is_gone(&path)? {
            // Somebody else may have been quicker.
            _ = fs::remove_file(&path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_gone_once_its_lock_is_and_not_before() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("coach.db");
        let (mine, other) = (Holder::begin(&database), Holder::begin(&database));
        let (mine, other) = (mine.unwrap(), other.unwrap());
        assert!(!mine.is_gone(mine.name()) && !mine.is_gone(other.name()));
        let name = other.name().to_owned();
        drop(other);
        assert!(mine.is_gone(&name));
        let third = Holder::begin(&database).unwrap();
        assert!(!mine.directory.join(&name).exists(), "it was swept away");
        assert!(mine.is_gone(&name) && mine.is_there() && !mine.is_gone(third.name()));
        // Whatever somebody does to the directory: this one is alive.
        fs::remove_file(mine.directory.join(mine.name())).unwrap();
        assert!(!mine.is_gone(mine.name()));
        for no_name in ["", "..", "coach.db", "../coach.db"] {
            assert!(!mine.is_gone(no_name), "{no_name}");
        }
    }
}
