//! What this server has measured, for Prometheus to ask for.

use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use http_adapter::{Code, refusing};
use metrics::Prometheus;
use ports::Clock;
use tokio::net::TcpListener;

use crate::serve::{self, Limits};

/// Who is connected at once: a few, each asking now and then.
const SCRAPERS: Limits = Limits {
    all: 32,
    per_address: 0,
};

/// Tells what was measured to whoever asks at `/metrics`, for as long as it is polled.
pub(crate) async fn serve(listener: TcpListener, told: Arc<Prometheus>, clock: Arc<dyn Clock>) {
    let stop = std::future::pending();
    serve::serve(listener, router(told), SCRAPERS, clock, stop).await;
}

fn router(told: Arc<Prometheus>) -> Router {
    let tell = get(async move || ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], told.told()));
    let tell = tell.fallback_service(refusing(Code::MethodNotAllowed));
    Router::new()
        .route("/metrics", tell)
        .fallback_service(refusing(Code::NotFound))
}
