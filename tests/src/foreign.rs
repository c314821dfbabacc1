use std::sync::Arc;

use async_trait::async_trait;
use domain::{GroupId, Timestamp, UserScope};
use ports::{
    Account, Binding, Cursor, Erased, Expect, Kind, Page, Record, RecordKey, RecordStore, Result,
    Term,
};

/// A store that mixes its users up: whoever reads is answered with what is this one's.
pub struct Foreign {
    store: Arc<dyn RecordStore>,
    of: UserScope,
}

impl Foreign {
    pub fn new(store: Arc<dyn RecordStore>, of: UserScope) -> Self {
        Self { store, of }
    }
}

#[async_trait]
impl RecordStore for Foreign {
    async fn get(&self, at: &RecordKey) -> Result<Option<Record>> {
        let at = RecordKey {
            owner: self.of.clone(),
            ..at.clone()
        };
        self.store.get(&at).await
    }

    async fn list(
        &self,
        _: &UserScope,
        kind: Kind,
        within: Option<GroupId>,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Record>> {
        self.store.list(&self.of, kind, within, after, limit).await
    }

    async fn put(
        &self,
        at: &RecordKey,
        body: &[u8],
        term: Option<Term>,
        expect: Expect,
    ) -> Result<bool> {
        self.store.put(at, body, term, expect).await
    }

    async fn delete(&self, at: &RecordKey) -> Result<bool> {
        self.store.delete(at).await
    }

    async fn bind(&self, account: &Account, user: &UserScope) -> Result<Binding> {
        self.store.bind(account, user).await
    }

    async fn erase(&self, owner: &UserScope, at: Timestamp, limit: usize) -> Result<Erased> {
        self.store.erase(owner, at, limit).await
    }
}
