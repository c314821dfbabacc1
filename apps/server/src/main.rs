//! `coach-server`: the coach on this machine, with everything that it needs inside.

mod config;
mod demo;
mod page;
mod prices;
mod serve;

use std::future::ready;
use std::io::{IsTerminal, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use clap::Parser;
use config::{Cli, Command, Config, Llm, Store, TokenArgs};
use demo::Demo;
use domain::{Coach, Delivery, Limits, UserId};
use http_adapter::{App, Code, Settings, refusing, router};
use in_memory::{InMemoryMessages, InMemoryRecords, LexicalIndex, Pace, Rehearsal};
use jwt::{Expected, Issuer, RemoteKeys, Verifier};
use ports::{Clock, Feeds, Ports, TokenVerifier};
use system_clock::SystemClock;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use tracing::{error, info};
use tracing_subscriber::EnvFilter;

/// What the tokens of the local issuer say about who made them.
const LOCAL_ISSUER: &str = "urn:coach-stream:local";

/// How long a turn may take to be saved once it must end.
const SAVE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error("cannot listen on {address} (--listen, COACH_LISTEN): {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("the local issuer's key in {directory} (--data, COACH_DATA) cannot be used: {source}")]
    Issuer { directory: String, source: jwt::IssuerError },
    #[error("the log filter (--log, COACH_LOG) is not valid: {0}")]
    Log(#[from] tracing_subscriber::filter::ParseError),
    #[error("the prices in {file} (--prices, COACH_PRICES) cannot be used: {reason}")]
    Prices { file: String, reason: String },
    #[error("the demonstration cannot be set up: {0}")]
    Demo(#[from] ports::PortError),
    #[error("the page that the keys are at (--jwks-url, COACH_JWKS_URL) cannot be used: {0}")]
    Keys(String),
    #[error("the runtime cannot be started: {0}")]
    Runtime(#[from] std::io::Error),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Some(Command::Token(args)) => print_token(&args),
        None => run(cli.config),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("coach-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print_token(args: &TokenArgs) -> Result<(), StartError> {
    let issuer = local_issuer(&args.data)?;
    let ttl = Duration::from_secs(args.hours * 3_600);
    println!("{}", token(&issuer, &args.data, &args.user, ttl)?);
    Ok(())
}

#[tokio::main]
async fn run(config: Config) -> Result<(), StartError> {
    let filter = EnvFilter::builder().parse(&config.log)?;
    let ansi = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(ansi).init();

    let prices = prices::read(config.prices.as_deref())?;
    let address = config.listen;
    let listener = TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })?;
    let address = listener.local_addr().map_err(|source| StartError::Listen { address, source })?;

    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ports = ports(&config, &clock);
    let coaches: Vec<Arc<Coach>> = domain::coach::shipped().into_iter().map(Arc::new).collect();
    let (tokens, issuer) = verifier(&config, reachable(address), &clock)?;
    let settings =
        Settings { prices: Arc::new(prices), ..settings(&config, coaches, issuer.as_ref().map(Issuer::jwks)) };
    let tasks = TaskTracker::new();
    let feeds: Arc<Feeds> = Arc::default();
    let app = App { ports, tokens, feeds: feeds.clone(), tasks: tasks.clone(), settings: Arc::new(settings) };

    let demo = match &issuer {
        Some(issuer) => Demo::set_up(&app, |user| token(issuer, &config.data, user, demo::TOKEN)).await?,
        None => None,
    };
    announce(&config, address, demo.as_ref());
    let page = demo.filter(|_| address.ip().is_loopback()).map(|demo| (demo.user, demo.token));
    let show = get(move |headers| ready(page::show(page.clone(), headers)));
    let router = router(app).route("/", show.fallback_service(refusing(Code::MethodNotAllowed)));

    let drain = Duration::from_secs(config.drain_s);
    let stop = async {
        told_to_stop().await;
        info!(turns = feeds.len(), "told to stop: turns have {} s to end", drain.as_secs());
        feeds.hurry_up(clock.now() + drain);
    };
    let connections = serve::serve(listener, router, config.connections, stop).await;
    tasks.close();
    let ended = async { tokio::join!(connections, tasks.wait()) };
    if tokio::time::timeout(drain + SAVE, ended).await.is_err() {
        error!(turns = feeds.len(), tasks = tasks.len(), "something was still running");
    }
    Ok(())
}

fn ports(config: &Config, clock: &Arc<dyn Clock>) -> Ports {
    let messages = match config.store {
        Store::Memory => Arc::new(InMemoryMessages::default()),
    };
    let llm = match config.llm {
        Llm::Rehearsal => {
            let pace = Pace { per_word: Duration::from_millis(config.pace_ms) };
            Arc::new(Rehearsal::new(clock.clone(), pace, config.rehearsal_seed))
        }
    };
    let (records, index) = (Arc::new(InMemoryRecords::default()), Arc::new(LexicalIndex::default()));
    Ports { llm, messages, records, index, clock: clock.clone() }
}

fn settings(config: &Config, coaches: Vec<Arc<Coach>>, jwks: Option<String>) -> Settings {
    let delivery = if config.full_streaming { Delivery::Streamed } else { Delivery::Whole };
    Settings {
        coaches,
        limits: Limits { delivery, ..Limits::default() },
        deadline: Duration::from_secs(config.deadline_s),
        heartbeat: Duration::from_secs(config.heartbeat_s),
        contextual_as_chunk: config.contextual_as_chunk,
        cors_origins: config.cors_origins.clone(),
        turns_at_once: config.turns_at_once,
        turns_per_user: config.turns_per_user,
        sees_jobs_through: true,
        prices: Arc::default(),
        jwks,
    }
}

/// Who verifies tokens; the local issuer's are fetched like any other issuer's keys.
fn verifier(
    config: &Config,
    address: SocketAddr,
    clock: &Arc<dyn Clock>,
) -> Result<(Arc<dyn TokenVerifier>, Option<Issuer>), StartError> {
    let (expected, url, issuer) = match (&config.issuer, &config.audience, &config.jwks_url) {
        (Some(issuer), Some(audience), Some(url)) => {
            (Expected { issuer: issuer.clone(), audience: audience.clone() }, url.clone(), None)
        }
        _ => {
            let issuer = local_issuer(&config.data)?;
            (issuer.expected(), format!("http://{address}/.well-known/jwks.json"), Some(issuer))
        }
    };
    let keys = RemoteKeys::new(&url, clock.clone()).map_err(|error| StartError::Keys(error.to_string()))?;
    Ok((Arc::new(Verifier::new(expected, Arc::new(keys), clock.clone())), issuer))
}

fn local_issuer(data: &Path) -> Result<Issuer, StartError> {
    Issuer::open(data, LOCAL_ISSUER.to_owned()).map_err(|source| issuer_error(data, source))
}

fn token(issuer: &Issuer, data: &Path, user: &UserId, ttl: Duration) -> Result<String, StartError> {
    issuer.token(user, SystemClock.now(), ttl).map_err(|source| issuer_error(data, source))
}

fn issuer_error(data: &Path, source: jwt::IssuerError) -> StartError {
    StartError::Issuer { directory: data.display().to_string(), source }
}

/// Says where the server is and what it runs on. Nobody has to listen: a closed output is no error.
fn announce(config: &Config, address: SocketAddr, demo: Option<&Demo>) {
    let here = reachable(address);
    let model = match config.llm {
        Llm::Rehearsal => format!("rehearsal: offline, {} ms a word", config.pace_ms),
    };
    let store = match config.store {
        Store::Memory => "memory: gone when the server ends",
    };
    let tokens = match &config.issuer {
        Some(issuer) => format!("of {issuer}"),
        None => format!("of the local issuer, key in {}", config.data.display()),
    };
    let mut said =
        format!("Coach Stream listens on http://{here}/\n  model   {model}\n  store   {store}\n  tokens  {tokens}\n");
    if let Some(demo) = demo {
        said.push_str(&format!("Open the page in a browser, or paste this:\n\n{}\n\n", demo.command(here)));
    }
    _ = std::io::stdout().write_all(said.as_bytes());
}

/// An address that reaches this server from this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = if address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { address.ip() };
    SocketAddr::new(ip, address.port())
}

async fn told_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
        if let Ok(mut terminated) = terminated {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    _ = interrupted.await;
}
