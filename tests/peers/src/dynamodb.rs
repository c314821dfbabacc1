//! DynamoDB, as far as the coach speaks to it: dynoxide, in this process.

use std::io;
use std::net::SocketAddr;

use dynoxide::Database;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::Trouble;

/// A DynamoDB with tables in memory, on loopback until it is dropped.
pub struct DynamoDb {
    address: SocketAddr,
    _task: JoinSet<()>,
}

impl DynamoDb {
    /// An empty one on a free port.
    pub async fn start() -> io::Result<Self> {
        Self::at("127.0.0.1:0").await
    }

    /// An empty one at this address.
    pub async fn at(address: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let database = Database::memory().map_err(|error| io::Error::other(error.to_string()))?;
        let mut task = JoinSet::new();
        task.spawn(dynoxide::server::serve_on(listener, database));
        Ok(Self {
            address,
            _task: task,
        })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// What DynamoDB itself answers on a bad day, each with a name.
pub fn refusals() -> [(&'static str, Trouble); 5] {
    let kind = |status, kind: &str| {
        Trouble::aws(
            status,
            &format!("com.amazonaws.dynamodb.v20120810#{kind}"),
            "a bad day",
        )
    };
    let reasons = concat!(
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","#,
        r#""message":"Transaction cancelled","CancellationReasons":["#,
        r#"{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"},"#,
        r#"{"Code":"None"}]}"#
    );
    let conflict = Trouble::Answer {
        status: 400,
        headers: Vec::new(),
        body: reasons.to_owned(),
    };
    [
        ("throttled", kind(400, "ThrottlingException")),
        (
            "throughput",
            kind(400, "ProvisionedThroughputExceededException"),
        ),
        ("failed", kind(500, "InternalServerError")),
        ("conflict", kind(400, "TransactionConflictException")),
        ("cancelled", conflict),
    ]
}
