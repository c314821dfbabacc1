//! Deleting a conversation: first it is gone, then its items go.

use domain::ConversationKey;
use ports::Result;

use crate::ROUNDS;
use crate::allowance::given_back;
use crate::change::{self, Change};
use crate::fault::contended;
use crate::item::{Row, number, text};
use crate::key::{self, Key, LAST, SHARD, TIME};
use crate::map;
use crate::table::{Range, Table};

/// Deletes a conversation; `false` if there is none.
///
/// One transaction leaves its mark, and ends the turn that runs, if one does. From then on nothing
/// is read or written of it. The mark stays; as long as it says that items are left, whoever asks
/// again goes on removing them.
pub(crate) async fn delete(table: &Table, key: &ConversationKey) -> Result<bool> {
    let head = Key::conversation(key);
    for _ in 0..ROUNDS {
        let Some(item) = table.item(&head).await? else {
            return Ok(false);
        };
        let Some(found) = map::head(Some(&item))? else {
            let is_unfinished = Row(&item).text("gone")? == LEFT;
            if is_unfinished {
                clean(table, key).await?;
            }
            return Ok(is_unfinished);
        };
        let mut mark = Change::of(head.clone()).set("gone", text(LEFT));
        for name in GONE {
            mark = mark.remove(name);
        }
        let seen = [("fence", number(found.fence.0))];
        let (mark, active) = match found.conversation.active {
            None => {
                let idle = "attribute_not_exists(#gone) AND #fence = :fence \
                            AND attribute_not_exists(#active)";
                (mark.only_if(idle, seen), None)
            }
            Some(turn) => {
                let busy = "attribute_not_exists(#gone) AND #fence = :fence AND #active = :turn";
                let turn = domain::TurnKey {
                    conversation: key.clone(),
                    turn,
                };
                (
                    mark.only_if(busy, seen.into_iter().chain([("turn", text(&turn.turn))])),
                    Some(turn),
                )
            }
        };
        let mut writes = vec![mark.write(table.name())?];
        if let Some(turn) = &active {
            writes.push(change::delete(table.name(), &Key::turn(turn), None)?);
            if table
                .item(&Key::turn(turn))
                .await?
                .is_some_and(|item| Row(&item).has("holds"))
            {
                writes.push(given_back(turn).write(table.name())?);
            }
        }
        if table.transact(writes).await? {
            clean(table, key).await?;
            return Ok(true);
        }
    }
    Err(contended())
}

/// What the mark does not have of what a conversation had.
const GONE: [&str; 9] = [
    "title",
    "tags",
    "created",
    "activity",
    "messages",
    "active",
    map::OVER_BY,
    SHARD,
    TIME,
];

/// What the mark says while items are left, and afterwards.
const LEFT: &str = "left";
const CLEAN: &str = "clean";

/// How many items are removed before more are looked for: what is removed stays so, whatever comes
/// of the rest.
const AT_ONCE: usize = 100;

async fn clean(table: &Table, key: &ConversationKey) -> Result<()> {
    let pk = key::partition(&key.user);
    for sort in ["J", "T", "E", "K", "M"] {
        let first = key::all(sort, key);
        let last = format!("{first}{LAST}");
        loop {
            let found = table.keys(Range::of(&pk, &first, &last), AT_ONCE).await?;
            table.remove(&found).await?;
            if found.len() < AT_ONCE {
                break;
            }
        }
    }
    // The mark may be gone by now, too, if the user is being erased.
    Change::of(Key::conversation(key))
        .set("gone", text(CLEAN))
        .only_if("attribute_exists(#pk)", [])
        .make(table.client(), table.name())
        .await
        .map(drop)
}
