//! The clauses of [`MessageStore`].

mod paging;

use std::sync::Arc;
use std::time::Duration;

use domain::conversation::{Edit, PartKind, Said};
use domain::{
    Body, Closing, Conversation, ConversationKey, Ending, Fault, Fence, Finish, Job, JobKind,
    JobState, Outcome, Report, Timestamp, TurnError, TurnEvent, TurnKey, UserScope,
};
use serde_json::json;

pub use paging::{
    a_page_of_messages_ends_once_its_texts_have_reached_a_mebibyte,
    messages_are_read_from_the_newest_back,
};

use super::somebody;
use crate::{
    Admission, Admitted, Begun, Checkpoint, Hold, JobsOf, MessageStore, Stop, TurnState, Writer,
    Written,
};

/// Later than today: a store may throw away what has expired long ago.
const NOW: Timestamp = Timestamp(2_000_000_000_000);
const SECOND: Duration = Duration::from_secs(1);

fn key(user: &UserScope, conversation: &str) -> ConversationKey {
    let (coach, conversation) = ("c".parse().unwrap(), conversation.parse().unwrap());
    ConversationKey {
        user: user.clone(),
        coach,
        conversation,
    }
}

fn empty(key: ConversationKey, active: Timestamp) -> Conversation {
    let (title, tags) = (String::new(), Vec::new());
    Conversation {
        key,
        title,
        tags,
        created: NOW,
        last_activity: active,
        messages: 0,
        active: None,
    }
}

async fn conversation(store: &dyn MessageStore) -> ConversationKey {
    let key = key(&somebody(), "v");
    store
        .create_conversation(&empty(key.clone(), NOW))
        .await
        .unwrap();
    key
}

fn admission(conversation: &ConversationKey, turn: &str) -> Admission {
    Admission {
        turn: TurnKey {
            conversation: conversation.clone(),
            turn: turn.parse().unwrap(),
        },
        key: format!("key-{turn}").parse().unwrap(),
        body: [7; 32],
        user_message: format!("user-{turn}").parse().unwrap(),
        assistant_message: format!("assistant-{turn}").parse().unwrap(),
        text: format!("message of {turn}").into(),
        sent: None,
        zone: None,
        now: NOW,
        lease_until: NOW + 15 * SECOND,
        kept_until: NOW + 90_000 * SECOND,
        hold: None,
    }
}

async fn begun(store: &dyn MessageStore, admission: &Admission) -> Begun {
    let answer = store.admit(admission).await.unwrap();
    let Admitted::New(begun) = answer else {
        panic!("expected a new turn, not {answer:?}")
    };
    begun
}

/// A conversation with a running turn.
async fn running(store: &dyn MessageStore) -> (Admission, Fence) {
    let admission = admission(&conversation(store).await, "t1");
    let fence = begun(store, &admission).await.fence;
    (admission, fence)
}

fn said(kind: PartKind, text: &str) -> TurnEvent {
    TurnEvent::Said(Said {
        kind,
        stage: None,
        text: text.into(),
    })
}

fn words(words: &[&str]) -> Vec<TurnEvent> {
    let replies = words.iter().map(|word| said(PartKind::Reply, word));
    [TurnEvent::Started].into_iter().chain(replies).collect()
}

fn finish(ending: Ending, events: Vec<TurnEvent>, jobs: Vec<JobKind>) -> Finish {
    let closing = Arc::new(Closing {
        ending,
        at: NOW + 3 * SECOND,
        jobs,
        report: Report::default(),
    });
    Finish {
        closing,
        events,
        title: None,
    }
}

fn checkpoint(a: &Admission, fence: Fence, from: usize, events: &[TurnEvent]) -> Checkpoint {
    let (turn, lease_until) = (a.turn.clone(), NOW + 20 * SECOND);
    Checkpoint {
        turn,
        fence,
        from,
        events: events.to_vec(),
        lease_until,
    }
}

/// A turn that has ended and left a job.
async fn with_job(store: &dyn MessageStore) -> TurnKey {
    let (a, fence) = running(store).await;
    let finish = finish(
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

pub async fn a_conversation_is_made_once(store: &dyn MessageStore) {
    let key = conversation(store).await;
    begun(store, &admission(&key, "t1")).await;
    store
        .create_conversation(&empty(key.clone(), NOW))
        .await
        .unwrap();
    assert_eq!(store.conversation(&key).await.unwrap().unwrap().messages, 1);
}

pub async fn a_conversation_that_is_not_there_is_nothing(store: &dyn MessageStore) {
    let key = key(&somebody(), "nowhere");
    assert_eq!(store.conversation(&key).await.unwrap(), None);
    assert!(store.messages(&key, None, 10).await.unwrap().is_empty());
    assert!(
        !store
            .edit_conversation(&key, &Edit::default())
            .await
            .unwrap()
    );
    assert!(!store.delete_conversation(&key).await.unwrap());
}

async fn listed(store: &dyn MessageStore, user: &UserScope, size: usize) -> Vec<String> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store
            .conversations(user, &"c".parse().unwrap(), after, size)
            .await
            .unwrap();
        assert!(page.items.len() <= size);
        seen.extend(
            page.items
                .iter()
                .map(|conversation| conversation.key.conversation.to_string()),
        );
        after = page.next;
        if after.is_none() {
            return seen;
        }
        assert!(seen.len() <= 100, "the list does not end");
    }
}

pub async fn conversations_are_listed_with_the_last_active_first(store: &dyn MessageStore) {
    let user = somebody();
    for (name, active) in [("older", 1), ("newest", 3), ("newer", 2)] {
        store
            .create_conversation(&empty(key(&user, name), NOW + active * SECOND))
            .await
            .unwrap();
    }
    assert_eq!(listed(store, &user, 10).await, ["newest", "newer", "older"]);
}

pub async fn a_list_of_conversations_goes_on_where_it_ended(store: &dyn MessageStore) {
    let user = somebody();
    for name in ["a", "b", "c", "d", "e"] {
        store
            .create_conversation(&empty(key(&user, name), NOW))
            .await
            .unwrap();
    }
    let mut seen = listed(store, &user, 2).await;
    seen.sort();
    assert_eq!(seen, ["a", "b", "c", "d", "e"]);
}

pub async fn title_and_tags_can_be_changed(store: &dyn MessageStore) {
    let key = conversation(store).await;
    let edit = Edit {
        title: Some("Squats".into()),
        tags: Some(vec!["legs".into()]),
    };
    assert!(store.edit_conversation(&key, &edit).await.unwrap());
    assert!(
        store
            .edit_conversation(&key, &Edit::default())
            .await
            .unwrap()
    );
    let found = store.conversation(&key).await.unwrap().unwrap();
    assert_eq!(
        (found.title.as_str(), found.tags.as_slice()),
        ("Squats", &["legs".to_owned()][..])
    );
}

pub async fn an_unknown_conversation_admits_nobody(store: &dyn MessageStore) {
    let admission = admission(&key(&somebody(), "nowhere"), "t1");
    assert_eq!(store.admit(&admission).await.unwrap(), Admitted::Unknown);
    assert_eq!(store.turn(&admission.turn, 0).await.unwrap(), None);
}

pub async fn an_admission_keeps_the_message_and_counts_it(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let key = &a.turn.conversation;
    let found = store.conversation(key).await.unwrap().unwrap();
    assert_eq!(
        (found.messages, found.active.as_ref()),
        (1, Some(&a.turn.turn))
    );
    assert_eq!(
        store.messages(key, None, 10).await.unwrap(),
        [a.opening(1).user_message]
    );
    let (record, events) = store.turn(&a.turn, 0).await.unwrap().unwrap();
    assert_eq!(
        record.state,
        TurnState::Running {
            fence,
            lease_until: a.lease_until
        }
    );
    assert_eq!((record.number, record.kept, events.len()), (1, 0, 0));
    assert_eq!(record.assistant_message, a.assistant_message);
}

pub async fn an_admission_asked_again_is_answered_as_the_first_time(store: &dyn MessageStore) {
    let admission = admission(&conversation(store).await, "t1");
    let first = begun(store, &admission).await;
    assert_eq!(begun(store, &admission).await, first);
    assert_eq!(
        store
            .messages(&admission.turn.conversation, None, 10)
            .await
            .unwrap()
            .len(),
        1
    );
}

pub async fn an_equal_request_is_sent_to_the_turn_that_it_began(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let again = Admission {
        key: a.key.clone(),
        ..admission(&a.turn.conversation, "t2")
    };
    assert_eq!(
        store.admit(&again).await.unwrap(),
        Admitted::Existing(a.turn.turn.clone())
    );
    let ended = finish(Ending::Failed(TurnError::Internal), words(&[]), vec![]);
    store
        .finish(&a.turn, Writer::Holder(fence), &ended)
        .await
        .unwrap();
    assert_eq!(
        store.admit(&again).await.unwrap(),
        Admitted::Existing(a.turn.turn.clone())
    );
    assert_eq!(
        store
            .messages(&a.turn.conversation, None, 10)
            .await
            .unwrap()
            .len(),
        1
    );
}

pub async fn an_equal_key_with_another_body_is_refused(store: &dyn MessageStore) {
    let (a, _) = running(store).await;
    let other = Admission {
        key: a.key.clone(),
        body: [8; 32],
        ..admission(&a.turn.conversation, "t2")
    };
    assert_eq!(store.admit(&other).await.unwrap(), Admitted::Mismatch);
}

pub async fn a_key_that_has_expired_is_a_new_key(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    store
        .finish(
            &a.turn,
            Writer::Holder(fence),
            &finish(Ending::Finished, words(&["x"]), vec![]),
        )
        .await
        .unwrap();
    let at = |now| Admission {
        key: a.key.clone(),
        body: [8; 32],
        now,
        ..admission(&a.turn.conversation, "t2")
    };
    let before = Timestamp(a.kept_until.0 - 1);
    assert_eq!(store.admit(&at(before)).await.unwrap(), Admitted::Mismatch);
    assert!(matches!(
        store.admit(&at(a.kept_until)).await.unwrap(),
        Admitted::New(_)
    ));
}

pub async fn a_conversation_has_one_turn_at_a_time(store: &dyn MessageStore) {
    let (a, _) = running(store).await;
    let second = admission(&a.turn.conversation, "t2");
    assert_eq!(
        store.admit(&second).await.unwrap(),
        Admitted::Busy(a.turn.turn.clone())
    );
    assert_eq!(store.turn(&second.turn, 0).await.unwrap(), None);
    assert_eq!(
        store
            .messages(&a.turn.conversation, None, 10)
            .await
            .unwrap()
            .len(),
        1
    );
}

pub async fn a_known_key_is_judged_before_a_busy_conversation(store: &dyn MessageStore) {
    let (first, fence) = running(store).await;
    let ended = finish(Ending::Finished, words(&["x"]), vec![]);
    store
        .finish(&first.turn, Writer::Holder(fence), &ended)
        .await
        .unwrap();
    begun(store, &admission(&first.turn.conversation, "t2")).await;
    let again = Admission {
        key: first.key.clone(),
        ..admission(&first.turn.conversation, "t3")
    };
    assert_eq!(
        store.admit(&again).await.unwrap(),
        Admitted::Existing(first.turn.turn)
    );
}

pub async fn a_hold_beyond_the_limit_is_refused_and_changes_nothing(store: &dyn MessageStore) {
    let user = somebody();
    let hold = Some(Hold {
        amount: 2,
        limit: 3,
        until: NOW + 60 * SECOND,
    });
    for name in ["v1", "v2"] {
        store
            .create_conversation(&empty(key(&user, name), NOW))
            .await
            .unwrap();
    }
    begun(
        store,
        &Admission {
            hold,
            ..admission(&key(&user, "v1"), "t1")
        },
    )
    .await;
    let second = Admission {
        hold,
        ..admission(&key(&user, "v2"), "t2")
    };
    assert_eq!(store.admit(&second).await.unwrap(), Admitted::OverLimit);
    assert_eq!(
        store
            .conversation(&key(&user, "v2"))
            .await
            .unwrap()
            .unwrap()
            .messages,
        0
    );
    let small = Admission {
        hold: Some(Hold {
            amount: 1,
            limit: 3,
            until: NOW + 60 * SECOND,
        }),
        ..second
    };
    assert!(matches!(
        store.admit(&small).await.unwrap(),
        Admitted::New(_)
    ));
}

pub async fn a_hold_that_has_run_out_does_not_count(store: &dyn MessageStore) {
    let user = somebody();
    let until = NOW + 60 * SECOND;
    let hold = Some(Hold {
        amount: 1,
        limit: 1,
        until,
    });
    for name in ["v1", "v2"] {
        store
            .create_conversation(&empty(key(&user, name), NOW))
            .await
            .unwrap();
    }
    begun(
        store,
        &Admission {
            hold,
            ..admission(&key(&user, "v1"), "t1")
        },
    )
    .await;
    let second = |now| Admission {
        hold,
        now,
        ..admission(&key(&user, "v2"), "t2")
    };
    assert_eq!(
        store.admit(&second(Timestamp(until.0 - 1))).await.unwrap(),
        Admitted::OverLimit
    );
    assert!(matches!(
        store.admit(&second(until)).await.unwrap(),
        Admitted::New(_)
    ));
}

pub async fn a_finished_turn_gives_back_what_it_held(store: &dyn MessageStore) {
    let key = conversation(store).await;
    let hold = Some(Hold {
        amount: 3,
        limit: 3,
        until: NOW + 60 * SECOND,
    });
    for turn in ["t1", "t2"] {
        let a = Admission {
            hold,
            ..admission(&key, turn)
        };
        let fence = begun(store, &a).await.fence;
        store
            .finish(
                &a.turn,
                Writer::Holder(fence),
                &finish(Ending::Finished, words(&["x"]), vec![]),
            )
            .await
            .unwrap();
    }
}

pub async fn fences_grow(store: &dyn MessageStore) {
    let key = conversation(store).await;
    let mut last = None;
    for turn in ["t1", "t2", "t3"] {
        let a = admission(&key, turn);
        let fence = begun(store, &a).await.fence;
        assert!(last.is_none_or(|last| fence > last));
        last = Some(fence);
        store
            .finish(
                &a.turn,
                Writer::Holder(fence),
                &finish(Ending::Stopped, words(&["x"]), vec![]),
            )
            .await
            .unwrap();
    }
}

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
            &finish(Ending::Finished, words(&["x"]), vec![]),
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

pub async fn a_finished_turn_has_its_events_its_message_and_its_jobs(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let all = words(&["Well ", "done"]);
    let kept = all.get(..2).unwrap();
    store
        .checkpoint(&checkpoint(&a, fence, 0, kept))
        .await
        .unwrap();
    let finish = finish(Ending::Finished, all.clone(), vec![JobKind::Workout]);
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
    assert_eq!(
        messages.first(),
        a.opening(1).reply(Ending::Finished, &all).as_ref()
    );
    let jobs = store.jobs(&JobsOf::Turn(a.turn.clone())).await.unwrap();
    assert_eq!(
        jobs.iter()
            .map(|job| (job.kind, job.attempts))
            .collect::<Vec<_>>(),
        [(JobKind::Workout, 0)]
    );
}

pub async fn a_finish_asked_again_is_answered_as_the_first_time(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let finish = finish(Ending::Finished, words(&["x"]), vec![JobKind::Workout]);
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

pub async fn a_turn_ends_once(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let first = finish(Ending::Finished, words(&["x"]), vec![]);
    store
        .finish(&a.turn, Writer::Holder(fence), &first)
        .await
        .unwrap();
    let second = finish(Ending::Stopped, words(&["y"]), vec![JobKind::Workout]);
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

pub async fn a_turn_that_said_nothing_leaves_no_message(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let finish = finish(Ending::Failed(TurnError::Deadline), words(&[]), vec![]);
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

pub async fn a_finish_frees_the_conversation(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    store
        .finish(
            &a.turn,
            Writer::Holder(fence),
            &finish(Ending::Finished, words(&["x"]), vec![]),
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

pub async fn a_title_is_given_once(store: &dyn MessageStore) {
    let key = conversation(store).await;
    for (turn, title) in [("t1", "First"), ("t2", "Second")] {
        let a = admission(&key, turn);
        let fence = begun(store, &a).await.fence;
        let finish = Finish {
            title: Some(title.into()),
            ..finish(Ending::Finished, words(&["x"]), vec![])
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
    let holder = finish(Ending::Finished, words(&["alive", " and well"]), vec![]);
    assert_eq!(
        store
            .finish(&a.turn, Writer::Holder(fence), &holder)
            .await
            .unwrap(),
        Written::LeaseLost
    );
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

pub async fn nothing_of_another_user_is_seen(store: &dyn MessageStore) {
    let (a, _) = running(store).await;
    let stranger = somebody();
    let theirs = ConversationKey {
        user: stranger.clone(),
        ..a.turn.conversation.clone()
    };
    let turn = TurnKey {
        conversation: theirs.clone(),
        turn: a.turn.turn.clone(),
    };
    assert_eq!(store.conversation(&theirs).await.unwrap(), None);
    assert!(store.messages(&theirs, None, 10).await.unwrap().is_empty());
    assert_eq!(store.turn(&turn, 0).await.unwrap(), None);
    assert_eq!(store.ask_stop(&turn).await.unwrap(), None);
    assert!(listed(store, &stranger, 10).await.is_empty());
    assert!(!store.delete_conversation(&theirs).await.unwrap());
    assert!(
        store
            .conversation(&a.turn.conversation)
            .await
            .unwrap()
            .is_some()
    );
}

pub async fn a_deleted_conversation_takes_no_more_writes(store: &dyn MessageStore) {
    let (a, fence) = running(store).await;
    let key = &a.turn.conversation;
    assert!(store.delete_conversation(key).await.unwrap());
    assert_eq!(
        store
            .checkpoint(&checkpoint(&a, fence, 0, &words(&["x"])))
            .await
            .unwrap(),
        Written::LeaseLost
    );
    let finish = finish(Ending::Finished, words(&["x"]), vec![JobKind::Workout]);
    assert_eq!(
        store
            .finish(&a.turn, Writer::Holder(fence), &finish)
            .await
            .unwrap(),
        Written::LeaseLost
    );
    assert_eq!(
        store.admit(&admission(key, "t2")).await.unwrap(),
        Admitted::Unknown
    );
    assert_eq!(store.conversation(key).await.unwrap(), None);
    assert!(store.messages(key, None, 10).await.unwrap().is_empty());
    assert!(
        store
            .jobs(&JobsOf::Turn(a.turn.clone()))
            .await
            .unwrap()
            .is_empty()
    );
}

pub async fn a_deleted_conversation_is_not_made_again(store: &dyn MessageStore) {
    let key = conversation(store).await;
    assert!(store.delete_conversation(&key).await.unwrap());
    store
        .create_conversation(&empty(key.clone(), NOW))
        .await
        .unwrap();
    assert_eq!(store.conversation(&key).await.unwrap(), None);
    assert!(!store.delete_conversation(&key).await.unwrap());
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
    assert!(
        matches!(store.jobs(&JobsOf::Turn(turn.clone())).await.unwrap().as_slice(), [job] if job.state == JobState::Claimed(until))
    );
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
        assert!(
            matches!(store.jobs(&JobsOf::Turn(turn.clone())).await.unwrap().as_slice(), [job] if job.state == state)
        );
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
        let fence = begun(store, &a).await.fence;
        store
            .finish(
                &a.turn,
                Writer::Holder(fence),
                &finish(Ending::Finished, words(&["x"]), kinds),
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
