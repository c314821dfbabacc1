//! What is measured: our server, twice, and two floors.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use futures::future::try_join_all;
use hyper::header;

use crate::Result;
use crate::load::{Asking, Client};
use crate::process::Process;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// hyper and nothing else.
    Lean,
    /// axum and the AWS SDK.
    Sdk,
    /// Our server, where a rule decides what the message needs: one call of a model, as the floors.
    Ruled,
    /// Our server, where a model decides: two calls.
    Asked,
}

impl Peer {
    pub(crate) const ALL: [Self; 4] = [Self::Lean, Self::Sdk, Self::Ruled, Self::Asked];

    fn body(self) -> &'static str {
        match self {
            Self::Lean | Self::Sdk | Self::Ruled => r#"{"userResponse":"thanks!"}"#,
            Self::Asked => r#"{"userResponse":"How do I squat deeper?"}"#,
        }
    }
}

/// What all of them are started with.
pub(crate) struct Place {
    /// The built `coach-server`.
    pub(crate) server: PathBuf,
    /// Where it keeps its keys, and all of them their logs.
    pub(crate) folder: PathBuf,
    /// Where replies come from.
    pub(crate) upstream: String,
    /// For each client a token of a user of its own.
    pub(crate) tokens: Vec<String>,
}

impl Place {
    /// A place for so many clients at once.
    pub(crate) fn new(
        server: PathBuf,
        folder: &Path,
        upstream: String,
        clients: usize,
    ) -> Result<Self> {
        let folder = folder.to_owned();
        let mut place = Self {
            server,
            folder,
            upstream,
            tokens: Vec::new(),
        };
        // A server that starts makes the key that tokens are signed with.
        let first = place.start(Peer::Ruled)?;
        place.tokens = (0..clients)
            .map(|client| place.token(client))
            .collect::<Result<_>>()?;
        drop(first);
        Ok(place)
    }

    fn token(&self, client: usize) -> Result<String> {
        let mut command = Command::new(&self.server);
        command
            .args(["token", "--user", &user(client), "--data"])
            .arg(&self.folder);
        let output = command.output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Starts a peer.
    pub(crate) fn start(&self, peer: Peer) -> Result<Process> {
        let own = std::env::current_exe()?;
        let command = |address: SocketAddr| {
            let mut command = match peer {
                Peer::Lean => with(&own, &["lean", &address.to_string(), &self.upstream]),
                Peer::Sdk => with(&own, &["sdk", &address.to_string()]),
                Peer::Ruled | Peer::Asked => self.ours(address),
            };
            command
                .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &self.upstream)
                .env("AWS_REGION", "eu-west-1")
                .env("AWS_ACCESS_KEY_ID", "id")
                .env("AWS_SECRET_ACCESS_KEY", "secret");
            command
        };
        Process::start(command, &self.folder.join("log"))
    }

    fn ours(&self, address: SocketAddr) -> Command {
        let listen = address.to_string();
        let mut command = with(&self.server, &["--listen", &listen, "--llm", "bedrock"]);
        command.args([
            "--store", "memory", "--index", "lexical", "--log", "warn", "--data",
        ]);
        command.arg(&self.folder);
        command
    }

    /// What each of so many clients asks of a peer, so many times; every stream of our server has a
    /// conversation of its own, so that none is longer than another.
    pub(crate) async fn asking(
        &self,
        peer: Peer,
        address: SocketAddr,
        clients: usize,
        times: usize,
    ) -> Result<Vec<Vec<Asking>>> {
        let lists = self
            .tokens
            .iter()
            .take(clients)
            .enumerate()
            .map(async |(client, token)| {
                let of = |path: &str, body| Asking {
                    path: path.to_owned(),
                    token: token.clone(),
                    body,
                };
                if matches!(peer, Peer::Lean | Peer::Sdk) {
                    return Ok(vec![of("/", peer.body()); times]);
                }
                let path = format!("/users/{}/coaches/strength/conversations", user(client));
                let making = of(&path, "{}");
                let mut connection = Client::connect(address).await?;
                let mut list = Vec::new();
                for _ in 0..times {
                    let made = connection.send(&making).await?;
                    let place = made.headers().get(header::LOCATION);
                    let place = place.ok_or("a conversation has no address")?.to_str()?;
                    list.push(of(&format!("{place}/stream"), peer.body()));
                }
                Ok(list)
            });
        try_join_all(lists).await
    }
}

fn user(client: usize) -> String {
    format!("athlete-{client}")
}

fn with(program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}
