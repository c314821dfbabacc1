//! Clauses on erasing a user, and on reading all that one has.

use domain::{JobKind, JobState, Outcome};
use macro_rules_attribute::apply;
use serde_json::json;

use super::*;
use crate::{Allowance, Hold, JobsOf, TurnState, Writer, Written};

/// More calls than it takes to erase what a clause has made, an item at a time.
const CALLS: usize = 200;

/// Erases a user, so many items at a time; how many that were.
async fn erased(store: &dyn MessageStore, owner: &UserScope, limit: usize) -> u64 {
    let mut removed = 0;
    for _ in 0..CALLS {
        let erased = store.erase(owner, NOW, limit).await.unwrap();
        removed += erased.removed;
        if erased.is_complete {
            return removed;
        }
    }
    panic!("the erasing does not end")
}

/// A user with a finished turn and its job, a running turn, and a deleted conversation, with two
/// coaches: the finished turn and the running one.
async fn busy(store: &dyn MessageStore) -> ((Admission, u64), (Admission, Fence)) {
    let user = somebody();
    let [done, mut open, gone] = ["done", "open", "gone"].map(|name| key(&user, name));
    open.coach = "other".parse().unwrap();
    for key in [&done, &open, &gone] {
        let new = empty(key.clone(), NOW);
        store.create_conversation(&new).await.unwrap();
    }
    assert!(store.delete_conversation(&gone).await.unwrap());
    let hold = |of| Hold {
        of,
        amount: 5,
        limit: 10,
        until: NOW + 120 * SECOND,
    };
    let holds = vec![hold(Allowance::Turns), hold(Allowance::Tokens)];
    let first = Admission {
        holds: holds.clone(),
        ..admission(&done, "t1")
    };
    let number = begun(store, &first).await;
    let end = finish(
        &first,
        number.number,
        Ending::Finished,
        words(&["x"]),
        vec![JobKind::Workout],
    );
    let holder = Writer::Holder(number.fence);
    store.finish(&first.turn, holder, &end).await.unwrap();
    let second = Admission {
        holds,
        ..admission(&open, "t2")
    };
    let fence = begun(store, &second).await.fence;
    let events = words(&["y", "z"]);
    let kept = checkpoint(&second, fence, 0, &events);
    store.checkpoint(&kept).await.unwrap();
    ((first, number.number), (second, fence))
}

#[apply(clause)]
/// removes about `limit` items of what the user has, readable or not
pub async fn an_erased_user_has_nothing_and_another_has_everything(store: &dyn MessageStore) {
    for limit in [1, 3, 1000] {
        let ((done, _), (open, _)) = busy(store).await;
        let ((their_done, _), (their_open, _)) = busy(store).await;
        let before = seen(store, &[&their_done, &their_open]).await;
        let owner = &done.turn.conversation.user;
        assert!(erased(store, owner, limit).await >= 3);
        for a in [&done, &open] {
            let key = &a.turn.conversation;
            assert_eq!(store.conversation(key).await.unwrap(), None);
            assert!(store.messages(key, None, 10).await.unwrap().is_empty());
            assert_eq!(store.turn(&a.turn, 0).await.unwrap(), None);
            assert!(!store.delete_conversation(key).await.unwrap());
            assert!(
                !store
                    .edit_conversation(key, &Default::default())
                    .await
                    .unwrap()
            );
        }
        let jobs = JobsOf::User(owner.clone());
        assert!(store.jobs(&jobs).await.unwrap().is_empty());
        let page = store.all_conversations(owner, None, 10).await.unwrap();
        assert!(page.items.is_empty() && page.next.is_none());
        let after = seen(store, &[&their_done, &their_open]).await;
        assert_eq!(after, before);
    }
}

#[apply(clause)]
/// leaves the mark, with the time `at` if there is none yet
pub async fn the_first_erasing_leaves_a_mark_with_its_time_that_stays(store: &dyn MessageStore) {
    let ((done, _), _) = busy(store).await;
    let owner = &done.turn.conversation.user;
    let first = store.erase(owner, NOW, 1).await.unwrap();
    assert_eq!((first.since, first.is_complete), (NOW, false));
    let later = store.erase(owner, NOW + SECOND, 1000).await.unwrap();
    assert_eq!(later.since, NOW);
    erased(store, owner, 1000).await;
    let again = store.erase(owner, NOW + SECOND, 1000).await.unwrap();
    let expected = crate::Erased {
        since: NOW,
        removed: 0,
        is_complete: true,
    };
    assert_eq!(again, expected);
}

#[apply(clause)]
/// From then on all is as if the user had never been, but that no conversation is made
pub async fn of_an_erased_user_no_conversation_is_made(store: &dyn MessageStore) {
    let ((done, _), _) = busy(store).await;
    let owner = &done.turn.conversation.user;
    let new = empty(key(owner, "new"), NOW);
    store.erase(owner, NOW, 1).await.unwrap();
    store.create_conversation(&new).await.unwrap();
    assert_eq!(store.conversation(&new.key).await.unwrap(), None);
    erased(store, owner, 1000).await;
    let known = &done.turn.conversation;
    for key in [&new.key, known, &key(owner, "gone")] {
        let new = empty(key.clone(), NOW);
        store.create_conversation(&new).await.unwrap();
        assert_eq!(store.conversation(key).await.unwrap(), None);
    }
    assert_eq!(erased(store, owner, 1000).await, 0);
}

#[apply(clause)]
/// `admit` answers `Admitted::Unknown`, whoever holds a turn is told `Written::LeaseLost`, and
/// there are no jobs
pub async fn whoever_writes_for_an_erased_user_makes_nothing(store: &dyn MessageStore) {
    let ((done, _), (open, fence)) = busy(store).await;
    let owner = &done.turn.conversation.user;
    let (later, jobs) = (NOW + 60 * SECOND, JobsOf::Turn(done.turn.clone()));
    let claimed = store.claim_jobs(&jobs, later, later, 1).await.unwrap();
    let [job] = &claimed[..] else {
        panic!("there is one job")
    };
    assert!(matches!(job.state, JobState::Claimed(_)));
    erased(store, owner, 2).await;
    for a in [&done, &open, &admission(&done.turn.conversation, "t3")] {
        assert_eq!(store.admit(a).await.unwrap(), Admitted::Unknown);
        assert_eq!(store.ask_stop(&a.turn).await.unwrap(), None);
    }
    let late = checkpoint(&open, fence, 3, &[said(PartKind::Reply, "late")]);
    let answer = store.checkpoint(&late).await.unwrap();
    assert_eq!(answer, Written::LeaseLost);
    let jobs = vec![JobKind::Memory];
    let end = finish(&open, 1, Ending::Finished, words(&["y"]), jobs);
    let reaper = Writer::Reaper {
        fence,
        lease_until: late.lease_until,
    };
    for writer in [Writer::Holder(fence), reaper] {
        let answer = store.finish(&open.turn, writer, &end).await.unwrap();
        assert_eq!(answer, Written::LeaseLost);
    }
    let spent = [(Allowance::Tokens, 7)];
    store.settle_hold(&done.turn, &spent).await.unwrap();
    store
        .settle_job(job, &Outcome::Done(json!({})))
        .await
        .unwrap();
    let jobs = JobsOf::User(owner.clone());
    let due = store.claim_jobs(&jobs, later, later, 9).await.unwrap();
    assert!(due.is_empty() && store.jobs(&jobs).await.unwrap().is_empty());
    assert_eq!(erased(store, owner, 1000).await, 0, "something was made");
}

#[apply(clause)]
/// First every conversation goes, and with it the right of its running turn to write
pub async fn a_turn_loses_its_right_to_write_before_anything_else_goes(store: &dyn MessageStore) {
    let ((done, _), (open, fence)) = busy(store).await;
    // As many items as there are conversations and running turns.
    store
        .erase(&done.turn.conversation.user, NOW, 2)
        .await
        .unwrap();
    let is_running = |turn: Option<(crate::TurnRecord, _)>| {
        let state = turn.map(|(turn, _): (_, Vec<TurnEvent>)| turn.state);
        matches!(state, Some(TurnState::Running { .. }))
    };
    assert!(!is_running(store.turn(&open.turn, 0).await.unwrap()));
    let late = checkpoint(&open, fence, 3, &[]);
    let answer = store.checkpoint(&late).await.unwrap();
    assert_eq!(answer, Written::LeaseLost);
}

#[apply(clause)]
/// Reads a user's conversations with every coach as they are now … at most `limit` of them …
/// Nothing is passed over that is there from the first page to the last.
pub async fn the_conversations_with_all_coaches_are_listed_in_pages(store: &dyn MessageStore) {
    let (user, other) = (somebody(), somebody());
    let mut made = Vec::new();
    for coach in ["a", "a-b", "a_b", "A", "b"] {
        for name in ["1", "-", "v2"] {
            let mut key = key(&user, name);
            key.coach = coach.parse().unwrap();
            let new = empty(key.clone(), NOW);
            store.create_conversation(&new).await.unwrap();
            made.push(key);
        }
    }
    let theirs = empty(key(&other, "v"), NOW);
    store.create_conversation(&theirs).await.unwrap();
    let gone = made.pop().unwrap();
    assert!(store.delete_conversation(&gone).await.unwrap());
    for size in [1, 4, 14, 100] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.all_conversations(&user, after, size).await.unwrap();
            assert!(page.items.len() <= size);
            let keys = page.items.into_iter().map(|found| found.unwrap().key);
            seen.extend(keys);
            after = page.next;
            if after.is_none() {
                break;
            }
            assert!(seen.len() <= made.len(), "the list does not end");
        }
        seen.sort();
        made.sort();
        assert_eq!(seen, made, "in pages of {size}");
    }
}
