//! One user who does all that they may at once, and readers who do not read.

use std::process::Command;
use std::time::Duration;

use crate::server::{binary, built, run};

/// Prints what others notice; that they are answered at all is what is judged.
#[test]
fn everybody_is_answered_whatever_one_user_does_and_however_many_do_not_read() {
    let strain = built(
        "strain",
        &["--package", "coach-server", "--example", "strain"],
    );
    let mut command = Command::new(strain);
    command
        .arg("--server")
        .arg(binary())
        .args(["--seconds", "3", "--messages", "12"]);
    let (told, is_well) = run(&mut command, Duration::from_secs(180));
    println!("{told}");
    assert!(is_well && told.ends_with("all were answered\n"), "{told}");
}
