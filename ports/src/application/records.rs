//! Reading and changing what is known about a user.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use domain::{Fault, Timestamp, UserScope};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::{NoContext, Uuid};

use crate::{Expect, Kind, Pace, PortError, Ports, Record, RecordKey, Result, Term, stored};

/// How many records are read at once.
const PAGE: usize = 100;

/// How many steps it takes to read a letter of a record, as [`Pace`] counts them.
const STEPS: usize = 4;

/// How long a change is tried again that others came before, or that a store gave no answer to.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);

/// The pause before a change without an answer is tried again.
pub(super) const PACE: Duration = Duration::from_millis(200);

/// For how many milliseconds a record remembers a change, and how many at most: longer than anybody
/// asks for it.
const REMEMBERED: (u64, usize) = (60_000, 100);

/// Returns a user's newest records of a kind, without those that cannot be read.
pub async fn newest<T: DeserializeOwned>(
    ports: &Ports,
    owner: &UserScope,
    kind: Kind,
    most: usize,
) -> Result<Vec<T>> {
    let found = newest_records(ports, owner, kind, most).await?;
    Ok(found.iter().filter_map(readable).collect())
}

/// Reads all of a kind that a user has, the newest first, however many those are: each as what it
/// was written as, or why it cannot be read. For what nobody may pass over, such as safety facts.
pub async fn all<T: DeserializeOwned>(
    ports: &Ports,
    owner: &UserScope,
    kind: Kind,
) -> Result<Vec<Result<T>>> {
    let found = newest_records(ports, owner, kind, usize::MAX).await?;
    let (mut all, mut pace) = (Vec::with_capacity(found.len()), Pace::default());
    for record in &found {
        pace.did(STEPS * record.body.len()).await;
        all.push(read(record));
    }
    Ok(all)
}

/// Returns a user's newest records of a kind, at most `most` of them.
pub async fn newest_records(
    ports: &Ports,
    owner: &UserScope,
    kind: Kind,
    most: usize,
) -> Result<Vec<Record>> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let left = PAGE.min(most - found.len());
        let page = ports.records.list(owner, kind, None, after, left);
        let page = ports.clock.answered(page).await?;
        found.extend(page.items);
        after = page.next;
        if after.is_none() || found.len() >= most {
            return Ok(found);
        }
    }
}

/// Makes a record what `change` makes of it, however many change it at once. Returns what it is
/// now, or `None` if `change` has left it as it was. Looks for a change whose answer was lost
/// before making it again, so that each counts once, also if another process makes an equal one.
/// Returns an error, and changes nothing, if the record cannot be read. A record that ends still
/// ends when it would have.
pub async fn amend<T, F>(ports: &Ports, at: &RecordKey, change: F) -> Result<Option<T>>
where
    T: Serialize + DeserializeOwned,
    F: Fn(Option<T>) -> Option<T>,
{
    let began = ports.clock.now();
    // One mark for all tries: by it a try that was made is known, whatever became of its answer.
    let mark = own_id(began).simple().to_string();
    loop {
        let tried = try_to_amend(ports, at, &mark, &change).await;
        let is_late = ports.clock.now() >= began + PATIENCE;
        let pause = match tried {
            Ok(Tried::Is(known)) => return Ok(known),
            Ok(Tried::Outrun) if is_late => {
                return Err(PortError::new("records", Fault::Unavailable));
            }
            Err(error) if is_late || is_final(error.fault) => return Err(error),
            // All who were outrun wait, but not equally long: else one of them would win each time.
            Ok(Tried::Outrun) => unequal_pause(at, ports.clock.now()),
            // It may have been done.
            Err(_) => PACE,
        };
        ports.clock.sleep(pause).await;
    }
}

/// Returns 1 to 16 ms. The pause follows from when it was asked for, so that a simulated run can be
/// played again; no two processes ask at the same moments for long.
fn unequal_pause(at: &RecordKey, now: Timestamp) -> Duration {
    let mut hasher = DefaultHasher::new();
    (at, now).hash(&mut hasher);
    Duration::from_millis(1 + hasher.finish() % 16)
}

/// What became of one try at a change.
enum Tried<T> {
    /// There is nothing more to do, and this is what it has come to.
    Is(Option<T>),
    /// Another has changed the record since it was read.
    Outrun,
}

async fn try_to_amend<T, F>(
    ports: &Ports,
    at: &RecordKey,
    mark: &str,
    change: &F,
) -> Result<Tried<T>>
where
    T: Serialize + DeserializeOwned,
    F: Fn(Option<T>) -> Option<T>,
{
    let record = ports.clock.answered(ports.records.get(at)).await?;
    let (value, mut changes, expect) = match &record {
        None => (None, Vec::new(), Expect::Absent),
        Some(record) => {
            let Amended { value, changes } = read(record)?;
            (Some(value), changes, Expect::Version(record.version))
        }
    };
    if changes.iter().any(|known| known == mark) {
        return Ok(Tried::Is(value));
    }
    let Some(value) = change(value) else {
        return Ok(Tried::Is(None));
    };
    // Marks begin with their time, so the old ones are those that sort before it.
    let oldest = time_of_mark(Timestamp(ports.clock.now().0.saturating_sub(REMEMBERED.0)));
    changes.retain(|known| *known >= oldest);
    changes.push(mark.to_owned());
    let ends = record.and_then(|record| record.until);
    let term = ends.map(|until| Term {
        from: ports.clock.now(),
        until,
    });
    let outdated = changes.len().saturating_sub(REMEMBERED.1);
    let amended = Amended {
        value,
        changes: changes.split_off(outdated),
    };
    let body = body(&amended)?;
    let put = ports.records.put(at, &body, term, expect);
    let is_taken = ports.clock.answered(put).await?;
    Ok(if is_taken {
        Tried::Is(Some(amended.value))
    } else {
        Tried::Outrun
    })
}

/// A record with the marks of those that changed it last. By its mark a change that got no answer
/// is found again; and because of the marks, no two changes have the same bytes.
#[derive(Serialize, Deserialize)]
struct Amended<T> {
    #[serde(flatten)]
    value: T,
    #[serde(default)]
    changes: Vec<String>,
}

/// Makes a mark that no other change has: it begins with the time, and the rest is chance.
fn own_id(now: Timestamp) -> Uuid {
    // Without a context: nobody asks which of two marks came first, and one would give them the
    // latest time that this process has seen, of whichever clock, instead of `now`.
    let nanos = u32::try_from(now.0 % 1_000 * 1_000_000).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, now.0 / 1_000, nanos))
}

/// Returns what the marks of this time begin with.
fn time_of_mark(at: Timestamp) -> String {
    format!("{:012x}", at.0)
}

/// Returns whether asking again will not help, because nothing was done for a reason that stays.
pub(super) fn is_final(fault: Fault) -> bool {
    matches!(fault, Fault::Rejected | Fault::TooLong)
}

/// Reads a record's body as what it was written as. The error names the record, and nothing that it
/// says.
pub fn read<T: DeserializeOwned>(record: &Record) -> Result<T> {
    stored::read_json(&record.body).map_err(|PortError { fault, source, .. }| {
        let why = source.map(|source| source.to_string()).unwrap_or_default();
        PortError {
            fault,
            adapter: "records",
            source: Some(format!("{}: {why}", record.at).into()),
        }
    })
}

/// Reads a record's body; returns `None`, and logs that, if it cannot be read.
pub fn readable<T: DeserializeOwned>(record: &Record) -> Option<T> {
    stored::if_readable(read(record), &record.at)
}

/// Returns the bytes of a record's body.
pub fn body<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    stored::json(value).map(String::into_bytes)
}
