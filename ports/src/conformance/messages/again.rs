//! Who may end a turn, and what a second ending changes: nothing.

use domain::call::{CallKind, CallOutcome, CallRecord};
use domain::conversation::Edit;
use domain::{Outcome, TurnError, Usage};
use macro_rules_attribute::apply;
use serde_json::json;

use super::*;
use crate::TurnState;

#[apply(clause)]
/// A `Writer::Holder` must hold the fence. … is refused if the turn's fence or lease is no longer
/// the one that it saw
pub async fn a_writer_without_the_fence_ends_nothing(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let lease_until = a.lease_until;
    let holders = others(fence).map(Writer::Holder);
    let reapers = others(fence).map(|fence| Writer::Reaper { fence, lease_until });
    let late = [lease_until + SECOND, Timestamp(lease_until.0 - 1)];
    let late = late.map(|lease_until| Writer::Reaper { fence, lease_until });
    let before = seen(store, &[&a]).await;
    for writer in holders.chain(reapers).chain(late) {
        for ending in [Ending::Finished, TurnError::ProducerLost.into()] {
            let end = finish(&a, 1, ending, words(&["x"]), vec![JobKind::Memory]);
            let answer = store.finish(&a.turn, writer, &end).await.unwrap();
            assert_eq!(answer, Written::LeaseLost, "{writer:?}");
            assert_eq!(seen(store, &[&a]).await, before, "{writer:?}");
        }
    }
    ended(store, &a, Begun { fence, number: 1 }, vec![]).await;
}

#[apply(clause)]
/// Returns `Written::LeaseLost` if the writer is refused, if the turn has ended otherwise, or if it
/// is not there.
pub async fn a_turn_that_is_not_there_is_neither_kept_nor_ended(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let unknown = Admission {
        turn: TurnKey {
            turn: "t9".parse().unwrap(),
            ..a.turn.clone()
        },
        ..a.clone()
    };
    let before = seen(store, &[&a, &unknown]).await;
    let said = checkpoint(&unknown, fence, 0, &words(&["x"]));
    assert_eq!(store.checkpoint(&said).await.unwrap(), Written::LeaseLost);
    let end = finish(&unknown, 1, Ending::Finished, words(&["x"]), vec![]);
    let writer = Writer::Holder(fence);
    let answer = store.finish(&unknown.turn, writer, &end).await.unwrap();
    assert_eq!(answer, Written::LeaseLost);
    assert_eq!(seen(store, &[&a, &unknown]).await, before);
}

#[apply(clause)]
/// If that is equal, this call is a repetition: it is done, and changes nothing, whatever has
/// become of the jobs and of the conversation since.
pub async fn a_finish_asked_again_changes_nothing_that_has_come_since(store: &dyn MessageStore) {
    let key = conversation(store).await;
    let turns = hold(Allowance::Turns, 1, 1, 600);
    let with_turns = |turn| Admission {
        holds: vec![turns],
        ..admission(&key, turn)
    };
    let a = with_turns("t1");
    let first = begun(store, &a).await;
    let kinds = vec![JobKind::Workout, JobKind::Memory];
    let end = Finish {
        title: Some("Given".into()),
        ..finish(&a, first.number, Ending::Finished, words(&["x"]), kinds)
    };
    let writer = Writer::Holder(first.fence);
    store.finish(&a.turn, writer, &end).await.unwrap();
    let (of, later) = (JobsOf::Turn(a.turn.clone()), NOW + 60 * SECOND);
    let claimed = store.claim_jobs(&of, later, later + SECOND, 1).await;
    let job = claimed.unwrap().pop().unwrap();
    let done = Outcome::Done(json!({}));
    store.settle_job(&job, &done).await.unwrap();
    let untitled = Edit {
        title: Some(String::new()),
        tags: None,
    };
    store.edit_conversation(&key, &untitled).await.unwrap();
    let next = with_turns("t2");
    let second = begun(store, &next).await;
    let before = seen(store, &[&a, &next]).await;
    for _ in 0..2 {
        let answer = store.finish(&a.turn, writer, &end).await.unwrap();
        assert_eq!(answer, Written::Done(()));
        assert_eq!(seen(store, &[&a, &next]).await, before);
    }
    // What the later turn holds was not given back either.
    let elsewhere = created(store, self::key(&key.user, "v2")).await;
    let third = Admission {
        holds: vec![turns],
        ..admission(&elsewhere, "t3")
    };
    let answer = store.admit(&third).await.unwrap();
    assert!(matches!(answer, Admitted::OverLimit { .. }), "{answer:?}");
    ended(store, &next, second, vec![]).await;
}

/// The same ending of the same kind, which differs in one thing.
fn otherwise(closing: &Closing) -> Vec<Closing> {
    let call = CallRecord {
        kind: CallKind::Reply,
        usage: Usage::default(),
        ms: 1,
        attempts: 1,
        outcome: CallOutcome::Ok,
    };
    let report = Report {
        calls: vec![call],
        ..Report::default()
    };
    let at = closing.at + Duration::from_millis(1);
    let jobs = vec![JobKind::Workout];
    let same = || closing.clone();
    vec![
        Closing { at, ..same() },
        Closing { jobs, ..same() },
        Closing { report, ..same() },
        Closing {
            ending: Ending::Truncated,
            ..same()
        },
    ]
}

#[apply(clause)]
/// It has ended otherwise if its `Closing` differs in anything: ending, time, jobs or report.
pub async fn an_ending_is_judged_by_all_that_it_says(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let first = finish(&a, 1, Ending::Finished, words(&["x"]), vec![]);
    let writer = Writer::Holder(fence);
    store.finish(&a.turn, writer, &first).await.unwrap();
    let before = seen(store, &[&a]).await;
    for closing in otherwise(&first.closing) {
        let end = Finish {
            closing: closing.clone().into(),
            ..first.clone()
        };
        let answer = store.finish(&a.turn, writer, &end).await.unwrap();
        assert_eq!(answer, Written::LeaseLost, "{closing:?}");
        assert_eq!(seen(store, &[&a]).await, before, "{closing:?}");
    }
    let answer = store.finish(&a.turn, writer, &first).await.unwrap();
    assert_eq!(answer, Written::Done(()));
}

#[apply(clause)]
/// The events are those of `finish` and the ending, whatever checkpoints have kept.
pub async fn what_the_ending_does_not_name_is_no_event_any_more(store: &dyn MessageStore) {
    let long = words(&["one ", "two ", "three"]);
    for told in [words(&[]), words(&["one"]), words(&["one ", "2"]), long] {
        let (a, fence) = running(store).await;
        let kept = words(&["one ", "two "]);
        let kept = checkpoint(&a, fence, 0, &kept);
        store.checkpoint(&kept).await.unwrap();
        let end = finish(&a, 1, Ending::Stopped, told.clone(), vec![]);
        let writer = Writer::Holder(fence);
        store.finish(&a.turn, writer, &end).await.unwrap();
        let ending = TurnEvent::Ended(end.closing.clone());
        let expected: Vec<_> = told.into_iter().chain([ending]).collect();
        let (record, events) = store.turn(&a.turn, 0).await.unwrap().unwrap();
        assert_eq!((record.kept, &events), (expected.len(), &expected));
        let messages = store.messages(&a.turn.conversation, None, 1).await;
        let last = messages.unwrap().pop().unwrap();
        assert_eq!(last, end.reply.unwrap_or(a.opening(1).user_message));
    }
}

#[apply(clause)]
/// Ends a turn: its state, all of its events, the assistant's message (unless nothing was said),
/// its jobs, the conversation's title if it has none, and the conversation free for the next turn,
/// in one write. The turn gives back what it held of `Allowance::Turns`
pub async fn a_reaper_ends_a_turn_as_its_holder_would(store: &dyn MessageStore) {
    let key = conversation(store).await;
    let turns = hold(Allowance::Turns, 1, 1, 600);
    let with_turns = |turn| Admission {
        holds: vec![turns],
        ..admission(&key, turn)
    };
    let a = with_turns("t1");
    let Begun { fence, number } = begun(store, &a).await;
    let jobs = vec![JobKind::Workout, JobKind::Summary];
    let lost = TurnError::ProducerLost.into();
    let end = Finish {
        title: Some("Given".into()),
        ..finish(&a, number, lost, words(&["alive"]), jobs.clone())
    };
    let lease_until = a.lease_until;
    let reaper = Writer::Reaper { fence, lease_until };
    for _ in 0..2 {
        let answer = store.finish(&a.turn, reaper, &end).await.unwrap();
        assert_eq!(answer, Written::Done(()));
    }
    let (record, events) = store.turn(&a.turn, 0).await.unwrap().unwrap();
    assert_eq!(record.state, TurnState::Ended(end.closing.clone()));
    assert_eq!(events.len(), 3, "{events:?}");
    let messages = store.messages(&key, None, 10).await.unwrap();
    assert_eq!(messages.first(), end.reply.as_ref());
    let of = JobsOf::Turn(a.turn.clone());
    let left = store.jobs(&of).await.unwrap();
    let mut kinds: Vec<_> = left.iter().map(|job| job.kind).collect();
    kinds.sort();
    assert_eq!(kinds, jobs);
    let found = store.conversation(&key).await.unwrap().unwrap();
    let told = (found.title.as_str(), found.active, found.messages);
    assert_eq!(told, ("Given", None, 2));
    assert_eq!(begun(store, &with_turns("t2")).await.number, 3);
}

#[apply(clause)]
/// A title that it has stays, whoever gave it. … An empty title is none, so that a turn may give
/// one.
pub async fn a_title_of_the_users_own_stays_and_an_empty_one_is_none(store: &dyn MessageStore) {
    for (own, expected) in [("Mine", "Mine"), ("", "Given")] {
        let (a, fence) = running(store).await;
        let key = &a.turn.conversation;
        for title in ["Before", own] {
            let edit = Edit {
                title: Some(title.into()),
                tags: None,
            };
            assert!(store.edit_conversation(key, &edit).await.unwrap());
        }
        let end = Finish {
            title: Some("Given".into()),
            ..finish(&a, 1, Ending::Finished, words(&["x"]), vec![])
        };
        let writer = Writer::Holder(fence);
        store.finish(&a.turn, writer, &end).await.unwrap();
        let found = store.conversation(key).await.unwrap().unwrap();
        assert_eq!(found.title, expected);
    }
}
