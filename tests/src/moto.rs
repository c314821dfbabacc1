#![expect(clippy::unwrap_used, reason = "a peer of tests may panic")]

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::{has, of_python};

/// AWS in Python, on loopback until it is dropped.
pub struct Moto {
    process: Child,
    port: u16,
}

impl Moto {
    /// Starts one, and waits until it listens; `None` where there is none.
    pub fn start() -> Option<Self> {
        let program = of_python("moto_server");
        let what = "moto_server of tests/python/requirements.txt in target/python";
        if !has(what, program.is_file()) {
            return None;
        }
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut command = Command::new(&program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let silent = command.stdout(Stdio::null()).stderr(Stdio::null());
        let process = silent.spawn().unwrap();
        let moto = Self { process, port };
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(moto);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("moto does not listen on port {port}");
    }

    /// Returns where it is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
