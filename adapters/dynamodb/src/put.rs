//! Writing a record.

use domain::{Fault, Timestamp};
use ports::{Expect, PortError, RecordKey, Result, Term, stored};

use crate::ROUNDS;
use crate::change::{Change, Changed};
use crate::erase::not_erased;
use crate::fault::{contended, too_long};
use crate::item::{Item, bytes, number};
use crate::key::Key;
use crate::map;
use crate::table::{TTL, Table};

/// The longest body: an item takes 400 KiB, its key and the rest included.
const LONGEST: usize = 390 * 1024;

/// What is to be written.
#[derive(Clone, Copy)]
struct Written<'a> {
    at: &'a RecordKey,
    body: &'a [u8],
    until: Option<Timestamp>,
}

/// Writes a record if it is as `expect` says.
pub(crate) async fn put(
    table: &Table,
    at: &RecordKey,
    body: &[u8],
    term: Option<Term>,
    expect: Expect,
) -> Result<bool> {
    if body.len() > LONGEST {
        return Err(too_long());
    }
    let until = term.map(|term| term.until);
    let written = Written { at, body, until };
    match expect {
        // An erased user has no record at any version.
        Expect::Version(version) => {
            let change = written.over(version);
            Ok(match change.make(table.client(), table.name()).await? {
                Changed::Now(_) => true,
                // This very write is there: an earlier try has made it.
                Changed::Not(found) => found.is_some_and(|found| written.is(&found)),
            })
        }
        Expect::Absent => make(table, written, true).await,
        Expect::Anything => make(table, written, false).await,
    }
}

/// Writes a record that perhaps is not there yet, unless its user is being erased.
async fn make(table: &Table, written: Written<'_>, must_be_new: bool) -> Result<bool> {
    let owner = &written.at.owner;
    for _ in 0..ROUNDS {
        let change = if must_be_new {
            let new = "attribute_not_exists(#pk)";
            written.change().only_if(new, [])
        } else {
            written.unless_there()
        };
        let writes = vec![not_erased(table, owner)?, change.write(table.name())?];
        if table.transact(writes).await? {
            return Ok(true);
        }
        let (key, mark) = (Key::record(written.at), Key::erased(owner));
        let [found, erased] = table.items([&key, &mark]).await?;
        if erased.is_some() {
            let source = Some("the user was erased".into());
            return Err(PortError {
                fault: Fault::Rejected,
                adapter: "dynamodb",
                source,
            });
        }
        match found {
            Some(found) if written.is(&found) => return Ok(true),
            Some(_) if must_be_new => return Ok(false),
            // It was only in somebody's way, or what stood there has changed since.
            Some(_) | None => {}
        }
    }
    Err(contended())
}

impl Written<'_> {
    fn change(self) -> Change {
        let change = Change::of(Key::record(self.at))
            .set("v", number(stored::FORM))
            .set("body", bytes(self.body.to_vec()))
            .add("version", number(1));
        match self.until {
            Some(until) => change
                .set("until", number(until.0))
                .set(TTL, map::record_ttl(until)),
            None => change.remove("until").remove(TTL),
        }
    }

    /// Writes it unless it is there already.
    fn unless_there(self) -> Change {
        let condition = format!("attribute_not_exists(#pk) OR {}", self.differs());
        self.change().only_if(&condition, self.values())
    }

    /// Writes it over this version, unless that is itself.
    fn over(self, version: u64) -> Change {
        let condition = format!("#version = :seen AND {}", self.differs());
        let mut values = self.values();
        values.push(("seen", number(version)));
        self.change().only_if(&condition, values)
    }

    /// The condition that what is there is not this.
    fn differs(self) -> &'static str {
        match self.until {
            Some(_) => "(#body <> :body OR attribute_not_exists(#until) OR #until <> :until)",
            None => "(#body <> :body OR attribute_exists(#until))",
        }
    }

    fn values(self) -> Vec<(&'static str, aws_sdk_dynamodb::types::AttributeValue)> {
        let until = self.until.map(|until| ("until", number(until.0)));
        let body = ("body", bytes(self.body.to_vec()));
        [body].into_iter().chain(until).collect()
    }

    /// Whether an item says the same, and until the same end.
    fn is(self, found: &Item) -> bool {
        let ends = self.until.map(|until| number(until.0));
        let body = bytes(self.body.to_vec());
        found.get("body") == Some(&body) && found.get("until") == ends.as_ref()
    }
}
