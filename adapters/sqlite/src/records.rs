//! Records, and who is bound to whom.

use async_trait::async_trait;
use domain::{GroupId, RecordId, Timestamp, UserScope};
use ports::{
    Account, Binding, Cursor, Erased, Expect, Kind, PAGE, Page, PortError, Record, RecordKey,
    RecordStore, Term, stored,
};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::admit::rejected;
use crate::fault::{Result, unreadable};
use crate::row::{Columns, at, number};
use crate::{Sqlite, erase};

/// How many records that have ended one write lets go of: more than it adds.
const SWEPT: i64 = 8;

/// Sorts after all that can be in an id.
const LAST: &str = "~";

/// Records, and who is bound to whom, in a SQLite file.
#[derive(Debug, Clone)]
pub struct SqliteRecords(pub(crate) Sqlite);

#[async_trait]
impl RecordStore for SqliteRecords {
    async fn get(&self, at: &RecordKey) -> ports::Result<Option<Record>> {
        let at = at.clone();
        self.0.read(move |db| get(db, &at)).await
    }

    async fn list(
        &self,
        owner: &UserScope,
        kind: Kind,
        within: Option<GroupId>,
        after: Option<Cursor>,
        limit: usize,
    ) -> ports::Result<Page<Record>> {
        let list = List {
            owner: owner.clone(),
            kind,
            first: within.map_or_else(String::new, |group| group.prefix()),
            after,
        };
        self.0.read(move |db| list.read(db, limit)).await
    }

    async fn put(
        &self,
        at: &RecordKey,
        body: &[u8],
        term: Option<Term>,
        expect: Expect,
    ) -> ports::Result<bool> {
        let (at, body) = (at.clone(), body.to_vec());
        let put = move |db: &_| put(db, &at, &body, term, expect);
        self.0.write(put).await
    }

    async fn delete(&self, at: &RecordKey) -> ports::Result<bool> {
        let at = at.clone();
        self.0.write(move |db| delete(db, &at)).await
    }

    async fn bind(&self, account: &Account, user: &UserScope) -> ports::Result<Binding> {
        let (account, user) = (account.clone(), user.clone());
        self.0.write(move |db| bind(db, &account, &user)).await
    }

    async fn erase(&self, owner: &UserScope, at: Timestamp, limit: usize) -> ports::Result<Erased> {
        let owner = owner.clone();
        let step = move |db: &_| erase::records(db, &owner, at, limit);
        let erased = self.0.write(step).await?;
        if erased.is_complete && erased.removed > 0 {
            self.0.scrub().await?;
        }
        Ok(erased)
    }
}

/// The three columns that a record is known by, in their order.
fn of(at: &RecordKey) -> [&str; 3] {
    [at.owner.user().as_str(), at.kind.name(), at.id.as_str()]
}

fn get(db: &Connection, at: &RecordKey) -> Result<Option<Record>> {
    let mut statement =
        db.prepare_cached("SELECT * FROM records WHERE user = ?1 AND kind = ?2 AND id = ?3")?;
    let mut rows = statement.query(of(at))?;
    rows.next()?.map(read).transpose()
}

fn read(row: &Row<'_>) -> Result<Record> {
    let columns = Columns(row);
    let (kind, id) = (columns.text("kind")?, columns.text("id")?);
    let known = Kind::ALL.into_iter().find(|known| known.name() == kind);
    let at = RecordKey {
        owner: columns.owner()?,
        kind: known.ok_or_else(|| unreadable("kind"))?,
        id: RecordId::stored(id).ok_or_else(|| unreadable("id"))?,
    };
    Ok(Record {
        at,
        body: columns.bytes("body")?.to_vec(),
        version: columns.number("version")?,
        until: columns.opt_time("until")?,
    })
}

/// Part of the records of a kind.
struct List {
    owner: UserScope,
    kind: Kind,
    /// What the ids begin with.
    first: String,
    after: Option<Cursor>,
}

impl List {
    /// Reads the newest of them, until their bodies fill a page.
    fn read(&self, db: &Connection, limit: usize) -> Result<Page<Record>> {
        let mut statement = db.prepare_cached(
            "SELECT * FROM records WHERE user = ?1 AND kind = ?2 AND id >= ?3 AND id < ?4
             ORDER BY id DESC",
        )?;
        let end = self.after.as_deref().unwrap_or(LAST);
        let end = format!("{}{end}", self.first);
        let (user, kind) = (self.owner.user().as_str(), self.kind.name());
        let mut rows = statement.query([user, kind, &self.first, &end])?;
        let (mut items, mut seen, mut length, mut last) = (Vec::new(), 0, 0, None);
        while let Some(row) = rows.next()? {
            if seen == limit || length >= PAGE {
                return Ok(Page { items, next: last });
            }
            seen += 1;
            let columns = Columns(row);
            last = columns
                .text("id")?
                .strip_prefix(&self.first)
                .map(str::to_owned);
            length += columns.bytes("body")?.len();
            let record = read(row).map_err(PortError::from);
            items.extend(stored::if_readable(record, format!("{user}/{kind}")));
        }
        Ok(Page { items, next: None })
    }
}

fn put(
    db: &Connection,
    key: &RecordKey,
    body: &[u8],
    term: Option<Term>,
    expect: Expect,
) -> Result<bool> {
    let may_make = !matches!(expect, Expect::Version(_));
    if may_make && erase::is_erased(db, &key.owner)? {
        return Err(rejected().into());
    }
    let until = term.map(|term| term.until);
    let known = get(db, key)?;
    let is_same = |known: &Record| known.body == body && known.until == until;
    if known.as_ref().is_some_and(is_same) {
        return Ok(true);
    }
    let version = known.map(|known| known.version);
    let may = match expect {
        Expect::Anything => true,
        Expect::Absent => version.is_none(),
        Expect::Version(expected) => version == Some(expected),
    };
    if !may {
        return Ok(false);
    }
    let [user, kind, id] = of(key);
    // What is text is there for people to read.
    let body = match str::from_utf8(body) {
        Ok(text) => ValueRef::Text(text.as_bytes()),
        Err(_) => ValueRef::Blob(body),
    };
    db.prepare_cached(
        "INSERT OR REPLACE INTO records (user, kind, id, body, version, until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        user,
        kind,
        id,
        ToSqlOutput::Borrowed(body),
        number(version.unwrap_or_default() + 1),
        until.map(at),
    ])?;
    if let Some(term) = term {
        sweep(db, term.from)?;
    }
    Ok(true)
}

/// Lets go of some of what has ended.
fn sweep(db: &Connection, now: Timestamp) -> Result<()> {
    db.prepare_cached(
        "DELETE FROM records WHERE rowid IN
           (SELECT rowid FROM records WHERE until <= ?1 ORDER BY until LIMIT ?2)",
    )?
    .execute([at(now), SWEPT])?;
    Ok(())
}

fn delete(db: &Connection, at: &RecordKey) -> Result<bool> {
    let deleted = db
        .prepare_cached("DELETE FROM records WHERE user = ?1 AND kind = ?2 AND id = ?3")?
        .execute(of(at))?;
    Ok(deleted > 0)
}

fn bind(db: &Connection, account: &Account, user: &UserScope) -> Result<Binding> {
    if erase::is_erased(db, user)? {
        return Ok(Binding::UserIsErased);
    }
    let Account { issuer, subject } = account;
    let user = user.user().as_str();
    let of_account: Option<String> = db
        .prepare_cached("SELECT user FROM bindings WHERE issuer = ?1 AND subject = ?2")?
        .query_row([issuer, subject], |row| row.get(0))
        .optional()?;
    match of_account {
        Some(bound) if bound == user => return Ok(Binding::Bound),
        Some(_) => return Ok(Binding::AccountIsAnothers),
        None => {}
    }
    let mut of_user = db.prepare_cached("SELECT 1 FROM bindings WHERE user = ?1")?;
    if of_user.exists([user])? {
        return Ok(Binding::UserIsAnothers);
    }
    db.prepare_cached("INSERT INTO bindings (issuer, subject, user) VALUES (?1, ?2, ?3)")?
        .execute(params![issuer, subject, user])?;
    Ok(Binding::Bound)
}
