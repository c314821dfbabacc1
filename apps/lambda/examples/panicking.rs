//! A function whose store panics once, at the second checkpoint: for tests.

use std::error::Error;
use std::sync::Arc;

use clap::Parser;
use coach_lambda::{Config, serve};
use coach_tests::{Faulty, Mishap};
use http_adapter::{App, Settings};
use in_memory::{InMemoryMessages, InMemoryRecords, KnownTokens, LexicalIndex};
use metrics::Metrics;
use ports::{Clock, Ports, Records};
use rehearsal::{Pace, Rehearsal};
use system_clock::SystemClock;
use tokio_util::task::TaskTracker;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let messages = Faulty::new(InMemoryMessages::default(), clock.clone());
    messages.plan("checkpoint", 2..=2, Mishap::Panic);
    let settings = Settings {
        coaches: domain::coach::shipped().into_iter().map(Arc::new).collect(),
        ..Settings::default()
    };
    let pace = Pace {
        per_word: std::time::Duration::from_millis(30),
    };
    let app = App {
        ports: Ports {
            llm: Arc::new(Rehearsal::new(clock.clone(), pace, Rehearsal::SEED)),
            messages: Arc::new(messages),
            records: Records::new(Arc::new(InMemoryRecords::default())),
            index: Arc::new(LexicalIndex::default()),
            clock: clock.clone(),
        },
        tokens: Arc::new(KnownTokens::default().with("token", "athlete".parse()?)),
        feeds: Arc::default(),
        tasks: TaskTracker::new(),
        watch: Arc::new(()),
        settings: Arc::new(settings),
    };
    let metrics = Metrics::new(clock, Arc::default(), http_adapter::words);
    Ok(serve(app, Arc::new(metrics), &Config::parse()).await?)
}
