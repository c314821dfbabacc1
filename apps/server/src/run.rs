//! The composition of a server, from its start to its end.

use std::future::ready;
use std::io::{IsTerminal, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use domain::{Coach, Delivery, Limits};
use http_adapter::{App, Code, Settings, refusing, router};
use ports::{Clock, Feeds, Ports};
use system_clock::SystemClock;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use tracing::{error, info};
use tracing_subscriber::EnvFilter;

use crate::aws::QUIET;
use crate::config::Config;
use crate::demo::{self, Demo};
use crate::error::StartError;
use crate::parts::Assembly;
use crate::trust::token;
use crate::{page, prices, serve};

/// How long a turn may take to be saved once it must end.
const SAVE: Duration = Duration::from_secs(10);

/// Serves until it is told to stop.
pub(crate) async fn run(config: Config) -> Result<(), StartError> {
    let mut filter = EnvFilter::builder().parse(&config.log)?;
    for quiet in QUIET {
        filter = filter.add_directive(quiet.parse()?);
    }
    let ansi = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(ansi).init();

    let prices = prices::read(config.prices.as_deref())?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let assembly = Assembly::new(&config.parts, &clock);
    let (model, store, index) = (assembly.model().await?, assembly.store().await?, assembly.index().await?);
    let parts = [("model", model.about), ("store", store.about), ("index", index.about)];
    let (messages, records) = store.ports;
    let ports = Ports { llm: model.ports, messages, records, index: index.ports, clock: clock.clone() };

    let address = config.listen;
    let listener = TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })?;
    let address = listener.local_addr().map_err(|source| StartError::Listen { address, source })?;

    let coaches: Vec<Arc<Coach>> = domain::coach::shipped().into_iter().map(Arc::new).collect();
    let (tokens, issuer) = config.trust.verifier(&clock)?;
    let jwks = issuer.as_ref().map(|issuer| issuer.jwks());
    let settings = Settings { prices: Arc::new(prices), ..settings(&config, coaches, jwks) };
    let tasks = TaskTracker::new();
    let feeds: Arc<Feeds> = Arc::default();
    let app = App { ports, tokens, feeds: feeds.clone(), tasks: tasks.clone(), settings: Arc::new(settings) };

    let demo = match &issuer {
        Some(issuer) => Demo::set_up(&app, |user| token(issuer, &config.trust.data, user, demo::TOKEN)).await?,
        None => None,
    };
    announce(address, &parts, &config.trust.about(), demo.as_ref());
    let page = demo.filter(|_| address.ip().is_loopback()).map(|demo| (demo.user, demo.token));
    let show = get(move |headers| ready(page::show(page.clone(), headers)));
    let router = router(app).route("/", show.fallback_service(refusing(Code::MethodNotAllowed)));

    let drain = Duration::from_secs(config.drain_s);
    let stop = async {
        told_to_stop().await;
        info!(turns = feeds.len(), "told to stop: turns have {} s to end", drain.as_secs());
        feeds.hurry_up(clock.now() + drain);
    };
    let served = serve::serve(listener, router, config.connections(), clock.clone(), stop).await;
    let ended = async {
        // Connections first: a request that is still being sent may begin a turn, which is waited for.
        served.over(drain).await;
        tasks.close();
        tasks.wait().await;
    };
    if tokio::time::timeout(drain + SAVE, ended).await.is_err() {
        error!(turns = feeds.len(), tasks = tasks.len(), "something was still running");
    }
    Ok(())
}

fn settings(config: &Config, coaches: Vec<Arc<Coach>>, jwks: Option<String>) -> Settings {
    let delivery = if config.full_streaming { Delivery::Streamed } else { Delivery::Whole };
    Settings {
        coaches,
        limits: Limits { delivery, second_model: config.parts.has_second_model(), ..Limits::default() },
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

/// Says where the server is and what it runs on. Nobody has to listen: a closed output is no error.
fn announce(address: SocketAddr, parts: &[(&str, String)], tokens: &str, demo: Option<&Demo>) {
    let here = reachable(address);
    let mut said = format!("Coach Stream listens on http://{here}/\n");
    for (name, about) in parts.iter().map(|(name, about)| (*name, about.as_str())).chain([("tokens", tokens)]) {
        said.push_str(&format!("  {name:<7} {about}\n"));
    }
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
