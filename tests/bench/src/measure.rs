//! Measuring all peers, one after another, several times.

use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::Result;
use crate::load::{self, Heard};
use crate::peer::{Peer, Place};
use crate::process::{Process, Start, Upstream};
use crate::upstream::Manner;

/// What is asked of every peer in a round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// How many clients there are, each with one stream at a time.
    pub(crate) clients: usize,
    /// How many streams each of them has, one after another.
    pub(crate) times: usize,
    /// How its replies are.
    pub(crate) manner: Manner,
}

impl Load {
    /// How long each client begins after the one before: paced streams do not come all at once, nor
    /// in step.
    fn apart(self) -> Duration {
        self.manner.pace / 2
    }
}

/// What is done in a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// How often all of it is done, every time with new processes.
    pub(crate) rounds: usize,
    /// Replies of one token: what a stream costs.
    pub(crate) short: Load,
    /// Many streams at once, at the pace at which models speak.
    pub(crate) paced: Load,
    /// A few streams at once that come as fast as they can.
    pub(crate) firehose: Load,
    /// After how long one of them is given up.
    limit: Duration,
}

impl Plan {
    /// A plan that takes about so many seconds on a machine of two cores.
    pub(crate) fn lasting(seconds: u32) -> Self {
        let rounds = if seconds < 60 { 1 } else { 3 };
        let millis = usize::try_from(seconds)
            .unwrap_or(usize::MAX)
            .saturating_mul(1_000);
        let each = millis / (rounds * Peer::ALL.len() * 3);
        let pace = Duration::from_millis(20);
        let load = |clients, times: usize, tokens: usize, pace| {
            let tokens = u32::try_from(tokens).unwrap_or(u32::MAX);
            Load {
                clients,
                times: times.max(1),
                manner: Manner { tokens, pace },
            }
        };
        Self {
            rounds,
            short: load(8, each / 50, 1, Duration::ZERO),
            paced: load(
                (each / 40).clamp(8, 100),
                1,
                (each / 15).clamp(10, 300),
                pace,
            ),
            firehose: load(8, each / 125, 500, Duration::ZERO),
            limit: Duration::from_secs(u64::from(seconds) + 30),
        }
    }
}

/// What came of a load, all rounds together.
#[derive(Debug, Default)]
pub(crate) struct Cost {
    pub(crate) heard: Heard,
    /// What the peer used of the CPU for each stream, in nanoseconds, round by round.
    pub(crate) cpu_per_stream: Vec<u64>,
}

/// What was measured of a peer.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) starts: Vec<Start>,
    pub(crate) short: Cost,
    pub(crate) paced: Cost,
    pub(crate) firehose: Cost,
    /// How much memory it had at the end of each round, in KiB.
    pub(crate) memory: Vec<u64>,
}

/// Measures every peer; in the order of [`Peer::ALL`].
pub(crate) fn run(server: PathBuf, plan: &Plan) -> Result<[Outcome; 4]> {
    let folder = tempfile::tempdir()?;
    let mut upstream = Upstream::start()?;
    let clients = [plan.short, plan.paced, plan.firehose].map(|load| load.clients);
    let clients = clients.into_iter().max().unwrap_or_default();
    let place = Place::new(server, folder.path(), upstream.url.clone(), clients)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut outcomes: [Outcome; 4] = Default::default();
    for round in 1..=plan.rounds {
        for (peer, outcome) in Peer::ALL.into_iter().zip(&mut outcomes) {
            eprintln!("round {round} of {}: {peer:?}", plan.rounds);
            let process = place.start(peer)?;
            outcome.starts.push(process.start);
            let mut bench = Bench {
                runtime: &runtime,
                upstream: &mut upstream,
                place: &place,
            };
            bench.all(peer, &process, plan, outcome)?;
            outcome.memory.push(process.memory()?);
        }
    }
    Ok(outcomes)
}

struct Bench<'a> {
    runtime: &'a Runtime,
    upstream: &'a mut Upstream,
    place: &'a Place,
}

impl Bench<'_> {
    fn all(
        &mut self,
        peer: Peer,
        process: &Process,
        plan: &Plan,
        outcome: &mut Outcome,
    ) -> Result<()> {
        // What is only done once is not what a stream costs.
        let warming = Load {
            times: 2,
            ..plan.short
        };
        self.one(peer, process, warming, plan.limit, &mut Cost::default())?;
        self.one(peer, process, plan.short, plan.limit, &mut outcome.short)?;
        self.one(peer, process, plan.paced, plan.limit, &mut outcome.paced)?;
        self.one(
            peer,
            process,
            plan.firehose,
            plan.limit,
            &mut outcome.firehose,
        )
    }

    fn one(
        &mut self,
        peer: Peer,
        process: &Process,
        load: Load,
        limit: Duration,
        cost: &mut Cost,
    ) -> Result<()> {
        self.upstream.reply(load.manner)?;
        let asking = self
            .place
            .asking(peer, process.address, load.clients, load.times);
        let asking = self.runtime.block_on(asking)?;
        let before = process.cpu_at_rest()?;
        let hearing = load::run(process.address, &asking, load.manner.tokens, load.apart());
        let heard = self
            .runtime
            .block_on(async { timeout(limit, hearing).await })??;
        let used = process.cpu_at_rest()?.saturating_sub(before);
        cost.cpu_per_stream.push(used / heard.streams.max(1));
        cost.heard.add(heard);
        Ok(())
    }
}
