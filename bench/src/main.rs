//! Figures: this event store, and the program around it, beside what one would use instead, on one server
//! in one run. A missed goal is printed, not failed: only wrong results fail.

mod args;
mod error;
mod measure;
mod peers;
mod registry;
mod report;
mod run;
mod server;
mod shop;
mod slow_disk;
mod store;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, What, page_of};
use crate::report::Report;

/// The same allocator as the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.what {
        None => run::run(&args.run).await,
        Some(What::Page { figures }) => {
            Report::read(&figures).and_then(|report| run::publish(&report, &page_of(&figures)))
        }
        Some(What::Serve) => shop::serve().await,
        Some(What::ServeStock) => shop::serve_stock().await,
        Some(What::Worker(worker)) => store::work(&worker).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do when even stderr is gone.
            let _ = writeln!(
                std::io::stderr(),
                "bench: {}",
                event_store::with_causes(&error)
            );
            ExitCode::FAILURE
        }
    }
}
