//! `coach-server`: the coach on this machine, with everything that it needs inside.

mod config;
mod demo;
mod page;
mod serve;

use std::io::IsTerminal;
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
use http_adapter::{App, Settings, router};
use in_memory::{InMemoryMessages, InMemoryRecords, LexicalIndex, Pace, Rehearsal};
use jwt::{Expected, Issuer, RemoteKeys, Verifier};
use ports::{Clock, Ports, TokenVerifier};
use system_clock::SystemClock;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use tracing::{error, info};
use tracing_subscriber::EnvFilter;

/// What the tokens of the local issuer say about who made them.
const LOCAL_ISSUER: &str = "urn:coach-stream:local";

/// How long what runs may take to end when the server is told to.
const DRAIN: Duration = Duration::from_secs(25);

#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error("cannot listen on {address} (--listen, COACH_LISTEN): {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("the local issuer's key in {directory} (--data, COACH_DATA) cannot be used: {source}")]
    Issuer { directory: String, source: jwt::IssuerError },
    #[error("the log filter (--log, COACH_LOG) is not valid: {0}")]
    Log(#[from] tracing_subscriber::filter::ParseError),
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

    let address = config.listen;
    let listener = TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })?;
    let address = listener.local_addr().map_err(|source| StartError::Listen { address, source })?;

    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ports = ports(&config, &clock);
    let coaches: Vec<Arc<Coach>> = domain::coach::shipped().into_iter().map(Arc::new).collect();
    let (tokens, issuer) = verifier(&config, reachable(address), &clock)?;
    let settings = settings(&config, coaches, issuer.as_ref().map(Issuer::jwks));
    let tasks = TaskTracker::new();
    let app = App { ports, tokens, feeds: Arc::default(), tasks: tasks.clone(), settings: Arc::new(settings) };

    let demo = match &issuer {
        Some(issuer) => Demo::set_up(&app, |user| token(issuer, &config.data, user, demo::TOKEN)).await?,
        None => None,
    };
    announce(&config, address, demo.as_ref());
    let page = demo.filter(|_| address.ip().is_loopback()).map(|demo| (demo.user, demo.token));
    let router = router(app).route("/", get(move |headers| page::show(page.clone(), headers)));
    serve::serve(listener, router, config.connections, told_to_stop(), DRAIN).await;

    tasks.close();
    if tokio::time::timeout(DRAIN, tasks.wait()).await.is_err() {
        error!(turns = tasks.len(), "turns were still running after {} s", DRAIN.as_secs());
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

fn announce(config: &Config, address: SocketAddr, demo: Option<&Demo>) {
    let here = reachable(address);
    println!("Coach Stream listens on http://{here}/");
    match config.llm {
        Llm::Rehearsal => println!("  model   rehearsal: offline, {} ms a word", config.pace_ms),
    }
    match config.store {
        Store::Memory => println!("  store   memory: gone when the server ends"),
    }
    match &config.issuer {
        Some(issuer) => println!("  tokens  of {issuer}"),
        None => println!("  tokens  of the local issuer, key in {}", config.data.display()),
    }
    if let Some(demo) = demo {
        println!("Open the page in a browser, or paste this:\n\n{}\n", demo.command(here));
    }
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
            return info!("told to stop: finishing what runs");
        }
    }
    _ = interrupted.await;
    info!("told to stop: finishing what runs");
}
