//! The command line, and where the servers are.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

/// Breaks the shop on purpose, and proves it afterwards.
#[derive(Clone, Debug, Parser)]
#[command(name = "chaos", max_term_width = 100)]
pub(crate) struct Args {
    /// How long faults are injected, in minutes.
    #[arg(long, default_value_t = 2.0, value_parser = minutes)]
    pub(crate) minutes: f64,
    /// What all choices follow from. Without it one is drawn, and printed.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// How often something is done to the shop, compared to the usual: at 0.2 a run has five times the time
    /// to sell.
    #[arg(long, default_value_t = 1.0, value_parser = rate)]
    pub(crate) rate: f64,
    /// How many shop at once.
    #[arg(long, default_value_t = 48, value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(crate) shoppers: u16,
    /// The PostgreSQL of this run, as its superuser.
    #[arg(long, env = "CHAOS_POSTGRES_URL")]
    pub(crate) postgres_url: String,
    /// The Redis of this run.
    #[arg(long, env = "CHAOS_REDIS_URL")]
    pub(crate) redis_url: String,
    /// The Kafka of this run.
    #[arg(long, env = "CHAOS_KAFKA_BROKERS")]
    pub(crate) kafka_brokers: String,
    /// What stops and starts the servers: `./dev`.
    #[arg(long, env = "CHAOS_SERVERS")]
    pub(crate) servers: PathBuf,
    /// The program under test.
    #[arg(long, env = "CHAOS_PROGRAM")]
    pub(crate) program: PathBuf,
    /// Where each run keeps its journal, its logs and its report, in a folder of its own.
    #[arg(long, env = "CHAOS_RUNS")]
    pub(crate) runs: PathBuf,
}

impl Args {
    pub(crate) fn duration(&self) -> Duration {
        Duration::try_from_secs_f64(self.minutes * 60.0).unwrap_or(Duration::from_secs(120))
    }
}

fn minutes(text: &str) -> Result<f64, String> {
    number(text, 0.1, 1_440.0)
}

fn rate(text: &str) -> Result<f64, String> {
    number(text, 0.01, 10.0)
}

fn number(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number = text.parse().ok();
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("a number from {least} to {most}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_or_out_of_its_range_is_refused() {
        for good in ["0.1", "2", "1440"] {
            assert!(minutes(good).is_ok(), "{good}");
        }
        for bad in ["0", "-1", "1441", "NaN", "inf", "two", ""] {
            assert!(minutes(bad).is_err(), "{bad}");
        }
        assert!(rate("0").is_err() && rate("0.2").is_ok());
    }
}
