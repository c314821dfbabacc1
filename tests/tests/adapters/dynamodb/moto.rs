//! A second opinion: moto, a DynamoDB in Python, which knows less of it.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use coach_tests::Moto;
use dynamodb::Table;
use futures::FutureExt;

use super::setup::sdk;

/// The clauses that moto does not keep.
const DIFFERENCES: &[&str] = &[];

/// The clauses that it keeps or not, as chance will have it: a transaction of moto that fails puts
/// back what it has changed, and whoever reads meanwhile sees it half done. DynamoDB shows nobody
/// an item of a transaction that is not done.
const RACES: &[&str] = &[
    "of_bindings_made_at_once_one_of_each_side_wins_whole",
    "of_equal_admissions_at_once_one_turn_begins",
    "of_different_admissions_at_once_one_turn_begins",
    "whoever_sees_a_turn_sees_its_message",
    "a_checkpoint_beside_the_ending_changes_nothing_of_it",
    "of_endings_at_once_one_is_the_ending",
    "a_deletion_beside_the_ending_leaves_nothing",
    "of_writes_at_once_that_expect_the_same_one_is_taken",
];

/// Tries each clause, and names those that do not hold.
macro_rules! broken {
    ($module:path, $make:expr; $($clause:ident)*) => {{
        use $module as clauses;
        let (mut broken, mut held) = (Vec::new(), 0);
        $(
            // Moto copies its table for each transaction: rounds of them would take minutes.
            if !RACES.contains(&stringify!($clause)) {
                let store = $make.await;
                match AssertUnwindSafe(clauses::$clause(&store)).catch_unwind().await {
                    Ok(()) => held += 1,
                    Err(_) => broken.push(stringify!($clause)),
                }
            }
        )*
        (broken, held)
    }};
}

#[tokio::test]
async fn moto_keeps_the_contracts_but_for_a_few_clauses() {
    let Some(moto) = Moto::start() else { return };
    let (mut broken, of_messages) =
        ports::message_store_conformance! { broken; async { fresh(&moto).await.messages() } };
    let (more, of_records) =
        ports::record_store_conformance! { broken; async { fresh(&moto).await.records() } };
    broken.extend(more);
    println!(
        "moto keeps {} clauses, and {broken:?} not",
        of_messages + of_records
    );
    assert_eq!(broken, DIFFERENCES);
}

/// Returns a table of its own: for each transaction moto copies the whole table.
async fn fresh(moto: &Moto) -> Table {
    static TABLES: AtomicUsize = AtomicUsize::new(0);
    let number = TABLES.fetch_add(1, Ordering::Relaxed);
    let settings = dynamodb::Settings {
        table: format!("coach-{number}"),
        endpoint: Some(moto.url()),
        attempt: Duration::from_secs(20),
        ..dynamodb::Settings::default()
    };
    let table = settings.open(&sdk("eu-central-1"));
    table.create().await.unwrap();
    table
}
