//! What a user's model calls have cost, day by day.

use domain::UserScope;
use domain::call::CallRecord;
use domain::usage::{Days, UsageDay};
use tracing::warn;

use crate::{Kind, Ports, RecordKey, Result, records};

/// How many entries are read at once.
const PAGE: usize = 100;

/// Adds model calls to the ledger of the user's day.
///
/// Never stands in the way of a turn: leaves out an entry that cannot be made, and logs that.
pub async fn charge(ports: &Ports, owner: &UserScope, calls: &[CallRecord]) {
    let now = ports.clock.now();
    let Some(id) = UsageDay::id(now).filter(|_| !calls.is_empty()) else {
        return;
    };
    let at = RecordKey {
        owner: owner.clone(),
        kind: Kind::Usage,
        id,
    };
    let enter = |day: Option<UsageDay>| Some(day.unwrap_or_else(|| UsageDay::new(now)).with(calls));
    if let Err(error) = records::amend(ports, &at, enter).await {
        warn!(
            error = &error as &dyn std::error::Error,
            "the ledger could not take an entry"
        );
    }
}

/// Returns what the ledger says of these days, the newest first, without days that had no calls and
/// without what cannot be read.
pub async fn spent(ports: &Ports, owner: &UserScope, days: &Days) -> Result<Vec<UsageDay>> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = ports.records.list(owner, Kind::Usage, None, after, PAGE);
        let page = ports.clock.answered(page).await?;
        let mut is_over = page.next.is_none();
        for record in &page.items {
            // Each is named after its day, so what cannot be read says, too, that older ones begin.
            is_over |= record.at.id.as_str() < days.from().as_str();
            if let Some(day) = records::readable::<UsageDay>(record)
                && (days.from()..=days.to()).contains(&day.day)
            {
                found.push(day);
            }
        }
        if is_over {
            return Ok(found);
        }
        after = page.next;
    }
}
