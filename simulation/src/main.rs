//! `./dev simulate`.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use simulation::cli::Cli;

/// A world is made of small things that live shortly.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> io::Result<ExitCode> {
    Cli::parse().run()
}
