//! What a turn costs: `coach-server` beside two floors, in one run on this machine.

mod lean;
mod load;
mod measure;
mod peer;
mod process;
mod sdk;
mod table;
mod tokens;
mod upstream;

use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Parser, Subcommand};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::measure::Plan;
use crate::table::Machine;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Measures coach-server beside two floors, on loopback, and prints a table of ratios.
///
/// It fails if any token of any reply was missing, wrong, doubled or out of order, or if anybody
/// did not answer; nothing else is judged.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    part: Option<Part>,
    /// For about how long is measured.
    #[arg(long, value_name = "SECONDS", default_value_t = 120,
          value_parser = clap::value_parser!(u32).range(1..=3_600))]
    seconds: u32,
    /// A coach-server with AWS in it; without it, one is built like this program.
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
    /// Where the table is written besides, between the two lines that are there for it.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

/// What the other processes of a run are.
#[derive(Debug, Subcommand)]
enum Part {
    /// The stand-in for Amazon Bedrock.
    #[command(hide = true)]
    Upstream,
    /// The floor of axum and the AWS SDK.
    #[command(hide = true)]
    Sdk { address: SocketAddr },
    /// The floor of hyper alone.
    #[command(hide = true)]
    Lean {
        address: SocketAddr,
        upstream: String,
    },
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.part {
        Some(Part::Upstream) => Runtime::new()?.block_on(upstream::run()),
        Some(Part::Sdk { address }) => {
            Runtime::new()?.block_on(async { sdk::run(TcpListener::bind(address).await?).await })
        }
        Some(Part::Lean { address, upstream }) => Runtime::new()?
            .block_on(async { lean::run(TcpListener::bind(address).await?, &upstream).await }),
        None => bench(cli),
    }
}

fn bench(cli: Cli) -> Result<()> {
    let server = match cli.server {
        Some(server) => server,
        None => built()?,
    };
    let plan = Plan::lasting(cli.seconds);
    let before = Machine::now()?;
    let results = measure::run(server, &plan)?;
    let table = table::of(&results, &plan, [&before, &Machine::now()?]);
    println!("{table}");
    match cli.write {
        Some(path) => table::write(&path, &table),
        None => Ok(()),
    }
}

/// Builds the server with the parts that are on AWS, optimised if this program is.
fn built() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root)
        .args(["build", "--locked", "--message-format", "json"]);
    cargo.args([
        "--package",
        "coach-server",
        "--features",
        "aws",
        "--bin",
        "coach-server",
    ]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo.stderr(std::process::Stdio::inherit()).output()?;
    let lines = output.stdout.split(|byte| *byte == b'\n');
    let told = lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let mut made = told.filter_map(|line| Some(PathBuf::from(line.get("executable")?.as_str()?)));
    made.next_back()
        .ok_or_else(|| "coach-server does not build".into())
}
