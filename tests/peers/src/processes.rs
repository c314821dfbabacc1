//! What other processes of this machine use.

use std::fs;
use std::io;
use std::time::Duration;

/// Returns the CPU time of a process, over all its threads that live.
pub fn cpu(process: u32) -> io::Result<Duration> {
    let mut all = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread may end while it is looked at.
        let told = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
        let used = told.split(' ').next();
        let used = used.and_then(|used| used.parse::<u64>().ok());
        all += used.unwrap_or_default();
    }
    Ok(Duration::from_nanos(all))
}
