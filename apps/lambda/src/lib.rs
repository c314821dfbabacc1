//! The coach behind an AWS Lambda Function URL, and the sweep after it.

mod api;
mod config;
mod event;
mod init;
mod reply;
mod sweep;
mod wake;

use std::sync::Arc;

use assembly::{LogFormat, Own, Service, StartError};
use metrics::Emf;
use system_clock::SystemClock;
use tokio::runtime::Builder;

pub use api::serve;
pub use config::{Config, Responses, Role};

/// Where CloudWatch keeps the metrics.
const NAMESPACE: &str = "CoachStream";

/// Runs the function until its process is ended.
pub fn run(config: &Config) -> Result<(), Broken> {
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(StartError::Runtime)?;
    runtime.block_on(perform(config))
}

/// Starts, and answers invocations until the process is ended.
async fn perform(config: &Config) -> Result<(), Broken> {
    config.service.begin_log(LogFormat::Json)?;
    if !config.service.trust.is_elsewhere() {
        return Err(StartError::Missing {
            chosen: "a function",
            what: "an issuer of tokens: COACH_ISSUER, COACH_AUDIENCE and COACH_JWKS_URL",
        }
        .into());
    }
    let service = config
        .service
        .assemble(Arc::new(SystemClock), &Own::default())
        .await?;
    let Service { app, connect, .. } = service;
    let lines = Emf::new(
        NAMESPACE.to_owned(),
        config.stage.clone(),
        Box::new(std::io::stdout()),
    );
    let metrics = Arc::new(assembly::metrics(&app).to(Arc::new(lines)));
    init::connect(connect).await;
    match config.role {
        Role::Api => api::serve(app, metrics, config).await,
        Role::Sweep => sweep::serve(app, metrics).await,
    }
}

/// Why the process ends.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("Lambda gives no invocations: {0}")]
    Lambda(lambda_runtime::Error),
}
