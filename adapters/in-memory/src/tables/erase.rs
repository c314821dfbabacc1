//! Erasing a user.

use domain::{ConversationKey, Timestamp, UserScope};
use ports::Erased;

use super::{Expiring, Row, Tables};

impl Tables {
    /// Removes up to `limit` of a user's conversations, each with all that belongs to it, and what
    /// is left with the last of them. Here a conversation is an item.
    pub(crate) fn erase(&mut self, owner: &UserScope, at: Timestamp, limit: usize) -> Erased {
        let since = *self.erased.entry(owner.clone()).or_insert(at);
        let mut removed = 0;
        while removed < limit
            && let Some(key) = self.first(owner)
            && let Some(row) = self.users.get_mut(owner).and_then(|user| user.take(&key))
        {
            self.expect_no_more(&key, &row);
            removed += 1;
        }
        if self.first(owner).is_none()
            && let Some(user) = self.users.remove(owner)
        {
            removed += user.deleted.len() + 1;
        }
        Erased {
            since,
            removed: u64::try_from(removed).unwrap_or(u64::MAX),
            is_complete: !self.users.contains_key(owner),
        }
    }

    fn first(&self, owner: &UserScope) -> Option<ConversationKey> {
        let (_, row) = self.users.get(owner)?.conversations.first_key_value()?;
        Some(row.head.key.clone())
    }

    /// Takes what a conversation has out of what expires.
    fn expect_no_more(&mut self, key: &ConversationKey, row: &Row) {
        for (name, known) in &row.keys {
            let expiring = Expiring::Key(name.clone());
            self.expiring.remove(&(known.until, key.clone(), expiring));
        }
        for (id, turn) in &row.turns {
            let expiring = Expiring::Turn(id.clone());
            self.expiring
                .remove(&(turn.kept_until, key.clone(), expiring));
        }
    }
}
