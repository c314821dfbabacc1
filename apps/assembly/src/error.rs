use std::error::Error;

/// Why nothing was begun: one sentence that names the setting to change.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("no threads can be started: {0}")]
    Runtime(#[source] std::io::Error),
    #[error("cannot listen on {address} (--listen, COACH_LISTEN): {source}")]
    Listen {
        address: String,
        source: std::io::Error,
    },
    #[error("the local issuer's key in {directory} (--data, COACH_DATA) cannot be used: {source}")]
    Issuer {
        directory: String,
        source: jwt::IssuerError,
    },
    #[error("the log filter (--log, COACH_LOG) is not valid: {0}")]
    Log(#[from] tracing_subscriber::filter::ParseError),
    #[error("the prices in {file} (--prices, COACH_PRICES) cannot be used: {reason}")]
    Prices { file: String, reason: String },
    #[error(
        "the store (--store, COACH_STORE) cannot be used, and `coach-server doctor` says more: {}",
        told(.0)
    )]
    Store(#[from] ports::PortError),
    #[error("the page that the keys are at (--jwks-url, COACH_JWKS_URL) cannot be used: {0}")]
    Keys(String),
    #[cfg(not(feature = "aws"))]
    #[error(
        "{chosen} needs AWS, and this coach-server is built without it: build it with --features \
        aws"
    )]
    WithoutAws { chosen: &'static str },
    #[error("{chosen} needs {what}")]
    Missing {
        chosen: &'static str,
        what: &'static str,
    },
    #[cfg(feature = "aws")]
    #[error("{setting} names a secret that cannot be read: {code}")]
    Unread { setting: &'static str, code: String },
    #[error("{setting} cannot be used: {source}")]
    Setting {
        setting: &'static str,
        source: Box<dyn Error + Send + Sync>,
    },
    #[cfg(feature = "methodology")]
    #[error("the methodology cannot be used: {}", told(.0))]
    Methodology(#[from] methodology::Unreadable),
    #[error("nothing was loaded: {0}")]
    Index(String),
    #[error("not all was loaded, but the same command goes on where it ended: {}", told(.0))]
    Load(#[source] ports::PortError),
    #[cfg(feature = "aws")]
    #[error("the table (--table, COACH_TABLE) was not made: {}", told(.0))]
    Table(#[source] ports::PortError),
    #[error("{0}")]
    Unsuited(&'static str),
}

impl StartError {
    pub fn setting(setting: &'static str, source: impl Error + Send + Sync + 'static) -> Self {
        Self::Setting {
            setting,
            source: Box::new(source),
        }
    }
}

/// An error and what it comes from.
pub fn told(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| Error::source(*error));
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
