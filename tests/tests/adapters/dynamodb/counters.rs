//! Counters, to which several processes add the same at the same time.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use domain::Usage;
use domain::call::{CallKind, CallOutcome, CallRecord};
use domain::usage::{Days, ModelUsage};
use futures::future::join_all;
use peers::Trouble;
use ports::{Ports, charge, spent};

use super::parallel::ports;
use super::scenes::key;
use super::setup::{behind_proxy, operation};

const EACH: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_entries_of_two_processes_add_up_to_the_unit_with_answers_lost_on_the_way() {
    let (proxy, table) = behind_proxy().await;
    let (written, lost) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let counted = lost.clone();
    proxy.judge(move |_, headers, _| {
        // One in three; and now and then all that the SDK tries, so that the caller must ask again.
        let number = written.fetch_add(usize::from(operation(headers) == "UpdateItem"), SeqCst);
        let is_lost = operation(headers) == "UpdateItem" && (number % 3 == 1 || number % 20 > 14);
        is_lost.then(|| {
            counted.fetch_add(1, SeqCst);
            Trouble::LostAnswer
        })
    });
    let user = key("user", "v").user;
    let usage = Usage {
        model: Some("m".into()),
        input_tokens: 7,
        ..Usage::default()
    };
    let call = CallRecord {
        kind: CallKind::Reply,
        usage,
        ms: 1,
        attempts: 1,
        outcome: CallOutcome::Ok,
    };
    let process = async |ports: Ports| {
        for _ in 0..EACH {
            charge(&ports, &user, std::slice::from_ref(&call)).await;
        }
    };
    join_all([ports(&table), ports(&table)].map(process)).await;
    proxy.calm();

    let ports = ports(&table);
    let days = Days::new(None, None, ports.clock.now()).unwrap();
    let spent = spent(&ports, &user, &days).await.unwrap();
    let models = spent.iter().flat_map(|day| day.models.values());
    let all = models.fold(ModelUsage::default(), |all, more| all.plus(*more));
    assert_eq!(
        (all.calls, all.input_tokens),
        (2 * EACH as u64, 14 * EACH as u64)
    );
    let lost = lost.load(SeqCst);
    println!(
        "{} entries of two processes, {lost} answers lost: the sum is exact",
        2 * EACH
    );
    assert!(lost >= EACH / 2);
}
