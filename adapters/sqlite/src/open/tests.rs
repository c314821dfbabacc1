use futures::executor::block_on;
use tempfile::TempDir;

use super::*;

fn place() -> (TempDir, Settings) {
    let directory = tempfile::tempdir().unwrap();
    let settings = Settings::new(directory.path().join("coach.db"));
    (directory, settings)
}

fn refusal(settings: &Settings) -> String {
    Sqlite::open(settings).unwrap_err().to_string()
}

#[test]
fn a_sqlite_that_can_damage_the_file_is_refused() {
    let refused = check_version(3_051_002, "3.51.2").unwrap_err();
    assert!(refused.to_string().contains("SQLite 3.51.2"), "{refused}");
    assert!(check_version(3_051_003, "3.51.3").is_ok());
    assert!(check_version(rusqlite::version_number(), rusqlite::version()).is_ok());
}

#[test]
fn a_file_that_a_newer_version_has_written_is_refused_and_left_as_it_is() {
    let (_directory, settings) = place();
    drop(Sqlite::open(&settings).unwrap());
    let other = Connection::open(&settings.file).unwrap();
    other.pragma_update(None, "user_version", 7).unwrap();
    let refused = refusal(&settings);
    assert!(refused.contains("a newer version"), "{refused}");
    assert!(
        refused.contains("version 7, this program knows 1"),
        "{refused}"
    );
    let version: i64 = other
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, 7);
    other.pragma_update(None, "user_version", 1).unwrap();
    assert!(Sqlite::open(&settings).is_ok());
}

#[test]
fn a_database_of_another_program_is_refused() {
    let (_directory, settings) = place();
    let other = Connection::open(&settings.file).unwrap();
    other.execute_batch("CREATE TABLE mine (a)").unwrap();
    let refused = refusal(&settings);
    assert!(refused.contains("of another program"), "{refused}");
    let tables: i64 = other
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 1);
}

#[test]
fn what_is_no_database_or_has_no_directory_is_refused_by_its_name() {
    let (directory, settings) = place();
    fs::write(
        &settings.file,
        "a text that is long enough to be read as a head",
    )
    .unwrap();
    let refused = refusal(&settings);
    assert!(
        refused.contains("coach.db cannot be opened as a database"),
        "{refused}"
    );
    let nowhere = Settings::new(directory.path().join("no/coach.db"));
    let refused = refusal(&nowhere);
    assert!(
        refused.contains("no/coach.db cannot be opened"),
        "{refused}"
    );
}

#[test]
fn every_connection_is_as_safe_as_was_asked_for() {
    for (synchronous, expected) in [(Synchronous::Full, 2), (Synchronous::Normal, 1)] {
        let (_directory, mut settings) = place();
        settings.synchronous = synchronous;
        let sqlite = Sqlite::open(&settings).unwrap();
        let told = |db: &Connection| {
            let one = |name: &str| {
                let mut number = None;
                let keep =
                    |row: &rusqlite::Row<'_>| row.get(0).map(|told: i64| number = Some(told));
                db.pragma_query(None, name, keep).unwrap();
                number.unwrap()
            };
            let numbers = [
                "synchronous",
                "secure_delete",
                "foreign_keys",
                "auto_vacuum",
            ];
            let numbers = numbers.map(one);
            let mode: String = db
                .query_row("PRAGMA journal_mode", [], |row| row.get(0))
                .unwrap();
            Ok((numbers, mode))
        };
        let expected = ([expected, 1, 1, 2], "wal".to_owned());
        assert_eq!(block_on(sqlite.write(told)).unwrap(), expected);
        assert_eq!(block_on(sqlite.read(told)).unwrap(), expected);
    }
}

#[test]
fn a_reader_cannot_write() {
    let (_directory, settings) = place();
    let sqlite = Sqlite::open(&settings).unwrap();
    let write = |db: &Connection| Ok(db.execute("DELETE FROM erased", [])?);
    assert!(block_on(sqlite.read(write)).is_err());
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt;

    let (directory, settings) = place();
    let _sqlite = Sqlite::open(&settings).unwrap();
    for entry in fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        if metadata.is_file() {
            let mode = metadata.permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", entry.file_name());
        }
    }
}

#[test]
fn a_new_file_can_be_opened_by_several_at_once() {
    let (_directory, settings) = place();
    std::thread::scope(|threads| {
        let open = || threads.spawn(|| Sqlite::open(&settings).map(drop));
        let opened: Vec<_> = (0..8).map(|_| open()).collect();
        for one in opened {
            one.join().unwrap().unwrap();
        }
    });
}
