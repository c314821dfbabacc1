//! What is asked at once. Whatever the order, it is one.

use futures::future::{join, join_all};
use macro_rules_attribute::apply;

use super::*;
use crate::conformance::{AT_ONCE, ROUNDS, dropped};
use crate::{Stop, TurnState};

/// So many admissions of one conversation.
fn several(key: &ConversationKey) -> Vec<Admission> {
    let named = |number| admission(key, &format!("t{number}"));
    (0..AT_ONCE).map(named).collect()
}

async fn admit_all(store: &dyn MessageStore, all: &[Admission]) -> Vec<Admitted> {
    let answers = join_all(all.iter().map(|a| store.admit(a))).await;
    answers.into_iter().map(Result::unwrap).collect()
}

/// The place of the one that began.
fn the_one_that_began(answers: &[Admitted]) -> usize {
    let is_new = |answer: &Admitted| matches!(answer, Admitted::New(_));
    let count = answers.iter().filter(|answer| is_new(answer)).count();
    assert_eq!(count, 1, "{answers:?}");
    answers.iter().position(is_new).unwrap()
}

async fn count(store: &dyn MessageStore, key: &ConversationKey) -> (u64, usize) {
    let found = store.conversation(key).await.unwrap().unwrap();
    let messages = store.messages(key, None, 100).await.unwrap();
    (found.messages, messages.len())
}

#[apply(clause)]
/// Of several at once, one is `New`.
pub async fn of_equal_admissions_at_once_one_turn_begins(store: &dyn MessageStore) {
    for round in 0..ROUNDS {
        let key = conversation(store).await;
        let mut all = several(&key);
        for a in &mut all {
            a.key = "same".parse().unwrap();
        }
        // The same request of other turns, or the same turn over and over.
        if round % 2 == 0 {
            let first = all.first().unwrap().clone();
            all.fill(first);
            let answers = admit_all(store, &all).await;
            assert!(matches!(answers.first(), Some(Admitted::New(_))));
            assert!(answers.iter().all(|one| Some(one) == answers.first()));
        } else {
            let answers = admit_all(store, &all).await;
            let began = the_one_that_began(&answers);
            let existing = Admitted::Existing(all.get(began).unwrap().turn.turn.clone());
            let mut others = answers;
            others.remove(began);
            assert!(others.iter().all(|one| *one == existing), "{others:?}");
        }
        assert_eq!(count(store, &key).await, (1, 1));
    }
}

#[apply(clause)]
/// Of several at once, one is `New`.
pub async fn of_different_admissions_at_once_one_turn_begins(store: &dyn MessageStore) {
    for _ in 0..ROUNDS {
        let key = conversation(store).await;
        let all = several(&key);
        let answers = admit_all(store, &all).await;
        let began = the_one_that_began(&answers);
        let busy = Admitted::Busy(all.get(began).unwrap().turn.turn.clone());
        for (place, (a, answer)) in all.iter().zip(&answers).enumerate() {
            let turn = store.turn(&a.turn, 0).await.unwrap();
            assert_eq!(turn.is_some(), place == began);
            assert!(place == began || *answer == busy, "{answer:?}");
        }
        assert_eq!(count(store, &key).await, (1, 1));
    }
}

#[apply(clause)]
/// Whoever sees one of them sees all.
pub async fn whoever_sees_a_turn_sees_its_message(store: &dyn MessageStore) {
    for _ in 0..ROUNDS {
        let key = conversation(store).await;
        let a = admission(&key, "t1");
        let look = async || {
            let found = store.conversation(&key).await.unwrap().unwrap();
            let turn = store.turn(&a.turn, 0).await.unwrap();
            let messages = store.messages(&key, None, 10).await.unwrap();
            assert!(found.messages == 0 || turn.is_some(), "no turn");
            assert!(turn.is_none() || messages.len() == 1, "no message");
            assert_eq!(found.messages == 0, found.active.is_none());
        };
        let looks = join_all((0..AT_ONCE).map(|_| look()));
        join(store.admit(&a), looks).await.0.unwrap();
    }
}

#[apply(clause)]
/// two callers never hold the same job at the same time
pub async fn of_claims_at_once_one_holds_the_job(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    ended(store, &a, Begun { fence, number: 1 }, vec![JobKind::Memory]).await;
    let turn = a.turn;
    let all = [
        JobsOf::Turn(turn.clone()),
        JobsOf::Conversation(turn.conversation.clone()),
        JobsOf::User(turn.conversation.user.clone()),
    ];
    let mut now = NOW + 60 * SECOND;
    for round in 1..=u32::try_from(ROUNDS).unwrap() {
        let until = now + SECOND;
        let of = all.iter().cycle().take(AT_ONCE);
        let claims = of.map(|of| store.claim_jobs(of, now, until, 9));
        let claimed = join_all(claims).await.into_iter().map(Result::unwrap);
        let claimed: Vec<_> = claimed.flatten().collect();
        let attempts: Vec<_> = claimed.iter().map(|job| job.attempts).collect();
        assert_eq!(attempts, [round]);
        now = until;
    }
}

#[apply(clause)]
/// Ends a turn: its state, all of its events
pub async fn a_checkpoint_beside_the_ending_changes_nothing_of_it(store: &dyn MessageStore) {
    for round in 0..ROUNDS {
        let (a, fence) = running(store).await;
        let sent = checkpoint(&a, fence, 0, &words(&["one ", "two ", "three"]));
        let end = finish(&a, 1, Ending::Stopped, words(&["one "]), vec![]);
        let writer = Writer::Holder(fence);
        let checkpoint = store.checkpoint(&sent);
        let finish = store.finish(&a.turn, writer, &end);
        let (kept, done) = if round % 2 == 0 {
            join(checkpoint, finish).await
        } else {
            let (done, kept) = join(finish, checkpoint).await;
            (kept, done)
        };
        assert_eq!(done.unwrap(), Written::Done(()));
        let (kept, either) = (
            kept.unwrap(),
            [Written::Done(Stop::NotAsked), Written::LeaseLost],
        );
        assert!(either.contains(&kept), "{kept:?}");
        let (record, events) = store.turn(&a.turn, 0).await.unwrap().unwrap();
        assert_eq!(record.state, TurnState::Ended(end.closing.clone()));
        let ending = TurnEvent::Ended(end.closing);
        let expected: Vec<_> = words(&["one "]).into_iter().chain([ending]).collect();
        assert_eq!(events, expected);
        assert_eq!(count(store, &a.turn.conversation).await, (2, 2));
    }
}

#[apply(clause)]
/// Returns `Written::LeaseLost` if the writer is refused, if the turn has ended otherwise
pub async fn of_endings_at_once_one_is_the_ending(store: &dyn MessageStore) {
    for _ in 0..ROUNDS {
        let (a, fence) = running(store).await;
        let words = |number| words(&[format!("{number}").as_str()]);
        let end = |number| {
            let jobs = vec![JobKind::Memory; number % 2];
            let mut end = finish(&a, 1, Ending::Finished, words(number), jobs);
            let at = NOW + SECOND * u32::try_from(number).unwrap();
            end.closing = Closing {
                at,
                ..Closing::clone(&end.closing)
            }
            .into();
            end
        };
        let ends: Vec<_> = (0..AT_ONCE).map(end).collect();
        let lease_until = a.lease_until;
        let writers = [Writer::Holder(fence), Writer::Reaper { fence, lease_until }];
        let all = ends.iter().zip(writers.into_iter().cycle());
        let all = all.map(|(end, writer)| store.finish(&a.turn, writer, end));
        let answers = join_all(all).await.into_iter().map(Result::unwrap);
        let answers: Vec<_> = answers.collect();
        let done = |answer: &&Written<()>| **answer == Written::Done(());
        assert_eq!(answers.iter().filter(done).count(), 1, "{answers:?}");
        let place = answers.iter().position(|answer| done(&answer));
        let end = ends.get(place.unwrap()).unwrap();
        let (record, events) = store.turn(&a.turn, 0).await.unwrap().unwrap();
        assert_eq!(record.state, TurnState::Ended(end.closing.clone()));
        assert_eq!(events.get(..2), end.events.get(..2));
        let messages = store
            .messages(&a.turn.conversation, None, 10)
            .await
            .unwrap();
        assert_eq!(messages.first(), end.reply.as_ref());
        let jobs = store.jobs(&JobsOf::Turn(a.turn.clone())).await.unwrap();
        assert_eq!(jobs.len(), end.closing.jobs.len());
    }
}

#[apply(clause)]
/// From then on nothing of it is read, listed, claimed or overdue
pub async fn a_deletion_beside_the_ending_leaves_nothing(store: &dyn MessageStore) {
    for round in 0..ROUNDS {
        let (a, fence) = running(store).await;
        let key = &a.turn.conversation;
        let end = finish(
            &a,
            1,
            Ending::Finished,
            words(&["x"]),
            vec![JobKind::Memory],
        );
        let finish = store.finish(&a.turn, Writer::Holder(fence), &end);
        let delete = store.delete_conversation(key);
        let is_deleted = if round % 2 == 0 {
            join(finish, delete).await.1
        } else {
            join(delete, finish).await.0
        };
        assert!(is_deleted.unwrap());
        assert_eq!(store.conversation(key).await.unwrap(), None);
        assert_eq!(store.messages(key, None, 10).await.unwrap(), []);
        assert_eq!(store.turn(&a.turn, 0).await.unwrap(), None);
        let of = JobsOf::User(key.user.clone());
        assert_eq!(store.jobs(&of).await.unwrap(), []);
        assert!(!store.delete_conversation(key).await.unwrap());
    }
}

#[apply(clause)]
/// its caller limits it by dropping the future, and then it was done or not, whole, and whoever
/// asks next is answered
pub async fn a_call_that_was_dropped_is_done_or_not_and_can_be_asked_again(
    store: &dyn MessageStore,
) {
    for polls in [1, 2, 3, 5, 9] {
        let key = conversation(store).await;
        let a = admission(&key, "t1");
        dropped(store.admit(&a), polls).await;
        let Begun { fence, number } = begun(store, &a).await;
        assert_eq!(count(store, &key).await, (1, 1));
        let sent = checkpoint(&a, fence, 0, &words(&["x"]));
        dropped(store.checkpoint(&sent), polls).await;
        store.checkpoint(&sent).await.unwrap();
        let end = finish(
            &a,
            number,
            Ending::Finished,
            words(&["x"]),
            vec![JobKind::Memory],
        );
        let writer = Writer::Holder(fence);
        dropped(store.finish(&a.turn, writer, &end), polls).await;
        let answer = store.finish(&a.turn, writer, &end).await.unwrap();
        assert_eq!(answer, Written::Done(()));
        assert_eq!(count(store, &key).await, (2, 2));
        let (_, events) = store.turn(&a.turn, 0).await.unwrap().unwrap();
        assert_eq!(events.len(), 3, "{events:?}");
        assert_eq!(
            store
                .jobs(&JobsOf::Turn(a.turn.clone()))
                .await
                .unwrap()
                .len(),
            1
        );
    }
}
