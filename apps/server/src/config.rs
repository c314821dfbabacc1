use std::path::PathBuf;
use std::time::Duration;

use assembly::{PartsArgs, ServiceArgs, StartError, number, token_of};
use clap::{Args, Parser, Subcommand};
use domain::UserId;

use crate::doctor::DoctorArgs;
use crate::listen::Listen;
use crate::load::MethodologyArgs;
use crate::serve;

/// The backend of an AI fitness coach, as a server on this machine.
#[derive(Debug, Parser)]
#[command(name = "coach-server", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) config: Config,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print a token of the local issuer; it works beside a running server.
    Token(TokenArgs),
    /// Look whether each part that the settings name is there and can be used, and say what to do.
    Doctor(Box<DoctorArgs>),
    /// Fill the index.
    #[command(subcommand)]
    Index(IndexCommand),
    /// Prepare the store.
    #[command(subcommand)]
    Table(TableCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum IndexCommand {
    /// Let every user find a folder of Markdown files; again after a change, or when it broke off.
    Methodology(Box<MethodologyArgs>),
}

#[derive(Debug, Subcommand)]
pub(crate) enum TableCommand {
    /// Make the table that --store dynamodb needs.
    Create(Box<PartsArgs>),
}

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    /// Whose token: 1 to 64 characters out of A-Z, a-z, 0-9, _ and -.
    #[arg(long, value_name = "ID")]
    pub(crate) user: UserId,
    /// For how many hours it is valid.
    #[arg(
        long,
        value_name = "HOURS",
        default_value_t = 24,
        value_parser = clap::value_parser!(u64).range(1..=8_760)
    )]
    pub(crate) hours: u64,
    /// The data directory of the server.
    #[arg(long, env = "COACH_DATA", value_name = "DIR", default_value = ".coach")]
    pub(crate) data: PathBuf,
}

impl TokenArgs {
    /// Returns the token that is asked for.
    pub(crate) fn print(&self) -> Result<String, StartError> {
        token_of(
            &self.data,
            &self.user,
            Duration::from_secs(self.hours * 3_600),
        )
    }
}

/// Every option is also an environment variable.
#[derive(Debug, Args)]
pub(crate) struct Config {
    /// Where to listen, such as localhost:8787, or 0.0.0.0:8787 for the network; port 0 takes a
    /// free one.
    #[arg(
        long,
        env = "COACH_LISTEN",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:8787"
    )]
    pub(crate) listen: Listen,

    /// Whether browsers on this machine are given a page to talk with a coach, with a token in it.
    #[arg(long, env = "COACH_PAGE", value_name = "BOOL", default_value_t = true,
          action = clap::ArgAction::Set)]
    pub(crate) page: bool,

    /// Where Prometheus may ask for metrics, such as 127.0.0.1:9464; without it, nowhere.
    #[arg(long, env = "COACH_METRICS_LISTEN", value_name = "HOST:PORT")]
    pub(crate) metrics_listen: Option<Listen>,

    /// How many seconds turns have to end when the server is told to.
    #[arg(long, env = "COACH_DRAIN_S", value_name = "SECONDS", default_value_t = 25,
          value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(crate) drain_s: u64,

    /// How many connections are served at once. For one more, the one that has waited longest
    /// without sending a whole request is closed; if all have sent one, the new one is told to come
    /// back.
    #[arg(long, env = "COACH_CONNECTIONS", value_name = "NUMBER", default_value_t = 2_000,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) connections: u32,

    /// How many connections of one address may be open without having sent a whole request; 0 is no
    /// limit, and this machine's own have none. When there are more, the oldest is closed.
    #[arg(long, env = "COACH_CONNECTIONS_PER_ADDRESS", value_name = "NUMBER", default_value_t = 256,
          value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub(crate) connections_per_address: u32,

    #[command(flatten)]
    pub(crate) service: ServiceArgs,
}

impl Config {
    /// Returns how many may be connected.
    pub(crate) fn connections(&self) -> serve::Limits {
        let [all, per_address] = [self.connections, self.connections_per_address].map(number);
        serve::Limits { all, per_address }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    fn refusal(options: &[&str]) -> String {
        let line = [&["coach-server"], options].concat();
        Cli::try_parse_from(line)
            .expect_err(&options.concat())
            .to_string()
    }

    #[test]
    fn no_option_takes_a_number_with_which_nothing_would_work() {
        for option in [
            "--turns-at-once",
            "--turns-per-user",
            "--connections",
            "--deadline-s",
            "--drain-s",
            "--heartbeat-s",
        ] {
            for number in ["0", "-1", "999999999999", "many", ""] {
                let refusal = refusal(&[&format!("{option}={number}")]);
                assert!(refusal.contains(option), "{option} {number}: {refusal}");
            }
            assert!(
                refusal(&[&format!("{option}=0")]).contains("0 is not in "),
                "{option}"
            );
        }
        let unlimited =
            Cli::try_parse_from(["coach-server", "--connections-per-address=0"]).unwrap();
        assert_eq!(unlimited.config.connections().per_address, 0);
    }

    #[test]
    fn a_refused_option_is_named_with_an_example() {
        for (option, example) in [
            ("--listen=:8787", "such as 127.0.0.1:8787"),
            ("--metrics-listen=9464", "such as 127.0.0.1:8787"),
            ("--log=verbose", "such as info,coach_http=debug"),
        ] {
            let (name, _) = option.split_once('=').unwrap();
            let refusal = refusal(&[option]);
            assert!(
                refusal.contains(name) && refusal.contains(example),
                "{refusal}"
            );
        }
    }
}
