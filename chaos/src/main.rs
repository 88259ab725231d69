//! The whole shop in real processes, killed, cut and starved on purpose while shoppers write down what they
//! were told; then quiet, and the proof that all of it was true. `./dev chaos` starts the servers.

mod args;
mod arming;
mod chance;
mod checks;
mod chronicle;
mod error;
mod faults;
mod journal;
mod keepsake;
mod output;
mod process;
mod proxy;
mod report;
mod run;
mod servers;
mod shop;
mod shoppers;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Args;

#[tokio::main]
async fn main() -> ExitCode {
    match run::run(Args::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            output::complain(&error);
            ExitCode::FAILURE
        }
    }
}
