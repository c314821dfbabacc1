//! How turns end.

use domain::{Body, Ending, Finish, JobKind, TurnError, TurnEvent};
use macro_rules_attribute::apply;

use super::{NOW, SECOND, admission, begun, checkpoint, conversation, finish, running, words};
use crate::{Begun, JobsOf, MessageStore, TurnState, Writer, Written};

#[apply(clause)]
/// Ends a turn: its state, all of its events, the assistant's message (unless nothing was said),
/// its jobs
pub async fn a_finished_turn_has_its_events_its_message_and_its_jobs(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let all = words(&["Well ", "done"]);
    let kept = all.get(..2).unwrap();
    store
        .checkpoint(&checkpoint(&a, fence, 0, kept))
        .await
        .unwrap();
    let finish = finish(&a, 1, Ending::Finished, all.clone(), vec![JobKind::Workout]);
    assert_eq!(
        store
            .finish(&a.turn, Writer::Holder(fence), &finish)
            .await
            .unwrap(),
        Written::Done(())
    );

    let (record, events) = store.turn(&a.turn, 0).await.unwrap().unwrap();
    assert_eq!(record.state, TurnState::Ended(finish.closing.clone()));
    let ended = TurnEvent::Ended(finish.closing.clone());
    assert_eq!(
        events,
        all.iter().cloned().chain([ended]).collect::<Vec<_>>()
    );
    assert_eq!(record.kept, events.len());
    let messages = store
        .messages(&a.turn.conversation, None, 10)
        .await
        .unwrap();
    assert_eq!(messages.first(), finish.reply.as_ref());
    let jobs = store.jobs(&JobsOf::Turn(a.turn.clone())).await.unwrap();
    assert_eq!(
        jobs.iter()
            .map(|job| (job.kind, job.attempts))
            .collect::<Vec<_>>(),
        [(JobKind::Workout, 0)]
    );
}

#[apply(clause)]
/// If that is equal, this call is a repetition: it is done, and changes nothing
pub async fn a_finish_asked_again_is_answered_as_the_first_time(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let finish = finish(
        &a,
        1,
        Ending::Finished,
        words(&["x"]),
        vec![JobKind::Workout],
    );
    for _ in 0..2 {
        assert_eq!(
            store
                .finish(&a.turn, Writer::Holder(fence), &finish)
                .await
                .unwrap(),
            Written::Done(())
        );
    }
    assert_eq!(
        store
            .messages(&a.turn.conversation, None, 10)
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        store
            .jobs(&JobsOf::Turn(a.turn.clone()))
            .await
            .unwrap()
            .len(),
        1
    );
}

#[apply(clause)]
/// Returns `Written::LeaseLost` if the writer is refused, if the turn has ended otherwise, or if
/// it is not there.
pub async fn a_turn_ends_once(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let first = finish(&a, 1, Ending::Finished, words(&["x"]), vec![]);
    store
        .finish(&a.turn, Writer::Holder(fence), &first)
        .await
        .unwrap();
    let second = finish(
        &a,
        1,
        Ending::Stopped,
        words(&["y"]),
        vec![JobKind::Workout],
    );
    assert_eq!(
        store
            .finish(&a.turn, Writer::Holder(fence), &second)
            .await
            .unwrap(),
        Written::LeaseLost
    );
    assert_eq!(
        store.turn(&a.turn, 0).await.unwrap().unwrap().0.state,
        TurnState::Ended(first.closing)
    );
    assert!(
        store
            .jobs(&JobsOf::Turn(a.turn.clone()))
            .await
            .unwrap()
            .is_empty()
    );
}

#[apply(clause)]
/// the assistant's message (unless nothing was said)
pub async fn a_turn_that_said_nothing_leaves_no_message(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let finish = finish(
        &a,
        1,
        Ending::Failed(TurnError::Deadline),
        words(&[]),
        vec![],
    );
    store
        .finish(&a.turn, Writer::Holder(fence), &finish)
        .await
        .unwrap();
    let messages = store
        .messages(&a.turn.conversation, None, 10)
        .await
        .unwrap();
    assert!(matches!(messages.as_slice(), [only] if matches!(only.body, Body::User { .. })));
    assert_eq!(
        store
            .conversation(&a.turn.conversation)
            .await
            .unwrap()
            .unwrap()
            .messages,
        1
    );
}

#[apply(clause)]
/// the conversation free for the next turn
pub async fn a_finish_frees_the_conversation(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    store
        .finish(
            &a.turn,
            Writer::Holder(fence),
            &finish(&a, 1, Ending::Finished, words(&["x"]), vec![]),
        )
        .await
        .unwrap();
    let found = store
        .conversation(&a.turn.conversation)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.active, found.messages, found.last_activity),
        (None, 2, NOW + 3 * SECOND)
    );
    assert_eq!(
        begun(store, &admission(&a.turn.conversation, "t2"))
            .await
            .number,
        3
    );
}

#[apply(clause)]
/// the conversation's title if it has none
pub async fn a_title_is_given_once(store: &dyn MessageStore) {
    let key = conversation(store).await;
    for (turn, title) in [("t1", "First"), ("t2", "Second")] {
        let a = admission(&key, turn);
        let Begun { fence, number } = begun(store, &a).await;
        let finish = Finish {
            title: Some(title.into()),
            ..finish(&a, number, Ending::Finished, words(&["x"]), vec![])
        };
        store
            .finish(&a.turn, Writer::Holder(fence), &finish)
            .await
            .unwrap();
    }
    assert_eq!(
        store.conversation(&key).await.unwrap().unwrap().title,
        "First"
    );
}

#[apply(clause)]
/// is refused if the turn's fence or lease is no longer the one that it saw
pub async fn a_reaper_ends_only_the_lease_that_it_saw(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let seen = Writer::Reaper {
        fence,
        lease_until: a.lease_until,
    };
    store
        .checkpoint(&checkpoint(&a, fence, 0, &words(&["alive"])))
        .await
        .unwrap();
    let lost = finish(
        &a,
        1,
        Ending::Failed(TurnError::ProducerLost),
        words(&["alive"]),
        vec![],
    );
    assert_eq!(
        store.finish(&a.turn, seen, &lost).await.unwrap(),
        Written::LeaseLost
    );
    let renewed = Writer::Reaper {
        fence,
        lease_until: NOW + 20 * SECOND,
    };
    assert_eq!(
        store.finish(&a.turn, renewed, &lost).await.unwrap(),
        Written::Done(())
    );
    let holder = finish(
        &a,
        1,
        Ending::Finished,
        words(&["alive", " and well"]),
        vec![],
    );
    assert_eq!(
        store
            .finish(&a.turn, Writer::Holder(fence), &holder)
            .await
            .unwrap(),
        Written::LeaseLost
    );
}

#[apply(clause)]
/// of a turn that was just admitted, or has renewed its lease, always
pub async fn a_turn_that_was_just_admitted_or_renewed_its_lease_has_no_gone_holder(
    store: &dyn MessageStore,
) {
    let (a, fence) = running(store).await;
    let (record, _) = store.turn(&a.turn, 0).await.unwrap().unwrap();
    assert!(!record.is_holder_gone, "it was just admitted");
    let renewed = checkpoint(&a, fence, 0, &words(&["alive"]));
    store.checkpoint(&renewed).await.unwrap();
    let (record, _) = store.turn(&a.turn, 0).await.unwrap().unwrap();
    assert!(!record.is_holder_gone, "it has renewed its lease");
}
