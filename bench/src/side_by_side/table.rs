//! The table on the terminal.

use std::io::Write;

use super::Run;
use super::goals::{Goal, Ratio};
use crate::error::BenchError;
use crate::sample::{Figures, Spread};

/// One run on one line.
pub(crate) fn line(run: &Run) -> String {
    let f = &run.figures;
    format!(
        "{:<42} {:<22} {:>9.0}/s  p50 {:>8.3}  p95 {:>8.3}  p99 {:>8.3} ms",
        run.scenario, run.contestant, f.per_second, f.p50_ms, f.p95_ms, f.p99_ms
    )
}

/// All rounds together: minimum, median and maximum of each figure, then the ratios.
pub(crate) fn print(
    out: &mut impl Write,
    runs: &[Run],
    ratios: &[Ratio],
) -> Result<(), BenchError> {
    writeln!(out, "\nminimum / median / maximum of the rounds")?;
    writeln!(
        out,
        "{:<42} {:<22} {:>24}  {:>24}  {:>24}  {:>24}",
        "", "", "commands/s", "p50 ms", "p95 ms", "p99 ms"
    )?;
    for (scenario, contestant) in pairs(runs) {
        let of = |figure: fn(&Figures) -> f64, digits| {
            let same = runs
                .iter()
                .filter(|run| (run.scenario, run.contestant) == (scenario, contestant));
            let spread = Spread::of(same.map(|run| figure(&run.figures)).collect());
            spread.map_or_else(String::new, |spread| three(spread, digits))
        };
        writeln!(
            out,
            "{scenario:<42} {contestant:<22} {:>24}  {:>24}  {:>24}  {:>24}",
            of(|f| f.per_second, 0),
            of(|f| f.p50_ms, 3),
            of(|f| f.p95_ms, 3),
            of(|f| f.p99_ms, 3),
        )?;
    }
    writeln!(out, "\nratios, each within a round")?;
    for ratio in ratios {
        let spread = three(ratio.spread, 2);
        let (scenario, what) = (ratio.scenario, ratio.what);
        let pair = format!("{} ÷ {}", ratio.ours, ratio.over);
        let verdict = verdict(ratio);
        writeln!(
            out,
            "{scenario:<42} {what:<10} {pair:<44} {spread:>24}  {verdict}"
        )?;
    }
    Ok(())
}

/// Scenarios and contestants in the order of the first round.
fn pairs(runs: &[Run]) -> Vec<(&'static str, &'static str)> {
    runs.iter()
        .filter(|run| run.round == 1)
        .map(|run| (run.scenario, run.contestant))
        .collect()
}

fn three(spread: Spread, digits: usize) -> String {
    let Spread { min, median, max } = spread;
    format!("{min:.digits$} / {median:.digits$} / {max:.digits$}")
}

fn verdict(ratio: &Ratio) -> String {
    let goal = match ratio.goal {
        None => return String::new(),
        Some(Goal::AtLeast(least)) => format!("≥ {least}"),
        Some(Goal::AtMost(most)) => format!("≤ {most}"),
    };
    let met = if ratio.met == Some(true) {
        "met"
    } else {
        "MISSED"
    };
    format!("goal {goal}: {met}")
}
