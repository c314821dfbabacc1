//! Whether what was written is what is read.

use domain::call::{CallKind, CallOutcome, CallRecord};
use domain::conversation::{Edit, Stage};
use domain::memory::{RecalledKind, SafetyReport};
use domain::turn::RecalledReport;
use domain::{
    Body, ContextReport, Fault, JobState, Message, Outcome, Timings, TurnError, Usage, router,
};
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use super::*;
use crate::TurnState;
use crate::conformance::odd_texts;

/// The latest time that can be told in words: in every time zone it is still in the year 9999.
const LATEST: Timestamp = Timestamp(253_402_207_200_999);

/// The largest number that some stores keep as it is, the next one, and others.
const NUMBERS: [u64; 4] = [0, 9_007_199_254_740_993, 1 << 63, u64::MAX];

/// As long as an id may be.
fn longest(first: &str) -> String {
    format!("{first:_<64}")
}

#[apply(clause)]
/// What was written is read as it was written, whatever it says and however long it is: every
/// character of a text, every number, every piece by itself.
pub async fn a_message_is_read_as_it_was_sent(store: &dyn MessageStore) {
    let mut texts = odd_texts();
    texts.push("\u{1d11e}".repeat(32_000));
    let zones = ["UTC", "Europe/Berlin", "America/Argentina/ComodRivadavia"];
    for (number, text) in (0_u64..).zip(texts) {
        let conversation = conversation(store).await;
        let sent = [None, Some(Timestamp(0)), Some(LATEST)];
        let sent = sent.into_iter().cycle().nth(text.len()).flatten();
        let zone = zones.get(text.len() % 4).and_then(|zone| zone.parse().ok());
        let turn = TurnKey {
            conversation: conversation.clone(),
            turn: longest("turn").parse().unwrap(),
        };
        let a = Admission {
            turn,
            key: longest("key").parse().unwrap(),
            user_message: longest("user").parse().unwrap(),
            assistant_message: longest("assistant").parse().unwrap(),
            text: text.as_str().into(),
            sent,
            zone,
            now: Timestamp(NOW.0 + number),
            ..admission(&conversation, "t1")
        };
        let begun = begun(store, &a).await;
        let expected = a.opening(begun.number).user_message;
        let messages = store.messages(&conversation, None, 10).await.unwrap();
        assert_eq!(messages, [expected]);
        let (record, _) = store.turn(&a.turn, 0).await.unwrap().unwrap();
        assert_eq!(record.turn, a.turn);
        assert_eq!(record.number, begun.number);
        assert_eq!(record.assistant_message, a.assistant_message);
        assert_eq!(record.created, a.now);
        assert_eq!(record.kept_until, a.kept_until);
    }
}

/// Pieces of every kind and stage, each twice, and none joined to the next.
fn pieces() -> Vec<TurnEvent> {
    let stages = [
        None,
        Some(Stage::Acknowledgment),
        Some(Stage::InitialGreeting),
        Some(Stage::WorkoutAnalysis),
        Some(Stage::MemoryAnalysis),
        Some(Stage::PatternAnalysis),
        Some(Stage::InsightsBrewing),
    ];
    let kinds = [
        PartKind::User,
        PartKind::Acknowledgment,
        PartKind::Contextual,
        PartKind::Reply,
        PartKind::Confirmation,
        PartKind::Care,
    ];
    let texts = odd_texts();
    let mut texts = texts.iter().cycle();
    let mut told = vec![TurnEvent::Started];
    for kind in kinds {
        for stage in stages {
            for text in texts.by_ref().take(2) {
                let text = text.as_str().into();
                told.push(TurnEvent::Said(Said { kind, stage, text }));
            }
        }
    }
    told
}

#[apply(clause)]
/// What was written is read as it was written, whatever it says and however long it is: every
/// character of a text, every number, every piece by itself.
pub async fn every_piece_of_a_reply_is_read_as_it_was_told(store: &dyn MessageStore) {
    let (all, (a, fence)) = (pieces(), running(store).await);
    let half = all.len() / 2;
    for (from, some) in [(0, all.get(..half)), (half, all.get(half..))] {
        let sent = checkpoint(&a, fence, from, some.unwrap());
        store.checkpoint(&sent).await.unwrap();
    }
    assert_eq!(store.turn(&a.turn, 0).await.unwrap().unwrap().1, all);
    let end = finish(&a, 1, Ending::Finished, all.clone(), vec![]);
    let writer = Writer::Holder(fence);
    store.finish(&a.turn, writer, &end).await.unwrap();
    let ending = TurnEvent::Ended(end.closing.clone());
    let expected: Vec<_> = all.into_iter().chain([ending]).collect();
    assert_eq!(store.turn(&a.turn, 0).await.unwrap().unwrap().1, expected);
    let messages = store.messages(&a.turn.conversation, None, 1).await;
    assert_eq!(messages.unwrap(), [end.reply.unwrap()]);
}

/// Calls with numbers that some stores do not keep as they are.
fn calls() -> Vec<CallRecord> {
    let kinds = [
        CallKind::Router,
        CallKind::Reply,
        CallKind::Extraction,
        CallKind::Summary,
        CallKind::Embedding,
    ];
    let outcomes = [
        CallOutcome::Ok,
        CallOutcome::Abandoned,
        CallOutcome::Malformed,
        CallOutcome::Failed(Fault::TooLong),
        CallOutcome::Failed(Fault::Throttled),
    ];
    let mut calls = Vec::new();
    for (number, (kind, outcome)) in NUMBERS
        .into_iter()
        .cycle()
        .zip(kinds.into_iter().zip(outcomes))
    {
        let usage = Usage {
            model: (number > 0).then(|| "eu.model:0 \u{1f44d}".into()),
            input_tokens: number,
            output_tokens: number / 3,
            cache_read_tokens: number / 5,
            cache_write_tokens: number / 7,
            reasoning_tokens: number / 11,
            estimated: number == 0,
        };
        calls.push(CallRecord {
            kind,
            usage,
            ms: number,
            attempts: u32::MAX,
            outcome,
        });
    }
    calls
}

/// What there is to say of a turn, with something in every place.
fn report() -> Report {
    let recalled = |kind, score| RecalledReport {
        kind,
        id: "v.c".into(),
        score,
    };
    let context = ContextReport {
        history_messages: 60,
        summary: true,
        memories: odd_texts(),
        recalled: vec![
            recalled(RecalledKind::Summary, 0.1),
            recalled(RecalledKind::Methodology, f32::MIN_POSITIVE),
        ],
        workouts: vec![longest("w")],
        safety: SafetyReport {
            told: odd_texts(),
            named: 1,
            counted: 2,
            is_missing_some: true,
        },
        prompt_tokens: u64::MAX,
    };
    let [first, second, third, fourth] = NUMBERS.map(Some);
    Report {
        route: Some(router::fallback("5 x 5 squats \u{1f44d}, e\u{301}?")),
        context: Some(context),
        calls: calls(),
        timings: Timings {
            admit: first,
            start: second,
            load: third,
            route: fourth,
            ..Timings::default()
        },
    }
}

#[apply(clause)]
/// What was written is read as it was written, whatever it says and however long it is: every
/// character of a text, every number, every piece by itself.
pub async fn every_ending_is_read_as_it_was_written(store: &dyn MessageStore) {
    let endings = [
        Ending::Finished,
        Ending::Truncated,
        Ending::Filtered,
        Ending::Stopped,
        Ending::Deadline,
        TurnError::Store(Fault::TooLong).into(),
        TurnError::Model(Fault::Throttled).into(),
        TurnError::Deadline.into(),
        TurnError::ProducerLost.into(),
        TurnError::Internal.into(),
    ];
    for ending in endings {
        for report in [Report::default(), report()] {
            let (a, fence) = running(store).await;
            let closing = Closing {
                ending,
                at: LATEST,
                jobs: JobKind::ALL.to_vec(),
                report,
            };
            let place = a.opening(1).place();
            let title = odd_texts().pop();
            let end = Finish::of(place, closing, words(&["x"]), title.clone());
            let writer = Writer::Holder(fence);
            for _ in 0..2 {
                let answer = store.finish(&a.turn, writer, &end).await.unwrap();
                assert_eq!(answer, Written::Done(()));
            }
            let (record, events) = store.turn(&a.turn, 0).await.unwrap().unwrap();
            assert_eq!(record.state, TurnState::Ended(end.closing.clone()));
            assert_eq!(events.last(), Some(&TurnEvent::Ended(end.closing.clone())));
            let key = &a.turn.conversation;
            let messages = store.messages(key, None, 1).await.unwrap();
            assert_eq!(messages.first(), end.reply.as_ref());
            let found = store.conversation(key).await.unwrap().unwrap();
            assert_eq!((Some(found.title), found.last_activity), (title, LATEST));
        }
    }
}

#[apply(clause)]
/// Notes what came of a claimed job, and keeps its `calls`.
pub async fn what_came_of_a_job_is_read_as_it_was_written(store: &dyn MessageStore) {
    let texts = odd_texts();
    let result: Value = json!({
        "texts": texts,
        "numbers": [NUMBERS.as_slice(), &[1][..]],
        "others": [-1, i64::MIN, 0.1, 1e300, -1.5e-300, null, true, {}, []],
        "": { "\u{1f44d}": "" },
    });
    let reason = || texts.concat();
    let at = LATEST;
    for (outcome, state) in [
        (Outcome::Done(json!(null)), JobState::Done(json!(null))),
        (Outcome::Done(result.clone()), JobState::Done(result)),
        (Outcome::Refused(reason()), JobState::Refused(reason())),
        (Outcome::Dead(reason()), JobState::Dead(reason())),
        (Outcome::Again(at), JobState::Due(at)),
    ] {
        let (a, fence) = running(store).await;
        let begun = Begun { fence, number: 1 };
        ended(store, &a, begun, JobKind::ALL.to_vec()).await;
        let (of, later) = (JobsOf::Turn(a.turn.clone()), NOW + 60 * SECOND);
        let mut claimed = store
            .claim_jobs(&of, later, later + SECOND, 10)
            .await
            .unwrap();
        claimed.sort_by_key(|job| job.kind);
        let kinds: Vec<_> = claimed.iter().map(|job| job.kind).collect();
        assert_eq!(kinds, JobKind::ALL);
        for job in &mut claimed {
            job.calls = calls();
            store.settle_job(job, &outcome).await.unwrap();
            job.state = state.clone();
        }
        let mut found = store.jobs(&of).await.unwrap();
        found.sort_by_key(|job| job.kind);
        assert_eq!(found, claimed);
        let again = store.claim_jobs(&of, at, at, 10).await.unwrap();
        assert!(
            again
                .iter()
                .all(|job| job.calls == calls() && job.attempts == 2)
        );
    }
}

#[apply(clause)]
/// Changes title or tags, and leaves as it is what `edit` does not name.
pub async fn an_edit_is_read_as_it_was_written_and_changes_nothing_else(store: &dyn MessageStore) {
    let (a, _) = running(store).await;
    let key = &a.turn.conversation;
    let mut expected = store.conversation(key).await.unwrap().unwrap();
    for text in odd_texts() {
        let tags = vec![text.clone(), String::new(), text.clone()];
        for (title, tags) in [
            (Some(text), None),
            (None, Some(tags)),
            (None, None),
            (None, Some(Vec::new())),
        ] {
            let edit = Edit {
                title: title.clone(),
                tags: tags.clone(),
            };
            assert!(store.edit_conversation(key, &edit).await.unwrap());
            expected.title = title.unwrap_or(expected.title);
            expected.tags = tags.unwrap_or(expected.tags);
            let found = store.conversation(key).await.unwrap();
            assert_eq!(found.as_ref(), Some(&expected));
        }
    }
    let only: Vec<Message> = store.messages(key, None, 10).await.unwrap();
    assert!(matches!(only.as_slice(), [one] if matches!(one.body, Body::User { .. })));
}
