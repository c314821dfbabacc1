//! What every app serves, and how it is set up.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use clap::Args;
use domain::{Coach, Delivery, Limits};
use futures::future::{BoxFuture, FutureExt};
use http_adapter::{App, Settings};
use jwt::Issuer;
use metrics::Metrics;
use ports::{Clock, Ports, Records};
use tokio_util::task::TaskTracker;

use crate::error::StartError;
use crate::log::LogFormat;
use crate::own::Own;
use crate::parts::{Assembly, PartsArgs};
use crate::trust::Trust;
use crate::{help_lines, log, prices};

/// The settings of a service; every option is also an environment variable.
#[derive(Debug, Args)]
pub struct ServiceArgs {
    /// Origin whose pages may call, such as http://localhost:5173; may be given more than once.
    #[arg(
        long = "cors-origin",
        env = "COACH_CORS_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ',',
        value_parser = origin
    )]
    pub cors_origins: Vec<HeaderValue>,

    /// Header that these pages may send besides the usual ones, such as x-client; may be given more
    /// than once.
    #[arg(
        long = "cors-header",
        env = "COACH_CORS_HEADER",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub cors_headers: Vec<HeaderName>,

    /// Send the acknowledgment and the updates as `chunk` events, for clients that know no other.
    #[arg(long, env = "COACH_CONTEXTUAL_AS_CHUNK", value_name = "BOOL", default_value_t = false,
          action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    pub contextual_as_chunk: bool,

    /// Stream the reply as the model makes it; `false` makes it by one call and sends it as one
    /// chunk.
    #[arg(long, env = "COACH_FULL_STREAMING", value_name = "BOOL", default_value_t = true,
          action = clap::ArgAction::Set)]
    pub full_streaming: bool,

    /// After how many seconds of silence a stream sends a heartbeat.
    #[arg(long, env = "COACH_HEARTBEAT_S", value_name = "SECONDS", default_value_t = 5,
          value_parser = clap::value_parser!(u64).range(2..=15))]
    pub heartbeat_s: u64,

    /// After how many seconds a turn must begin to end.
    #[arg(long, env = "COACH_DEADLINE_S", value_name = "SECONDS", default_value_t = 120,
          value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub deadline_s: u64,

    /// How many turns run at once.
    #[arg(long, env = "COACH_TURNS_AT_ONCE", value_name = "NUMBER", default_value_t = 1_000,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub turns_at_once: u32,

    /// How many turns one user may have running at once.
    #[arg(long, env = "COACH_TURNS_PER_USER", value_name = "NUMBER", default_value_t = 8,
          value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub turns_per_user: u64,

    /// A JSON file that says what models cost; without it no costs are told.
    #[arg(long, env = "COACH_PRICES", value_name = "FILE")]
    pub prices: Option<PathBuf>,

    /// A JSON file with what is said to somebody in an emergency or a crisis, by language; without
    /// it no number is named.
    #[arg(long, env = "COACH_HELP_LINES", value_name = "FILE")]
    pub help_lines: Option<PathBuf>,

    /// What is logged: error, warn, info, debug, trace or off, or also the level of one crate, such
    /// as info,coach_http=debug.
    #[arg(long, env = "COACH_LOG", value_name = "FILTER", default_value = "info",
          value_parser = log::filter)]
    pub log: String,

    /// How a line of the log is written.
    #[arg(long, env = "COACH_LOG_FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,

    #[command(flatten)]
    pub trust: Trust,

    #[command(flatten)]
    pub parts: PartsArgs,
}

/// What an app serves.
pub struct Service {
    pub app: App,
    /// What stands where, by the name of the part.
    pub about: Vec<(&'static str, String)>,
    /// The local issuer, if it is whose tokens are taken.
    pub issuer: Option<Arc<Issuer>>,
    /// Opens the connections to all parts, side by side, before they are needed.
    pub connect: BoxFuture<'static, ()>,
    /// Whether who answers only rehearses.
    pub rehearses: bool,
}

impl ServiceArgs {
    /// Lets the log begin, on the error output; `usual` is its format unless another is chosen.
    pub fn begin_log(&self, usual: LogFormat) -> Result<(), StartError> {
        log::begin(&self.log, self.log_format.unwrap_or(usual))
    }

    /// Makes the service out of its parts; none of them is asked for anything yet.
    pub async fn assemble(&self, clock: Arc<dyn Clock>, own: &Own) -> Result<Service, StartError> {
        let prices = prices::read(self.prices.as_deref())?;
        let help = help_lines::read(self.help_lines.as_deref())?;
        let assembly = Assembly::new(&self.parts, &clock, own);
        let (model, store, index) = (
            assembly.model().await?,
            assembly.store().await?,
            assembly.index().await?,
        );
        let tokens = self.trust.verifier(&clock)?;
        let (messages, records) = store.ports;
        let ports = Ports {
            llm: model.ports,
            messages,
            records: Records::new(records),
            index: index.ports,
            clock,
        };
        let settings = Settings {
            prices: Arc::new(prices),
            help: Arc::new(help),
            jwks: tokens.issuer.as_ref().map(|issuer| issuer.jwks()),
            ..self.settings()
        };
        let connections = [model.connect, store.connect, index.connect, tokens.connect];
        Ok(Service {
            app: App {
                ports,
                tokens: tokens.verifier,
                feeds: Arc::default(),
                tasks: TaskTracker::new(),
                watch: Arc::new(()),
                settings: Arc::new(settings),
            },
            about: vec![
                ("model", model.about),
                ("store", store.about),
                ("index", index.about),
                ("tokens", self.trust.about()),
            ],
            issuer: tokens.issuer,
            connect: futures::future::join_all(connections).map(drop).boxed(),
            rehearses: assembly.rehearses(),
        })
    }

    fn settings(&self) -> Settings {
        let coaches = domain::coach::shipped().into_iter();
        let delivery = if self.full_streaming {
            Delivery::Streamed
        } else {
            Delivery::Whole
        };
        Settings {
            coaches: coaches.map(Arc::<Coach>::new).collect(),
            limits: Limits {
                delivery,
                second_model: self.parts.has_second_model(),
                ..Limits::default()
            },
            deadline: Duration::from_secs(self.deadline_s),
            heartbeat: Duration::from_secs(self.heartbeat_s),
            contextual_as_chunk: self.contextual_as_chunk,
            cors_origins: self.cors_origins.clone(),
            cors_headers: self.cors_headers.clone(),
            turns_at_once: number(self.turns_at_once),
            turns_per_user: self.turns_per_user,
            ..Settings::default()
        }
    }
}

/// Returns what measures the turns of an app, for nobody yet.
pub fn metrics(app: &App) -> Metrics {
    let (clock, prices) = (app.ports.clock.clone(), app.settings.prices.clone());
    Metrics::new(clock, prices, http_adapter::words)
}

/// A number of the command line as one of things in memory.
pub fn number(option: u32) -> usize {
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

    #[test]
    fn an_origin_has_no_path() {
        assert!(origin("http://localhost:5173").is_ok());
        for bad in ["localhost", "http://a/b", "http://a/", "ftp://a", "*"] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }
}
