//! What is left of a conversation that was deleted: nothing.

use std::slice;

use domain::conversation::Edit;
use domain::{Job, Outcome};
use macro_rules_attribute::apply;
use serde_json::json;

use super::*;

/// A conversation with everything: a finished turn with two jobs, one of which is claimed, and a
/// turn that runs.
struct Full {
    done: Admission,
    end: Finish,
    fence: Fence,
    claimed: Job,
    open: Admission,
    begun: Begun,
}

async fn full(store: &dyn MessageStore, key: &ConversationKey, [one, two]: [&str; 2]) -> Full {
    let done = admission(key, one);
    let Begun { fence, number } = begun(store, &done).await;
    let jobs = vec![JobKind::Workout, JobKind::Memory];
    let end = finish(&done, number, Ending::Finished, words(&["x"]), jobs);
    let writer = Writer::Holder(fence);
    store.finish(&done.turn, writer, &end).await.unwrap();
    let (of, later) = (JobsOf::Turn(done.turn.clone()), NOW + 60 * SECOND);
    let claimed = store.claim_jobs(&of, later, later + SECOND, 1).await;
    let claimed = claimed.unwrap().pop().unwrap();
    let open = admission(key, two);
    let begun = begun(store, &open).await;
    let said = checkpoint(&open, begun.fence, 0, &words(&["y"]));
    store.checkpoint(&said).await.unwrap();
    Full {
        done,
        end,
        fence,
        claimed,
        open,
        begun,
    }
}

#[apply(clause)]
/// From then on nothing of it is read, listed, claimed or overdue
pub async fn nothing_of_a_deleted_conversation_is_read_or_found(store: &dyn MessageStore) {
    let key = conversation(store).await;
    let gone = full(store, &key, ["t1", "t2"]).await;
    let kept = created(store, self::key(&key.user, "v2")).await;
    let kept_full = full(store, &kept, ["t3", "t4"]).await;
    assert!(store.delete_conversation(&key).await.unwrap());
    assert_eq!(store.conversation(&key).await.unwrap(), None);
    assert_eq!(store.messages(&key, None, 10).await.unwrap(), []);
    for turn in [&gone.done.turn, &gone.open.turn] {
        assert_eq!(store.turn(turn, 0).await.unwrap(), None);
        assert_eq!(store.ask_stop(turn).await.unwrap(), None);
        let of = JobsOf::Turn(turn.clone());
        assert_eq!(store.jobs(&of).await.unwrap(), []);
    }
    let later = NOW + 9_999 * SECOND;
    let of_user = JobsOf::User(key.user.clone());
    let all = store.jobs(&of_user).await.unwrap();
    assert!(all.iter().all(|job| job.turn == kept_full.done.turn));
    assert_eq!(all.len(), 2, "{all:?}");
    for of in [JobsOf::Conversation(key.clone()), of_user] {
        let due = store.claim_jobs(&of, later, later + SECOND, 10).await;
        let due = due.unwrap();
        assert!(due.iter().all(|job| job.turn == kept_full.done.turn));
    }
    let running = overdue(store, &key.user, later).await;
    assert_eq!(running, slice::from_ref(&kept_full.open.turn));
    let listed = store.all_conversations(&key.user, None, 10).await.unwrap();
    let listed: Vec<_> = listed
        .items
        .into_iter()
        .map(|one| one.unwrap().key)
        .collect();
    assert_eq!(listed, slice::from_ref(&kept));
    let with_coach = store.conversations(&key.user, &key.coach, None, 10).await;
    let with_coach = with_coach.unwrap().items.into_iter().map(|one| one.key);
    assert_eq!(with_coach.collect::<Vec<_>>(), [kept]);
}

#[apply(clause)]
/// every write of its turns is refused
pub async fn nothing_is_written_of_a_deleted_conversation(store: &dyn MessageStore) {
    let key = conversation(store).await;
    let gone = full(store, &key, ["t1", "t2"]).await;
    let kept = created(store, self::key(&key.user, "v2")).await;
    let other = full(store, &kept, ["t3", "t4"]).await;
    assert!(store.delete_conversation(&key).await.unwrap());
    let of = [&gone.done, &gone.open, &other.done, &other.open];
    let before = seen(store, &of).await;
    for asked in [&gone.done, &gone.open, &admission(&key, "t5")] {
        let answer = store.admit(asked).await.unwrap();
        assert_eq!(answer, Admitted::Unknown);
    }
    let fence = gone.begun.fence;
    for events in [&[][..], &words(&["y", "z"])] {
        let late = checkpoint(&gone.open, fence, 0, events);
        assert_eq!(store.checkpoint(&late).await.unwrap(), Written::LeaseLost);
    }
    let number = gone.begun.number;
    let jobs = vec![JobKind::Forget];
    let late = finish(&gone.open, number, Ending::Finished, words(&["y"]), jobs);
    let lease_until = NOW + 20 * SECOND;
    let reaper = Writer::Reaper { fence, lease_until };
    for (turn, writer, end) in [
        (&gone.open.turn, Writer::Holder(fence), &late),
        (&gone.open.turn, reaper, &late),
        (&gone.done.turn, Writer::Holder(gone.fence), &gone.end),
    ] {
        let answer = store.finish(turn, writer, end).await.unwrap();
        assert_eq!(answer, Written::LeaseLost, "{writer:?}");
    }
    let done = Outcome::Done(json!({}));
    store.settle_job(&gone.claimed, &done).await.unwrap();
    let edit = Edit {
        title: Some("Late".into()),
        tags: Some(vec!["late".into()]),
    };
    assert!(!store.edit_conversation(&key, &edit).await.unwrap());
    created(store, key.clone()).await;
    assert!(!store.delete_conversation(&key).await.unwrap());
    assert_eq!(seen(store, &of).await, before);
}

#[apply(clause)]
/// A key carries its user; nothing of another user is ever read, changed or revealed.
pub async fn what_a_stranger_asks_for_by_the_same_names_changes_nothing(store: &dyn MessageStore) {
    let key = conversation(store).await;
    let full = full(store, &key, ["t1", "t2"]).await;
    let of = [&full.done, &full.open];
    let before = seen(store, &of).await;
    let stranger = self::key(&somebody(), "v");
    let theirs = |a: &Admission| Admission {
        turn: TurnKey {
            conversation: stranger.clone(),
            turn: a.turn.turn.clone(),
        },
        ..a.clone()
    };
    for a in of {
        let a = theirs(a);
        assert_eq!(store.admit(&a).await.unwrap(), Admitted::Unknown);
        let late = checkpoint(&a, full.begun.fence, 0, &words(&["z"]));
        assert_eq!(store.checkpoint(&late).await.unwrap(), Written::LeaseLost);
        let end = finish(&a, 3, Ending::Stopped, words(&["z"]), vec![]);
        let writer = Writer::Holder(full.begun.fence);
        let answer = store.finish(&a.turn, writer, &end).await.unwrap();
        assert_eq!(answer, Written::LeaseLost);
        assert_eq!(store.ask_stop(&a.turn).await.unwrap(), None);
        let later = NOW + 9_999 * SECOND;
        for of in [
            JobsOf::Turn(a.turn.clone()),
            JobsOf::Conversation(stranger.clone()),
            JobsOf::User(stranger.user.clone()),
        ] {
            assert_eq!(store.jobs(&of).await.unwrap(), []);
            let claimed = store.claim_jobs(&of, later, later + SECOND, 10).await;
            assert_eq!(claimed.unwrap(), []);
        }
    }
    let job = Job {
        turn: theirs(&full.done).turn,
        ..full.claimed.clone()
    };
    let dead = Outcome::Dead("theirs".into());
    store.settle_job(&job, &dead).await.unwrap();
    let edit = Edit {
        title: Some("Theirs".into()),
        tags: None,
    };
    assert!(!store.edit_conversation(&stranger, &edit).await.unwrap());
    assert!(!store.delete_conversation(&stranger).await.unwrap());
    assert_eq!(seen(store, &of).await, before);
}
