//! What several processes add up in one record.

use std::time::Duration;

use coach_tests::{Mishap, Site, conversation_key};
use domain::call::{CallKind, CallOutcome, CallRecord};
use domain::usage::{Days, ModelUsage};
use domain::{Fault, Usage};
use futures::future::join_all;
use ports::{Clock, Expect, Ports, Term, charge, spent};

/// A model call that is like any other.
fn call() -> CallRecord {
    let usage = Usage {
        model: Some("m".into()),
        input_tokens: 7,
        output_tokens: 3,
        ..Usage::default()
    };
    CallRecord {
        kind: CallKind::Reply,
        usage,
        ms: 1,
        attempts: 1,
        outcome: CallOutcome::Ok,
    }
}

async fn entered(ports: &Ports) -> ModelUsage {
    let days = Days::new(None, None, ports.clock.now()).unwrap();
    let spent = spent(ports, &conversation_key("v").user, &days)
        .await
        .unwrap();
    spent
        .iter()
        .flat_map(|day| day.models.values())
        .fold(ModelUsage::default(), |all, more| all.plus(*more))
}

/// Has processes enter an equal call each, so many times one after the other, all at once.
async fn enter(site: &Site, processes: usize, times: usize) -> ModelUsage {
    let process = async |ports: Ports| {
        for _ in 0..times {
            charge(&ports, &conversation_key("v").user, &[call()]).await;
        }
    };
    join_all((0..processes).map(|_| process(site.app.ports.clone()))).await;
    entered(&site.app.ports).await
}

fn sum(of: usize) -> ModelUsage {
    let of = u64::try_from(of).unwrap();
    ModelUsage {
        calls: of,
        attempts: of,
        input_tokens: 7 * of,
        output_tokens: 3 * of,
        ..ModelUsage::default()
    }
}

#[tokio::test(start_paused = true)]
async fn equal_calls_that_processes_enter_at_the_same_time_all_count() {
    for processes in [2, 9, 40] {
        let site = Site::new(|model| model);
        // Each has read the same before any of them writes.
        site.records
            .plan("get", .., Mishap::AnswerLate(Duration::from_millis(1)));
        assert_eq!(
            enter(&site, processes, 3).await,
            sum(processes * 3),
            "{processes}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_entry_whose_answer_was_lost_counts_once_whatever_others_enter_meanwhile() {
    let millisecond = Duration::from_millis(1);
    for (what, mishap) in [
        ("lost", Mishap::LoseAnswer(Fault::Unavailable)),
        ("too late", Mishap::AnswerLate(Duration::from_secs(3))),
        ("not made", Mishap::Fail(Fault::Throttled)),
    ] {
        for method in ["get", "put"] {
            let site = Site::new(|model| model);
            for call in [1, 3, 4, 8, 9, 15] {
                site.records.plan(method, call..=call, mishap);
            }
            site.records
                .plan("get", .., Mishap::AnswerLate(millisecond));
            assert_eq!(enter(&site, 2, 6).await, sum(12), "{method}: {what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_stays_down_is_left_alone_after_eight_seconds() {
    let site = Site::new(|model| model);
    site.records
        .plan("put", .., Mishap::Fail(Fault::Unavailable));
    let began = site.clock.ms();
    charge(&site.app.ports, &conversation_key("v").user, &[call()]).await;
    assert_eq!(site.clock.ms() - began, 8_000);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_ends_and_is_changed_ends_when_it_would_have() {
    let site = Site::new(|model| model);
    let (ports, owner) = (&site.app.ports, conversation_key("v").user);
    charge(ports, &owner, &[call()]).await;
    let day = site.records.inside().dump().remove(0);
    let from = site.clock.now();
    let until = from + Duration::from_hours(1);
    let (term, seen) = (Some(Term { from, until }), Expect::Version(day.version));
    assert!(
        ports
            .records
            .put(&day.at, &day.body, term, seen)
            .await
            .unwrap()
    );
    charge(ports, &owner, &[call()]).await;
    let changed = ports.records.get(&day.at).await.unwrap().unwrap();
    assert_eq!(
        (changed.version, changed.until),
        (day.version + 2, Some(until))
    );
    assert_eq!(entered(ports).await, sum(2));
}
