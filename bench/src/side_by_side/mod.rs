//! This event store and its peers on one server, in one run: interleaved rounds, a database of its own
//! for every run, default durability, and after every run as many rows as were acknowledged.

mod bare_insert;
mod contestant;
mod goals;
mod ours;
mod pgbench;
mod same_event;
mod scenarios;
mod server;
mod stock;
mod table;

use std::io::Write as _;

use serde::Serialize;

use crate::args::SideBySideArgs;
use crate::error::BenchError;
use crate::report::{Machine, write_json};
use crate::sample::Figures;
use server::{Server, Setting};

/// One contestant's turn in one round.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Run {
    pub(crate) round: u32,
    pub(crate) scenario: &'static str,
    pub(crate) contestant: &'static str,
    #[serde(flatten)]
    pub(crate) figures: Figures,
}

/// All of it, as it is written to the file.
#[derive(Debug, Serialize)]
struct Report<'a> {
    machine: Machine,
    postgres: &'a str,
    settings: &'a [Setting],
    seconds: u64,
    missing: Vec<&'static str>,
    runs: &'a [Run],
    ratios: Vec<goals::Ratio>,
}

/// Measures, prints, and writes the figures.
pub(crate) async fn run(args: &SideBySideArgs) -> Result<(), BenchError> {
    let server = Server::open().await?;
    let outcome = measure_and_report(args, &server).await;
    let closed = server.close().await;
    outcome.and(closed)
}

async fn measure_and_report(args: &SideBySideArgs, server: &Server) -> Result<(), BenchError> {
    let mut out = std::io::stdout();
    let machine = Machine::here();
    writeln!(out, "{} × {}", machine.processors, machine.model)?;
    writeln!(out, "PostgreSQL {}", server.version())?;
    for setting in server.settings() {
        writeln!(out, "  {} = {}", setting.name, setting.setting)?;
    }
    let has_pgbench = pgbench::is_installed().await;
    let mut missing = Vec::new();
    if !has_pgbench {
        writeln!(out, "pgbench is not installed: its rows are missing")?;
        missing.push("pgbench");
    }
    let runs = measure(args, server, has_pgbench).await?;
    let ratios = goals::ratios(&runs);
    table::print(&mut out, &runs, &ratios)?;
    let report = Report {
        machine,
        postgres: server.version(),
        settings: server.settings(),
        seconds: args.seconds,
        missing,
        runs: &runs,
        ratios,
    };
    write_json(&args.output, &report)?;
    writeln!(out, "\nwritten to {}", args.output.display())?;
    Ok(())
}

async fn measure(
    args: &SideBySideArgs,
    server: &Server,
    has_pgbench: bool,
) -> Result<Vec<Run>, BenchError> {
    let mut out = std::io::stdout();
    let mut runs = Vec::new();
    for round in 1..=args.rounds {
        for &scenario in args.scenarios() {
            // The other way round in every second round, so that nobody always runs on a machine that
            // the same other one has warmed.
            let line_up = scenarios::line_up(scenario, round.is_multiple_of(2), has_pgbench);
            let samples = scenarios::run(scenario, &line_up, server, args.window()).await?;
            for (contestant, sample) in samples {
                let run = Run {
                    round,
                    scenario: scenarios::name(scenario),
                    contestant: contestant.name(),
                    figures: sample.figures(),
                };
                writeln!(out, "round {round}/{}: {}", args.rounds, table::line(&run))?;
                runs.push(run);
            }
        }
    }
    Ok(runs)
}
