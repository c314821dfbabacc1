//! The composition of a server, from its start to its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use assembly::{LogFormat, Own, Service, StartError, token};
use http_adapter::{App, router};
use metrics::Prometheus;
use system_clock::SystemClock;
use tokio::net::TcpListener;
use tracing::{error, info};

use crate::banner::Banner;
use crate::config::Config;
use crate::demo::{self, Demo};
use crate::listen::Listen;
use crate::page::{Off, Page};
use crate::{page, scraped, serve};

/// How long a turn may take to be saved once it must end.
const SAVE: Duration = Duration::from_secs(10);

/// Serves until it is told to stop.
pub(crate) async fn run(config: Config, own: &Own) -> Result<(), StartError> {
    let args = &config.service;
    args.begin_log(LogFormat::Text)?;
    let Service {
        mut app,
        about: mut parts,
        issuer,
        connect: _,
        rehearses,
    } = args.assemble(Arc::new(SystemClock), own).await?;
    let (listener, address) = bind(&config.listen).await?;
    let metrics = match &config.metrics_listen {
        Some(listen) => {
            let (listener, address) = bind(listen).await?;
            parts.push(("metrics", format!("http://{address}/metrics")));
            let prometheus = Arc::new(Prometheus::new(app.feeds.clone()));
            app.watch = Arc::new(assembly::metrics(&app).to(prometheus.clone()));
            Some((listener, prometheus))
        }
        None => None,
    };
    let demo = match &issuer {
        Some(issuer) => {
            Demo::set_up(&app, |user| {
                token(issuer, &args.trust.data, user, demo::TOKEN)
            })
            .await?
        }
        None => None,
    };
    let page = Page::of(&config, address, rehearses, demo.as_ref());
    Banner {
        address,
        parts: &parts,
        page: &page,
        rehearses,
        demo: demo.as_ref(),
    }
    .say();
    let clock = app.ports.clock.clone();
    let scraped = async {
        match metrics {
            Some((listener, prometheus)) => scraped::serve(listener, prometheus, clock).await,
            None => std::future::pending().await,
        }
    };
    // Also while turns have their time to end.
    tokio::select! {
        () = serve_to_the_end(app, page, listener, &config) => {}
        () = scraped => {}
    }
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
