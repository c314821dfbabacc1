use domain::Fault;

/// The result of asking a port for something.
pub type Result<T, E = PortError> = std::result::Result<T, E>;

/// A port's failure: its [`Fault`] is for the domain, the rest for the log.
#[derive(Debug, thiserror::Error)]
#[error("{adapter}: {fault}")]
pub struct PortError {
    /// What the domain decides on.
    pub fault: Fault,
    /// Which adapter failed.
    pub adapter: &'static str,
    /// What it had to say: for the log, so never what a user or a model wrote.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl PortError {
    /// Makes a failure of which there is no more to tell.
    pub fn new(adapter: &'static str, fault: Fault) -> Self {
        Self {
            fault,
            adapter,
            source: None,
        }
    }
}
