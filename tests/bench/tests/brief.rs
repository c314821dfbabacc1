//! One run of the benchmark, as brief as it gets.

use std::process::Command;

/// How long anything takes is not judged.
#[test]
fn every_token_comes_whole_once_and_in_order_through_the_server_and_both_floors() {
    let mut bench = Command::new(env!("CARGO_BIN_EXE_coach-bench"));
    let output = bench
        .args(["--seconds", "3"])
        .env("CARGO", env!("CARGO"))
        .output()
        .unwrap();
    let (told, complaints) = (String::from_utf8(output.stdout), output.stderr);
    let complaints = String::from_utf8_lossy(&complaints);
    println!("{}", told.unwrap());
    assert!(output.status.success(), "{complaints}");
}
