//! Starting `coach-server` and ending it, by its id.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::Result;

/// A running server; it ends when this is dropped.
pub(crate) struct Server {
    child: Child,
    binary: PathBuf,
    data: TempDir,
    /// Where it listens: a host and a port.
    pub(crate) address: String,
}

impl Server {
    /// Starts a server on a free port with these options; `folder` is given to it as a methodology.
    pub(crate) fn start(binary: &Path, options: &[&str], folder: Option<&Path>) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let mut command = Command::new(binary);
        command
            .args(["--listen", "127.0.0.1:0", "--log", "warn", "--data"])
            .arg(data.path());
        command.args(options);
        if let Some(folder) = folder {
            command.arg("--methodology").arg(folder);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let told = child.stdout.take().ok_or("the server has no output")?;
        let mut first = String::new();
        BufReader::new(told).read_line(&mut first)?;
        let address = first
            .split_once("http://")
            .map(|(_, rest)| rest.trim().trim_end_matches('/'));
        let address = address
            .ok_or("the server did not say where it listens")?
            .to_owned();
        Ok(Self {
            child,
            binary: binary.to_owned(),
            data,
            address,
        })
    }

    /// The token of a user.
    pub(crate) fn token(&self, user: &str) -> Result<String> {
        let mut command = Command::new(&self.binary);
        let output = command
            .args(["token", "--user", user, "--data"])
            .arg(self.data.path())
            .output()?;
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// What it holds of the machine's memory now, and the most that it ever held, in MB.
    pub(crate) fn memory(&self) -> Result<(u64, u64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kilobytes = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
        };
        let told = kilobytes("VmRSS:").zip(kilobytes("VmHWM:"));
        told.map(|(now, most)| (now / 1_024, most / 1_024))
            .ok_or_else(|| "no memory is told".into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The server that was built with this.
pub(crate) fn beside() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let built = own
        .parent()
        .and_then(Path::parent)
        .map(|folder| folder.join("coach-server"));
    let found = built.filter(|server| server.exists());
    found.ok_or_else(|| {
        "build it first: cargo build --bin coach-server, with --release if this is".into()
    })
}
