//! Indexes as they can be: slow to forget, and dear.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::call::CallOutcome;
use domain::memory::RecalledKind;
use domain::{Fault, Recalled, Usage, UserScope};
use in_memory::LexicalIndex;
use ports::{Bill, Clock, MemoryIndex, PortError, Result, Search};

use crate::VirtualClock;
use crate::around::{Around, AroundIndex};

/// An index that goes on finding what was removed, until it was asked to remove something often
/// enough.
pub struct Lagging {
    index: Arc<LexicalIndex>,
    still_deaf: AtomicUsize,
}

impl Lagging {
    /// One that does not hear so many removals.
    pub fn after(removals: usize) -> Self {
        Self {
            index: Arc::default(),
            still_deaf: AtomicUsize::new(removals),
        }
    }
}

impl Around for Lagging {}

#[async_trait]
impl AroundIndex for Lagging {
    type Inside = LexicalIndex;

    fn inside(&self) -> Arc<LexicalIndex> {
        self.index.clone()
    }

    async fn delete(&self, owner: &UserScope, kind: RecalledKind, id: &str) -> Result<()> {
        let fewer = |deaf: usize| deaf.checked_sub(1);
        if self
            .still_deaf
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer)
            .is_ok()
        {
            return Ok(());
        }
        self.index.delete(owner, kind, id).await
    }
}

/// An index whose every search costs a vector, and then takes so long and fails.
pub struct Costly {
    index: Arc<LexicalIndex>,
    takes: Duration,
    clock: VirtualClock,
}

impl Costly {
    /// One whose searches fail after so long.
    pub fn after(takes: Duration, clock: VirtualClock) -> Self {
        Self {
            index: Arc::default(),
            takes,
            clock,
        }
    }
}

impl Around for Costly {}

#[async_trait]
impl AroundIndex for Costly {
    type Inside = LexicalIndex;

    fn inside(&self) -> Arc<LexicalIndex> {
        self.index.clone()
    }

    async fn search(&self, _: &Search, bill: &Bill) -> Result<Vec<Recalled>> {
        let item = bill.embedding(40);
        let usage = Usage {
            model: Some("titan".into()),
            input_tokens: 9,
            ..Usage::default()
        };
        item.close(CallOutcome::Ok, Some(usage));
        self.clock.sleep_until(self.clock.now() + self.takes).await;
        Err(PortError::new("costly", Fault::Unavailable))
    }
}
