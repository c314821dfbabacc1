//! What one user within their limits can do to others, and what readers cost who do not read.
//!
//! ```sh
//! cargo build --release --bin coach-server
//! cargo run --release -p coach-server --example strain
//! ```
//!
//! It starts servers on loopback and ends them. It judges only that everybody was answered; the
//! numbers are for people.

#![expect(
    clippy::disallowed_methods,
    reason = "this process is a client: its time is its own"
)]

mod attack;
mod client;
mod readers;
mod server;
mod words;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Shows what one user within their limits can do to others, and what silent readers cost.
#[derive(Debug, Parser)]
struct Args {
    /// The server; the one of the same build, if none is named.
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
    /// How long the attack lasts.
    #[arg(long, value_name = "SECONDS", default_value_t = 20,
          value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How many messages of the greatest length there are to read.
    #[arg(long, value_name = "NUMBER", default_value_t = 60,
          value_parser = clap::value_parser!(u32).range(1..=500))]
    messages: u32,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => {
            println!("all were answered");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let server = args.server.clone().map_or_else(server::beside, Ok)?;
    println!(
        "load of the machine before: {}",
        std::fs::read_to_string("/proc/loadavg")?.trim()
    );
    attack::run(&server, Duration::from_secs(args.seconds))?;
    readers::run(&server, args.messages)
}
