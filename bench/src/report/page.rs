//! `docs/performance.md`, made from the file of figures: nobody types a figure.

use std::fmt::Write as _;
use std::path::Path;

use super::figures::{Report, RowReport, write_file};
use super::table::{named, three};
use crate::error::BenchError;
use crate::measure::Spread;
use crate::run::Form;

/// What every page begins with.
const HEAD: &str = "# Performance

<!-- Made by `./dev bench` from a file of figures. Do not edit: run it again. -->

Every contestant writes on a database of its own on one PostgreSQL server with full durability (`fsync` and \
`synchronous_commit` on), in interleaved rounds, and after every run there are as many rows as commands were \
acknowledged. Ours keeps what the others do not: one total, gapless order, and an outcome a command that makes repeats safe. \
Ratios are taken within a round; shown is the median, with minimum and maximum. Only ratios mean anything on another machine. Three figures with \
strokes between them are the minimum, the median and the maximum of the rounds. What the time of a missed goal is spent on: [profiles.md](profiles.md).
*Slow disk*: PostgreSQL runs with a library in front of `fsync` and `fdatasync` that waits 2 ms before each, for everybody \
alike. *Three processes*: three of the contestant's processes write to one database at once, each with its own 64 workers and connections. *Large log*: \
10 000 000 events are there before.
";

/// Writes the page; `chart` is the picture's name beside it.
pub(crate) fn write(report: &Report, path: &Path, chart: &str) -> Result<(), BenchError> {
    write_file(path, &page(report, chart)?)
}

fn page(report: &Report, chart: &str) -> Result<String, BenchError> {
    let mut page = HEAD.to_owned();
    machine(&mut page, report)?;
    writeln!(
        page,
        "\n## Goals\n\n![Ratios against their goals]({chart})\n"
    )?;
    writeln!(
        page,
        "| row | figure | median (min – max) | goal | |\n| --- | --- | --- | --- | --- |"
    )?;
    for row in &report.rows {
        goals(&mut page, row)?;
    }
    for row in &report.rows {
        details(&mut page, row)?;
    }
    Ok(page)
}

fn machine(page: &mut String, report: &Report) -> Result<(), BenchError> {
    let machine = &report.machine;
    writeln!(
        page,
        "\n**Machine:** {} × {}, {} GB of memory. **PostgreSQL** {}: {}. Clients, servers and databases share the processors.",
        machine.processors,
        machine.model,
        machine.memory_gb,
        machine.postgres,
        machine
            .settings
            .iter()
            .map(|setting| format!("`{} = {}`", setting.name, setting.setting))
            .collect::<Vec<_>>()
            .join(", ")
    )?;
    Ok(())
}

fn goals(page: &mut String, row: &RowReport) -> Result<(), BenchError> {
    for outcome in &row.results {
        let verdict = match (outcome.met, row.is_quiet()) {
            (Some(true), _) => "met",
            (Some(false), _) => "**missed**",
            (None, _) => "",
        };
        let note = if row.is_quiet() { "" } else { " (noisy)" };
        writeln!(
            page,
            "| {:?} | {} | {}{note} | {} | {verdict} |",
            row.row,
            outcome.question(),
            median_first(outcome.spread, &outcome.unit),
            outcome
                .goal
                .map_or_else(String::new, |goal| goal.to_string()),
        )?;
    }
    for missing in &row.missing {
        let (who, why) = (&missing.contestant, &missing.reason);
        writeln!(page, "| {:?} | {who} | **missing**: {why} | | |", row.row)?;
    }
    Ok(())
}

fn details(page: &mut String, row: &RowReport) -> Result<(), BenchError> {
    let form = match row.form {
        Form::Full => "long form",
        Form::Short => "short form",
        Form::Smoke => "smoke form: no figure means anything",
    };
    writeln!(page, "\n## {:?}. {}\n", row.row, row.row.title())?;
    writeln!(
        page,
        "Taken {}, {form}, {} rounds, fdatasync {:.0} µs. {}\n",
        row.taken_at,
        row.rounds,
        row.fdatasync_us,
        if row.is_quiet() {
            format!(
                "The machine was quiet: others took {:.2} processors at most.",
                row.others
            )
        } else {
            format!(
                "**Noisy, to be repeated**: others took up to {:.2} processors.",
                row.others
            )
        }
    )?;
    writeln!(page, "{}\n", row.row.how())?;
    writeln!(
        page,
        "| | contestant | a second | p50 ms | p95 ms | p99 ms | µs of processor each: own + PostgreSQL | acknowledged = rows |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |"
    )?;
    for runs in &row.runs {
        let latency = |spread: Option<Spread>| {
            spread.map_or_else(|| "–".to_owned(), |spread| three(spread, 2))
        };
        let cost = match (runs.own_us, runs.postgres_us) {
            (Some(own), Some(postgres)) => format!("{:.0} + {:.0}", own.median, postgres.median),
            _ => "–".to_owned(),
        };
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {cost} | {} |",
            named(&runs.scenario, &runs.condition),
            runs.contestant,
            three(runs.per_second, 0),
            latency(runs.p50_ms),
            latency(runs.p95_ms),
            latency(runs.p99_ms),
            runs.acknowledged,
        )?;
    }
    for runs in &row.runs {
        for (name, value) in &runs.extra {
            let (who, what) = (&runs.contestant, named(&runs.scenario, &runs.condition));
            writeln!(page, "\n{what}, {who}: {name} {}", three(*value, 1))?;
        }
    }
    Ok(())
}

fn median_first(spread: Spread, unit: &str) -> String {
    let digits = if spread.median >= 100.0 { 0 } else { 2 };
    let unit = if unit == "×" { "" } else { unit };
    format!(
        "{:.digits$} {unit} ({:.digits$} – {:.digits$})",
        spread.median, spread.min, spread.max
    )
}
