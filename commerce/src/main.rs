//! The program: every role of the shop, and the tools around it.

mod app;
mod cli;
mod client;
mod config;
mod database;
mod error;
mod meter;
mod output;
mod replay;
mod stream;
mod tour;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

use cli::Cli;

/// Commands make and drop many small values on several threads; glibc's allocator took a quarter of the
/// process's time for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    failpoints::arm();
    payment_gateways::prepare_tls();
    let cli = Cli::parse();
    match verbs::run(cli.verb).await {
        Ok(code) => code,
        Err(error) => {
            output::complain(&error);
            ExitCode::FAILURE
        }
    }
}
