//! The composition of a server, from its start to its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::{Coach, Delivery, Limits};
use http_adapter::{App, Settings, router};
use ports::{Clock, Ports, Records, Watches};
use system_clock::SystemClock;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use tracing::{error, info};

use crate::banner::Banner;
use crate::config::{Config, number};
use crate::demo::{self, Demo};
use crate::error::StartError;
use crate::listen::Listen;
use crate::page::{Off, Page};
use crate::parts::Assembly;
use crate::trust::token;
use crate::{log, page, prices, serve};

/// How long a turn may take to be saved once it must end.
const SAVE: Duration = Duration::from_secs(10);

/// Serves until it is told to stop.
pub(crate) async fn run(config: Config) -> Result<(), StartError> {
    log::begin(&config.log)?;
    let prices = prices::read(config.prices.as_deref())?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let assembly = Assembly::new(&config.parts, &clock);
    let (model, store, index) = (
        assembly.model().await?,
        assembly.store().await?,
        assembly.index().await?,
    );
    let (messages, records) = store.ports;
    let ports = Ports {
        llm: model.ports,
        messages,
        records: Records::new(records),
        index: index.ports,
        clock: clock.clone(),
    };

    let (listener, address) = bind(&config.listen).await?;

    let coaches: Vec<Arc<Coach>> = domain::coach::shipped().into_iter().map(Arc::new).collect();
    let (tokens, issuer) = config.trust.verifier(&clock)?;
    let jwks = issuer.as_ref().map(|issuer| issuer.jwks());
    let settings = Settings {
        prices: Arc::new(prices),
        ..settings(&config, coaches, jwks)
    };
    let app = App {
        ports,
        tokens,
        feeds: Arc::default(),
        tasks: TaskTracker::new(),
        watch: Arc::new(Watches::default()),
        settings: Arc::new(settings),
    };

    let demo = match &issuer {
        Some(issuer) => {
            Demo::set_up(&app, |user| {
                token(issuer, &config.trust.data, user, demo::TOKEN)
            })
            .await?
        }
        None => None,
    };
    let page = Page::of(&config, address, demo.as_ref());
    Banner {
        address,
        parts: &[
            ("model", model.about),
            ("store", store.about),
            ("index", index.about),
            ("tokens", config.trust.about()),
        ],
        page: &page,
        rehearses: config.parts.rehearses(),
        demo: demo.as_ref(),
    }
    .say();
    serve_to_the_end(app, page, listener, &config).await;
    Ok(())
}

async fn bind(listen: &Listen) -> Result<(TcpListener, SocketAddr), StartError> {
    let closed = |source| StartError::Listen {
        address: listen.to_string(),
        source,
    };
    let listener = listen.bind().await.map_err(closed)?;
    let address = listener.local_addr().map_err(closed)?;
    Ok((listener, address))
}

/// Serves until it is told to stop, and then until what runs is over or has had its time.
async fn serve_to_the_end(
    app: App,
    page: Result<Page, Off>,
    listener: TcpListener,
    config: &Config,
) {
    let (feeds, tasks, clock) = (
        app.feeds.clone(),
        app.tasks.clone(),
        app.ports.clock.clone(),
    );
    let drain = Duration::from_secs(config.drain_s);
    let stop = async {
        told_to_stop().await;
        info!(
            turns = feeds.len(),
            "told to stop: turns have {} s to end",
            drain.as_secs()
        );
        feeds.hurry_up(clock.now() + drain);
    };
    let router = router(app).route("/", page::route(page.ok()));
    let served = serve::serve(listener, router, config.connections(), clock.clone(), stop).await;
    let ended = async {
        // Connections first: a request that is still being sent may begin a turn.
        served.over(drain).await;
        tasks.close();
        tasks.wait().await;
    };
    if tokio::time::timeout(drain + SAVE, ended).await.is_err() {
        error!(
            turns = feeds.len(),
            tasks = tasks.len(),
            "something was still running"
        );
    }
}

fn settings(config: &Config, coaches: Vec<Arc<Coach>>, jwks: Option<String>) -> Settings {
    let delivery = if config.full_streaming {
        Delivery::Streamed
    } else {
        Delivery::Whole
    };
    Settings {
        coaches,
        limits: Limits {
            delivery,
            second_model: config.parts.has_second_model(),
            ..Limits::default()
        },
        deadline: Duration::from_secs(config.deadline_s),
        heartbeat: Duration::from_secs(config.heartbeat_s),
        contextual_as_chunk: config.contextual_as_chunk,
        cors_origins: config.cors_origins.clone(),
        cors_headers: config.cors_headers.clone(),
        turns_at_once: number(config.turns_at_once),
        turns_per_user: config.turns_per_user,
        sees_jobs_through: true,
        prices: Arc::default(),
        jwks,
    }
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
