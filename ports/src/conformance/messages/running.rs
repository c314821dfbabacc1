//! A turn while it runs.

use domain::{Ending, Fault, Fence, TurnEvent, TurnKey};

use super::{NOW, SECOND, checkpoint, finish, running, words};
use crate::{Checkpoint, MessageStore, Stop, TurnState, Writer, Written};

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
    let stale = Checkpoint {
        fence: Fence(fence.0 - 1),
        ..later(9, last)
    };
    assert_eq!(store.checkpoint(&stale).await.unwrap(), Written::LeaseLost);
    let whole = later(2, all.get(2..).unwrap());
    assert_eq!(
        store.checkpoint(&whole).await.unwrap(),
        Written::Done(Stop::NotAsked)
    );
    assert_eq!(store.turn(&a.turn, 0).await.unwrap().unwrap().1, all);
}

pub async fn a_checkpoint_of_another_fence_is_refused(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let stale = checkpoint(&a, Fence(fence.0 - 1), 0, &words(&["stale"]));
    assert_eq!(store.checkpoint(&stale).await.unwrap(), Written::LeaseLost);
    assert_eq!(store.turn(&a.turn, 0).await.unwrap().unwrap().0.kept, 0);
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
