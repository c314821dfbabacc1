//! Starting and ending `coach-server`, and the tools that talk with it.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A running server, ended by its id when it is dropped.
pub(crate) struct Server {
    child: Child,
    data: TempDir,
    pub(crate) base: String,
    /// What the server said when it began.
    pub(crate) said: String,
    /// The command that the server prints for people to paste.
    pub(crate) curl: String,
    log: PathBuf,
}

impl Server {
    /// Starts a server on a free port with these options.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::start_with(options, &[])
    }

    pub(crate) fn start_with(options: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_of(binary(), options, environment)
    }

    pub(crate) fn start_of(binary: &Path, options: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_by(Command::new(binary), options, environment)
    }

    /// Starts a server that may have so many files open at once, and no more.
    pub(crate) fn start_limited(files: u32, options: &[&str]) -> Self {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("ulimit -n {files}; exec \"$0\" \"$@\"")])
            .arg(binary());
        Self::start_by(shell, options, &[])
    }

    fn start_by(mut command: Command, options: &[&str], environment: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        command
            .arg("--data")
            .arg(data.path().join("coach"))
            .args(options);
        command.envs(environment.iter().copied());
        let listens = options.contains(&"--listen")
            || environment.iter().any(|(name, _)| *name == "COACH_LISTEN");
        if !listens {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        Self::run(command, data, options.contains(&"--issuer"))
    }

    /// The same server once more, where it was: without what it had in memory.
    pub(crate) fn restart(mut self, options: &[&str]) -> Self {
        assert_eq!(self.terminate(), Some(0), "{}", self.log());
        let mut command = Command::new(binary());
        let address = self.base.trim_start_matches("http://");
        command
            .args(["--listen", address, "--data"])
            .arg(self.data.path().join("coach"))
            .args(options);
        let data = std::mem::replace(&mut self.data, tempfile::tempdir().unwrap());
        Self::run(command, data, false)
    }

    fn run(mut command: Command, data: TempDir, without_issuer: bool) -> Self {
        let log = data.path().join("server.log");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines
            .next()
            .unwrap_or_else(|| panic!("the server did not start: {}", read(&log)))
            .unwrap();
        let base = first
            .split(' ')
            .find(|word| word.starts_with("http://"))
            .unwrap()
            .trim_end_matches('/')
            .to_owned();
        let (mut said, mut printed) = (vec![first], Vec::new());
        // The printed command ends with an empty line; without a local issuer there is none.
        if !without_issuer {
            let mut rest = lines.map(Result::unwrap);
            said.extend(rest.by_ref().take_while(|line| !line.is_empty()));
            printed.extend(rest.take_while(|line| !line.is_empty()));
        }
        Self {
            child,
            data,
            base,
            said: said.join("\n"),
            curl: printed.join("\n"),
            log,
        }
    }

    pub(crate) fn token(&self, user: &str) -> String {
        let mut command = Command::new(binary());
        command
            .args(["token", "--user", user, "--data"])
            .arg(self.data.path().join("coach"));
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The address of the conversation that is there from the start.
    pub(crate) fn conversation(&self) -> String {
        format!(
            "{}/users/athlete/coaches/strength/conversations/first",
            self.base
        )
    }

    /// What the server has logged so far.
    pub(crate) fn log(&self) -> String {
        read(&self.log)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.data.path()
    }

    /// Asks the server to end, as Ctrl-C and a process manager do; its exit code.
    pub(crate) fn terminate(&mut self) -> Option<i32> {
        self.tell_to_stop();
        self.ended()
    }

    /// Asks the server to end, and does not wait for that.
    pub(crate) fn tell_to_stop(&self) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits for the server's end; its exit code.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Waits until the server has logged these words.
    pub(crate) fn until_logged(&self, words: &str) {
        let until = Instant::now() + Duration::from_secs(60);
        while !self.log().contains(words) {
            assert!(Instant::now() < until, "{words}: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The server as `cargo run` builds it, built when it is not there or not current.
pub(crate) fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| built("plain", &["--bin", "coach-server"]))
}

/// The same with the parts that are on AWS.
pub(crate) fn binary_with_aws() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| built("aws", &["--package", "coach-server", "--features", "aws"]))
}

/// Cargo puts every kind of server into the same place, so each gets a name of its own.
pub(crate) fn built(kind: &str, options: &[&str]) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(root)
        .args(["build", "--locked", "--message-format", "json"])
        .args(options);
    let output = cargo.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "coach-server does not build");
    let messages = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok());
    let mut executables =
        messages.filter_map(|message: Value| message["executable"].as_str().map(PathBuf::from));
    let executable = executables
        .next_back()
        .expect("cargo says where it put coach-server");
    let own = executable.with_file_name(format!("coach-server-{kind}"));
    _ = std::fs::remove_file(&own);
    std::fs::hard_link(executable, &own).unwrap();
    own
}

/// Runs a tool to its end, at most for so long; what it printed, and whether it ended well.
pub(crate) fn run(command: &mut Command, limit: Duration) -> (String, bool) {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        _ = out.read_to_string(&mut text);
        text
    });
    let complaints = std::thread::spawn(move || {
        let mut text = String::new();
        _ = err.read_to_string(&mut text);
        text
    });
    let until = Instant::now() + limit;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > until {
            _ = child.kill();
            break child.wait().unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let (text, complaints) = (reader.join().unwrap(), complaints.join().unwrap());
    if !status.success() && !complaints.is_empty() {
        eprintln!("{command:?}: {complaints}");
    }
    (text, status.success())
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
