//! What can be asked for on the command line. Everything is bounded in time.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

/// Measures the event store beside its peers, or a running `commerce serve`.
#[derive(Debug, Parser)]
#[command(name = "bench")]
pub(crate) struct Args {
    /// Without a subcommand: side by side with the peers.
    #[command(subcommand)]
    pub(crate) what: Option<What>,
    #[command(flatten)]
    pub(crate) side_by_side: SideBySideArgs,
}

/// What to measure instead.
#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// A running `commerce serve`: set COMMAND_API_URL, OPERATOR_TOKEN, CUSTOMER_TOKEN, and COMMERCE_PID
    /// for its memory.
    Http(HttpArgs),
}

/// Side by side with the peers.
#[derive(Debug, ClapArgs)]
pub(crate) struct SideBySideArgs {
    /// Rounds; in each, every contestant of every scenario runs once, and every other round in reverse.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) rounds: u32,
    /// How long each contestant is measured, in each round.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) seconds: u64,
    /// Only these scenarios.
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<Scenario>,
    /// Where the figures go as JSON.
    #[arg(long, default_value = "bench/results/latest.json")]
    pub(crate) output: PathBuf,
}

impl SideBySideArgs {
    /// How long one contestant is measured.
    pub(crate) fn window(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// The scenarios that were asked for: all, when none was named.
    pub(crate) fn scenarios(&self) -> &[Scenario] {
        if self.only.is_empty() {
            Scenario::value_variants()
        } else {
            &self.only
        }
    }
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// 64 concurrent commands, each on a new aggregate.
    NewAggregates,
    /// 64 concurrent commands, each on an aggregate of 5 events that is not in memory.
    ColdAggregates,
    /// 64 writers of one aggregate, from an empty stream on.
    HotAggregate,
    /// One command after the other, beside a bare single-row insert.
    OneAtATime,
}

/// A running `commerce serve`.
#[derive(Debug, ClapArgs)]
pub(crate) struct HttpArgs {
    /// The most orders placed and paid one at a time, for the latency of an idle machine.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(crate) orders_max: u64,
    /// How long each of the two parts may take.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) seconds: u64,
    /// Concurrent shoppers of the part under load.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(crate) shoppers: u16,
    /// Where the figures go as JSON.
    #[arg(long, default_value = "bench/results/http.json")]
    pub(crate) output: PathBuf,
}
