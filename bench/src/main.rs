//! Figures: this event store and what one would use instead, side by side on one server in one run; and
//! a running `commerce serve` over HTTP. A missed goal is printed, not failed: only wrong results fail.

mod args;
mod error;
mod http;
mod load;
mod report;
mod sample;
mod side_by_side;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, What};

/// The same allocator as the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.what {
        None => side_by_side::run(&args.side_by_side).await,
        Some(What::Http(http)) => http::run(&http).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do when even stderr is gone.
            let _ = writeln!(std::io::stderr(), "bench: {}", error.chain());
            ExitCode::FAILURE
        }
    }
}
