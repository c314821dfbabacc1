//! Processes that are measured, as the kernel tells of them.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use peers::bedrock::now;

use crate::Result;
use crate::upstream::Manner;

/// How long a process may take until it answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// With less of the CPU than this in 50 ms, in nanoseconds, a process is at rest.
const REST: u64 = 200_000;

/// How often is looked whether something has happened.
const GLANCE: Duration = Duration::from_micros(500);

/// A process that answers, until this is dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) start: Start,
}

/// What it took until a process answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    /// From its beginning, in nanoseconds.
    pub(crate) time: u64,
    /// Of all of its threads, in nanoseconds.
    pub(crate) cpu: u64,
}

impl Process {
    /// Starts a command that listens at the address that it is given; what it says goes to a file.
    pub(crate) fn start(command: impl FnOnce(SocketAddr) -> Command, log: &Path) -> Result<Self> {
        // Whoever binds it now is in the way of nobody later: the port is free again at once.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = command(address);
        let output = File::create(log)?;
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let begun = now();
        let child = command.spawn()?;
        let mut process = Self {
            child,
            address,
            start: Start { time: 0, cpu: 0 },
        };
        while !answers(address) {
            let is_late = u128::from(now().saturating_sub(begun)) > PATIENCE.as_nanos();
            if is_late || process.child.try_wait()?.is_some() {
                let said = fs::read_to_string(log).unwrap_or_default();
                return Err(format!("{command:?} does not answer: {said}").into());
            }
            thread::sleep(GLANCE);
        }
        process.start = Start {
            time: now().saturating_sub(begun),
            cpu: process.cpu()?,
        };
        Ok(process)
    }

    /// What its threads have used of the CPU so far, in nanoseconds.
    pub(crate) fn cpu(&self) -> Result<u64> {
        let used = peers::processes::cpu(self.child.id())?;
        Ok(u64::try_from(used.as_nanos())?)
    }

    /// The same once it has come to rest: what is left to do after a reply belongs to its cost.
    pub(crate) fn cpu_at_rest(&self) -> Result<u64> {
        let mut used = self.cpu()?;
        for _ in 0..40 {
            thread::sleep(Duration::from_millis(50));
            let now = self.cpu()?;
            if now.saturating_sub(used) < REST {
                return Ok(now);
            }
            used = now;
        }
        Ok(used)
    }

    /// How much of the machine's memory it has, in KiB.
    pub(crate) fn memory(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let told = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        told.ok_or_else(|| "no memory is told".into())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// The upstream's process, until this is dropped.
pub(crate) struct Upstream {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    pub(crate) url: String,
}

impl Upstream {
    /// Starts it.
    pub(crate) fn start() -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("upstream")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let orders = child
            .stdin
            .take()
            .ok_or("the upstream cannot be told anything")?;
        let answers = child.stdout.take().ok_or("the upstream says nothing")?;
        let mut upstream = Self {
            child,
            orders,
            answers: BufReader::new(answers),
            url: String::new(),
        };
        upstream.url = upstream.line()?;
        Ok(upstream)
    }

    /// Has its replies be like this from now on.
    pub(crate) fn reply(&mut self, manner: Manner) -> Result<()> {
        self.orders.write_all(manner.line().as_bytes())?;
        self.line().map(drop)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            return Err("the upstream has ended".into());
        }
        Ok(line.trim().to_owned())
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Whether anything is answered at this address, be it that there is nothing to be had.
fn answers(address: SocketAddr) -> bool {
    let asked = || -> io::Result<usize> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")?;
        stream.read(&mut [0; 1])
    };
    asked().is_ok_and(|read| read > 0)
}

fn end(child: &mut Child) {
    _ = child.kill();
    _ = child.wait();
}
