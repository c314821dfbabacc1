//! The coach as a server on this machine, with everything that it needs inside, with parts
//! elsewhere, or with parts of your own. `coach-server` is [`Server::main`] with none of these.

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
use std::sync::Arc;

use assembly::{Own, StartError};
use clap::Parser;
use config::{Cli, Command, IndexCommand, TableCommand};
use ports::{LlmStream, MemoryIndex, MessageStore, RecordStore};
use tokio::runtime::Builder;

/// How many tasks run before sockets are looked at again. A busy server would otherwise let a new
/// request wait for 61 stretches of work, of a few hundred microseconds each.
const LOOK_AGAIN: u32 = 8;

/// A server, with parts of your own in place of those that its settings choose.
///
/// It takes the command line and the environment of `coach-server`, all of its commands, and does
/// the same. What is said of a part stands in the banner and in `doctor`.
///
/// ```no_run
/// # use in_memory as coach_in_memory;
/// use std::process::ExitCode;
/// use std::sync::Arc;
///
/// use coach_in_memory::{InMemoryMessages, InMemoryRecords};
/// use coach_server::Server;
///
/// fn main() -> ExitCode {
///     let messages = Arc::new(InMemoryMessages::default());
///     let records = Arc::new(InMemoryRecords::default());
///     Server::default()
///         .store("mine: in memory", messages, records)
///         .main()
/// }
/// ```
#[derive(Default)]
pub struct Server {
    own: Own,
}

impl Server {
    /// Returns the same with this model: it routes, replies, fills in forms and sums up.
    #[must_use]
    pub fn model(self, about: impl Into<String>, model: Arc<dyn LlmStream>) -> Self {
        let own = self.own.model(about, model);
        Self { own }
    }

    /// Returns the same with these stores of conversations and of records.
    #[must_use]
    pub fn store(
        self,
        about: impl Into<String>,
        messages: Arc<dyn MessageStore>,
        records: Arc<dyn RecordStore>,
    ) -> Self {
        let own = self.own.store(about, messages, records);
        Self { own }
    }

    /// Returns the same with this index of what is found again.
    #[must_use]
    pub fn index(self, about: impl Into<String>, index: Arc<dyn MemoryIndex>) -> Self {
        let own = self.own.index(about, index);
        Self { own }
    }

    /// Does what the command line says, to its end, and says what went wrong.
    pub fn main(self) -> ExitCode {
        match run_to_end(Cli::parse(), &self.own) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                eprintln!("coach-server: {error}");
                ExitCode::FAILURE
            }
        }
    }
}

fn run_to_end(cli: Cli, own: &Own) -> Result<bool, StartError> {
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime
        .enable_all()
        .event_interval(LOOK_AGAIN)
        .build()
        .map_err(StartError::Runtime)?;
    runtime.block_on(perform(cli, own))
}

/// Returns whether all is well.
async fn perform(cli: Cli, own: &Own) -> Result<bool, StartError> {
    match cli.command {
        None => run::run(cli.config, own).await?,
        Some(Command::Token(args)) => println!("{}", args.print()?),
        Some(Command::Doctor(args)) => return Ok(doctor::examine(&args, own).await),
        Some(Command::Index(IndexCommand::Methodology(args))) => {
            println!("{}", load::methodology(&args).await?)
        }
        Some(Command::Table(TableCommand::Create(args))) => {
            println!("{}", assembly::create_table(&args).await?)
        }
    }
    Ok(true)
}
