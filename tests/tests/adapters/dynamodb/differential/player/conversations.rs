//! Conversations and their messages.

use domain::Conversation;
use domain::conversation::Edit;
use ports::{JobsOf, MessageStore, Page};

use super::{ALL, COACHES, Player, any, more, some};

impl Player {
    pub(super) async fn create(&mut self) {
        let key = self.conversation_key();
        let title = self.chance.pick("", &["Squats"]).to_owned();
        let new = Conversation::new(key, title, self.now);
        both!(self.0.create_conversation(&new));
        self.census.count("create_conversation");
    }

    pub(super) async fn conversation(&mut self) {
        let key = self.conversation_key();
        let found = both!(self.0.conversation(&key));
        self.census
            .count(&format!("conversation: {}", some(&found)));
    }

    pub(super) async fn conversations(&mut self) {
        let (user, coach) = (
            self.user(),
            self.chance.pick(COACHES[0], &COACHES[1..]).parse().unwrap(),
        );
        let limit = self.chance.index() % 4;
        let mut after = self.chance.percent(10).then(|| "not a cursor~".repeat(20));
        loop {
            let page: Page<Conversation> =
                both!(self.0.conversations(&user, &coach, after.clone(), limit));
            self.census
                .count(&format!("conversations: {}", more(&page)));
            after = page.next;
            if after.is_none() || self.chance.percent(30) {
                return;
            }
        }
    }

    pub(super) async fn edit(&mut self) {
        let key = self.conversation_key();
        let title = self
            .chance
            .percent(60)
            .then(|| self.chance.pick("", &["Legs", "Arms"]).to_owned());
        let tags = self
            .chance
            .percent(60)
            .then(|| vec!["b".to_owned(), "a".to_owned()]);
        let edit = Edit { title, tags };
        let edited = both!(self.0.edit_conversation(&key, &edit));
        self.census.count(&format!("edit_conversation: {edited}"));
    }

    /// A deletion whose answer was lost finds nothing when it is asked for again.
    pub(super) async fn delete(&mut self) {
        let key = self.conversation_key();
        let expected = self.memory.0.delete_conversation(&key).await.unwrap();
        let (found, again) = settled!(self.dynamo.0.delete_conversation(&key));
        assert!(
            found == expected || (again && expected),
            "deletion of {key:?}: {found}, not {expected}"
        );
        self.census
            .count(&format!("delete_conversation: {expected}"));
        both!(self.0.conversation(&key));
        both!(self.0.messages(&key, None, ALL));
        both!(self.0.jobs(&JobsOf::Conversation(key.clone())));
    }

    pub(super) async fn messages(&mut self) {
        let key = self.conversation_key();
        let before = self
            .chance
            .percent(60)
            .then(|| self.chance.below(12))
            .map(|before| before.min(11));
        let before = if self.chance.percent(5) {
            Some(u64::MAX)
        } else {
            before
        };
        let limit = self.chance.index() % 6;
        let found = both!(self.0.messages(&key, before, limit));
        self.census.count(&format!("messages: {}", any(&found)));
    }
}
