//! The table on the terminal.

use std::io::Write;

use super::figures::{Outcome, Report, RowReport};
use crate::error::BenchError;
use crate::measure::Spread;
use crate::registry::Row;
use crate::run::Run;

/// One run on one line.
pub(crate) fn line(run: &Run) -> String {
    let figures = &run.figures;
    let operand = run.operand;
    let mut line = format!(
        "{:<42} {:<30} {:>9.0}/s",
        named(operand.scenario.name(), operand.condition.name()),
        operand.contestant.name(),
        figures.per_second
    );
    if let Some(latency) = figures.latency {
        line += &format!(
            "  p50 {:>8.3}  p95 {:>8.3}  p99 {:>8.3} ms",
            latency.p50, latency.p95, latency.p99
        );
    }
    for (name, value) in &figures.extra {
        line += &format!("  {name} {value:.1}");
    }
    line
}

/// The rows of this run: minimum, median and maximum of every figure, then the ratios.
pub(crate) fn print(out: &mut impl Write, report: &Report, rows: &[Row]) -> Result<(), BenchError> {
    for row in report.rows.iter().filter(|row| rows.contains(&row.row)) {
        print_row(out, row)?;
    }
    writeln!(
        out,
        "\nratios and goals (minimum / median / maximum of the rounds)"
    )?;
    for row in report.rows.iter().filter(|row| rows.contains(&row.row)) {
        for outcome in &row.results {
            writeln!(
                out,
                "{:<4} {:<72} {:>26}  {}",
                format!("{:?}", row.row),
                outcome.question(),
                outcome.value(),
                outcome.verdict()
            )?;
        }
        for missing in &row.missing {
            let (who, why) = (&missing.contestant, &missing.reason);
            writeln!(out, "{:<4} missing: {who}: {why}", format!("{:?}", row.row))?;
        }
    }
    Ok(())
}

fn print_row(out: &mut impl Write, row: &RowReport) -> Result<(), BenchError> {
    writeln!(out, "\n{:?}. {}", row.row, row.row.title())?;
    if !row.is_quiet() {
        writeln!(
            out,
            "  DISTURBED: others kept {:.2} processors busy meanwhile; to be repeated",
            row.others
        )?;
    }
    for runs in &row.runs {
        let cost = match (runs.own_us, runs.postgres_us) {
            (Some(own), Some(postgres)) => {
                format!("  µs each {:.0} + {:.0}", own.median, postgres.median)
            }
            _ => String::new(),
        };
        writeln!(
            out,
            "  {:<44} {:<30} {:>24}/s  p50 {:>20}  p99 {:>22} ms{cost}",
            named(&runs.scenario, &runs.condition),
            runs.contestant,
            three(runs.per_second, 0),
            of_latency(runs.p50_ms),
            of_latency(runs.p99_ms),
        )?;
    }
    Ok(())
}

fn of_latency(latency: Option<Spread>) -> String {
    latency.map_or_else(|| "–".to_owned(), |latency| three(latency, 2))
}

impl Outcome {
    /// What is asked, in words.
    pub(crate) fn question(&self) -> String {
        let pair = match &self.over {
            Some(over) => format!("{} ÷ {over}", self.ours),
            None => self.ours.clone(),
        };
        let place = named(&self.scenario, &self.condition);
        format!("{place}, {}: {pair}", self.what)
    }

    /// The answer, with its unit.
    pub(crate) fn value(&self) -> String {
        let digits = if self.spread.median >= 100.0 { 0 } else { 2 };
        let unit = if self.unit == "×" {
            ""
        } else {
            self.unit.as_str()
        };
        format!("{} {unit}", three(self.spread, digits))
            .trim_end()
            .to_owned()
    }

    /// The goal, and whether it was met.
    pub(crate) fn verdict(&self) -> String {
        match (self.goal, self.met) {
            (Some(goal), Some(true)) => format!("goal {goal}: met"),
            (Some(goal), _) => format!("goal {goal}: MISSED"),
            (None, _) => String::new(),
        }
    }
}

/// Something, and the condition that it was done under.
pub(crate) fn named(what: &str, condition: &str) -> String {
    if condition.is_empty() {
        what.to_owned()
    } else {
        format!("{what}, {condition}")
    }
}

/// Minimum, median and maximum.
pub(crate) fn three(spread: Spread, digits: usize) -> String {
    let Spread { min, median, max } = spread;
    format!("{min:.digits$} / {median:.digits$} / {max:.digits$}")
}
