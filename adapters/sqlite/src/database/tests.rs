use std::sync::mpsc;
use std::time::Duration;

use domain::Fault;
use futures::executor::block_on;
use futures::{FutureExt, join};
use tempfile::TempDir;

use super::*;

fn opened() -> (TempDir, Sqlite, Connection) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("coach.db");
    let sqlite = Sqlite::open(&Settings::new(&file)).unwrap();
    let other = Connection::open(&file).unwrap();
    (directory, sqlite, other)
}

type Result<T> = std::result::Result<T, Failed>;

fn mark(db: &Connection, user: &str) -> Result<()> {
    db.execute("INSERT INTO erased (user, since) VALUES (?1, 1)", [user])?;
    Ok(())
}

fn marks(db: &Connection) -> Result<Vec<String>> {
    let mut statement = db.prepare("SELECT user FROM erased ORDER BY user")?;
    let users = statement.query_map([], |row| row.get(0))?;
    Ok(users.collect::<rusqlite::Result<_>>()?)
}

fn seen(sqlite: &Sqlite) -> Vec<String> {
    block_on(sqlite.read(marks)).unwrap()
}

/// Keeps the writer busy until it is told to go on.
fn held_up(sqlite: &Sqlite) -> (mpsc::Sender<()>, impl Future<Output = ()> + use<>) {
    let (go_on, wait) = mpsc::channel();
    let sqlite = sqlite.clone();
    let mut holding = async move {
        let hold = sqlite.write(move |_: &Connection| {
            wait.recv().unwrap();
            Ok(())
        });
        hold.await.unwrap();
    }
    .boxed();
    assert!((&mut holding).now_or_never().is_none());
    (go_on, holding)
}

#[test]
fn what_has_queued_is_one_transaction_and_what_fails_takes_nothing_of_others_with_it() {
    let (_directory, sqlite, other) = opened();
    let (go_on, holding) = held_up(&sqlite);
    let one = sqlite.write(|db: &Connection| mark(db, "one"));
    let twice = sqlite.write(|db: &Connection| {
        mark(db, "two")?;
        mark(db, "one")
    });
    let panicking = sqlite.write(|db: &Connection| -> Result<()> {
        mark(db, "three")?;
        panic!("as it never should")
    });
    let last = sqlite.write(move |db: &Connection| {
        let others = marks(&other)?;
        mark(db, "four")?;
        Ok((marks(db)?, others))
    });
    let go = async { go_on.send(()).unwrap() };
    let (one, twice, panicking, last, ..) =
        block_on(async { join!(one, twice, panicking, last, holding, go) });
    one.unwrap();
    assert_eq!(twice.unwrap_err().fault, Fault::Rejected);
    assert_eq!(panicking.unwrap_err().fault, Fault::Unavailable);
    let (together, by_another) = last.unwrap();
    assert_eq!(together, ["four", "one"]);
    assert!(
        by_another.is_empty(),
        "nothing of it was there before all of it"
    );
    assert_eq!(seen(&sqlite), ["four", "one"]);
}

#[test]
fn what_was_given_up_while_it_queued_is_not_done() {
    let (_directory, sqlite, _other) = opened();
    let (go_on, holding) = held_up(&sqlite);
    let mut given_up = sqlite.write(|db: &Connection| mark(db, "gone")).boxed();
    assert!((&mut given_up).now_or_never().is_none());
    drop(given_up);
    go_on.send(()).unwrap();
    block_on(holding);
    block_on(sqlite.write(|db: &Connection| mark(db, "here"))).unwrap();
    assert_eq!(seen(&sqlite), ["here"]);
}

#[tokio::test]
async fn who_waits_for_a_write_or_a_read_holds_up_no_thread() {
    let (_directory, sqlite, _other) = opened();
    for is_read in [false, true] {
        // Each goes on only once the other, on the same thread, has had its turn.
        let (go_on, wait) = mpsc::channel();
        let blocked = move |_: &Connection| {
            wait.recv().unwrap();
            Ok(())
        };
        let asked = async {
            if is_read {
                sqlite.read(blocked).await
            } else {
                sqlite.write(blocked).await
            }
        };
        let (answer, ()) = join!(asked, async { go_on.send(()).unwrap() });
        answer.unwrap();
    }
}

#[test]
fn reading_goes_on_while_another_process_writes_and_writing_says_that_it_waits() {
    let (_directory, sqlite, other) = opened();
    block_on(sqlite.write(|db: &Connection| mark(db, "before"))).unwrap();
    let hurry = |db: &Connection| Ok(db.busy_timeout(Duration::ZERO)?);
    block_on(sqlite.write(hurry)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    mark(&other, "theirs").unwrap();
    let write = || block_on(sqlite.write(|db: &Connection| mark(db, "mine")));
    assert_eq!(write().unwrap_err().fault, Fault::Throttled);
    assert_eq!(seen(&sqlite), ["before"]);
    other.execute_batch("COMMIT").unwrap();
    write().unwrap();
    assert_eq!(seen(&sqlite), ["before", "mine", "theirs"]);
}

#[test]
fn a_full_disk_is_told_and_once_there_is_room_it_goes_on() {
    let (_directory, sqlite, _other) = opened();
    let limit = |pages: i64| {
        let limit = move |db: &Connection| {
            Ok(db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?)
        };
        block_on(sqlite.write(limit)).unwrap();
    };
    limit(1);
    let large = "x".repeat(1_000_000);
    let write = || {
        let large = large.clone();
        let write = move |db: &Connection| {
            mark(db, "large")?;
            db.execute("UPDATE erased SET user = user || ?1", [large])?;
            Ok(())
        };
        block_on(sqlite.write(write))
    };
    assert_eq!(write().unwrap_err().fault, Fault::Unavailable);
    assert!(seen(&sqlite).is_empty());
    limit(1_000_000);
    write().unwrap();
    assert_eq!(seen(&sqlite).len(), 1);
}
