//! `coach-lambda`: the coach behind an AWS Lambda Function URL, and the sweep after it.

mod api;
mod config;
mod event;
mod init;
mod reply;
mod wake;

use std::process::ExitCode;
use std::sync::Arc;

use assembly::{Service, StartError};
use clap::Parser;
use config::{Config, Role};
use system_clock::SystemClock;
use tokio::runtime::Builder;

fn main() -> ExitCode {
    let config = Config::parse();
    let runtime = Builder::new_multi_thread().enable_all().build();
    let ended = runtime
        .map_err(|error| StartError::Runtime(error).into())
        .and_then(|runtime| runtime.block_on(perform(&config)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("coach-lambda: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Starts, and answers invocations until the process is ended.
async fn perform(config: &Config) -> Result<(), Broken> {
    config.service.begin_log()?;
    let service = config.service.assemble(Arc::new(SystemClock)).await?;
    let Service { app, connect, .. } = service;
    init::connect(connect).await;
    match config.role {
        Role::Api => api::serve(app, config).await,
        Role::Sweep => Ok(()),
    }
}

/// Why the process ends.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("Lambda gives no invocations: {0}")]
    Lambda(lambda_runtime::Error),
}
