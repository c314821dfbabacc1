//! What is asked of a turn while it runs, and once it has ended.

use macro_rules_attribute::apply;

use super::*;
use crate::{Stop, TurnState};

async fn lease(store: &dyn MessageStore, a: &Admission) -> Timestamp {
    let (record, _) = store.turn(&a.turn, 0).await.unwrap().unwrap();
    let TurnState::Running { lease_until, .. } = record.state else {
        panic!("expected a running turn, not {:?}", record.state)
    };
    lease_until
}

#[apply(clause)]
/// One without events renews the lease like any other.
pub async fn a_checkpoint_without_events_renews_the_lease(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let empty = |from, seconds: u32| Checkpoint {
        lease_until: NOW + seconds * SECOND,
        ..checkpoint(&a, fence, from, &[])
    };
    let said = checkpoint(&a, fence, 0, &words(&["one"]));
    for (sent, until) in [
        (empty(0, 18), 18),
        (said, 20),
        (empty(2, 25), 25),
        (empty(0, 30), 30),
        (empty(2, 28), 30),
    ] {
        let answer = store.checkpoint(&sent).await.unwrap();
        assert_eq!(answer, Written::Done(Stop::NotAsked));
        assert_eq!(lease(store, &a).await, NOW + until * SECOND);
    }
    let events = store.turn(&a.turn, 0).await.unwrap().unwrap().1;
    assert_eq!(events, words(&["one"]));
}

#[apply(clause)]
/// Lets every later checkpoint of a turn answer `Stop::Asked`.
pub async fn a_request_to_stop_is_told_at_every_checkpoint(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let all = words(&["one ", "two "]);
    let said = |from: usize| checkpoint(&a, fence, from, all.get(from..from + 1).unwrap());
    let first = store.checkpoint(&said(0)).await.unwrap();
    assert_eq!(first, Written::Done(Stop::NotAsked));
    for _ in 0..2 {
        store.ask_stop(&a.turn).await.unwrap();
    }
    for sent in [said(1), said(1), said(2), checkpoint(&a, fence, 0, &[])] {
        let answer = store.checkpoint(&sent).await.unwrap();
        assert_eq!(answer, Written::Done(Stop::Asked), "from {}", sent.from);
    }
    ended(store, &a, Begun { fence, number: 1 }, vec![]).await;
    // The next turn of the conversation was not asked for anything.
    let next = admission(&a.turn.conversation, "t2");
    let fence = begun(store, &next).await.fence;
    let sent = checkpoint(&next, fence, 0, &[]);
    let answer = store.checkpoint(&sent).await.unwrap();
    assert_eq!(answer, Written::Done(Stop::NotAsked));
}

#[apply(clause)]
/// Returns the turn's state at this moment; `None` if there is no such turn. Changes nothing of a
/// turn that has ended.
pub async fn a_turn_that_has_ended_is_not_stopped_any_more(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let end = finish(&a, 1, Ending::Finished, words(&["x"]), vec![]);
    let writer = Writer::Holder(fence);
    store.finish(&a.turn, writer, &end).await.unwrap();
    let before = seen(store, &[&a]).await;
    for _ in 0..2 {
        let state = store.ask_stop(&a.turn).await.unwrap();
        assert_eq!(state, Some(TurnState::Ended(end.closing.clone())));
        assert_eq!(seen(store, &[&a]).await, before);
    }
}

#[apply(clause)]
/// `Written::LeaseLost` if the turn has ended, is not there, or has another fence
pub async fn a_checkpoint_of_an_ended_turn_changes_nothing(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let said = checkpoint(&a, fence, 0, &words(&["one "]));
    store.checkpoint(&said).await.unwrap();
    ended(store, &a, Begun { fence, number: 1 }, vec![]).await;
    let before = seen(store, &[&a]).await;
    let longer = words(&["one ", "two ", "three "]);
    for (from, events) in [(0, longer.as_slice()), (3, &longer), (0, &[])] {
        let late = checkpoint(&a, fence, from, events);
        assert_eq!(store.checkpoint(&late).await.unwrap(), Written::LeaseLost);
        assert_eq!(seen(store, &[&a]).await, before, "from {from}");
    }
}

#[apply(clause)]
/// Returns a turn and its events from number `from` on, the ending included; no events if `from` is
/// beyond the last.
pub async fn an_ended_turn_is_read_from_any_place(store: &dyn MessageStore) {
    for told in [words(&[]), words(&["one ", "two"])] {
        let (a, fence) = running(store).await;
        let end = finish(&a, 1, Ending::Finished, told.clone(), vec![]);
        let writer = Writer::Holder(fence);
        store.finish(&a.turn, writer, &end).await.unwrap();
        let ending = TurnEvent::Ended(end.closing.clone());
        let all: Vec<_> = told.into_iter().chain([ending]).collect();
        for from in (0..=all.len() + 2).chain([usize::MAX]) {
            let (record, events) = store.turn(&a.turn, from).await.unwrap().unwrap();
            assert_eq!(events, all.get(from..).unwrap_or_default(), "from {from}");
            assert_eq!(record.kept, all.len());
        }
    }
}

#[apply(clause)]
/// A turn only adds events, so those that overlap are equal.
pub async fn a_checkpoint_that_overlaps_adds_what_is_new(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let all = words(&["one ", "two ", "three ", "four"]);
    let kept = async || store.turn(&a.turn, 0).await.unwrap().unwrap();
    for (from, through, count) in [(0, 2, 2), (1, 4, 4), (1, 3, 4), (0, 5, 5), (5, 5, 5)] {
        let sent = checkpoint(&a, fence, from, all.get(from..through).unwrap());
        store.checkpoint(&sent).await.unwrap();
        let (record, events) = kept().await;
        assert_eq!(events, all.get(..count).unwrap(), "{from}..{through}");
        assert_eq!(record.kept, count);
    }
}
