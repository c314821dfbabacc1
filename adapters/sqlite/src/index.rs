//! The index: entries, and where each of their terms is among those of the same user.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use domain::memory::RecalledKind;
use domain::{Recalled, UserScope};
use ports::lexical::{self, Asked, Entry, Posting, Postings, Read, Shelf, Spelled, Term};
use ports::{Bill, IndexEntry, MemoryIndex, PortError, Search, stored};
use rusqlite::{Connection, Row, params};

use crate::Sqlite;
use crate::fault::{Result, unreadable};
use crate::row::{Columns, at, count};

/// An index in a SQLite file that compares words and parts of words, and knows nothing of what they
/// mean: see [`lexical`]. What one user has is compared with nothing of another's.
#[derive(Debug, Clone)]
pub struct SqliteIndex {
    sqlite: Sqlite,
    /// For all, and in memory.
    shared: Arc<Shelf>,
}

impl SqliteIndex {
    pub(crate) fn new(sqlite: Sqlite) -> Self {
        let shared = Arc::default();
        Self { sqlite, shared }
    }

    /// Adds what every user finds and nobody changes, such as a methodology. It is not in the file.
    #[must_use]
    pub fn with_shared(mut self, entries: impl IntoIterator<Item = IndexEntry>) -> Self {
        let shared = Arc::make_mut(&mut self.shared);
        for told in entries {
            let read = Read::at_once(&told);
            shared.put(Entry { told, read });
        }
        self
    }

    /// Reads what a user has, and tells what of it was taken apart otherwise.
    async fn own(
        &self,
        owner: &UserScope,
        asked: &Arc<Asked>,
    ) -> ports::Result<(Shelf, Vec<IndexEntry>)> {
        let (owner, asked) = (owner.clone(), asked.clone());
        self.sqlite.read(move |db| shelf(db, &owner, &asked)).await
    }

    /// Takes an entry apart as it is done now, unless it has been changed or removed meanwhile.
    async fn read_again(&self, owner: &UserScope, entry: &IndexEntry) -> ports::Result<()> {
        let spelled = Spelled::of(entry).await;
        let (owner, entry) = (owner.clone(), entry.clone());
        let put = move |db: &_| {
            if get(db, &owner, &entry)?.as_ref() == Some(&entry) {
                put(db, &owner, &entry, &spelled)?;
            }
            Ok(())
        };
        self.sqlite.write(put).await
    }
}

#[async_trait]
impl MemoryIndex for SqliteIndex {
    async fn search(&self, search: &Search, _: &Bill) -> ports::Result<Vec<Recalled>> {
        let asked = Arc::new(Asked::of(&search.text).await);
        let (mut own, otherwise) = self.own(&search.owner, &asked).await?;
        if !otherwise.is_empty() {
            for entry in &otherwise {
                self.read_again(&search.owner, entry).await?;
            }
            (own, _) = self.own(&search.owner, &asked).await?;
        }
        Ok(lexical::search(&self.shared, &own, &asked, search).await)
    }

    async fn upsert(&self, owner: &UserScope, entry: &IndexEntry, _: &Bill) -> ports::Result<()> {
        let spelled = Spelled::of(entry).await;
        let (owner, entry) = (owner.clone(), entry.clone());
        let put = move |db: &_| put(db, &owner, &entry, &spelled);
        self.sqlite.write(put).await
    }

    async fn delete(&self, owner: &UserScope, kind: RecalledKind, id: &str) -> ports::Result<()> {
        let (owner, id) = (owner.clone(), id.to_owned());
        let remove = move |db: &_| remove(db, &owner, kind, &id);
        self.sqlite.write(remove).await
    }

    async fn erase(&self, owner: &UserScope) -> ports::Result<()> {
        let mut is_empty = true;
        loop {
            let owner = owner.clone();
            let removed = self.sqlite.write(move |db| clear(db, &owner)).await?;
            is_empty = is_empty && removed == 0;
            if removed < AT_ONCE {
                break;
            }
        }
        if !is_empty {
            self.sqlite.scrub().await?;
        }
        Ok(())
    }
}

/// How many entries are erased in one transaction, so that other writers get their turn.
const AT_ONCE: usize = 32;

/// What a kind is called in a column.
fn name(kind: RecalledKind) -> &'static str {
    match kind {
        RecalledKind::Memory => "memory",
        RecalledKind::Workout => "workout",
        RecalledKind::Summary => "summary",
        RecalledKind::Methodology => "methodology",
    }
}

const KINDS: [RecalledKind; 4] = [
    RecalledKind::Memory,
    RecalledKind::Workout,
    RecalledKind::Summary,
    RecalledKind::Methodology,
];

/// What terms are: words, or parts of them.
#[derive(Clone, Copy)]
enum Sort {
    Word,
    Part,
}

impl Sort {
    fn name(self) -> &'static str {
        match self {
            Self::Word => "word",
            Self::Part => "part",
        }
    }
}

/// Replaces an entry as a whole: its terms are removed with it.
fn put(db: &Connection, owner: &UserScope, entry: &IndexEntry, spelled: &Spelled) -> Result<()> {
    remove(db, owner, entry.kind, &entry.id)?;
    let user = owner.user().as_str();
    let length = |terms: &BTreeMap<String, u32>| terms.values().sum::<u32>();
    db.prepare_cached(
        "INSERT INTO entries (user, kind, id, coach, text, created, tags, words, parts, reading)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        user,
        name(entry.kind),
        entry.id,
        entry.coach.as_ref().map(|coach| coach.as_str()),
        entry.text,
        at(entry.created),
        stored::json(&entry.tags)?,
        length(&spelled.words),
        length(&spelled.parts),
        lexical::READING,
    ])?;
    let number = db.last_insert_rowid();
    let mut statement = db.prepare_cached(
        "INSERT INTO postings (user, sort, term, entry, times) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (sort, terms) in [(Sort::Word, &spelled.words), (Sort::Part, &spelled.parts)] {
        for (term, times) in terms {
            statement.execute(params![user, sort.name(), term, number, times])?;
        }
    }
    Ok(())
}

/// Returns the entry that is kept in the place of this one.
fn get(db: &Connection, owner: &UserScope, entry: &IndexEntry) -> Result<Option<IndexEntry>> {
    let mut statement =
        db.prepare_cached("SELECT * FROM entries WHERE user = ?1 AND kind = ?2 AND id = ?3")?;
    let mut rows = statement.query([owner.user().as_str(), name(entry.kind), &entry.id])?;
    let found = rows.next()?.map(read).transpose()?;
    Ok(found.map(|(entry, _)| entry))
}

fn remove(db: &Connection, owner: &UserScope, kind: RecalledKind, id: &str) -> Result<()> {
    db.prepare_cached("DELETE FROM entries WHERE user = ?1 AND kind = ?2 AND id = ?3")?
        .execute([owner.user().as_str(), name(kind), id])?;
    Ok(())
}

/// Removes some of a user's entries, and returns how many.
fn clear(db: &Connection, owner: &UserScope) -> Result<usize> {
    let removed = db
        .prepare_cached(
            "DELETE FROM entries WHERE entry IN
               (SELECT entry FROM entries WHERE user = ?1 LIMIT ?2)",
        )?
        .execute(params![owner.user().as_str(), count(AT_ONCE)])?;
    Ok(removed)
}

/// Returns what a user has, and where among it the terms are that are asked for; and what of it was
/// taken apart otherwise than it is done now.
fn shelf(db: &Connection, owner: &UserScope, asked: &Asked) -> Result<(Shelf, Vec<IndexEntry>)> {
    let mut statement = db.prepare_cached("SELECT * FROM entries WHERE user = ?1")?;
    let mut rows = statement.query([owner.user().as_str()])?;
    let (mut entries, mut places, mut otherwise) = (Vec::new(), HashMap::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let number: i64 = row.get("entry")?;
        let entry = read(row).map_err(PortError::from);
        let log = format!("{owner}/entry {number}");
        if let Some(entry) = stored::if_readable(entry, log) {
            if row.get::<_, u32>("reading")? != lexical::READING {
                otherwise.push(entry.0.clone());
            }
            places.insert(number, entries.len());
            entries.push(entry);
        }
    }
    let find = Find { db, owner, places };
    let words = find.all(Sort::Word, asked.words())?;
    let parts = asked.parts();
    let parts = parts.iter().map(|(term, part)| (*term, part.as_str()));
    let parts = find.all(Sort::Part, parts)?;
    Ok((Shelf::known(entries, words, parts), otherwise))
}

/// An entry, and how many words and parts of words it has.
fn read(row: &Row<'_>) -> Result<(IndexEntry, [f32; 2])> {
    let columns = Columns(row);
    let kind = columns.text("kind")?;
    let known = KINDS.into_iter().find(|known| name(*known) == kind);
    let entry = IndexEntry {
        kind: known.ok_or_else(|| unreadable("kind"))?,
        id: columns.text("id")?.to_owned(),
        coach: columns.opt_parsed("coach")?,
        text: columns.text("text")?.to_owned(),
        created: columns.time("created")?,
        tags: columns.json("tags")?,
    };
    Ok((entry, [row.get("words")?, row.get("parts")?]))
}

/// Finds terms among a user's entries.
struct Find<'a> {
    db: &'a Connection,
    owner: &'a UserScope,
    /// The place of each entry, by its number.
    places: HashMap<i64, usize>,
}

impl Find<'_> {
    fn all<'t>(
        &self,
        sort: Sort,
        terms: impl Iterator<Item = (Term, &'t str)>,
    ) -> Result<Postings> {
        let mut postings = Postings::default();
        if self.places.is_empty() {
            return Ok(postings);
        }
        let mut statement = self.db.prepare_cached(
            "SELECT entry, times FROM postings WHERE user = ?1 AND sort = ?2 AND term = ?3
             ORDER BY entry",
        )?;
        let user = self.owner.user().as_str();
        for (term, spelled) in terms {
            let mut rows = statement.query([user, sort.name(), spelled])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                if let Some(place) = self.places.get(&row.get(0)?) {
                    found.push(Posting {
                        place: *place,
                        times: row.get(1)?,
                    });
                }
            }
            postings.tell(term, found);
        }
        Ok(postings)
    }
}

#[cfg(test)]
mod tests;
