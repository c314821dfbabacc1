//! DynamoDB, as far as the coach speaks to it: dynoxide, in a process of its own.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use crate::Trouble;

/// A DynamoDB with tables in memory, on loopback until it is dropped.
pub struct DynamoDb {
    address: SocketAddr,
    process: Child,
}

impl DynamoDb {
    /// An empty one on a free port.
    pub async fn start() -> io::Result<Self> {
        Self::at("127.0.0.1:0").await
    }

    /// An empty one at this address.
    pub async fn at(address: &str) -> io::Result<Self> {
        let address = address.to_owned();
        let begun = tokio::task::spawn_blocking(move || begin(&address));
        begun.await?
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for DynamoDb {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

/// Starts one, and waits until it says where it is.
fn begin(address: &str) -> io::Result<DynamoDb> {
    let mut command = Command::new(program()?);
    // It ends with this process, however that happens: by the end of its input.
    command.arg(address).stdin(Stdio::piped());
    let mut process = command.stdout(Stdio::piped()).spawn()?;
    let mut told = String::new();
    if let Some(output) = process.stdout.take() {
        BufReader::new(output).read_line(&mut told)?;
    }
    let address = told.trim().parse().map_err(io::Error::other);
    if address.is_err() {
        _ = process.kill();
        _ = process.wait();
    }
    let address = address?;
    Ok(DynamoDb { address, process })
}

/// Returns the program of `tests/dynoxide`, once it is built: beside what this one is built into.
fn program() -> io::Result<PathBuf> {
    static BUILT: Mutex<Option<PathBuf>> = Mutex::new(None);
    let mut built = BUILT
        .lock()
        .map_err(|_| io::Error::other("a build panicked"))?;
    if let Some(program) = &*built {
        return Ok(program.clone());
    }
    let this = std::env::current_exe()?;
    let target = this.ancestors().nth(3).unwrap_or(&this).join("dynoxide");
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dynoxide/Cargo.toml");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--quiet", "--locked", "--manifest-path"]);
    cargo.arg(manifest).arg("--target-dir").arg(&target);
    if !cargo.status()?.success() {
        return Err(io::Error::other("tests/dynoxide cannot be built"));
    }
    let program = target.join("debug/coach-dynoxide");
    Ok(built.insert(program).clone())
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
