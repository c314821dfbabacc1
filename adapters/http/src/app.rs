use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use domain::{Coach, Limits, Prices, Timestamp};
use ports::{Feeds, Ports, TokenVerifier, TurnRules, Turns, Watch, Watches};
use tokio_util::task::TaskTracker;

use crate::watch::{Log, Tracked};

/// What a server is made of; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The world.
    pub ports: Ports,
    /// Who is asking.
    pub tokens: Arc<dyn TokenVerifier>,
    /// The turns that run in this process.
    pub feeds: Arc<Feeds>,
    /// Where turns run on after their request, unless that brings a tracker of its own
    /// ([`Within`]); the app that owns it waits for them.
    pub tasks: TaskTracker,
    /// Who hears of turns, besides the log.
    pub watch: Arc<dyn Watch>,
    /// How it is set up.
    pub settings: Arc<Settings>,
}

impl App {
    /// Returns the turns of this server.
    pub(crate) fn turns(&self) -> Turns {
        let settings = &self.settings;
        let rules = TurnRules {
            limits: settings.limits,
            deadline: settings.deadline,
            at_once: settings.turns_at_once,
            per_user: settings.turns_per_user,
        };
        let (ports, feeds) = (self.ports.clone(), self.feeds.clone());
        let tasks = Arc::new(Tracked(self.tasks.clone()));
        Turns {
            ports,
            feeds,
            tasks,
            watch: Arc::new(Watches(vec![Arc::new(Log), self.watch.clone()])),
            rules,
            prices: settings.prices.clone(),
        }
    }
}

/// What encloses a request: where its turns run on, and when its process may be frozen.
///
/// An app whose process does not outlive its requests puts one into the extensions of each. Then
/// the turns of the request end, and their jobs are tried, before that time, or are left to others.
#[derive(Debug, Clone)]
pub struct Within {
    /// Where what the request begins runs on.
    pub tasks: TaskTracker,
    /// When the process may be frozen or ended.
    pub until: Timestamp,
    /// Whether an answer goes out piece by piece; else it is kept until it is whole, and nobody
    /// may wait for more than that.
    pub streams: bool,
}

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Coaches that every user has, besides their own.
    pub coaches: Vec<Arc<Coach>>,
    /// How long a turn's steps may take.
    pub limits: Limits,
    /// How long a turn may take as a whole.
    pub deadline: Duration,
    /// How long a stream may be silent.
    pub heartbeat: Duration,
    /// Whether acknowledgments and updates are sent as chunks.
    pub contextual_as_chunk: bool,
    /// Pages of which origins may call.
    pub cors_origins: Vec<HeaderValue>,
    /// Which headers these pages may send, besides those that clients of ours have use for.
    pub cors_headers: Vec<HeaderName>,
    /// How many turns may run in this process at once.
    pub turns_at_once: usize,
    /// How many turns one user may have running at once.
    pub turns_per_user: u64,
    /// What models cost.
    pub prices: Arc<Prices>,
    /// The keys of a local issuer, as a JWK set.
    pub jwks: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            coaches: Vec::new(),
            limits: Limits::default(),
            deadline: Duration::from_secs(120),
            heartbeat: Duration::from_secs(5),
            contextual_as_chunk: false,
            cors_origins: Vec::new(),
            cors_headers: Vec::new(),
            turns_at_once: 1_000,
            turns_per_user: 8,
            prices: Arc::default(),
            jwks: None,
        }
    }
}
