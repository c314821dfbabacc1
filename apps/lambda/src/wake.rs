//! Waking the sweep.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use assembly::told;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::types::InvocationType;
use domain::TurnKey;
use ports::{Feed, Watch};
use tracing::warn;

/// How long the sweep may take to be woken: an answer waits for it.
const PATIENCE: Duration = Duration::from_millis(800);

/// Knows whether a turn has left work, and whom to wake then.
pub(crate) struct Wake {
    sweep: Option<(Client, String)>,
    was_left: AtomicBool,
}

impl Wake {
    /// Wakes this function; nobody if it has none.
    pub(crate) async fn new(function: Option<String>) -> Self {
        let sweep = match function {
            Some(function) => {
                let config = assembly::sdk_config().await;
                Some((Client::new(config), function))
            }
            None => None,
        };
        Self {
            sweep,
            was_left: AtomicBool::new(false),
        }
    }

    /// Wakes the sweep by an asynchronous invocation if a turn has left work since the last time.
    /// If that fails, the sweep's schedule wakes it.
    pub(crate) async fn if_work_was_left(&self) {
        let was_left = self.was_left.swap(false, Ordering::Relaxed);
        let Some((client, function)) = self.sweep.as_ref().filter(|_| was_left) else {
            return;
        };
        let invocation = client
            .invoke()
            .function_name(function)
            .invocation_type(InvocationType::Event);
        let woken = tokio::time::timeout(PATIENCE, invocation.send()).await;
        let trouble = match woken {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => told(&error),
            Err(_) => "it was not answered".to_owned(),
        };
        warn!(
            trouble,
            "the sweep was not woken, and comes by its schedule"
        );
    }
}

impl Watch for Wake {
    fn ended(&self, _feed: &Feed) {}

    fn left(&self, _turn: &TurnKey) {
        self.was_left.store(true, Ordering::Relaxed);
    }
}
