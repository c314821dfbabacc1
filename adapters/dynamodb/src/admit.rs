//! Taking in a message: judged by what is there, written if it is still there.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::Fence;
use ports::stored;
use ports::{Admission, Admitted, Begun, Result};

use crate::ROUNDS;
use crate::allowance;
use crate::change::{Change, as_seen, put};
use crate::fault::contended;
use crate::item::{Item, number, text};
use crate::key::{Key, TIME, conversation_time};
use crate::map::{self, Head, Request};
use crate::table::Table;

/// Admits, unless something stands against it.
///
/// The writes hold only if what was judged is unchanged; if it is not, it is judged again.
pub(crate) async fn admit(table: &Table, a: &Admission) -> Result<Admitted> {
    let conversation = &a.turn.conversation;
    let (head, request) = (Key::conversation(conversation), map::request_key(a));
    let allowance = Key::allowance(&conversation.user);
    for _ in 0..ROUNDS {
        let found = if a.holds.is_empty() {
            let [head, request] = table.items([&head, &request]).await?;
            [head, request, None]
        } else {
            table.items([&head, &request, &allowance]).await?
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

fn refusal(a: &Admission, head: &Head, item: Option<&Item>) -> Result<Option<Admitted>> {
    if let Some(active) = &head.conversation.active {
        return Ok(Some(Admitted::Busy(active.clone())));
    }
    allowance::refusal(a, item)
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
    let mut opened = Change::of(Key::conversation(key))
        .set("fence", number(begun.fence.0))
        .set("active", text(&a.turn.turn))
        .set("messages", number(begun.number))
        .set("activity", number(a.now.0))
        .set(TIME, text(conversation_time(key, a.now)))
        .only_if(
            "#fence = :seen AND attribute_not_exists(#active) AND attribute_not_exists(#gone)",
            [("seen", number(head.fence.0))],
        );
    for (name, value) in map::running(a) {
        opened = opened.set(name, value);
    }
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
    if !a.holds.is_empty() {
        writes.push(allowance::taken(a, allowance)?.write(table)?);
    }
    Ok(writes)
}
