//! How messages are taken in.

use domain::{Ending, Timestamp, TurnError};
use macro_rules_attribute::apply;

use super::{admission, begun, conversation, finish, key, running, words};
use crate::conformance::somebody;
use crate::{Admission, Admitted, Begun, MessageStore, TurnState, Writer};

#[apply(clause)]
/// no such conversation: `Admitted::Unknown`
pub async fn an_unknown_conversation_admits_nobody(store: &dyn MessageStore) {
    let admission = admission(&key(&somebody(), "nowhere"), "t1");
    assert_eq!(store.admit(&admission).await.unwrap(), Admitted::Unknown);
    assert_eq!(store.turn(&admission.turn, 0).await.unwrap(), None);
}

#[apply(clause)]
/// writes the key's record, the message, the turn and the conversation's next `Fence`, in one
/// write
pub async fn an_admission_keeps_the_message_and_counts_it(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let key = &a.turn.conversation;
    let found = store.conversation(key).await.unwrap().unwrap();
    assert_eq!(
        (found.messages, found.active.as_ref()),
        (1, Some(&a.turn.turn))
    );
    assert_eq!(
        store.messages(key, None, 10).await.unwrap(),
        [a.opening(1).user_message]
    );
    let (record, events) = store.turn(&a.turn, 0).await.unwrap().unwrap();
    assert_eq!(
        record.state,
        TurnState::Running {
            fence,
            lease_until: a.lease_until
        }
    );
    assert_eq!((record.number, record.kept, events.len()), (1, 0, 0));
    assert_eq!(record.assistant_message, a.assistant_message);
}

#[apply(clause)]
/// `Admitted::New` again if it is this very turn's
pub async fn an_admission_asked_again_is_answered_as_the_first_time(store: &dyn MessageStore) {
    let admission = admission(&conversation(store).await, "t1");
    let first = begun(store, &admission).await;
    assert_eq!(begun(store, &admission).await, first);
    assert_eq!(
        store
            .messages(&admission.turn.conversation, None, 10)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[apply(clause)]
/// `Admitted::Existing` if its body is the same
pub async fn an_equal_request_is_sent_to_the_turn_that_it_began(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let again = Admission {
        key: a.key.clone(),
        ..admission(&a.turn.conversation, "t2")
    };
    assert_eq!(
        store.admit(&again).await.unwrap(),
        Admitted::Existing(a.turn.turn.clone())
    );
    let ended = finish(
        &a,
        1,
        Ending::Failed(TurnError::Internal),
        words(&[]),
        vec![],
    );
    store
        .finish(&a.turn, Writer::Holder(fence), &ended)
        .await
        .unwrap();
    assert_eq!(
        store.admit(&again).await.unwrap(),
        Admitted::Existing(a.turn.turn.clone())
    );
    assert_eq!(
        store
            .messages(&a.turn.conversation, None, 10)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[apply(clause)]
/// else `Admitted::Mismatch`
pub async fn an_equal_key_with_another_body_is_refused(store: &dyn MessageStore) {
    let (a, _) = running(store).await;
    let other = Admission {
        key: a.key.clone(),
        body: [8; 32],
        ..admission(&a.turn.conversation, "t2")
    };
    assert_eq!(store.admit(&other).await.unwrap(), Admitted::Mismatch);
}

#[apply(clause)]
/// a record of the key that has not expired at `admission.now`
pub async fn a_key_that_has_expired_is_a_new_key(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    store
        .finish(
            &a.turn,
            Writer::Holder(fence),
            &finish(&a, 1, Ending::Finished, words(&["x"]), vec![]),
        )
        .await
        .unwrap();
    let at = |now| Admission {
        key: a.key.clone(),
        body: [8; 32],
        now,
        ..admission(&a.turn.conversation, "t2")
    };
    let before = Timestamp(a.kept_until.0 - 1);
    assert_eq!(store.admit(&at(before)).await.unwrap(), Admitted::Mismatch);
    assert!(matches!(
        store.admit(&at(a.kept_until)).await.unwrap(),
        Admitted::New(_)
    ));
}

#[apply(clause)]
/// a turn of the conversation that has not ended: `Admitted::Busy`
pub async fn a_conversation_has_one_turn_at_a_time(store: &dyn MessageStore) {
    let (a, _) = running(store).await;
    let second = admission(&a.turn.conversation, "t2");
    assert_eq!(
        store.admit(&second).await.unwrap(),
        Admitted::Busy(a.turn.turn.clone())
    );
    assert_eq!(store.turn(&second.turn, 0).await.unwrap(), None);
    assert_eq!(
        store
            .messages(&a.turn.conversation, None, 10)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[apply(clause)]
/// Judges what it finds in this order
pub async fn a_known_key_is_judged_before_a_busy_conversation(store: &dyn MessageStore) {
    let (first, fence) = running(store).await;
    let ended = finish(&first, 1, Ending::Finished, words(&["x"]), vec![]);
    store
        .finish(&first.turn, Writer::Holder(fence), &ended)
        .await
        .unwrap();
    begun(store, &admission(&first.turn.conversation, "t2")).await;
    let again = Admission {
        key: first.key.clone(),
        ..admission(&first.turn.conversation, "t3")
    };
    assert_eq!(
        store.admit(&again).await.unwrap(),
        Admitted::Existing(first.turn.turn)
    );
}

#[apply(clause)]
/// the conversation's next `Fence`
pub async fn fences_grow(store: &dyn MessageStore) {
    let key = conversation(store).await;
    let mut last = None;
    for turn in ["t1", "t2", "t3"] {
        let a = admission(&key, turn);
        let Begun { fence, number } = begun(store, &a).await;
        assert!(last.is_none_or(|last| fence > last));
        last = Some(fence);
        store
            .finish(
                &a.turn,
                Writer::Holder(fence),
                &finish(&a, number, Ending::Stopped, words(&["x"]), vec![]),
            )
            .await
            .unwrap();
    }
}
