//! What a user's model calls have cost, day by day.

use domain::UserScope;
use domain::turn::CallRecord;
use domain::usage::UsageDay;
use tracing::warn;

use crate::{Expect, Kind, Ports, RecordKey, Result, records};

/// How often an entry is tried again that another process has changed meanwhile.
const TRIES: usize = 8;

/// Adds model calls to the ledger of the user's day.
///
/// It is an account of what happened, and never stands in the way of a turn: an entry that cannot
/// be made is left out and logged.
pub async fn charge(ports: &Ports, owner: &UserScope, calls: &[CallRecord]) {
    if calls.is_empty() {
        return;
    }
    match enter(ports, owner, calls).await {
        Ok(true) => {}
        Ok(false) => warn!("the ledger was too busy for an entry"),
        Err(error) => warn!(error = &error as &dyn std::error::Error, "the ledger could not take an entry"),
    }
}

async fn enter(ports: &Ports, owner: &UserScope, calls: &[CallRecord]) -> Result<bool> {
    let (clock, now) = (&*ports.clock, ports.clock.now());
    let Some(id) = UsageDay::id(now) else { return Ok(false) };
    let at = RecordKey { owner: owner.clone(), kind: Kind::Usage, id };
    for _ in 0..TRIES {
        let (day, expect) = match clock.answered(ports.records.get(&at)).await? {
            Some(record) => (records::read(&record)?, Expect::Version(record.version)),
            None => (UsageDay::new(now), Expect::Absent),
        };
        let body = records::body(&day.with(calls))?;
        if clock.answered(ports.records.put(&at, &body, expect)).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
