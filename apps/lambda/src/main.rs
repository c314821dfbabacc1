//! `coach-lambda`: the coach as a function of AWS Lambda.

use std::process::ExitCode;

use clap::Parser;
use coach_lambda::{Config, run};

fn main() -> ExitCode {
    match run(&Config::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("coach-lambda: {error}");
            ExitCode::FAILURE
        }
    }
}
