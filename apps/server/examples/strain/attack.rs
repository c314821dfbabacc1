//! One attacker, within the limits of one user, and what somebody else notices.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use futures::future::{try_join, try_join_all};
use reqwest::Client;
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

use super::Result;
use super::client::{User, health};
use super::server::Server;
use super::words::text;

const MEMORIES: u64 = 200;
const PIECES: u64 = 640;
const AT_ONCE: u64 = 8;
const LONGEST_MESSAGE: usize = 32_000;
const LONGEST_MEMORY: usize = 500;

/// Attacks a server for so long, and tells how others fared.
pub(crate) fn run(binary: &Path, lasting: Duration) -> Result<()> {
    let folder = tempfile::tempdir()?;
    write_methodology(folder.path())?;
    let server = Server::start(binary, &["--pace-ms", "5"], Some(folder.path()))?;
    let (mallory, ann) = (User::new(&server, "mallory")?, User::new(&server, "ann")?);
    // The two sides have a thread each, so that the attacker does not delay those who measure.
    let (here, there) = (runtime()?, runtime()?);
    there.block_on(prepare(&mallory))?;
    let quiet = here.block_on(bystanders(&ann, &server.address, lasting / 10))?;
    println!("before the attack: {quiet}");
    let until = Instant::now() + lasting;
    let (done, noticed) = thread::scope(|threads| {
        let attacking = threads.spawn(|| there.block_on(attack(&mallory, until)));
        let noticed = here.block_on(bystanders(&ann, &server.address, lasting));
        (attacking.join(), noticed)
    });
    let (turns, memories) = done.map_err(|_| "the attacker broke down")??;
    println!(
        "under attack ({MEMORIES} memories, {AT_ONCE} turns of {LONGEST_MESSAGE} characters, \
         {AT_ONCE} x POST /memories, {PIECES} pieces of methodology; \
         {turns} turns and {memories} memories in {} s): {}",
        lasting.as_secs(),
        noticed?
    );
    Ok(())
}

fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// Pieces that are as long as a piece is.
fn write_methodology(folder: &Path) -> Result<()> {
    for piece in 0..PIECES {
        let markdown = format!("# {}\n\n{}\n", text(piece, 20), text(piece + 1, 1_100));
        std::fs::write(folder.join(format!("{piece}.md")), markdown)?;
    }
    Ok(())
}

/// The attacker has all that they may have, and has something forgotten.
async fn prepare(mallory: &User) -> Result<()> {
    for first in (0..MEMORIES).step_by(8) {
        let some = first..(first + 8).min(MEMORIES);
        try_join_all(some.map(async |seed| mallory.remember(&text(seed, LONGEST_MEMORY)).await))
            .await?;
    }
    mallory.forget_last().await?;
    mallory.remember(&text(MEMORIES, LONGEST_MEMORY)).await
}

/// Does as much at once as is allowed, until then: how many turns and memories were made.
async fn attack(mallory: &User, until: Instant) -> Result<(u64, u64)> {
    let talking = async |number: u64| {
        let (conversation, mut turns) = (mallory.conversation().await?, 0);
        while Instant::now() < until {
            mallory
                .say(
                    &conversation,
                    &text(number * 1_000 + turns, LONGEST_MESSAGE),
                )
                .await?;
            turns += 1;
        }
        Result::Ok(turns)
    };
    let remembering = async |number: u64| {
        let mut memories = 0;
        while Instant::now() < until {
            mallory
                .remember(&text(1_000_000 * (number + 1) + memories, LONGEST_MEMORY))
                .await?;
            memories += 1;
        }
        Result::Ok(memories)
    };
    let turns = try_join_all((0..AT_ONCE).map(talking));
    let memories = try_join_all((0..AT_ONCE).map(remembering));
    let (turns, memories) = try_join(turns, memories).await?;
    Ok((turns.iter().sum(), memories.iter().sum()))
}

/// Somebody else talks in a few places, and a load balancer asks whether the server is up.
async fn bystanders(ann: &User, server: &str, lasting: Duration) -> Result<String> {
    let until = Instant::now() + lasting;
    let talking = async |_| {
        let (conversation, mut begun) = (ann.conversation().await?, Vec::new());
        while Instant::now() < until {
            begun.push(
                ann.say(&conversation, "How should I warm up for squats?")
                    .await?,
            );
            sleep(Duration::from_millis(20)).await;
        }
        Result::Ok(begun)
    };
    let watching = async {
        let (client, mut answered) = (Client::new(), Vec::new());
        while Instant::now() < until {
            answered.push(health(&client, server).await?);
            sleep(Duration::from_millis(10)).await;
        }
        Result::Ok(answered)
    };
    let (begun, answered) = try_join(try_join_all((0..4).map(talking)), watching).await?;
    let (begun, answered) = (shares(begun.concat()), shares(answered));
    Ok(format!(
        "another user's turn starts in {begun}; /health answers in {answered}"
    ))
}

/// The middle one of these times, the one that one in a hundred exceeds, and the longest.
fn shares(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: usize| {
        let time = times.get(times.len().saturating_sub(1) * share / 100);
        time.map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
    };
    format!(
        "p50 {:.1} ms, p99 {:.1} ms, at most {:.1} ms ({} times)",
        at(50),
        at(99),
        at(100),
        times.len()
    )
}
