//! The work that turns leave behind.

use domain::{Closing, Ending, Job, JobKind, JobState, Outcome, Timestamp, TurnKey};
use macro_rules_attribute::apply;
use serde_json::json;

use super::*;
use crate::conformance::TRIES;
use crate::{Begun, JobsOf, MessageStore, Writer, Written};

/// A turn that has ended and left a job.
async fn with_job(store: &dyn MessageStore) -> TurnKey {
    let (a, fence) = running(store).await;
    let finish = finish(
        &a,
        1,
        Ending::Finished,
        words(&["Well done"]),
        vec![JobKind::Workout],
    );
    assert_eq!(
        store
            .finish(&a.turn, Writer::Holder(fence), &finish)
            .await
            .unwrap(),
        Written::Done(())
    );
    a.turn
}

#[apply(clause)]
/// two callers never hold the same job at the same time
pub async fn a_job_is_held_by_one_at_a_time(store: &dyn MessageStore) {
    let turn = with_job(store).await;
    let (now, until) = (NOW + 3 * SECOND, NOW + 63 * SECOND);
    let of = JobsOf::User(turn.conversation.user.clone());
    let claimed = store.claim_jobs(&of, now, until, 10).await.unwrap();
    assert_eq!(
        claimed.iter().map(|job| job.attempts).collect::<Vec<_>>(),
        [1]
    );
    assert!(
        store
            .claim_jobs(&JobsOf::Turn(turn.clone()), now, until, 10)
            .await
            .unwrap()
            .is_empty()
    );
    let jobs = store.jobs(&JobsOf::Turn(turn.clone())).await.unwrap();
    assert!(matches!(jobs.as_slice(), [job] if job.state == JobState::Claimed(until)));
}

#[apply(clause)]
/// A claimed job is due again when its claim runs out
pub async fn a_claim_that_ran_out_is_open_again(store: &dyn MessageStore) {
    let turn = with_job(store).await;
    let of = JobsOf::Turn(turn);
    let (first, second) = (NOW + 3 * SECOND, NOW + 63 * SECOND);
    assert_eq!(
        store
            .claim_jobs(&of, first, second, 10)
            .await
            .unwrap()
            .len(),
        1
    );
    assert!(
        store
            .claim_jobs(&of, Timestamp(second.0 - 1), second, 10)
            .await
            .unwrap()
            .is_empty()
    );
    let again = store
        .claim_jobs(&of, second, second + 60 * SECOND, 10)
        .await
        .unwrap();
    assert_eq!(
        again.iter().map(|job| job.attempts).collect::<Vec<_>>(),
        [2]
    );
}

#[apply(clause)]
/// Notes what came of a claimed job
pub async fn a_settled_job_is_not_claimed_again(store: &dyn MessageStore) {
    let outcomes = [
        (
            Outcome::Done(json!({ "name": "Squats" })),
            JobState::Done(json!({ "name": "Squats" })),
        ),
        (
            Outcome::Refused("a plan".into()),
            JobState::Refused("a plan".into()),
        ),
        (
            Outcome::Dead("unavailable".into()),
            JobState::Dead("unavailable".into()),
        ),
    ];
    for (outcome, state) in outcomes {
        let turn = with_job(store).await;
        let of = JobsOf::Turn(turn.clone());
        let claimed = store
            .claim_jobs(&of, NOW + 3 * SECOND, NOW + 63 * SECOND, 10)
            .await
            .unwrap();
        let job = claimed.first().expect("a job that is due");
        for _ in 0..2 {
            store.settle_job(job, &outcome).await.unwrap();
        }
        assert!(
            store
                .claim_jobs(&of, NOW + 9_999 * SECOND, NOW + 19_999 * SECOND, 10)
                .await
                .unwrap()
                .is_empty()
        );
        let jobs = store.jobs(&of).await.unwrap();
        assert!(matches!(jobs.as_slice(), [job] if job.state == state));
    }
}

#[apply(clause)]
/// Claims at most `limit` jobs that are due at `now`
pub async fn a_job_is_tried_again_at_its_time(store: &dyn MessageStore) {
    let turn = with_job(store).await;
    let of = JobsOf::Turn(turn);
    let claimed = store
        .claim_jobs(&of, NOW + 3 * SECOND, NOW + 63 * SECOND, 10)
        .await
        .unwrap();
    let at = NOW + 10 * SECOND;
    store
        .settle_job(claimed.first().unwrap(), &Outcome::Again(at))
        .await
        .unwrap();
    assert!(
        store
            .claim_jobs(&of, Timestamp(at.0 - 1), at + SECOND, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        store
            .claim_jobs(&of, at, at + SECOND, 10)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[apply(clause)]
/// Returns the jobs of a turn, of a conversation, of a user or of anyone
pub async fn jobs_are_found_by_turn_conversation_and_user(store: &dyn MessageStore) {
    let turn = with_job(store).await;
    with_job(store).await;
    let conversation = turn.conversation.clone();
    let user = conversation.user.clone();
    for of in [
        JobsOf::Turn(turn.clone()),
        JobsOf::Conversation(conversation),
        JobsOf::User(user),
    ] {
        let jobs = store.jobs(&of).await.unwrap();
        assert_eq!(
            jobs.iter().map(|job| &job.turn).collect::<Vec<_>>(),
            [&turn]
        );
        let claimed = store
            .claim_jobs(&of, NOW + 3 * SECOND, NOW + 4 * SECOND, 10)
            .await
            .unwrap();
        assert_eq!(
            claimed.iter().map(|job| &job.turn).collect::<Vec<_>>(),
            [&turn]
        );
        store
            .settle_job(claimed.first().unwrap(), &Outcome::Again(NOW + 3 * SECOND))
            .await
            .unwrap();
    }
}

/// Claims no more than `limit`, and puts back what it claimed.
async fn claimed_first(
    store: &dyn MessageStore,
    of: &JobsOf,
    limit: usize,
    due: impl Fn(&Job) -> Timestamp,
) -> Vec<(String, JobKind)> {
    let claimed = store
        .claim_jobs(of, NOW + 99 * SECOND, NOW + 199 * SECOND, limit)
        .await
        .unwrap();
    for job in &claimed {
        store
            .settle_job(job, &Outcome::Again(due(job)))
            .await
            .unwrap();
    }
    claimed
        .iter()
        .map(|job| (job.turn.turn.to_string(), job.kind))
        .collect()
}

#[apply(clause)]
/// Claims at most `limit` jobs that are due at `now`, the oldest first … The oldest is the one
/// that was due first.
pub async fn the_oldest_jobs_are_claimed_and_no_more_than_asked_for(store: &dyn MessageStore) {
    let key = conversation(store).await;
    let due = |job: &Job| {
        let seconds = match (job.turn.turn.as_str(), job.kind) {
            ("t3", JobKind::Memory) => 10,
            ("t1", _) => 20,
            ("t3", _) => 30,
            _ => 40,
        };
        NOW + seconds * SECOND
    };
    let jobs = [
        ("t1", vec![JobKind::Summary]),
        ("t2", vec![JobKind::Forget]),
    ];
    for (turn, kinds) in jobs
        .into_iter()
        .chain([("t3", vec![JobKind::Workout, JobKind::Memory])])
    {
        let a = admission(&key, turn);
        let Begun { fence, number } = begun(store, &a).await;
        store
            .finish(
                &a.turn,
                Writer::Holder(fence),
                &finish(&a, number, Ending::Finished, words(&["x"]), kinds),
            )
            .await
            .unwrap();
    }
    let third = TurnKey {
        conversation: key.clone(),
        turn: "t3".parse().unwrap(),
    };
    assert_eq!(
        claimed_first(store, &JobsOf::User(key.user.clone()), 10, due)
            .await
            .len(),
        4
    );
    let oldest = [("t3", JobKind::Memory), ("t1", JobKind::Summary)]
        .map(|(turn, kind)| (turn.to_owned(), kind));
    for of in [JobsOf::User(key.user.clone()), JobsOf::Conversation(key)] {
        assert_eq!(claimed_first(store, &of, 2, due).await, oldest, "{of:?}");
    }
    assert_eq!(
        claimed_first(store, &JobsOf::Turn(third), 1, due).await,
        oldest[..1]
    );
}

#[apply(clause)]
/// Changes nothing, and is no error, if another has claimed the job since
pub async fn a_late_settlement_is_ignored(store: &dyn MessageStore) {
    let turn = with_job(store).await;
    let of = JobsOf::Turn(turn.clone());
    let (first, second) = (NOW + 3 * SECOND, NOW + 63 * SECOND);
    let late = store.claim_jobs(&of, first, second, 10).await.unwrap();
    store
        .claim_jobs(&of, second, second + 60 * SECOND, 10)
        .await
        .unwrap();
    store
        .settle_job(late.first().unwrap(), &Outcome::Dead("late".into()))
        .await
        .unwrap();
    let jobs = store.jobs(&JobsOf::Turn(turn.clone())).await.unwrap();
    assert!(
        matches!(jobs.as_slice(), [job] if job.state == JobState::Claimed(second + 60 * SECOND))
    );
}

#[apply(clause)]
/// Each job is due from `Closing::at` on, and nobody has tried it.
pub async fn a_job_is_due_from_the_closing_on(store: &dyn MessageStore) {
    let turn = with_job(store).await;
    let (of, at) = (JobsOf::Turn(turn.clone()), NOW + 3 * SECOND);
    let jobs = store.jobs(&of).await.unwrap();
    let expected = Job {
        turn: turn.clone(),
        kind: JobKind::Workout,
        attempts: 0,
        state: JobState::Due(at),
        calls: Vec::new(),
    };
    assert_eq!(jobs, [expected]);
    let user = JobsOf::User(turn.conversation.user.clone());
    for of in [of, JobsOf::Conversation(turn.conversation), user] {
        let early = Timestamp(at.0 - 1);
        let claimed = store.claim_jobs(&of, early, at, 10).await.unwrap();
        assert_eq!(claimed, [], "{of:?}");
        let claimed = store.claim_jobs(&of, at, at, 10).await.unwrap();
        assert_eq!(claimed.len(), 1, "{of:?}");
    }
}

#[apply(clause)]
/// Returns the jobs of a turn, of a conversation, of a user or of anyone, whatever their state.
pub async fn jobs_of_anyone_are_found_and_claimed(store: &dyn MessageStore) {
    // Longer ago than what anybody else has in this store.
    let mut turns = Vec::new();
    for at in [2, 3, 1] {
        let (a, fence) = running(store).await;
        let mut end = finish(
            &a,
            1,
            Ending::Finished,
            words(&["x"]),
            vec![JobKind::Memory],
        );
        let at = Timestamp(at);
        end.closing = Closing {
            at,
            ..Closing::clone(&end.closing)
        }
        .into();
        let writer = Writer::Holder(fence);
        store.finish(&a.turn, writer, &end).await.unwrap();
        turns.push(a.turn);
    }
    turns.rotate_right(1);
    let mut all = Vec::new();
    let mut claimed: Vec<TurnKey> = Vec::new();
    for _ in 0..TRIES {
        all = store.jobs(&JobsOf::Anyone).await.unwrap();
        let due = store
            .claim_jobs(&JobsOf::Anyone, Timestamp(3), NOW, 2)
            .await;
        let due = due.unwrap();
        assert!(due.len() <= 2, "{due:?}");
        claimed.extend(due.into_iter().map(|job| job.turn));
        let is_there = |turn: &TurnKey| all.iter().any(|job| job.turn == *turn);
        if claimed.len() >= turns.len() && turns.iter().all(is_there) {
            break;
        }
    }
    assert_eq!(claimed, turns);
    all.retain(|job| turns.contains(&job.turn));
    assert_eq!(all.len(), turns.len());
    for turn in turns {
        assert!(store.delete_conversation(&turn.conversation).await.unwrap());
    }
}

#[apply(clause)]
/// Changes nothing, and is no error, if another has claimed the job since, or if it was settled.
pub async fn a_settled_job_stays_as_it_was_settled(store: &dyn MessageStore) {
    let first = [
        Outcome::Done(json!({ "name": "Squats" })),
        Outcome::Refused("a plan".into()),
        Outcome::Again(NOW + 99 * SECOND),
    ];
    for outcome in first {
        let of = JobsOf::Turn(with_job(store).await);
        let (now, until) = (NOW + 3 * SECOND, NOW + 63 * SECOND);
        let claimed = store.claim_jobs(&of, now, until, 10).await.unwrap();
        let job = claimed.first().unwrap();
        store.settle_job(job, &outcome).await.unwrap();
        let before = store.jobs(&of).await.unwrap();
        for late in [outcome, Outcome::Dead("late".into()), Outcome::Again(now)] {
            store.settle_job(job, &late).await.unwrap();
            assert_eq!(store.jobs(&of).await.unwrap(), before);
        }
    }
}

#[apply(clause)]
/// Returns the jobs of a turn, of a conversation, of a user or of anyone, whatever their state.
pub async fn only_the_jobs_that_are_asked_for_are_found_and_claimed(store: &dyn MessageStore) {
    let user = somebody();
    let mut turns = Vec::new();
    for (coach, name, turn) in [
        ("c", "v", "t1"),
        ("c", "v", "t2"),
        ("c", "v2", "t3"),
        ("d", "v", "t4"),
    ] {
        let mut key = key(&user, name);
        key.coach = coach.parse().unwrap();
        let key = created(store, key).await;
        let a = admission(&key, turn);
        let begun = begun(store, &a).await;
        ended(store, &a, begun, vec![JobKind::Workout]).await;
        turns.push(a.turn);
    }
    let [one, two, three, four] = turns.as_slice() else {
        panic!("there are four")
    };
    let conversation = one.conversation.clone();
    for (of, expected) in [
        (JobsOf::Turn(one.clone()), vec![one]),
        (JobsOf::Turn(four.clone()), vec![four]),
        (JobsOf::Conversation(conversation), vec![one, two]),
        (JobsOf::User(user), vec![one, two, three, four]),
    ] {
        let mut found = store.jobs(&of).await.unwrap();
        found.sort_by(|one, other| one.turn.cmp(&other.turn));
        let found: Vec<_> = found.iter().map(|job| &job.turn).collect();
        let mut expected = expected;
        expected.sort();
        assert_eq!(found, expected, "{of:?}");
        let now = NOW + 3 * SECOND;
        let claimed = store.claim_jobs(&of, now, now, 10).await.unwrap();
        let mut claimed: Vec<_> = claimed.iter().map(|job| &job.turn).collect();
        claimed.sort();
        assert_eq!(claimed, expected, "{of:?}");
    }
}
