//! What no contract can ask: of rows that cannot be read, of processes that are gone, and of what
//! is left in the file.

mod killed;

use std::fs;
use std::time::Duration;

use domain::conversation::{PartKind, Said};
use domain::memory::RecalledKind;
use domain::{
    Body, Closing, Conversation, ConversationKey, Ending, Finish, JobKind, Report, Timestamp,
    TurnEvent, TurnKey, UserScope,
};
use ports::{
    Account, Admission, Admitted, Allowance, Begun, Bill, Checkpoint, Expect, Hold, IndexEntry,
    JobsOf, Kind, MemoryIndex, MessageStore, RecordKey, RecordStore, Writer,
};
use rusqlite::{Connection, params};
use tempfile::TempDir;

use crate::holder::Holder;
use crate::{Settings, Sqlite, SqliteMessages};

const NOW: Timestamp = Timestamp(2_000_000_000_000);
const SECOND: Duration = Duration::from_secs(1);

/// A conversation of the only user.
fn key(conversation: &str) -> ConversationKey {
    ConversationKey {
        user: UserScope::stored("ann".parse().unwrap()),
        coach: "c".parse().unwrap(),
        conversation: conversation.parse().unwrap(),
    }
}

/// A file in which a user has talked, and somebody who looks into it from outside.
struct Site {
    directory: TempDir,
    sqlite: Sqlite,
    store: SqliteMessages,
    outside: Connection,
    key: ConversationKey,
}

impl Site {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("coach.db");
        let sqlite = Sqlite::open(&Settings::new(&file)).unwrap();
        let site = Self {
            store: sqlite.messages(),
            sqlite,
            outside: Connection::open(&file).unwrap(),
            directory,
            key: key("v"),
        };
        let new = Conversation::new(site.key.clone(), String::new(), NOW);
        site.store.create_conversation(&new).await.unwrap();
        site
    }

    fn admission(&self, turn: &str, text: &str) -> Admission {
        let hold = Hold {
            of: Allowance::Tokens,
            amount: 5,
            limit: 10,
            until: NOW + 60 * SECOND,
        };
        Admission {
            turn: TurnKey {
                conversation: self.key.clone(),
                turn: turn.parse().unwrap(),
            },
            key: format!("key-{turn}").parse().unwrap(),
            body: [7; 32],
            user_message: format!("user-{turn}").parse().unwrap(),
            assistant_message: format!("assistant-{turn}").parse().unwrap(),
            text: text.into(),
            sent: None,
            zone: None,
            now: NOW,
            lease_until: NOW + 15 * SECOND,
            over_by: NOW + 150 * SECOND,
            kept_until: NOW + 90_000 * SECOND,
            holds: vec![hold],
        }
    }

    /// Begins a turn that has said something in two checkpoints.
    async fn running(&self, turn: &str) -> (Admission, Begun) {
        let a = self.admission(turn, "message of a hedgehog");
        let Admitted::New(begun) = self.store.admit(&a).await.unwrap() else {
            panic!("it begins");
        };
        for (from, words) in [(0, &["zebra ", "one "][..]), (3, &["two "])] {
            let checkpoint = Checkpoint {
                turn: a.turn.clone(),
                fence: begun.fence,
                from,
                events: told(from == 0, words),
                lease_until: NOW + 20 * SECOND,
            };
            self.store.checkpoint(&checkpoint).await.unwrap();
        }
        (a, begun)
    }

    /// Ends a turn that has said all of that.
    async fn finished(&self, turn: &str) -> Admission {
        let (a, begun) = self.running(turn).await;
        let closing = Closing {
            ending: Ending::Finished,
            at: NOW + SECOND,
            jobs: vec![JobKind::Workout, JobKind::Memory],
            report: Report::default(),
        };
        let events = told(true, &["zebra ", "one ", "two "]);
        let finish = Finish::of(a.opening(begun.number).place(), closing, events, None);
        let writer = Writer::Holder(begun.fence);
        self.store.finish(&a.turn, writer, &finish).await.unwrap();
        a
    }

    /// Writes into the file what nobody can read.
    fn spoil(&self, sql: &str) {
        assert!(self.outside.execute(sql, []).unwrap() > 0, "{sql}");
    }

    /// All bytes of the file and of its log.
    fn bytes(&self) -> Vec<u8> {
        let names = ["coach.db", "coach.db-wal"];
        let read = |name| fs::read(self.directory.path().join(name)).unwrap_or_default();
        names.map(read).concat()
    }
}

fn told(started: bool, words: &[&str]) -> Vec<TurnEvent> {
    let said = |word: &&str| {
        TurnEvent::Said(Said {
            kind: PartKind::Reply,
            stage: None,
            text: (*word).into(),
        })
    };
    let begin = started.then_some(TurnEvent::Started);
    begin.into_iter().chain(words.iter().map(said)).collect()
}

#[tokio::test]
async fn a_message_that_cannot_be_read_keeps_its_place() {
    let site = Site::new().await;
    let a = site.finished("t1").await;
    site.spoil("UPDATE messages SET pieces = '[' WHERE number = 2");
    let messages = site.store.messages(&site.key, None, 9).await.unwrap();
    let [reply, asked] = &messages[..] else {
        panic!("there are two: {messages:?}");
    };
    assert_eq!((reply.number, &reply.body), (2, &Body::Unreadable));
    assert_eq!(reply.id, a.assistant_message);
    assert_eq!(asked.content(), "message of a hedgehog");
    // The turn has its beginning and its ending.
    let (record, events) = site.store.turn(&a.turn, 0).await.unwrap().unwrap();
    assert!(matches!(
        &events[..],
        [TurnEvent::Started, TurnEvent::Ended(_)]
    ));
    assert_eq!(record.kept, 2);
    site.spoil("UPDATE messages SET id = 'no id' WHERE number = 1");
    let messages = site.store.messages(&site.key, None, 9).await.unwrap();
    assert_eq!(
        (messages[1].number, &messages[1].body),
        (1, &Body::Unreadable)
    );
}

#[tokio::test]
async fn of_events_that_cannot_be_read_those_before_them_are_kept() {
    let site = Site::new().await;
    let (a, _) = site.running("t1").await;
    let whole = site.store.turn(&a.turn, 0).await.unwrap().unwrap();
    assert_eq!((whole.0.kept, whole.1.len()), (4, 4));
    site.spoil("UPDATE events SET text = 'tw' WHERE number = 3");
    let (record, events) = site.store.turn(&a.turn, 0).await.unwrap().unwrap();
    assert_eq!((record.kept, events), (3, told(true, &["zebra ", "one "])));
    site.spoil("DELETE FROM events WHERE number = 0");
    let (record, events) = site.store.turn(&a.turn, 0).await.unwrap().unwrap();
    assert_eq!((record.kept, events.len()), (0, 0));
}

#[tokio::test]
async fn what_cannot_be_read_of_jobs_and_conversations_is_left_out_by_itself() {
    let site = Site::new().await;
    let a = site.finished("t1").await;
    site.spoil("UPDATE jobs SET state = 'x' WHERE kind = 'memory'");
    let of = JobsOf::Turn(a.turn.clone());
    let (jobs, later) = (site.store.jobs(&of).await.unwrap(), NOW + 9 * SECOND);
    assert!(matches!(&jobs[..], [job] if job.kind == JobKind::Workout));
    let claimed = site.store.claim_jobs(&of, later, later, 1).await.unwrap();
    assert!(matches!(&claimed[..], [job] if job.kind == JobKind::Workout));
    site.spoil("UPDATE conversations SET tags = '['");
    let found = site.store.conversation(&site.key).await.unwrap().unwrap();
    assert!(found.tags.is_empty() && found.messages == 2);
    site.spoil("UPDATE conversations SET active = 'no id'");
    let user = &site.key.user;
    let listed = site.store.conversations(user, &site.key.coach, None, 9);
    assert!(listed.await.unwrap().items.is_empty());
    let all = site.store.all_conversations(user, None, 9).await.unwrap();
    assert_eq!(all.items, [Err(site.key.clone())]);
    assert!(site.store.conversation(&site.key).await.is_err());
    assert!(site.store.erase(user, NOW, 99).await.unwrap().is_complete);
}

#[tokio::test]
async fn a_turn_of_a_process_that_is_gone_is_named_until_somebody_goes_on_with_it() {
    let site = Site::new().await;
    let (a, begun) = site.running("t1").await;
    let file = fs::canonicalize(site.directory.path().join("coach.db")).unwrap();
    let other = Holder::begin(&file).unwrap();
    let left = "UPDATE turns SET holder = ?1 WHERE closing IS NULL";
    site.outside.execute(left, params![other.name()]).unwrap();
    let holder = || -> String {
        let held = "SELECT holder FROM turns WHERE closing IS NULL";
        site.outside.query_row(held, [], |row| row.get(0)).unwrap()
    };
    let look = async || {
        let (record, _) = site.store.turn(&a.turn, 0).await.unwrap().unwrap();
        let named = site.store.overdue(NOW, 9).await.unwrap();
        assert_eq!(named.contains(&a.turn), record.is_holder_gone);
        record.is_holder_gone
    };
    assert!(!look().await, "it is alive");
    drop(other);
    assert!(look().await);
    assert!(site.store.overdue(NOW, 0).await.unwrap().is_empty());
    let checkpoint = Checkpoint {
        turn: a.turn.clone(),
        fence: begun.fence,
        from: 4,
        events: Vec::new(),
        lease_until: NOW + 21 * SECOND,
    };
    site.store.checkpoint(&checkpoint).await.unwrap();
    assert!(!look().await, "this process has gone on with it");
    assert_eq!(holder(), site.sqlite.holder().name());
}

#[tokio::test]
async fn of_an_erased_user_no_word_is_left_in_the_file() {
    let site = Site::new().await;
    let user = &site.key.user;
    site.finished("t1").await;
    let (records, index) = (site.sqlite.records(), site.sqlite.index());
    let at = RecordKey {
        owner: user.clone(),
        kind: Kind::Memory,
        id: "m".parse().unwrap(),
    };
    // Long enough that some of it is on pages of its own.
    let body = "afraid of a walrus. ".repeat(50_000);
    let put = records.put(&at, body.as_bytes(), None, Expect::Absent);
    assert!(put.await.unwrap());
    let account = Account {
        issuer: "https://issuer.example".to_owned(),
        subject: "ostrich".to_owned(),
    };
    records.bind(&account, user).await.unwrap();
    let entry = IndexEntry {
        kind: RecalledKind::Memory,
        id: "m".to_owned(),
        coach: None,
        text: "likes a giraffe".to_owned(),
        created: NOW,
        tags: vec!["tag of a lemur".to_owned()],
    };
    index.upsert(user, &entry, &Bill::default()).await.unwrap();
    let words = [
        "hedgehog", "zebra", "walrus", "ostrich", "giraffe", "lemur", "graf",
    ];
    let is_there = |word: &&str| {
        let bytes = site.bytes();
        bytes
            .windows(word.len())
            .any(|part| part == word.as_bytes())
    };
    assert_eq!(words[..6].iter().filter(|word| is_there(word)).count(), 6);
    site.store.erase(user, NOW, 9_999).await.unwrap();
    records.erase(user, NOW, 9_999).await.unwrap();
    index.erase(user).await.unwrap();
    let left: Vec<_> = words.iter().filter(|word| is_there(word)).collect();
    assert!(left.is_empty(), "{left:?}");
    let length = fs::metadata(site.directory.path().join("coach.db"))
        .unwrap()
        .len();
    assert!(length < 500_000, "free pages were not given back: {length}");
}

#[tokio::test]
async fn what_has_expired_is_let_go_of_some_at_a_time() {
    let site = Site::new().await;
    for turn in 0..20 {
        site.finished(&format!("t{turn}")).await;
        site.spoil("DELETE FROM holds");
    }
    let count = |table: &str| -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        site.outside.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    let admit_at = async |turn: &str, now| {
        let a = site.admission(turn, "later");
        let (kept_until, over_by) = (now + 90_000 * SECOND, now + 9 * SECOND);
        let later = Admission {
            now,
            kept_until,
            over_by,
            ..a
        };
        let answer = site.store.admit(&later).await.unwrap();
        assert!(matches!(answer, Admitted::New(_)));
        site.spoil("UPDATE conversations SET active = NULL");
        (count("requests"), count("turns"))
    };
    let until = NOW + 90_000 * SECOND;
    let (day, season) = (86_400 * SECOND, 90 * 86_400 * SECOND);
    assert_eq!(admit_at("u0", until + SECOND).await, (21, 21));
    assert_eq!(admit_at("u1", until + day).await, (21 - 8 + 1, 22));
    assert_eq!(admit_at("u2", until + day).await, (21 - 16 + 2, 23));
    // Turns that have left jobs stay longer.
    assert_eq!(admit_at("u3", until + season).await.1, 23 - 8 + 1);
}

#[tokio::test]
async fn what_was_spent_adds_up_however_much_it_is() {
    let site = Site::new().await;
    let mut third = site.admission("t3", "x");
    for (turn, spent) in [("t1", 5), ("t2", u64::MAX)] {
        let a = site.finished(turn).await;
        let spent = [(Allowance::Tokens, spent)];
        site.store.settle_hold(&a.turn, &spent).await.unwrap();
    }
    third.holds[0].limit = u64::MAX;
    let refused = Admitted::OverLimit {
        of: Allowance::Tokens,
        until: third.holds[0].until,
    };
    assert_eq!(site.store.admit(&third).await.unwrap(), refused);
}

#[tokio::test]
async fn the_queries_of_the_documentation_tell_what_they_say() {
    let site = Site::new().await;
    site.finished("t1").await;
    site.spoil("DELETE FROM holds");
    site.running("t2").await;
    site.spoil("UPDATE jobs SET state = '{\"dead\":\"unavailable\"}' WHERE kind = 'memory'");
    let records = site.sqlite.records();
    let at = RecordKey {
        owner: site.key.user.clone(),
        kind: Kind::Memory,
        id: "m".parse().unwrap(),
    };
    let body = br#"{"content":"likes rowing","createdAt":"2026-01-01T00:00:00Z"}"#;
    records.put(&at, body, None, Expect::Absent).await.unwrap();
    let page = include_str!("../../../docs/storage.md");
    let queries = page.split("```sql\n").skip(1);
    let queries: Vec<_> = queries
        .filter_map(|rest| rest.split("```").next())
        .collect();
    let told = queries.iter().map(|query| {
        let mut statement = site.outside.prepare(query).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        let mut all = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let column = |at| {
                let value = row.get_ref(at).unwrap();
                let number = value.as_i64().map(|number| number.to_string());
                let text = || value.as_str_or_null().unwrap().unwrap_or("-").to_owned();
                number.unwrap_or_else(|_| text())
            };
            all.push((0..columns).map(column).collect::<Vec<_>>().join(" | "));
        }
        all
    });
    let expected = [
        vec![
            "1 | user | 2033-05-18 03:33:20 | message of a hedgehog",
            "2 | assistant | 2033-05-18 03:33:20 | zebra one two ",
            "3 | user | 2033-05-18 03:33:20 | message of a hedgehog",
        ],
        vec!["ann | likes rowing | 2026-01-01T00:00:00Z"],
        vec![
            "runs | ann | t2 | - | 2033-05-18 03:33:40",
            "given up | ann | t1 | memory | unavailable",
        ],
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}
