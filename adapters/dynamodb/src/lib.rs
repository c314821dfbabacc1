//! Conversations, messages, turns, jobs and records in one DynamoDB table.
//!
//! Every key begins with its user, so that a policy on leading keys can hold a role to one user's
//! data; only whose an account is has a key of its own. Whatever the contract calls one write is
//! one transaction or one conditional update; an answer that was lost is settled by asking again.

mod admit;
mod allowance;
mod bind;
mod change;
mod create;
mod delete;
mod due;
mod erase;
mod fault;
mod finish;
mod item;
mod jobs;
mod key;
mod map;
mod messages;
mod put;
mod records;
mod table;
mod turn;

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;

use crate::fault::Conflicts;

pub use messages::DynamoMessages;
pub use records::DynamoRecords;
pub use table::Table;

/// How often a write whose conditions have changed meanwhile is judged again.
const ROUNDS: usize = 12;

/// What the stores need to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The table's name; `coach` unless told otherwise.
    pub table: String,
    /// Another endpoint than the region's own, such as `http://127.0.0.1:8000`.
    pub endpoint: Option<String>,
    /// How often the SDK tries a request before it gives up: 3. Callers repeat their writes by
    /// themselves, so more only hides how the table is.
    pub attempts: u32,
    /// How long one try may take: 800 ms, so that a second one fits the two seconds of a save.
    pub attempt: Duration,
    /// About how long it waits before the second try: 50 ms; before the third, twice as long.
    pub pause: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let (attempt, pause) = (Duration::from_millis(800), Duration::from_millis(50));
        Self {
            table: "coach".to_owned(),
            endpoint: None,
            attempts: 3,
            attempt,
            pause,
        }
    }
}

impl Settings {
    /// The table, with region and credentials of the application; nothing is asked yet.
    pub fn open(&self, sdk: &SdkConfig) -> Table {
        let tries = RetryConfig::standard()
            .with_max_attempts(self.attempts)
            .with_initial_backoff(self.pause)
            .with_max_backoff(Duration::from_millis(400));
        let times = TimeoutConfig::builder()
            .connect_timeout(self.attempt)
            .operation_attempt_timeout(self.attempt);
        let config = Builder::from(sdk)
            .retry_config(tries)
            .retry_classifier(Conflicts)
            .timeout_config(times.build());
        let config = match &self.endpoint {
            Some(endpoint) => config.endpoint_url(endpoint),
            None => config,
        };
        Table::new(Client::from_conf(config.build()), self.table.clone())
    }
}
