//! A turn while it runs.

use domain::{Ending, Fault, Fence, Timestamp, TurnError, TurnEvent, TurnKey, UserScope};
use macro_rules_attribute::apply;

use super::{
    NOW, SECOND, admission, begun, checkpoint, conversation, finish, others, running, words,
};
use crate::{
    Admission, Admitted, Begun, Checkpoint, MessageStore, Stop, TurnState, Writer, Written,
};

#[apply(clause)]
/// Keeps `events` as the turn's events from number `from` on, and its lease until `lease_until`.
pub async fn a_checkpoint_keeps_events_from_its_place_on(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let all = words(&["one ", "two ", "three"]);
    for (from, through) in [(0, 2), (2, 3), (3, 4)] {
        let events = all.get(from..through).unwrap();
        let answer = store
            .checkpoint(&checkpoint(&a, fence, from, events))
            .await
            .unwrap();
        assert_eq!(answer, Written::Done(Stop::NotAsked));
    }
    let (record, events) = store.turn(&a.turn, 0).await.unwrap().unwrap();
    assert_eq!(events, all);
    assert_eq!(record.kept, 4);
    assert_eq!(
        record.state,
        TurnState::Running {
            fence,
            lease_until: NOW + 20 * SECOND
        }
    );
}

#[apply(clause)]
/// A second call with equal arguments changes nothing more
pub async fn a_checkpoint_asked_again_changes_nothing_more(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let all = words(&["one ", "two "]);
    for _ in 0..2 {
        store
            .checkpoint(&checkpoint(&a, fence, 0, &all))
            .await
            .unwrap();
    }
    assert_eq!(store.turn(&a.turn, 0).await.unwrap().unwrap().1, all);
    let longer = words(&["one ", "two ", "three"]);
    store
        .checkpoint(&checkpoint(&a, fence, 0, &longer))
        .await
        .unwrap();
    assert_eq!(store.turn(&a.turn, 0).await.unwrap().unwrap().1, longer);
}

#[apply(clause)]
/// A checkpoint that arrives after a later one takes back neither events nor lease.
pub async fn an_older_checkpoint_that_comes_late_takes_nothing_back(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let all = words(&["one ", "two ", "three"]);
    let late = Checkpoint {
        lease_until: NOW + 16 * SECOND,
        ..checkpoint(&a, fence, 0, all.get(..2).unwrap())
    };
    for sent in [
        late.clone(),
        checkpoint(&a, fence, 2, all.get(2..).unwrap()),
        late,
    ] {
        assert_eq!(
            store.checkpoint(&sent).await.unwrap(),
            Written::Done(Stop::NotAsked)
        );
    }
    let (record, events) = store.turn(&a.turn, 0).await.unwrap().unwrap();
    assert_eq!(events, all);
    assert_eq!(
        record.state,
        TurnState::Running {
            fence,
            lease_until: NOW + 20 * SECOND
        }
    );
}

#[apply(clause)]
/// Returns the error `Rejected`, and keeps nothing, if `from` is more than the number of events
/// kept so far
pub async fn a_checkpoint_that_would_leave_a_gap_is_an_error_and_keeps_nothing(
    store: &dyn MessageStore,
) {
    let (a, fence) = running(store).await;
    let all = words(&["one ", "two ", "three"]);
    store
        .checkpoint(&checkpoint(&a, fence, 0, all.get(..2).unwrap()))
        .await
        .unwrap();
    let before = store.turn(&a.turn, 0).await.unwrap();
    let lease_until = NOW + 40 * SECOND;
    let later = |from, events: &[TurnEvent]| Checkpoint {
        lease_until,
        ..checkpoint(&a, fence, from, events)
    };
    let last = all.get(3..).unwrap();
    for gap in [
        later(3, last),
        later(3, &[]),
        later(usize::MAX, &[]),
        later(1_000, &all),
    ] {
        let error = store.checkpoint(&gap).await.unwrap_err();
        assert_eq!(error.fault, Fault::Rejected, "from {}", gap.from);
        assert_eq!(
            store.turn(&a.turn, 0).await.unwrap(),
            before,
            "from {}",
            gap.from
        );
    }
    // Whoever has no right to write is told that first.
    for fence in others(fence) {
        let stale = Checkpoint {
            fence,
            ..later(9, last)
        };
        assert_eq!(store.checkpoint(&stale).await.unwrap(), Written::LeaseLost);
    }
    let whole = later(2, all.get(2..).unwrap());
    assert_eq!(
        store.checkpoint(&whole).await.unwrap(),
        Written::Done(Stop::NotAsked)
    );
    assert_eq!(store.turn(&a.turn, 0).await.unwrap().unwrap().1, all);
}

#[apply(clause)]
/// `Written::LeaseLost` if the turn has ended, is not there, or has another fence
pub async fn a_checkpoint_of_another_fence_is_refused(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    for other in others(fence) {
        let stale = checkpoint(&a, other, 0, &words(&["stale"]));
        assert_eq!(store.checkpoint(&stale).await.unwrap(), Written::LeaseLost);
    }
    let (record, _) = store.turn(&a.turn, 0).await.unwrap().unwrap();
    let lease_until = a.lease_until;
    assert_eq!(record.state, TurnState::Running { fence, lease_until });
    assert_eq!(record.kept, 0);
    store
        .finish(
            &a.turn,
            Writer::Holder(fence),
            &finish(&a, 1, Ending::Finished, words(&["x"]), vec![]),
        )
        .await
        .unwrap();
    let late = checkpoint(&a, fence, 0, &words(&["late"]));
    assert_eq!(store.checkpoint(&late).await.unwrap(), Written::LeaseLost);
}

#[apply(clause)]
/// Lets every later checkpoint of a turn answer `Stop::Asked`.
pub async fn a_checkpoint_hears_of_a_request_to_stop(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let state = store.ask_stop(&a.turn).await.unwrap();
    assert_eq!(
        state,
        Some(TurnState::Running {
            fence,
            lease_until: a.lease_until
        })
    );
    assert_eq!(
        store
            .checkpoint(&checkpoint(&a, fence, 0, &[]))
            .await
            .unwrap(),
        Written::Done(Stop::Asked)
    );
    let unknown = TurnKey {
        turn: "t9".parse().unwrap(),
        ..a.turn
    };
    assert_eq!(store.ask_stop(&unknown).await.unwrap(), None);
}

#[apply(clause)]
/// Returns a turn and its events from number `from` on, the ending included; no events if `from`
/// is beyond the last.
pub async fn a_turn_is_read_from_any_place(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let all = words(&["one ", "two ", "three"]);
    store
        .checkpoint(&checkpoint(&a, fence, 0, &all))
        .await
        .unwrap();
    assert_eq!(
        store.turn(&a.turn, 2).await.unwrap().unwrap().1,
        all.get(2..).unwrap()
    );
    for beyond in [4, 9, usize::MAX] {
        assert!(
            store
                .turn(&a.turn, beyond)
                .await
                .unwrap()
                .unwrap()
                .1
                .is_empty()
        );
    }
}

/// Those of a user's turns that were to be over by then.
pub(super) async fn overdue(
    store: &dyn MessageStore,
    of: &UserScope,
    now: Timestamp,
) -> Vec<TurnKey> {
    let mut all = store.overdue(now, usize::MAX).await.unwrap();
    all.retain(|turn| turn.conversation.user == *of);
    all
}

#[apply(clause)]
/// turns of anyone that have not ended although they were to be over by `now`
pub async fn a_turn_is_overdue_from_when_it_was_to_be_over_until_it_ends(store: &dyn MessageStore) {
    for by_reaper in [false, true] {
        let (a, fence) = running(store).await;
        let user = &a.turn.conversation.user;
        assert_eq!(overdue(store, user, Timestamp(a.over_by.0 - 1)).await, []);
        let is_overdue = async || overdue(store, user, a.over_by).await == [a.turn.clone()];
        assert!(is_overdue().await);
        // Whatever it goes on to say, and whatever is asked of it.
        let said = checkpoint(&a, fence, 0, &words(&["x"]));
        store.checkpoint(&said).await.unwrap();
        store.ask_stop(&a.turn).await.unwrap();
        assert_eq!(store.admit(&a).await.unwrap(), begun_again(fence));
        assert!(is_overdue().await);
        let (writer, ending) = if by_reaper {
            let lease_until = said.lease_until;
            let lost = Ending::Failed(TurnError::ProducerLost);
            (Writer::Reaper { fence, lease_until }, lost)
        } else {
            (Writer::Holder(fence), Ending::Finished)
        };
        let end = finish(&a, 1, ending, words(&["x"]), vec![]);
        let ended = store.finish(&a.turn, writer, &end).await.unwrap();
        assert_eq!(ended, Written::Done(()));
        assert_eq!(overdue(store, user, NOW + 9_999 * SECOND).await, []);
        // The next turn of the conversation has a time of its own.
        let next = Admission {
            over_by: a.over_by + SECOND,
            ..admission(&a.turn.conversation, "t2")
        };
        begun(store, &next).await;
        assert_eq!(overdue(store, user, a.over_by).await, []);
        assert_eq!(overdue(store, user, next.over_by).await, [next.turn]);
    }
}

fn begun_again(fence: Fence) -> Admitted {
    Admitted::New(Begun { fence, number: 1 })
}

#[apply(clause)]
/// Returns at most `limit` turns of anyone … the longest overdue first
pub async fn the_longest_overdue_are_told_first_and_no_more_than_asked_for(
    store: &dyn MessageStore,
) {
    // Longer ago than what anybody else has in this store.
    let mut turns = Vec::new();
    for over_by in [2, 3, 1] {
        let conversation = conversation(store).await;
        let a = Admission {
            over_by: Timestamp(over_by),
            ..admission(&conversation, "t1")
        };
        begun(store, &a).await;
        turns.push(a.turn);
    }
    let [second, third, first] = turns.try_into().unwrap();
    let all = [first, second, third];
    for limit in 0..=3 {
        let found = store.overdue(Timestamp(3), limit).await.unwrap();
        assert_eq!(found, all.get(..limit).unwrap());
    }
    let found = store.overdue(Timestamp(2), 9).await.unwrap();
    assert_eq!(found, all.get(..2).unwrap());
    for turn in all {
        assert!(store.delete_conversation(&turn.conversation).await.unwrap());
    }
    assert_eq!(store.overdue(Timestamp(3), 9).await.unwrap(), []);
}

#[apply(clause)]
/// nothing of it is read, listed, claimed or overdue
pub async fn what_was_deleted_or_erased_is_not_overdue(store: &dyn MessageStore) {
    for limit in [None, Some(1), Some(100)] {
        let (a, _) = running(store).await;
        let conversation = &a.turn.conversation;
        match limit {
            None => _ = store.delete_conversation(conversation).await.unwrap(),
            // The first step takes away the right to write.
            Some(limit) => _ = store.erase(&conversation.user, NOW, limit).await.unwrap(),
        }
        let found = overdue(store, &conversation.user, NOW + 9_999 * SECOND).await;
        assert_eq!(found, [], "{limit:?}");
    }
}
