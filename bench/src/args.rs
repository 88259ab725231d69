//! What can be asked for on the command line. Everything is bounded in time.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

use crate::registry::Row;
use crate::run::{Form, rows};
use crate::store::WorkerArgs;

/// Measures this event store and its peers side by side.
#[derive(Debug, Parser)]
#[command(name = "bench")]
pub(crate) struct Args {
    /// Without a subcommand: a run.
    #[command(subcommand)]
    pub(crate) what: Option<What>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// What to do instead.
#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// Makes the page and the chart anew from the file of figures.
    Page {
        /// The file of figures.
        #[arg(long, default_value = FULL)]
        figures: PathBuf,
    },
    /// The command API and an echo beside it; a run starts it.
    #[command(hide = true)]
    Serve,
    /// The same checkout on the stock framework; a run starts it.
    #[command(hide = true)]
    ServeStock,
    /// One contestant in a process of its own; a run starts it.
    #[command(hide = true)]
    Worker(WorkerArgs),
}

/// The figures of the record.
const FULL: &str = "bench/results/full.json";

/// A run.
#[derive(Debug, ClapArgs)]
pub(crate) struct RunArgs {
    /// The long form: for the record.
    #[arg(long, conflicts_with = "smoke")]
    full: bool,
    /// Every scenario once at a tiny size: whether it still works.
    #[arg(long)]
    smoke: bool,
    /// Rounds; in each, every contestant of every scenario runs once, and every other round in reverse.
    /// 3 when not given.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) rounds: Option<u32>,
    /// How long each contestant is measured in each round. 2 when not given, 5 in the long form.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) seconds: Option<u64>,
    /// Only these rows, such as P1,P5.
    #[arg(long, value_delimiter = ',', ignore_case = true)]
    only: Vec<Row>,
    /// Where the figures go; rows that were not run are left in it as they are.
    #[arg(long)]
    output: Option<PathBuf>,
}

impl RunArgs {
    pub(crate) fn form(&self) -> Form {
        match (self.full, self.smoke) {
            (true, _) => Form::Full,
            (_, true) => Form::Smoke,
            _ => Form::Short,
        }
    }

    pub(crate) fn rows(&self) -> Vec<Row> {
        rows(&self.only)
    }

    /// The file of figures.
    pub(crate) fn output(&self) -> PathBuf {
        let by_form = match self.form() {
            Form::Full => FULL,
            Form::Short => "bench/results/short.json",
            Form::Smoke => "bench/results/smoke.json",
        };
        self.output
            .clone()
            .unwrap_or_else(|| PathBuf::from(by_form))
    }

    /// The page: the long form's is the published one.
    pub(crate) fn page(&self) -> PathBuf {
        page_of(&self.output())
    }
}

/// Where the page of a file of figures is: that of the record is published.
pub(crate) fn page_of(figures: &std::path::Path) -> PathBuf {
    if figures == std::path::Path::new(FULL) {
        PathBuf::from("docs/performance.md")
    } else {
        figures.with_extension("md")
    }
}
