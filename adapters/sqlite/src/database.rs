//! The threads that read and write. Whoever asks waits for the answer without holding up a thread
//! of the runtime.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use futures::channel::oneshot;
use ports::PortError;
use rusqlite::{Connection, TransactionBehavior};
use tracing::error;

use crate::fault::{Failed, closed, port_error};
use crate::holder::Holder;
use crate::open::{OpenError, Opened, Settings, open};
use crate::{SqliteIndex, SqliteMessages, SqliteRecords};

/// How many threads read.
const READERS: usize = 4;

/// How many writes may be in one transaction.
const MOST: usize = 256;

/// One SQLite file, which is open. A clone is the same.
#[derive(Debug, Clone)]
pub struct Sqlite {
    writes: Sender<Order>,
    reads: Sender<Box<dyn Work>>,
    holder: Arc<Holder>,
}

/// What the thread that writes is asked for.
enum Order {
    /// Something that may be done in one transaction with others.
    Write(Box<dyn Work>),
    /// Something that may not.
    Alone(Box<dyn Work>),
}

impl Sqlite {
    /// Opens a file, or makes it: checks where it is, brings its tables up to date, and starts the
    /// threads that read and write. It takes its time: ask before there is anybody to wait for it.
    ///
    /// # Errors
    ///
    /// Says why the file is not opened, for whoever has chosen it.
    pub fn open(settings: &Settings) -> Result<Self, OpenError> {
        open(settings)
    }

    /// Returns the conversations in it.
    pub fn messages(&self) -> SqliteMessages {
        SqliteMessages(self.clone())
    }

    /// Returns the records in it.
    pub fn records(&self) -> SqliteRecords {
        SqliteRecords(self.clone())
    }

    /// Returns the index in it.
    pub fn index(&self) -> SqliteIndex {
        SqliteIndex::new(self.clone())
    }

    /// Starts the threads. They end once nobody can ask them any more.
    pub(crate) fn start(opened: &Opened, first: Connection) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io {
            file: opened.file.clone(),
            source,
        };
        let (writes, queue) = channel();
        on_a_thread("sqlite-writer", move || write_all(first, &queue)).map_err(io)?;
        let (reads, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..READERS {
            let connection = opened.connection()?;
            let read_only = connection.pragma_update(None, "query_only", true);
            read_only.map_err(|source| opened.failed(source))?;
            let queue = queue.clone();
            on_a_thread("sqlite-reader", move || read_all(connection, &queue)).map_err(io)?;
        }
        let holder = opened.holder.clone();
        Ok(Self {
            writes,
            reads,
            holder,
        })
    }

    /// What this process leaves with what it holds, and who of the others is gone.
    pub(crate) fn holder(&self) -> &Arc<Holder> {
        &self.holder
    }

    /// Reads what was there at one moment.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Connection) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, PortError> {
        let (task, answer) = task(act);
        self.reads.send(task).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Writes all or nothing, and answers once it is kept.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Connection) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, PortError> {
        let (task, answer) = task(act);
        let order = Order::Write(task);
        self.writes.send(order).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Leaves nothing of what was removed: neither in the log, nor in pages that are free; as far
    /// as nobody reads at this moment what was there before.
    pub(crate) async fn scrub(&self) -> Result<(), PortError> {
        let (task, answer) = task(|connection: &Connection| {
            for pragma in [
                "PRAGMA incremental_vacuum",
                "PRAGMA wal_checkpoint(TRUNCATE)",
            ] {
                let mut statement = connection.prepare(pragma)?;
                let mut rows = statement.query([])?;
                // Each row that it tells is a step, such as a page that is given back.
                while rows.next()?.is_some() {}
            }
            Ok(())
        });
        let order = Order::Alone(task);
        self.writes.send(order).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }
}

fn on_a_thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = thread::Builder::new().name(name.to_owned());
    thread.spawn(work).map(drop)
}

/// Something to do, and somebody to tell.
trait Work: Send {
    /// Whether anybody still waits for it.
    fn is_wanted(&self) -> bool;

    /// Does it, and keeps the answer. Returns whether it went well.
    fn act(&mut self, connection: &Connection) -> bool;

    /// Gives the answer; or the error because of which nothing of it is kept.
    fn tell(self: Box<Self>, lost: Option<PortError>);
}

struct Task<T, F> {
    act: Option<F>,
    answer: Option<Result<T, PortError>>,
    caller: oneshot::Sender<Result<T, PortError>>,
}

type Answer<T> = oneshot::Receiver<Result<T, PortError>>;

fn task<T, F>(act: F) -> (Box<dyn Work>, Answer<T>)
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> Result<T, Failed> + Send + 'static,
{
    let (caller, answer) = oneshot::channel();
    let task = Task {
        act: Some(act),
        answer: None,
        caller,
    };
    (Box::new(task), answer)
}

impl<T, F> Work for Task<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, Failed> + Send,
{
    fn is_wanted(&self) -> bool {
        !self.caller.is_canceled()
    }

    fn act(&mut self, connection: &Connection) -> bool {
        let Some(act) = self.act.take() else {
            return false;
        };
        // A fault of one caller is not to end the thread that all wait for.
        let done = catch_unwind(AssertUnwindSafe(|| act(connection)));
        let answer = match done {
            Ok(answer) => answer.map_err(PortError::from),
            Err(_) => {
                error!("an operation of the store panicked");
                Err(closed())
            }
        };
        let is_done = answer.is_ok();
        self.answer = Some(answer);
        is_done
    }

    fn tell(self: Box<Self>, lost: Option<PortError>) {
        let answer = match (lost, self.answer) {
            // What failed by itself says more.
            (Some(_), Some(Err(error))) | (Some(error), _) => Err(error),
            (None, Some(answer)) => answer,
            (None, None) => Err(closed()),
        };
        // Whoever does not wait any more asks again.
        _ = self.caller.send(answer);
    }
}

fn read_all(mut connection: Connection, queue: &Mutex<Receiver<Box<dyn Work>>>) {
    loop {
        // Whoever waits for the next one has the queue.
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(mut work) = next else {
            return;
        };
        if !work.is_wanted() {
            continue;
        }
        let lost = match connection.transaction() {
            Ok(transaction) => {
                work.act(&transaction);
                None
            }
            Err(error) => Some(port_error(&error)),
        };
        work.tell(lost);
    }
}

fn write_all(mut connection: Connection, queue: &Receiver<Order>) {
    let mut waiting = VecDeque::new();
    while let Some(next) = waiting.pop_front().or_else(|| queue.recv().ok()) {
        match next {
            Order::Alone(mut work) => {
                work.act(&connection);
                work.tell(None);
            }
            Order::Write(first) => {
                let mut together = vec![first];
                while together.len() < MOST
                    && let Ok(order) = queue.try_recv()
                {
                    match order {
                        Order::Write(work) => together.push(work),
                        Order::Alone(_) => {
                            waiting.push_back(order);
                            break;
                        }
                    }
                }
                write_together(&mut connection, together);
            }
        }
    }
}

/// Does what has queued in one transaction. Each answer waits for it: also one that has written
/// nothing may tell of what others have written in it.
fn write_together(connection: &mut Connection, mut together: Vec<Box<dyn Work>>) {
    // What its caller has given up is asked for again, if it is still wanted.
    together.retain(|work| work.is_wanted());
    if together.is_empty() {
        return;
    }
    let lost = commit(connection, &mut together).err();
    for work in together {
        work.tell(lost.as_ref().map(port_error));
    }
}

fn commit(connection: &mut Connection, together: &mut [Box<dyn Work>]) -> rusqlite::Result<()> {
    let immediate = TransactionBehavior::Immediate;
    let mut transaction = connection.transaction_with_behavior(immediate)?;
    for work in together {
        let savepoint = transaction.savepoint()?;
        if work.act(&savepoint) {
            savepoint.commit()?;
        } else {
            // Some errors have rolled back all of it: then there is nothing to go back to, and what
            // was done before is lost, too.
            savepoint.finish()?;
        }
    }
    transaction.commit()
}

#[cfg(test)]
mod tests;
