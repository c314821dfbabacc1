//! Writes that were made, and whose answers were lost on the way.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use domain::JobKind;
use peers::{Proxy, Trouble};
use ports::{Admitted, JobsOf, MessageStore, Result, Stop, Writer, Written};
use tokio::task::JoinSet;

use super::scenes::{admission, checkpoint, empty, finish, key, words};
use super::setup::{behind_proxy, operation};

const LINES: usize = 8;
const TURNS: usize = 125;

/// Loses the answers of writes: of how many more.
struct Loss {
    proxy: Proxy,
    left: Arc<AtomicUsize>,
    lost: Arc<AtomicUsize>,
    again: AtomicUsize,
}

impl Loss {
    fn on(proxy: Proxy) -> Self {
        let (left, lost) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (judge, counted) = (left.clone(), lost.clone());
        proxy.judge(move |_, headers, _| {
            let is_write = matches!(
                operation(headers),
                "TransactWriteItems" | "PutItem" | "UpdateItem"
            );
            let is_lost = is_write
                && judge
                    .fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1))
                    .is_ok();
            is_lost.then(|| {
                counted.fetch_add(1, SeqCst);
                Trouble::LostAnswer
            })
        });
        Self {
            proxy,
            left,
            lost,
            again: AtomicUsize::new(0),
        }
    }

    /// Asks until there is an answer; the first answers, as many as `times`, are lost.
    async fn during<T, F: Future<Output = Result<T>>>(
        &self,
        times: usize,
        ask: impl Fn() -> F,
    ) -> T {
        let before = self.lost.load(SeqCst);
        self.left.store(times, SeqCst);
        for _ in 0..10 {
            if let Ok(answer) = ask().await {
                self.left.store(0, SeqCst);
                assert!(self.lost.load(SeqCst) > before, "no answer was lost");
                return answer;
            }
            self.again.fetch_add(1, SeqCst);
        }
        panic!("no answer in ten tries");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_answer_was_lost_is_neither_made_twice_nor_called_a_failure() {
    let mut lines = JoinSet::new();
    (0..LINES).for_each(|line| drop(lines.spawn(write_and_lose(line))));
    let (mut lost, mut again) = (0, 0);
    while let Some(line) = lines.join_next().await {
        let line = line.unwrap();
        lost += line.0;
        again += line.1;
    }
    println!(
        "{} turns: {lost} answers lost after the write, {again} times the caller asked again,",
        LINES * TURNS
    );
    println!("0 duplicates, 0 false failures");
    assert!(lost >= 3 * LINES * TURNS && again >= LINES * TURNS / 2);
}

/// Turns of which each write loses its answer; how many were lost, and how often the SDK gave up.
async fn write_and_lose(line: usize) -> (usize, usize) {
    let (proxy, table) = behind_proxy().await;
    let (loss, store) = (Loss::on(proxy), table.messages());
    let key = key(&format!("user-{line}"), "v");
    store.create_conversation(&empty(&key)).await.unwrap();
    for turn in 0..TURNS {
        // One: the SDK asks again. Three: it gives up, and the caller asks again.
        let times = if turn % 4 == 0 { 3 } else { 1 };
        let a = admission(&key, &format!("t{turn}"));
        let events = words(&["Well ", "done"]);

        let admitted = loss.during(times, || store.admit(&a)).await;
        let Admitted::New(begun) = admitted else {
            panic!("turn {turn} was answered {admitted:?}")
        };
        assert_eq!(begun.number, 2 * turn as u64 + 1);

        let c = checkpoint(&a, begun.fence, 0, events.clone());
        assert_eq!(
            loss.during(times, || store.checkpoint(&c)).await,
            Written::Done(Stop::NotAsked)
        );

        let end = finish(&a, begun.number, events, vec![JobKind::Workout]);
        let writer = Writer::Holder(begun.fence);
        assert_eq!(
            loss.during(times, || store.finish(&a.turn, writer, &end))
                .await,
            Written::Done(())
        );
    }
    loss.proxy.calm();
    let messages = store.messages(&key, None, 10_000).await.unwrap();
    let numbers: Vec<u64> = messages
        .iter()
        .rev()
        .map(|message| message.number)
        .collect();
    assert_eq!(numbers, (1..=2 * TURNS as u64).collect::<Vec<_>>());
    assert_eq!(
        store.jobs(&JobsOf::Conversation(key)).await.unwrap().len(),
        TURNS
    );
    (loss.lost.load(SeqCst), loss.again.load(SeqCst))
}
