//! Taking in a message: judged by what is there, written if it is still there.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{Fence, UserScope};
use ports::stored::{self, FORM};
use ports::{Admission, Admitted, Begun, Hold, Result};

use crate::ROUNDS;
use crate::change::{Change, as_seen, put};
use crate::fault::contended;
use crate::item::{Item, Row, number, text};
use crate::key::{Key, TIME, conversation_time};
use crate::map::{self, Head, Request};
use crate::table::Table;

/// How long past its time a hold is kept, for those whose clocks are slow.
const STALE: u64 = 24 * 3_600_000;

/// How many such holds one admission clears away: an expression may not be long.
const SWEPT: usize = 100;

/// Admits, unless something stands against it.
///
/// The writes hold only if what was judged is unchanged; if it is not, it is judged again.
pub(crate) async fn admit(table: &Table, a: &Admission) -> Result<Admitted> {
    let conversation = &a.turn.conversation;
    let (head, request) = (Key::conversation(conversation), map::request_key(a));
    let allowance = Key::allowance(&conversation.user);
    for _ in 0..ROUNDS {
        let found = match a.hold {
            Some(_) => table.items([&head, &request, &allowance]).await?,
            None => table
                .items([&head, &request])
                .await
                .map(|[head, request]| [head, request, None])?,
        };
        let [head, known, holds] = &found;
        let Some(head) = map::head(head.as_ref())? else {
            return Ok(Admitted::Unknown);
        };
        let read = known
            .as_ref()
            .and_then(|item| stored::if_readable(map::read_request(item), &request));
        let is_unreadable = known.is_some() && read.is_none();
        if let Some(answer) = of_known(a, read) {
            return Ok(answer);
        }
        if let Some(answer) = refusal(a, &head, holds.as_ref())? {
            // The key was perhaps read before the turn was admitted that now stands in the way.
            if table.item(&request).await? == *known {
                return Ok(answer);
            }
            continue;
        }
        let begun = Begun {
            fence: Fence(head.fence.0 + 1),
            number: head.conversation.messages + 1,
        };
        let stands_for = known.as_ref().filter(|_| is_unreadable);
        if table
            .transact(writes(
                table.name(),
                a,
                head,
                begun,
                holds.as_ref(),
                stands_for,
            )?)
            .await?
        {
            return Ok(Admitted::New(begun));
        }
    }
    Err(contended())
}

/// The answer to a key that is known, and has not expired.
fn of_known(a: &Admission, known: Option<Request>) -> Option<Admitted> {
    let known = known.filter(|known| known.until > a.now)?;
    Some(if known.turn == a.turn.turn {
        Admitted::New(known.begun)
    } else if known.body == a.body {
        Admitted::Existing(known.turn)
    } else {
        Admitted::Mismatch
    })
}

fn refusal(a: &Admission, head: &Head, allowance: Option<&Item>) -> Result<Option<Admitted>> {
    if let Some(active) = &head.conversation.active {
        return Ok(Some(Admitted::Busy(active.clone())));
    }
    let holds = map::holds(allowance)?
        .into_iter()
        .filter(|(_, _, until)| *until > a.now);
    let held = holds.fold(0, |sum: u64, (_, amount, _)| sum.saturating_add(amount));
    let is_over = a
        .hold
        .is_some_and(|hold| held.saturating_add(hold.amount) > hold.limit);
    Ok(is_over.then_some(Admitted::OverLimit))
}

fn writes(
    table: &str,
    a: &Admission,
    head: Head,
    begun: Begun,
    allowance: Option<&Item>,
    unreadable: Option<&Item>,
) -> Result<Vec<TransactWriteItem>> {
    let key = &a.turn.conversation;
    let opened = Change::of(Key::conversation(key))
        .set("fence", number(begun.fence.0))
        .set("active", text(&a.turn.turn))
        .set("messages", number(begun.number))
        .set("activity", number(a.now.0))
        .set(TIME, text(conversation_time(key, a.now)))
        .only_if(
            "#fence = :seen AND attribute_not_exists(#active) AND attribute_not_exists(#gone)",
            [("seen", number(head.fence.0))],
        );
    let fresh = match unreadable {
        None => (
            "attribute_not_exists(#pk) OR #until <= :now".to_owned(),
            vec![("now", number(a.now.0))],
        ),
        Some(seen) => as_seen(seen, &map::OF_REQUEST),
    };
    let message = map::message(key, &a.opening(begun.number).user_message)?;
    let mut writes = vec![
        opened.write(table)?,
        put(table, map::request(a, begun), Some(fresh))?,
        put(
            table,
            message,
            Some(("attribute_not_exists(#pk)".to_owned(), vec![])),
        )?,
        put(table, map::turn(a, begun), None)?,
    ];
    if let Some(hold) = &a.hold {
        writes.push(taken(&key.user, a, hold, allowance)?.write(table)?);
    }
    Ok(writes)
}

/// The allowance with this hold: nobody else's may have been added since it was read.
fn taken(user: &UserScope, a: &Admission, hold: &Hold, allowance: Option<&Item>) -> Result<Change> {
    let mut change = Change::of(Key::allowance(user))
        .set("v", number(FORM))
        .set(&map::hold_name(&a.turn.turn), map::hold(hold))
        .add("taken", number(1));
    let holds = map::holds(allowance)?.into_iter();
    let stale = holds.filter(|(_, _, until)| until.0.saturating_add(STALE) <= a.now.0);
    for (name, _, _) in stale.take(SWEPT) {
        change = change.remove(name);
    }
    let seen = allowance
        .map(|item| Row(item).opt_number("taken"))
        .transpose()?
        .flatten();
    Ok(match seen {
        Some(seen) => change.only_if("#taken = :seen", [("seen", number(seen))]),
        None => change.only_if("attribute_not_exists(#taken)", []),
    })
}

/// The allowance without the hold of a turn.
pub(crate) fn given_back(turn: &domain::TurnKey) -> Change {
    Change::of(Key::allowance(&turn.conversation.user)).remove(&map::hold_name(&turn.turn))
}
