//! A process that is killed while it writes.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use domain::{Conversation, Timestamp, TurnKey};
use futures::executor::block_on;
use futures::future::join_all;
use ports::{Admission, Admitted, MessageStore};

use super::{NOW, key};
use crate::{Settings, Sqlite, SqliteMessages};

/// Where the file is, for the process that is to be killed.
const FILE: &str = "COACH_SQLITE_KILLED";

/// How many conversations are written to at once.
const AT_ONCE: usize = 16;

fn admission(conversation: &str) -> Admission {
    let turn = format!("t-{conversation}");
    Admission {
        turn: TurnKey {
            conversation: key(conversation),
            turn: turn.parse().unwrap(),
        },
        key: turn.parse().unwrap(),
        body: [7; 32],
        user_message: format!("u-{conversation}").parse().unwrap(),
        assistant_message: format!("a-{conversation}").parse().unwrap(),
        text: format!("said in {conversation}").into(),
        sent: None,
        zone: None,
        now: NOW,
        lease_until: Timestamp(u64::MAX),
        over_by: Timestamp(u64::MAX),
        kept_until: Timestamp(u64::MAX),
        holds: Vec::new(),
    }
}

/// Takes in messages without an end, and says of each that it was taken in once it was.
async fn write(store: &SqliteMessages, name: usize) {
    for number in 0.. {
        let conversation = format!("v{name}-{number}");
        let new = Conversation::new(key(&conversation), String::new(), NOW);
        store.create_conversation(&new).await.unwrap();
        let admitted = store.admit(&admission(&conversation)).await.unwrap();
        assert!(matches!(admitted, Admitted::New(_)));
        let mut out = std::io::stdout().lock();
        writeln!(out, "took {conversation}").unwrap();
        out.flush().unwrap();
    }
}

/// What the process does that is to be killed; nothing in any other.
#[test]
fn a_process_writes_until_it_is_killed() {
    let Some(file) = env::var_os(FILE) else {
        return;
    };
    let store = Sqlite::open(&Settings::new(file)).unwrap().messages();
    block_on(join_all((0..AT_ONCE).map(|name| write(&store, name))));
}

/// Lets a process take in so many messages and kills it; what it said that it took in.
fn killed_after(count: usize, file: &Path) -> Vec<String> {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args([
        "--exact",
        "tests::killed::a_process_writes_until_it_is_killed",
    ]);
    child.args(["--nocapture"]).env(FILE, file);
    let mut child = child.stdout(Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(child.stdout.take().unwrap());
    let mut taken = Vec::new();
    for line in said.lines() {
        // The last line may have broken off.
        let Ok(line) = line else { break };
        taken.extend(line.strip_prefix("took ").map(str::to_owned));
        if taken.len() == count {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(taken.len() >= count);
    taken
}

#[test]
fn what_was_answered_is_there_after_a_kill_and_each_turn_is_known_as_left() {
    let directory = tempfile::tempdir().unwrap();
    for count in [1, 40, 133] {
        let file = directory.path().join(format!("{count}.db"));
        let taken = killed_after(count, &file);
        let sqlite = Sqlite::open(&Settings::new(&file)).unwrap();
        let store = sqlite.messages();
        let left = block_on(store.overdue(NOW, usize::MAX)).unwrap();
        for conversation in taken {
            let a = admission(&conversation);
            let messages = block_on(store.messages(&key(&conversation), None, 9)).unwrap();
            assert_eq!(messages, [a.opening(1).user_message]);
            let (record, _) = block_on(store.turn(&a.turn, 0)).unwrap().unwrap();
            assert!(record.is_holder_gone);
            assert!(left.contains(&a.turn));
        }
        let sound: String = block_on(
            sqlite.read(|db| Ok(db.query_row("PRAGMA integrity_check", [], |row| row.get(0))?)),
        )
        .unwrap();
        assert_eq!(sound, "ok");
    }
}
