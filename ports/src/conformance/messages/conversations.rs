//! Conversations and their list, and what nobody may see.

use domain::conversation::Edit;
use domain::{ConversationKey, Ending, JobKind, TurnKey, UserScope};
use macro_rules_attribute::apply;

use super::{
    NOW, SECOND, admission, begun, checkpoint, conversation, empty, finish, key, running, words,
};
use crate::conformance::somebody;
use crate::{Admitted, JobsOf, MessageStore, Writer, Written};

#[apply(clause)]
/// Leaves one that is there already as it is.
pub async fn a_conversation_is_made_once(store: &dyn MessageStore) {
    let key = conversation(store).await;
    begun(store, &admission(&key, "t1")).await;
    store
        .create_conversation(&empty(key.clone(), NOW))
        .await
        .unwrap();
    assert_eq!(store.conversation(&key).await.unwrap().unwrap().messages, 1);
}

#[apply(clause)]
/// nothing found is no error
pub async fn a_conversation_that_is_not_there_is_nothing(store: &dyn MessageStore) {
    let key = key(&somebody(), "nowhere");
    assert_eq!(store.conversation(&key).await.unwrap(), None);
    assert!(store.messages(&key, None, 10).await.unwrap().is_empty());
    assert!(
        !store
            .edit_conversation(&key, &Edit::default())
            .await
            .unwrap()
    );
    assert!(!store.delete_conversation(&key).await.unwrap());
}

async fn listed(store: &dyn MessageStore, user: &UserScope, size: usize) -> Vec<String> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store
            .conversations(user, &"c".parse().unwrap(), after, size)
            .await
            .unwrap();
        assert!(page.items.len() <= size);
        seen.extend(
            page.items
                .iter()
                .map(|conversation| conversation.key.conversation.to_string()),
        );
        after = page.next;
        if after.is_none() {
            return seen;
        }
        assert!(seen.len() <= 100, "the list does not end");
    }
}

#[apply(clause)]
/// Returns at most `limit` of a user's conversations with a coach, the last active first
pub async fn conversations_are_listed_with_the_last_active_first(store: &dyn MessageStore) {
    let user = somebody();
    for (name, active) in [("older", 1), ("newest", 3), ("newer", 2)] {
        store
            .create_conversation(&empty(key(&user, name), NOW + active * SECOND))
            .await
            .unwrap();
    }
    assert_eq!(listed(store, &user, 10).await, ["newest", "newer", "older"]);
}

#[apply(clause)]
/// from behind `after`, which an earlier page has given as its `next`
pub async fn a_list_of_conversations_goes_on_where_it_ended(store: &dyn MessageStore) {
    let user = somebody();
    for name in ["a", "b", "c", "d", "e"] {
        store
            .create_conversation(&empty(key(&user, name), NOW))
            .await
            .unwrap();
    }
    let mut seen = listed(store, &user, 2).await;
    seen.sort();
    assert_eq!(seen, ["a", "b", "c", "d", "e"]);
}

#[apply(clause)]
/// Changes title or tags, and leaves as it is what `edit` does not name.
pub async fn title_and_tags_can_be_changed(store: &dyn MessageStore) {
    let key = conversation(store).await;
    let edit = Edit {
        title: Some("Squats".into()),
        tags: Some(vec!["legs".into()]),
    };
    assert!(store.edit_conversation(&key, &edit).await.unwrap());
    assert!(
        store
            .edit_conversation(&key, &Edit::default())
            .await
            .unwrap()
    );
    let found = store.conversation(&key).await.unwrap().unwrap();
    assert_eq!(
        (found.title.as_str(), found.tags.as_slice()),
        ("Squats", &["legs".to_owned()][..])
    );
}

#[apply(clause)]
/// A key carries its user; nothing of another user is ever read, changed or revealed.
pub async fn nothing_of_another_user_is_seen(store: &dyn MessageStore) {
    let (a, _) = running(store).await;
    let stranger = somebody();
    let theirs = ConversationKey {
        user: stranger.clone(),
        ..a.turn.conversation.clone()
    };
    let turn = TurnKey {
        conversation: theirs.clone(),
        turn: a.turn.turn.clone(),
    };
    assert_eq!(store.conversation(&theirs).await.unwrap(), None);
    assert!(store.messages(&theirs, None, 10).await.unwrap().is_empty());
    assert_eq!(store.turn(&turn, 0).await.unwrap(), None);
    assert_eq!(store.ask_stop(&turn).await.unwrap(), None);
    assert!(listed(store, &stranger, 10).await.is_empty());
    assert!(!store.delete_conversation(&theirs).await.unwrap());
    assert!(
        store
            .conversation(&a.turn.conversation)
            .await
            .unwrap()
            .is_some()
    );
}

#[apply(clause)]
/// every write of its turns is refused
pub async fn a_deleted_conversation_takes_no_more_writes(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let key = &a.turn.conversation;
    assert!(store.delete_conversation(key).await.unwrap());
    assert_eq!(
        store
            .checkpoint(&checkpoint(&a, fence, 0, &words(&["x"])))
            .await
            .unwrap(),
        Written::LeaseLost
    );
    let finish = finish(
        &a,
        1,
        Ending::Finished,
        words(&["x"]),
        vec![JobKind::Workout],
    );
    assert_eq!(
        store
            .finish(&a.turn, Writer::Holder(fence), &finish)
            .await
            .unwrap(),
        Written::LeaseLost
    );
    assert_eq!(
        store.admit(&admission(key, "t2")).await.unwrap(),
        Admitted::Unknown
    );
    assert_eq!(store.conversation(key).await.unwrap(), None);
    assert!(store.messages(key, None, 10).await.unwrap().is_empty());
    assert!(
        store
            .jobs(&JobsOf::Turn(a.turn.clone()))
            .await
            .unwrap()
            .is_empty()
    );
}

#[apply(clause)]
/// Makes none again that was deleted
pub async fn a_deleted_conversation_is_not_made_again(store: &dyn MessageStore) {
    let key = conversation(store).await;
    assert!(store.delete_conversation(&key).await.unwrap());
    store
        .create_conversation(&empty(key.clone(), NOW))
        .await
        .unwrap();
    assert_eq!(store.conversation(&key).await.unwrap(), None);
    assert!(!store.delete_conversation(&key).await.unwrap());
}
