//! `coach-server`: the coach on this machine, with everything that it needs inside, or with parts elsewhere.

mod banner;
mod config;
mod demo;
mod doctor;
mod error;
mod listen;
mod load;
mod log;
mod page;
mod parts;
mod prices;
mod run;
mod serve;
mod trust;

#[cfg(feature = "aws")]
mod aws;
#[cfg(not(feature = "aws"))]
#[path = "without_aws.rs"]
mod aws;

use std::process::ExitCode;

use clap::Parser;
use config::{Cli, Command, IndexCommand, TableCommand};
use error::StartError;

fn main() -> ExitCode {
    match tokio_main(Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("coach-server: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is well.
#[tokio::main]
async fn tokio_main(cli: Cli) -> Result<bool, StartError> {
    match cli.command {
        None => run::run(cli.config).await?,
        Some(Command::Token(args)) => println!("{}", trust::print(&args)?),
        Some(Command::Doctor(args)) => return Ok(doctor::examine(&args).await),
        Some(Command::Index(IndexCommand::Methodology(args))) => println!("{}", load::methodology(&args).await?),
        Some(Command::Table(TableCommand::Create(args))) => println!("{}", parts::create_table(&args).await?),
    }
    Ok(true)
}
