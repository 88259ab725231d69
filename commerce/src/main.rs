//! The program: every role of the shop, and the tools around it.

mod app;
mod cli;
mod client;
mod config;
mod database;
mod error;
mod output;
mod replay;
mod stream;
mod tour;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

use cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match verbs::run(cli.verb).await {
        Ok(code) => code,
        Err(error) => {
            output::complain(&error);
            ExitCode::FAILURE
        }
    }
}
