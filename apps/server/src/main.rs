//! `coach-server`: the coach on this machine, with everything that it needs inside, or with parts
//! elsewhere.

use std::process::ExitCode;

fn main() -> ExitCode {
    coach_server::Server::default().main()
}
