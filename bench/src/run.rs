//! One run of the bench: rounds, in each of them every contestant of every scenario once, and every
//! second round the other way round.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::args::RunArgs;
use crate::error::BenchError;
use crate::measure::Figures;
use crate::peers::Peers;
use crate::registry::{Comparison, Condition, Contestant, Operand, Row, Scenario, comparisons};
use crate::report::{self, Machine, Report, RowReport};
use crate::server::Server;
use crate::slow_disk::SlowDisk;
use crate::store::LargeLog;
use crate::{shop, store};

/// How much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    /// For a look: ten minutes.
    Short,
    /// For the record: longer windows, a large log, a slow disk, three processes.
    Full,
    /// Whether it still works: no figure means anything.
    Smoke,
}

/// One contestant's turn in one round.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) round: u32,
    pub(crate) operand: Operand,
    pub(crate) figures: Figures,
}

/// What every scenario needs.
pub(crate) struct Bench {
    pub(crate) server: Server,
    pub(crate) peers: Peers,
    pub(crate) form: Form,
    /// How long a contestant is measured.
    pub(crate) window: Duration,
    pub(crate) large_log: LargeLog,
}

impl Form {
    fn rounds(self) -> u32 {
        if self == Self::Smoke { 1 } else { 3 }
    }

    fn window(self) -> Duration {
        Duration::from_secs(match self {
            Self::Smoke => 1,
            Self::Short => 2,
            Self::Full => 5,
        })
    }

    /// One size for figures, another to see that it works.
    pub(crate) fn size(self, smoke: u64, otherwise: u64) -> u64 {
        if self == Self::Smoke {
            smoke
        } else {
            otherwise
        }
    }

    /// P2 asks for runs of 15 s.
    pub(crate) fn long_window(self) -> Duration {
        Duration::from_secs(match self {
            Self::Smoke => 1,
            Self::Short => 5,
            Self::Full => 15,
        })
    }
}

/// Measures, prints, and writes the figures.
pub(crate) async fn run(args: &RunArgs) -> Result<(), BenchError> {
    let bench = Bench {
        server: Server::open().await?,
        peers: Peers::look(),
        form: args.form(),
        window: args
            .seconds
            .map_or(args.form().window(), Duration::from_secs),
        large_log: LargeLog::default(),
    };
    let outcome = measure_and_report(args, &bench).await;
    let dropped = bench.large_log.drop_from(&bench.server).await;
    let closed = bench.server.close().await.and(dropped);
    outcome.and(closed)
}

async fn measure_and_report(args: &RunArgs, bench: &Bench) -> Result<(), BenchError> {
    let mut out = std::io::stdout();
    let machine = Machine::here(bench.server.version(), bench.server.settings());
    let (processors, model) = (machine.processors, &machine.model);
    writeln!(
        out,
        "{processors} × {model}, PostgreSQL {}",
        machine.postgres
    )?;
    let rows = args.rows();
    let wanted = comparisons(&rows, bench.form == Form::Full);
    let missing = bench.peers.missing();
    let fdatasync_us = report::fdatasync_us(Path::new("."))?;
    let rounds = args.rounds.unwrap_or(bench.form.rounds());
    let runs = measure(bench, &wanted, rounds).await?;
    let mut report = Report::open(&args.output(), machine)?;
    for row in &rows {
        let (form, disk) = (bench.form, fdatasync_us);
        report.put(RowReport::of(
            *row, &wanted, &runs, &missing, form, rounds, disk,
        ));
    }
    report::print(&mut out, &report, &rows)?;
    report.write(&args.output())?;
    writeln!(out, "\nwritten: {}", args.output().display())?;
    publish(&report, &args.page())
}

/// Writes the page, and the chart beside it.
pub(crate) fn publish(report: &Report, page: &Path) -> Result<(), BenchError> {
    let chart = page.with_extension("svg");
    report::draw(report, &chart)?;
    let name = chart.file_name().unwrap_or_default().to_string_lossy();
    report::write_page(report, page, &name)?;
    writeln!(
        std::io::stdout(),
        "written: {}, {}",
        page.display(),
        chart.display()
    )?;
    Ok(())
}

async fn measure(
    bench: &Bench,
    wanted: &[Comparison],
    rounds: u32,
) -> Result<Vec<Run>, BenchError> {
    let mut runs = Vec::new();
    for (condition, scenarios) in line_ups(wanted) {
        let slow_disk = if condition == Condition::SlowDisk {
            Some(SlowDisk::start(&bench.server).await?)
        } else {
            None
        };
        let done = rounds_of(bench, condition, &scenarios, rounds, &mut runs).await;
        if let Some(slow_disk) = slow_disk {
            slow_disk.stop(&bench.server).await?;
        }
        done?;
    }
    Ok(runs)
}

async fn rounds_of(
    bench: &Bench,
    condition: Condition,
    scenarios: &BTreeMap<Scenario, Vec<Contestant>>,
    rounds: u32,
    runs: &mut Vec<Run>,
) -> Result<(), BenchError> {
    let mut out = std::io::stdout();
    for round in 1..=rounds {
        for (&scenario, contestants) in scenarios {
            let mut line_up: Vec<Contestant> = contestants
                .iter()
                .copied()
                .filter(|who| bench.peers.reason(*who).is_none())
                .collect();
            // The other way round in every second round, so that nobody always runs on a machine that
            // the same other one has warmed.
            if round.is_multiple_of(2) {
                line_up.reverse();
            }
            let measured = match scenario {
                Scenario::NewAggregates
                | Scenario::LongRuns
                | Scenario::ColdAggregates
                | Scenario::OneAtATime
                | Scenario::HotAggregate => {
                    store::run(bench, condition, scenario, &line_up).await?
                }
                _ => shop::run(bench, condition, scenario, &line_up).await?,
            };
            for (contestant, figures) in measured {
                let operand = Operand {
                    condition,
                    scenario,
                    contestant,
                };
                let run = Run {
                    round,
                    operand,
                    figures,
                };
                writeln!(out, "round {round}/{rounds}: {}", report::line(&run))?;
                runs.push(run);
            }
        }
    }
    Ok(())
}

/// Whoever is in a comparison, by what they do and under which condition.
fn line_ups(wanted: &[Comparison]) -> BTreeMap<Condition, BTreeMap<Scenario, Vec<Contestant>>> {
    let mut line_ups: BTreeMap<_, BTreeMap<_, Vec<_>>> = BTreeMap::new();
    for operand in wanted.iter().flat_map(Comparison::operands) {
        let scenarios = line_ups.entry(operand.condition).or_default();
        let contestants = scenarios.entry(operand.scenario).or_default();
        if !contestants.contains(&operand.contestant) {
            contestants.push(operand.contestant);
        }
    }
    line_ups
}

/// The rows that were asked for.
pub(crate) fn rows(only: &[Row]) -> Vec<Row> {
    if only.is_empty() {
        Row::all().to_vec()
    } else {
        only.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contestant_of_several_rows_runs_once_a_round() {
        let line_ups = line_ups(&comparisons(&[Row::P1, Row::P5, Row::P6], false));
        let new = &line_ups[&Condition::Plain][&Scenario::NewAggregates];
        let ours = new.iter().filter(|who| **who == Contestant::Ours).count();
        assert_eq!(ours, 1);
        assert!(new.contains(&Contestant::Emmett) && new.contains(&Contestant::Stock));
    }
}
