use std::path::PathBuf;

use axum::http::{HeaderName, HeaderValue};
use clap::{Args, Parser, Subcommand};
use domain::UserId;

use crate::doctor::DoctorArgs;
use crate::listen::Listen;
use crate::load::MethodologyArgs;
use crate::parts::PartsArgs;
use crate::trust::Trust;
use crate::{log, serve};

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

    /// Origin whose pages may call, such as http://localhost:5173; may be given more than once.
    #[arg(
        long = "cors-origin",
        env = "COACH_CORS_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ',',
        value_parser = origin
    )]
    pub(crate) cors_origins: Vec<HeaderValue>,

    /// Header that these pages may send besides the usual ones, such as x-client; may be given more
    /// than once.
    #[arg(
        long = "cors-header",
        env = "COACH_CORS_HEADER",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub(crate) cors_headers: Vec<HeaderName>,

    /// Send the acknowledgment and the updates as `chunk` events, for clients that know no other.
    #[arg(long, env = "COACH_CONTEXTUAL_AS_CHUNK", value_name = "BOOL", default_value_t = false,
          action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    pub(crate) contextual_as_chunk: bool,

    /// Stream the reply as the model makes it; `false` makes it by one call and sends it as one
    /// chunk.
    #[arg(long, env = "COACH_FULL_STREAMING", value_name = "BOOL", default_value_t = true,
          action = clap::ArgAction::Set)]
    pub(crate) full_streaming: bool,

    /// After how many seconds of silence a stream sends a heartbeat.
    #[arg(long, env = "COACH_HEARTBEAT_S", value_name = "SECONDS", default_value_t = 5,
          value_parser = clap::value_parser!(u64).range(2..=15))]
    pub(crate) heartbeat_s: u64,

    /// After how many seconds a turn must begin to end.
    #[arg(long, env = "COACH_DEADLINE_S", value_name = "SECONDS", default_value_t = 120,
          value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub(crate) deadline_s: u64,

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

    /// How many turns run at once.
    #[arg(long, env = "COACH_TURNS_AT_ONCE", value_name = "NUMBER", default_value_t = 1_000,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) turns_at_once: u32,

    /// How many turns one user may have running at once.
    #[arg(long, env = "COACH_TURNS_PER_USER", value_name = "NUMBER", default_value_t = 8,
          value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(crate) turns_per_user: u64,

    /// A JSON file that says what models cost; without it no costs are told.
    #[arg(long, env = "COACH_PRICES", value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,

    /// What is logged: error, warn, info, debug, trace or off, or also the level of one crate, such
    /// as info,coach_http=debug.
    #[arg(long, env = "COACH_LOG", value_name = "FILTER", default_value = "info",
          value_parser = log::filter)]
    pub(crate) log: String,

    #[command(flatten)]
    pub(crate) trust: Trust,

    #[command(flatten)]
    pub(crate) parts: PartsArgs,
}

impl Config {
    /// Returns how many may be connected.
    pub(crate) fn connections(&self) -> serve::Limits {
        let [all, per_address] = [self.connections, self.connections_per_address].map(number);
        serve::Limits { all, per_address }
    }
}

/// A number of the command line as one of things in memory.
pub(crate) fn number(option: u32) -> usize {
    usize::try_from(option).unwrap_or(usize::MAX)
}

fn origin(text: &str) -> Result<HeaderValue, String> {
    let scheme = text.starts_with("http://") || text.starts_with("https://");
    let bare = text.matches('/').count() == 2 && !text.ends_with('/');
    let value = HeaderValue::from_str(text).map_err(|_| "an origin is plain text".to_owned())?;
    if scheme && bare {
        Ok(value)
    } else {
        Err("an origin is a scheme, a host and perhaps a port, without a path".into())
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

    #[test]
    fn an_origin_has_no_path() {
        assert!(origin("http://localhost:5173").is_ok());
        for bad in ["localhost", "http://a/b", "http://a/", "ftp://a", "*"] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }
}
