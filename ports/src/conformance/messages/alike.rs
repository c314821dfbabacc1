//! Names that look alike, limits at their ends, and what is long.

use macro_rules_attribute::apply;

use super::*;
use crate::conformance::alike;

/// One conversation for each user, coach and name that look alike, each with a turn that has left a
/// job.
async fn all_alike(store: &dyn MessageStore, users: &[UserScope]) -> Vec<Admission> {
    let mut all = Vec::new();
    for user in users {
        for coach in ["c", "C"] {
            for name in ["v", "V", "v-"] {
                let mut key = key(user, name);
                key.coach = coach.parse().unwrap();
                let a = admission(&created(store, key).await, "t");
                let first = begun(store, &a).await;
                ended(store, &a, first, vec![JobKind::Memory]).await;
                all.push(a);
            }
        }
    }
    all
}

#[apply(clause)]
/// A key carries its user; nothing of another user is ever read, changed or revealed.
pub async fn users_coaches_and_conversations_that_look_alike_are_different(
    store: &dyn MessageStore,
) {
    let users = alike();
    let all = all_alike(store, &users).await;
    for a in &all {
        let key = &a.turn.conversation;
        assert_eq!(store.messages(key, None, 10).await.unwrap().len(), 2);
        let count = async |of: JobsOf| store.jobs(&of).await.unwrap().len();
        assert_eq!(count(JobsOf::Turn(a.turn.clone())).await, 1);
        assert_eq!(count(JobsOf::Conversation(key.clone())).await, 1);
        assert_eq!(count(JobsOf::User(key.user.clone())).await, 6);
        let found = store.all_conversations(&key.user, None, 100).await.unwrap();
        assert_eq!(found.items.len(), 6);
    }
    let is_of_first = |a: &&Admission| Some(&a.turn.conversation.user) == users.first();
    let (mut gone, others): (Vec<_>, Vec<_>) = all.iter().partition(is_of_first);
    let before = seen(store, &others).await;
    let deleted = gone.remove(0);
    let left = seen(store, &gone).await;
    let one = &deleted.turn.conversation;
    assert!(store.delete_conversation(one).await.unwrap());
    for a in &gone {
        let key = &a.turn.conversation;
        assert_eq!(store.messages(key, None, 10).await.unwrap().len(), 2);
        assert!(store.turn(&a.turn, 0).await.unwrap().is_some());
    }
    assert_ne!(seen(store, &gone).await, left, "one is listed no more");
    let now = NOW + 60 * SECOND;
    let of = JobsOf::User(one.user.clone());
    let claimed = store.claim_jobs(&of, now, now, 100).await.unwrap();
    assert_eq!(claimed.len(), 5);
    for _ in 0..100 {
        if store.erase(&one.user, NOW, 50).await.unwrap().is_complete {
            break;
        }
    }
    assert_eq!(store.conversation(one).await.unwrap(), None);
    assert_eq!(seen(store, &others).await, before);
}

#[apply(clause)]
/// a record of the key that has not expired at `admission.now`
pub async fn keys_and_turns_that_look_alike_are_different(store: &dyn MessageStore) {
    let key = conversation(store).await;
    let mut turns = Vec::new();
    for (number, name) in (0_u64..).zip(["t", "T", "t-", "t0", "-t"]) {
        let a = Admission {
            key: name.parse().unwrap(),
            ..admission(&key, name)
        };
        let begun = begun(store, &a).await;
        assert_eq!(begun.number, 2 * number + 1);
        let said = words(&[name, name]);
        let kept = checkpoint(&a, begun.fence, 0, &said);
        store.checkpoint(&kept).await.unwrap();
        let found = store.turn(&a.turn, 0).await.unwrap().unwrap();
        assert_eq!(found.1, said);
        let kinds = vec![JobKind::Workout, JobKind::Memory];
        let end = finish(&a, begun.number, Ending::Finished, said, kinds);
        let writer = Writer::Holder(begun.fence);
        store.finish(&a.turn, writer, &end).await.unwrap();
        turns.push((a.turn, end));
    }
    for (turn, end) in turns {
        let jobs = store.jobs(&JobsOf::Turn(turn.clone())).await.unwrap();
        assert_eq!(jobs.len(), 2, "{jobs:?}");
        assert!(jobs.iter().all(|job| job.turn == turn));
        let (_, events) = store.turn(&turn, 0).await.unwrap().unwrap();
        assert_eq!(events.get(..3), end.events.get(..3));
    }
}

#[apply(clause)]
/// Returns at most `limit` messages with a number below `before`, or the newest of all without it …
/// Claims at most `limit` jobs that are due at `now`
pub async fn a_limit_may_be_none_or_more_than_there_is(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    ended(store, &a, Begun { fence, number: 1 }, vec![JobKind::Memory]).await;
    let key = &a.turn.conversation;
    let (user, coach) = (&key.user, &key.coach);
    let (of, now) = (JobsOf::User(user.clone()), NOW + 60 * SECOND);
    for (limit, some) in [(0, false), (usize::MAX, true)] {
        let count = usize::from(some);
        for (before, most) in [(None, 2), (Some(u64::MAX), 2), (Some(1), 0), (Some(0), 0)] {
            let found = store.messages(key, before, limit).await.unwrap();
            assert_eq!(found.len(), most * count, "{before:?}, {limit}");
        }
        let found = store.conversations(user, coach, None, limit).await.unwrap();
        assert!(found.items.len() <= count, "{found:?}");
        let found = store.all_conversations(user, None, limit).await.unwrap();
        assert_eq!(found.items.len(), count);
        let claimed = store.claim_jobs(&of, now, now, limit).await.unwrap();
        assert_eq!(claimed.len(), count);
    }
}

#[apply(clause)]
/// Removes a conversation with its messages, turns, jobs and keys.
pub async fn a_long_conversation_is_read_and_deleted_whole(store: &dyn MessageStore) {
    const TURNS: usize = 30;
    let key = conversation(store).await;
    let mut turns = Vec::new();
    for number in 0..TURNS {
        let a = admission(&key, &format!("t{number}"));
        let begun = begun(store, &a).await;
        ended(store, &a, begun, JobKind::ALL.to_vec()).await;
        turns.push(a);
    }
    let (of, now) = (JobsOf::Conversation(key.clone()), NOW + 60 * SECOND);
    let all = TURNS * JobKind::ALL.len();
    assert_eq!(store.jobs(&of).await.unwrap().len(), all);
    let found = store.messages(&key, None, 1_000).await.unwrap();
    assert_eq!(found.len(), 2 * TURNS);
    assert!(store.delete_conversation(&key).await.unwrap());
    assert_eq!(store.messages(&key, None, 1_000).await.unwrap(), []);
    assert_eq!(store.jobs(&of).await.unwrap(), []);
    let user = JobsOf::User(key.user.clone());
    let claimed = store.claim_jobs(&user, now, now, 1_000).await.unwrap();
    assert_eq!(claimed, []);
    for a in &turns {
        assert_eq!(store.turn(&a.turn, 0).await.unwrap(), None);
    }
}
