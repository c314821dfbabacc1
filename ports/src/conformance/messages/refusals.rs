//! What a message leaves behind that is not taken in.

use macro_rules_attribute::apply;

use super::*;

/// A hold that takes all there is, so that it fits only if nobody has any of it.
fn all(of: Allowance) -> Hold {
    hold(of, 100, 100, 600)
}

/// An admission with the key of another one, which asks for something else.
fn with_key_of(refused: &Admission, conversation: &ConversationKey, turn: &str) -> Admission {
    Admission {
        key: refused.key.clone(),
        body: [9; 32],
        ..admission(conversation, turn)
    }
}

#[apply(clause)]
/// Changes nothing unless it answers `New`: no key, no message, no hold, and not when the
/// conversation was last active
pub async fn a_busy_conversation_keeps_nothing_of_what_it_refuses(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let key = &a.turn.conversation;
    let late = Admission {
        now: NOW + SECOND,
        holds: vec![hold(Allowance::Tokens, 60, 100, 600)],
        ..admission(key, "t2")
    };
    let before = seen(store, &[&a, &late]).await;
    for _ in 0..2 {
        let busy = Admitted::Busy(a.turn.turn.clone());
        assert_eq!(store.admit(&late).await.unwrap(), busy);
        assert_eq!(seen(store, &[&a, &late]).await, before);
    }
    ended(store, &a, Begun { fence, number: 1 }, vec![]).await;
    let next = Admission {
        holds: vec![all(Allowance::Tokens)],
        ..with_key_of(&late, key, "t3")
    };
    assert_eq!(begun(store, &next).await.number, 3);
}

#[apply(clause)]
/// Changes nothing unless it answers `New`: no key, no message, no hold, and not when the
/// conversation was last active
pub async fn a_message_over_the_limit_leaves_nothing(store: &dyn MessageStore) {
    let key = conversation(store).await;
    let elsewhere = ConversationKey {
        conversation: "v2".parse().unwrap(),
        ..key.clone()
    };
    let elsewhere = created(store, elsewhere).await;
    let first = Admission {
        holds: vec![hold(Allowance::Tokens, 60, 100, 600)],
        ..admission(&key, "t1")
    };
    begun(store, &first).await;
    let fits = hold(Allowance::Turns, 1, 100, 600);
    let over = Admission {
        now: NOW + SECOND,
        holds: vec![fits, hold(Allowance::Tokens, 60, 100, 600)],
        ..admission(&elsewhere, "t2")
    };
    let before = seen(store, &[&first, &over]).await;
    for _ in 0..2 {
        let answer = store.admit(&over).await.unwrap();
        assert!(matches!(answer, Admitted::OverLimit { .. }), "{answer:?}");
        assert_eq!(seen(store, &[&first, &over]).await, before);
    }
    let next = Admission {
        holds: vec![all(Allowance::Turns)],
        ..with_key_of(&over, &elsewhere, "t3")
    };
    assert_eq!(begun(store, &next).await.number, 1);
}

#[apply(clause)]
/// Changes nothing unless it answers `New`: no key, no message, no hold
pub async fn an_unknown_conversation_leaves_nothing_for_when_it_is_made(store: &dyn MessageStore) {
    let key = key(&somebody(), "later");
    let early = Admission {
        holds: vec![hold(Allowance::Tokens, 60, 100, 600)],
        ..admission(&key, "t1")
    };
    assert_eq!(store.admit(&early).await.unwrap(), Admitted::Unknown);
    assert_eq!(store.conversation(&key).await.unwrap(), None);
    created(store, key.clone()).await;
    let found = store.conversation(&key).await.unwrap();
    assert_eq!(found, Some(empty(key.clone(), NOW)));
    let next = Admission {
        holds: vec![all(Allowance::Tokens)],
        ..with_key_of(&early, &key, "t2")
    };
    assert_eq!(begun(store, &next).await.number, 1);
}

#[apply(clause)]
/// Changes nothing unless it answers `New`: no key, no message, no hold
pub async fn a_known_key_stays_as_it_is_whatever_comes_with_it(store: &dyn MessageStore) {
    let key = conversation(store).await;
    let a = admission(&key, "t1");
    let first = begun(store, &a).await;
    ended(store, &a, first, vec![]).await;
    let again = Admission {
        body: a.body,
        now: NOW + SECOND,
        holds: vec![hold(Allowance::Tokens, 60, 100, 600)],
        kept_until: a.kept_until + 9 * SECOND,
        ..with_key_of(&a, &key, "t2")
    };
    let other = Admission {
        body: [9; 32],
        ..again.clone()
    };
    let before = seen(store, &[&a, &again]).await;
    for _ in 0..2 {
        let existing = Admitted::Existing(a.turn.turn.clone());
        assert_eq!(store.admit(&other).await.unwrap(), Admitted::Mismatch);
        assert_eq!(store.admit(&again).await.unwrap(), existing);
        assert_eq!(seen(store, &[&a, &again]).await, before);
    }
    let next = Admission {
        now: a.kept_until,
        holds: vec![Hold {
            until: a.kept_until + SECOND,
            ..all(Allowance::Tokens)
        }],
        ..with_key_of(&a, &key, "t3")
    };
    assert_eq!(begun(store, &next).await.number, 3);
}

#[apply(clause)]
/// A key is a key of its conversation: in another one it is another key.
pub async fn a_key_is_known_in_its_conversation_only(store: &dyn MessageStore) {
    let (a, _) = running(store).await;
    let known = &a.turn.conversation;
    let elsewhere = ConversationKey {
        conversation: "v2".parse().unwrap(),
        ..known.clone()
    };
    let with_another_coach = ConversationKey {
        coach: "c2".parse().unwrap(),
        ..known.clone()
    };
    let of_another_user = key(&somebody(), "v");
    let keys = [elsewhere, with_another_coach, of_another_user];
    for (key, body) in keys.into_iter().zip([[7; 32], [8; 32], [7; 32]]) {
        created(store, key.clone()).await;
        let turn = format!("t-{}-{}", key.coach, key.conversation);
        let same_key = Admission {
            body,
            ..with_key_of(&a, &key, &turn)
        };
        let answer = store.admit(&same_key).await.unwrap();
        assert!(matches!(answer, Admitted::New(_)), "{key:?}: {answer:?}");
    }
}

#[apply(clause)]
/// Judges what it finds in this order
pub async fn a_known_key_and_a_busy_conversation_are_judged_before_holds(store: &dyn MessageStore) {
    let (a, _) = running(store).await;
    let key = &a.turn.conversation;
    let holds = vec![hold(Allowance::Tokens, 101, 100, 600)];
    let over = |asked: Admission| Admission {
        holds: holds.clone(),
        ..asked
    };
    let busy = over(admission(key, "t2"));
    let turn = a.turn.turn.clone();
    assert_eq!(
        store.admit(&busy).await.unwrap(),
        Admitted::Busy(turn.clone())
    );
    let other = over(with_key_of(&a, key, "t2"));
    assert_eq!(store.admit(&other).await.unwrap(), Admitted::Mismatch);
    let same = Admission {
        body: a.body,
        ..other
    };
    assert_eq!(store.admit(&same).await.unwrap(), Admitted::Existing(turn));
}

#[apply(clause)]
/// `Admitted::New` again if it is this very turn's … A second call with equal arguments changes
/// nothing more, and is answered as the first.
pub async fn an_admission_asked_again_after_its_end_begins_nothing(store: &dyn MessageStore) {
    let key = conversation(store).await;
    let turns = hold(Allowance::Turns, 1, 1, 600);
    let a = Admission {
        holds: vec![turns],
        ..admission(&key, "t1")
    };
    let first = begun(store, &a).await;
    ended(store, &a, first, vec![JobKind::Summary]).await;
    let before = seen(store, &[&a]).await;
    assert_eq!(begun(store, &a).await, first);
    assert_eq!(seen(store, &[&a]).await, before);
    let next = Admission {
        holds: vec![turns],
        ..admission(&key, "t2")
    };
    assert_eq!(begun(store, &next).await.number, 3);
}

#[apply(clause)]
/// not when the conversation was last active, which is `admission.now` from then on
pub async fn a_conversation_was_last_active_when_its_message_was_taken_in(
    store: &dyn MessageStore,
) {
    let key = conversation(store).await;
    let a = Admission {
        now: NOW + 7 * SECOND,
        ..admission(&key, "t1")
    };
    let first = begun(store, &a).await;
    let active = async || {
        store
            .conversation(&key)
            .await
            .unwrap()
            .unwrap()
            .last_activity
    };
    assert_eq!(active().await, a.now);
    // It ends, by a clock that is slow, before it was taken in.
    ended(store, &a, first, vec![]).await;
    assert_eq!(active().await, a.now);
}
