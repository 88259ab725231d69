//! What is measured: a file a scenario.

mod cold_aggregates;
mod hot_aggregate;
mod new_aggregates;
mod one_at_a_time;

use std::time::Duration;

use super::contestant::Contestant;
use super::ours::Ours;
use super::server::Server;
use super::stock::Stock;
use crate::args::Scenario;
use crate::error::BenchError;
use crate::load::Load;
use crate::sample::Sample;

/// How many commands are under way at once in the scenarios with load.
const CONCURRENT: usize = 64;

/// What a scenario came to.
pub(crate) type Samples = Vec<(Contestant, Sample)>;

/// A scenario's name in tables and files.
pub(crate) fn name(scenario: Scenario) -> &'static str {
    match scenario {
        Scenario::NewAggregates => "new aggregates, 64 at once",
        Scenario::ColdAggregates => "aggregates of 5 events, cold, 64 at once",
        Scenario::HotAggregate => "one hot aggregate, 64 writers",
        Scenario::OneAtATime => "one at a time",
    }
}

/// Who runs in a scenario, and in which order.
pub(crate) fn line_up(scenario: Scenario, reversed: bool, has_pgbench: bool) -> Vec<Contestant> {
    let mut contestants = match scenario {
        Scenario::OneAtATime => one_at_a_time::CONTESTANTS.to_vec(),
        _ => vec![Contestant::Ours, Contestant::Stock],
    };
    contestants.retain(|contestant| has_pgbench || *contestant != Contestant::Pgbench);
    if reversed {
        contestants.reverse();
    }
    contestants
}

/// Runs each contestant once, on a database of its own.
pub(crate) async fn run(
    scenario: Scenario,
    contestants: &[Contestant],
    server: &Server,
    window: Duration,
) -> Result<Samples, BenchError> {
    if scenario == Scenario::OneAtATime {
        return one_at_a_time::run(contestants, server, window).await;
    }
    let mut samples = Samples::new();
    for &contestant in contestants {
        let sample = if contestant == Contestant::Ours {
            ours(scenario, server, window).await?
        } else {
            stock(scenario, server, window).await?
        };
        samples.push((contestant, sample));
    }
    Ok(samples)
}

async fn ours(scenario: Scenario, server: &Server, window: Duration) -> Result<Sample, BenchError> {
    let ours = Ours::open(server.migrated().await?).await?;
    let (sample, ours) = match scenario {
        Scenario::ColdAggregates => cold_aggregates::ours(server, ours, window).await?,
        Scenario::HotAggregate => hot_aggregate::ours(server, ours, window).await?,
        _ => new_aggregates::ours(server, ours, window).await?,
    };
    server.drop_database(ours.close().await).await?;
    Ok(sample)
}

async fn stock(
    scenario: Scenario,
    server: &Server,
    window: Duration,
) -> Result<Sample, BenchError> {
    let stock = Stock::open(server).await?;
    let sample = match scenario {
        Scenario::ColdAggregates => cold_aggregates::stock(server, &stock, window).await?,
        Scenario::HotAggregate => hot_aggregate::stock(server, &stock, window).await?,
        _ => new_aggregates::stock(server, &stock, window).await?,
    };
    server.drop_database(stock.close().await).await?;
    Ok(sample)
}

/// As many workers as the scenarios with load have.
fn concurrent(window: Duration) -> Load {
    Load {
        workers: CONCURRENT,
        window,
        commands_max: u64::MAX,
    }
}
