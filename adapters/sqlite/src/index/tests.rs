use domain::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::Settings;

struct Index {
    index: SqliteIndex,
    owner: UserScope,
    _directory: TempDir,
}

impl Index {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("coach.db");
        let sqlite = Sqlite::open(&Settings::new(file)).unwrap();
        Self {
            index: sqlite.index(),
            owner: UserScope::stored("ann".parse().unwrap()),
            _directory: directory,
        }
    }

    async fn keep(&self, owner: &UserScope, id: &str, text: &str) {
        let entry = IndexEntry {
            kind: RecalledKind::Memory,
            id: id.to_owned(),
            coach: None,
            text: text.to_owned(),
            created: Timestamp(1),
            tags: Vec::new(),
        };
        let bill = Bill::default();
        self.index.upsert(owner, &entry, &bill).await.unwrap();
    }

    async fn find(&self, text: &str) -> Vec<Recalled> {
        let search = Search {
            owner: self.owner.clone(),
            coach: "c".parse().unwrap(),
            text: text.to_owned(),
            kinds: Vec::new(),
            limit: 10,
        };
        self.index.search(&search, &Bill::default()).await.unwrap()
    }

    async fn count(&self, table: &'static str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        let count = move |db: &Connection| Ok(db.query_row(&sql, [], |row| row.get(0))?);
        self.index.sqlite.read(count).await.unwrap()
    }
}

#[tokio::test]
async fn chinese_and_japanese_are_found_by_pairs_of_letters() {
    let index = Index::new();
    index.keep(&index.owner, "knee", "我的膝盖很疼").await;
    index
        .keep(&index.owner, "squat", "スクワットが好きです")
        .await;
    index.keep(&index.owner, "run", "我每天早上跑步").await;
    for (asked, first) in [
        ("膝盖受伤", "knee"),
        ("スクワット", "squat"),
        ("跑步鞋", "run"),
    ] {
        let hits = index.find(asked).await;
        assert_eq!(
            hits.first().map(|hit| hit.id.as_str()),
            Some(first),
            "{asked}"
        );
    }
}

#[tokio::test]
async fn what_others_have_changes_no_score() {
    let index = Index::new();
    index.keep(&index.owner, "knee", "left knee hurts").await;
    index.keep(&index.owner, "row", "rows on Monday").await;
    let before = index.find("my knee").await;
    assert_eq!(before.len(), 1);
    for other in ["bob", "eve"] {
        let other = UserScope::stored(other.parse().unwrap());
        for number in 0..20 {
            let id = format!("m{number}");
            index
                .keep(&other, &id, "knee, my knee, and my other knee")
                .await;
        }
    }
    assert_eq!(index.find("my knee").await, before);
}

#[tokio::test]
async fn an_entry_that_is_replaced_or_removed_leaves_no_term_of_it() {
    let index = Index::new();
    index.keep(&index.owner, "m", "left knee hurts").await;
    index.keep(&index.owner, "m", "right").await;
    assert!(index.find("knee").await.is_empty());
    // The word, and its parts of 3 and 4 letters.
    assert_eq!(index.count("postings").await, 1 + 5 + 4);
    let removed = index.index.delete(&index.owner, RecalledKind::Memory, "m");
    removed.await.unwrap();
    assert_eq!(index.count("postings").await, 0);
    for number in 0..2 * AT_ONCE + 1 {
        let id = format!("m{number}");
        index.keep(&index.owner, &id, "left knee hurts").await;
    }
    index.index.erase(&index.owner).await.unwrap();
    assert_eq!(
        index.count("postings").await + index.count("entries").await,
        0
    );
}

#[tokio::test]
async fn what_was_taken_apart_otherwise_is_read_again_as_somebody_searches() {
    let index = Index::new();
    index.keep(&index.owner, "m", "left knee hurts").await;
    let spoil = |db: &Connection| {
        db.execute("UPDATE postings SET term = term || 'x'", [])?;
        db.execute("UPDATE entries SET reading = 0", [])?;
        Ok(())
    };
    index.index.sqlite.write(spoil).await.unwrap();
    let found = index.find("knee").await;
    assert_eq!(found.len(), 1);
    assert_eq!(index.find("knee").await, found);
    let as_written = |db: &Connection| {
        let sql = "SELECT count(*) FROM postings WHERE term LIKE '%x'";
        Ok(db.query_row(sql, [], |row| row.get::<_, i64>(0))?)
    };
    assert_eq!(index.index.sqlite.read(as_written).await.unwrap(), 0);
    // What was changed or removed meanwhile stays so.
    let removed = IndexEntry {
        kind: RecalledKind::Memory,
        id: "gone".to_owned(),
        coach: None,
        text: "gone".to_owned(),
        created: Timestamp(1),
        tags: Vec::new(),
    };
    let changed = IndexEntry {
        id: "m".to_owned(),
        ..removed.clone()
    };
    for entry in [removed, changed] {
        index.index.read_again(&index.owner, &entry).await.unwrap();
    }
    assert_eq!(index.find("gone").await, []);
    assert_eq!(index.find("knee").await, found);
}
