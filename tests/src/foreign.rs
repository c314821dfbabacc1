use std::sync::Arc;

use async_trait::async_trait;
use domain::{CoachId, Conversation, ConversationKey, GroupId, Job, Message, Timestamp};
use domain::{TurnEvent, TurnKey, UserScope};
use ports::{
    Cursor, JobsOf, Kind, MessageStore, Page, Record, RecordKey, RecordStore, Result, TurnRecord,
};

use crate::around::{Around, AroundMessages, AroundRecords};

/// A store that mixes its users up: whoever reads by one of these methods is answered with what is
/// this one's.
pub struct Foreign<S> {
    store: Arc<S>,
    of: UserScope,
    methods: &'static [&'static str],
}

impl<S> Foreign<S> {
    /// Mixes up what these methods read.
    pub fn new(store: Arc<S>, of: UserScope, methods: &'static [&'static str]) -> Self {
        Self { store, of, methods }
    }

    /// Whose is read in place of this one's.
    fn instead(&self, method: &str, user: &UserScope) -> UserScope {
        let mixes_up = self.methods.contains(&method);
        if mixes_up { &self.of } else { user }.clone()
    }

    fn conversation_instead(&self, method: &str, key: &ConversationKey) -> ConversationKey {
        ConversationKey {
            user: self.instead(method, &key.user),
            ..key.clone()
        }
    }

    fn turn_instead(&self, method: &str, key: &TurnKey) -> TurnKey {
        TurnKey {
            conversation: self.conversation_instead(method, &key.conversation),
            ..key.clone()
        }
    }

    fn jobs_instead(&self, method: &str, of: &JobsOf) -> JobsOf {
        match of {
            JobsOf::Turn(turn) => JobsOf::Turn(self.turn_instead(method, turn)),
            JobsOf::Conversation(key) => {
                JobsOf::Conversation(self.conversation_instead(method, key))
            }
            JobsOf::User(user) => JobsOf::User(self.instead(method, user)),
            JobsOf::Anyone => JobsOf::Anyone,
        }
    }
}

impl<S: Send + Sync> Around for Foreign<S> {}

#[async_trait]
impl<S: RecordStore + 'static> AroundRecords for Foreign<S> {
    type Inside = S;

    fn inside(&self) -> Arc<S> {
        self.store.clone()
    }

    async fn get(&self, at: &RecordKey) -> Result<Option<Record>> {
        let owner = self.instead("get", &at.owner);
        let at = RecordKey {
            owner,
            ..at.clone()
        };
        self.store.get(&at).await
    }

    async fn list(
        &self,
        owner: &UserScope,
        kind: Kind,
        within: Option<GroupId>,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Record>> {
        let owner = self.instead("list", owner);
        self.store.list(&owner, kind, within, after, limit).await
    }
}

#[async_trait]
impl<S: MessageStore + 'static> AroundMessages for Foreign<S> {
    type Inside = S;

    fn inside(&self) -> Arc<S> {
        self.store.clone()
    }

    async fn conversation(&self, key: &ConversationKey) -> Result<Option<Conversation>> {
        let key = self.conversation_instead("conversation", key);
        self.store.conversation(&key).await
    }

    async fn conversations(
        &self,
        owner: &UserScope,
        coach: &CoachId,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Conversation>> {
        let owner = self.instead("conversations", owner);
        self.store.conversations(&owner, coach, after, limit).await
    }

    async fn all_conversations(
        &self,
        owner: &UserScope,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<std::result::Result<Conversation, ConversationKey>>> {
        let owner = self.instead("all_conversations", owner);
        self.store.all_conversations(&owner, after, limit).await
    }

    async fn messages(
        &self,
        key: &ConversationKey,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Message>> {
        let key = self.conversation_instead("messages", key);
        self.store.messages(&key, before, limit).await
    }

    async fn turn(
        &self,
        turn: &TurnKey,
        from: usize,
    ) -> Result<Option<(TurnRecord, Vec<TurnEvent>)>> {
        let turn = self.turn_instead("turn", turn);
        self.store.turn(&turn, from).await
    }

    async fn claim_jobs(
        &self,
        of: &JobsOf,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>> {
        let of = self.jobs_instead("claim_jobs", of);
        self.store.claim_jobs(&of, now, until, limit).await
    }

    async fn jobs(&self, of: &JobsOf) -> Result<Vec<Job>> {
        let of = self.jobs_instead("jobs", of);
        self.store.jobs(&of).await
    }
}
