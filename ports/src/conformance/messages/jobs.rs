//! The work that turns leave behind.

use domain::{Ending, Job, JobKind, JobState, Outcome, Timestamp, TurnKey};
use serde_json::json;

use super::{NOW, SECOND, admission, begun, conversation, finish, running, words};
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
