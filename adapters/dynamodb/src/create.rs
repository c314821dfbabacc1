//! Making a conversation.

use domain::Conversation;
use ports::Result;

use crate::ROUNDS;
use crate::change::put;
use crate::erase::not_erased;
use crate::fault::contended;
use crate::key::Key;
use crate::map;
use crate::table::Table;

/// Makes a conversation, unless it is there, has left its mark, or its user has.
pub(crate) async fn create(table: &Table, new: &Conversation) -> Result<()> {
    let fresh = ("attribute_not_exists(#pk)".to_owned(), Vec::new());
    for _ in 0..ROUNDS {
        let writes = vec![
            not_erased(table, &new.key.user)?,
            put(table.name(), map::conversation(new), Some(fresh.clone()))?,
        ];
        if table.transact(writes).await? {
            return Ok(());
        }
        // It was perhaps only in somebody's way.
        let (head, erased) = (Key::conversation(&new.key), Key::erased(&new.key.user));
        let [head, erased] = table.items([&head, &erased]).await?;
        if head.is_some() || erased.is_some() {
            return Ok(());
        }
    }
    Err(contended())
}
