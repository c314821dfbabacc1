//! The same random operations on the store in memory and on DynamoDB, over a line that goes wrong:
//! the same answers, and the same state at the end.

mod census;
mod player;

use std::sync::{Arc, Mutex};

use coach_tests::world::Chance;
use peers::dynamodb::refusals;
use peers::{Proxy, Trouble};
use tokio::task::JoinSet;

use self::census::Census;
use self::player::Player;
use super::setup::{behind_proxy, operation};

const WORLDS: u64 = 8;
const OPERATIONS: u64 = 2_520;

/// One request in so many goes wrong.
const TROUBLE: u64 = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_operations_have_the_same_answers_in_memory_and_in_dynamodb() {
    let seed = std::env::var("COACH_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1);
    let mut worlds = JoinSet::new();
    for world in 0..WORLDS {
        worlds.spawn(async move {
            let (proxy, table) = behind_proxy().await;
            let mut player = Player::new(seed * 1_000 + world, &table);
            let troubles = go_wrong(&proxy, seed * 1_000 + world);
            for _ in 0..OPERATIONS {
                player.play().await;
            }
            proxy.calm();
            player.compare_everything().await;
            let mut census = player.into_census();
            census.add(&troubles.lock().unwrap());
            census
        });
    }
    let mut census = Census::default();
    while let Some(played) = worlds.join_next().await {
        census.add(&played.unwrap());
    }
    println!("{census}");
    assert!(census.of("operation") >= 20_000);
    assert_eq!(census.missing(), Vec::<String>::new());
}

/// Has one request in many go wrong, each in a way that fits it.
fn go_wrong(proxy: &Proxy, seed: u64) -> Arc<Mutex<Census>> {
    let census = Arc::new(Mutex::new(Census::default()));
    let (counted, mut chance) = (census.clone(), Chance::new(seed ^ 0x0070_726f_7879));
    proxy.judge(move |_, headers, _| {
        if chance.below(TROUBLE) != 0 {
            return None;
        }
        let operation = operation(headers);
        let is_write = !matches!(operation, "GetItem" | "BatchGetItem" | "Query" | "Scan");
        let [throttled, throughput, failed, conflict, cancelled] = refusals();
        let (cut, lost) = (("cut", Trouble::Cut), ("lost answer", Trouble::LostAnswer));
        let all = match operation {
            "TransactWriteItems" => vec![
                throttled,
                failed,
                cancelled.clone(),
                cancelled,
                cut,
                lost.clone(),
                lost,
            ],
            _ if is_write => vec![
                throttled,
                throughput,
                failed,
                conflict,
                cut,
                lost.clone(),
                lost,
            ],
            _ => vec![throttled, throughput, failed, cut, lost],
        };
        let (name, trouble) = all[chance.index() % all.len()].clone();
        counted.lock().unwrap().count(&format!("trouble: {name}"));
        Some(trouble)
    });
    census
}
