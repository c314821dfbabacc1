//! What a user's turns hold of each allowance, and what was spent of it: all in one item, so that
//! it is judged and taken at once.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Timestamp, TurnId, TurnKey};
use ports::stored::FORM;
use ports::{Admission, Admitted, Allowance, Result};

use crate::ROUNDS;
use crate::change::{Change, Changed};
use crate::fault::contended;
use crate::item::{Item, Row, number, unreadable};
use crate::key::Key;
use crate::table::Table;

/// How long past its end an amount is kept, for those whose clocks are slow.
const STALE: u64 = 24 * 3_600_000;

/// How many such amounts one admission clears away: an expression may not be long.
const SWEPT: usize = 100;

/// What the attribute of a sum begins with that was spent.
const SPENT: &str = "spent";

/// An attribute of the item that counts until its end.
struct Amount<'a> {
    name: &'a str,
    of: Allowance,
    amount: u64,
    until: Timestamp,
}

/// The first of the holds of an admission that does not fit.
pub(crate) fn refusal(a: &Admission, item: Option<&Item>) -> Result<Option<Admitted>> {
    let there = amounts(item)?;
    Ok(a.holds.iter().find_map(|hold| {
        let of = hold.of;
        let beside = there.iter().filter(|amount| amount.of == of);
        let beside = beside.map(|amount| (amount.amount, amount.until));
        let until = hold.refused_until(beside, a.now)?;
        Some(Admitted::OverLimit { of, until })
    }))
}

/// The item with these holds: nothing else may have been taken since it was read.
pub(crate) fn taken(a: &Admission, item: Option<&Item>) -> Result<Change> {
    let mut change = changed(&a.turn, item)?;
    for hold in &a.holds {
        let amount = AttributeValue::L(vec![number(hold.amount), number(hold.until.0)]);
        change = change.set(&held_as(hold.of, &a.turn.turn), amount);
    }
    let is_stale = |amount: &Amount<'_>| amount.until.0.saturating_add(STALE) <= a.now.0;
    let stale = amounts(item)?.into_iter().filter(is_stale);
    for amount in stale.take(SWEPT) {
        change = change.remove(amount.name);
    }
    Ok(change)
}

/// The item without what a turn holds only as long as it runs.
pub(crate) fn given_back(turn: &TurnKey) -> Change {
    let held = held_as(Allowance::Turns, &turn.turn);
    Change::of(Key::allowance(&turn.conversation.user)).remove(&held)
}

/// Puts what a turn has spent in place of what it holds.
pub(crate) async fn settle(
    table: &Table,
    turn: &TurnKey,
    spent: &[(Allowance, u64)],
) -> Result<()> {
    let key = Key::allowance(&turn.conversation.user);
    for _ in 0..ROUNDS {
        let item = table.item(&key).await?;
        let Some(change) = settled(turn, spent, item.as_ref())? else {
            return Ok(());
        };
        if let Changed::Now(_) = change.make(table.client(), table.name()).await? {
            return Ok(());
        }
    }
    Err(contended())
}

/// The item with what was spent; `None` if the turn holds nothing of that.
fn settled(
    turn: &TurnKey,
    spent: &[(Allowance, u64)],
    item: Option<&Item>,
) -> Result<Option<Change>> {
    let there = amounts(item)?;
    let find = |name: &str| there.iter().find(|amount| amount.name == name);
    let mut change = None;
    for (of, spent) in spent {
        let name = held_as(*of, &turn.turn);
        let Some(held) = find(&name) else {
            continue;
        };
        let sum_name = spent_as(*of, held.until);
        let before = find(&sum_name).map_or(0, |sum| sum.amount);
        let sum = number(before.saturating_add(*spent));
        let begun = match change.take() {
            Some(change) => change,
            None => changed(turn, item)?,
        };
        change = Some(begun.remove(&name).set(&sum_name, sum));
    }
    Ok(change)
}

/// A change that is made only if nothing was taken or settled since the item was read.
fn changed(turn: &TurnKey, item: Option<&Item>) -> Result<Change> {
    let change = Change::of(Key::allowance(&turn.conversation.user))
        .set("v", number(FORM))
        .add("taken", number(1));
    let seen = item.map(|item| Row(item).opt_number("taken")).transpose()?;
    Ok(match seen.flatten() {
        Some(seen) => change.only_if("#taken = :seen", [("seen", number(seen))]),
        None => change.only_if("attribute_not_exists(#taken)", []),
    })
}

/// All that counts, or did.
fn amounts(item: Option<&Item>) -> Result<Vec<Amount<'_>>> {
    let attributes = item.into_iter().flatten();
    let named = attributes.filter(|(name, _)| name.contains(':'));
    named
        .map(|(name, value)| read(name, value).ok_or_else(|| unreadable("hold")))
        .collect()
}

fn read<'a>(name: &'a str, value: &AttributeValue) -> Option<Amount<'a>> {
    let number = |value: &AttributeValue| value.as_n().ok()?.parse().ok();
    let (first, rest) = name.split_once(':')?;
    if first == SPENT {
        let (of, until) = rest.split_once(':')?;
        return Some(Amount {
            name,
            of: allowance(of)?,
            amount: number(value)?,
            until: Timestamp(until.parse().ok()?),
        });
    }
    let [amount, until] = value.as_l().ok()?.as_slice() else {
        return None;
    };
    Some(Amount {
        name,
        of: allowance(first)?,
        amount: number(amount)?,
        until: Timestamp(number(until)?),
    })
}

/// The attribute of what a turn holds.
fn held_as(of: Allowance, turn: &TurnId) -> String {
    format!("{}:{turn}", name(of))
}

/// The attribute of what was spent by all turns whose holds had this end.
fn spent_as(of: Allowance, until: Timestamp) -> String {
    format!("{SPENT}:{}:{}", name(of), until.0)
}

fn name(of: Allowance) -> &'static str {
    match of {
        Allowance::Turns => "hold",
        Allowance::Tokens => "tokens",
        Allowance::Money => "money",
    }
}

fn allowance(name: &str) -> Option<Allowance> {
    let all = [Allowance::Turns, Allowance::Tokens, Allowance::Money];
    all.into_iter().find(|of| self::name(*of) == name)
}
