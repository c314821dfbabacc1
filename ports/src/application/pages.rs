//! A conversation's messages, page by page.

use domain::{ConversationKey, Message};
use futures::stream::{Stream, try_unfold};

use crate::application::own;
use crate::{MessageStore, Result};

/// Reads messages before number `before` page by page, the newest first, until there are `most` or
/// no older ones.
pub fn pages<'a>(
    store: &'a dyn MessageStore,
    key: &'a ConversationKey,
    before: Option<u64>,
    most: usize,
) -> impl Stream<Item = Result<Vec<Message>>> + Send + 'a {
    try_unfold(Some((before, most)), async move |next| {
        let Some((before, left)) = next else {
            return Ok(None);
        };
        let page = own::messages(store, key, before, left).await?;
        let left = left.saturating_sub(page.len());
        // A page may be short for its bytes, so only message number 1 says that it is the last.
        let next = match page.last() {
            Some(oldest) if oldest.number > 1 && left > 0 => Some((Some(oldest.number), left)),
            _ => None,
        };
        Ok(Some((page, next)))
    })
}
