//! `coach-server`: the coach on this machine, with everything that it needs inside, or with parts
//! elsewhere.

mod banner;
mod config;
mod demo;
mod doctor;
mod listen;
mod load;
mod page;
mod run;
mod scraped;
mod serve;

use std::process::ExitCode;

use assembly::StartError;
use clap::Parser;
use config::{Cli, Command, IndexCommand, TableCommand};
use tokio::runtime::Builder;

/// How many tasks run before sockets are looked at again. A busy server would otherwise let a new
/// request wait for 61 stretches of work, of a few hundred microseconds each.
const LOOK_AGAIN: u32 = 8;

fn main() -> ExitCode {
    match run_to_end(Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("coach-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run_to_end(cli: Cli) -> Result<bool, StartError> {
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime
        .enable_all()
        .event_interval(LOOK_AGAIN)
        .build()
        .map_err(StartError::Runtime)?;
    runtime.block_on(perform(cli))
}

/// Returns whether all is well.
async fn perform(cli: Cli) -> Result<bool, StartError> {
    match cli.command {
        None => run::run(cli.config).await?,
        Some(Command::Token(args)) => println!("{}", args.print()?),
        Some(Command::Doctor(args)) => return Ok(doctor::examine(&args).await),
        Some(Command::Index(IndexCommand::Methodology(args))) => {
            println!("{}", load::methodology(&args).await?)
        }
        Some(Command::Table(TableCommand::Create(args))) => {
            println!("{}", assembly::create_table(&args).await?)
        }
    }
    Ok(true)
}
