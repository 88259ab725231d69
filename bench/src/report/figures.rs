//! The file of figures. A run of some rows replaces those and leaves the others, each with its own date,
//! as long as the machine is the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Machine;
use crate::error::BenchError;
use crate::measure::{Figures, Spread, rounded, to_f64};
use crate::registry::{Comparison, Goal, Operand, Row};
use crate::run::{Form, Run};

/// Processors that others may keep busy before figures count as disturbed.
const QUIET_MAX: f64 = 0.1;

/// All of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) rows: Vec<RowReport>,
}

/// One row's answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RowReport {
    pub(crate) row: Row,
    pub(crate) taken_at: String,
    pub(crate) form: Form,
    pub(crate) rounds: u32,
    /// Of the disk, when this was taken.
    pub(crate) fdatasync_us: f64,
    /// Processors that others kept busy meanwhile, in the worst run.
    pub(crate) others: f64,
    pub(crate) results: Vec<Outcome>,
    pub(crate) runs: Vec<Runs>,
    pub(crate) missing: Vec<Missing>,
}

/// A figure, or a ratio of two, over the rounds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    pub(crate) condition: String,
    pub(crate) scenario: String,
    pub(crate) ours: String,
    /// Absent for a figure that is compared with nothing but its goal.
    pub(crate) over: Option<String>,
    pub(crate) what: String,
    pub(crate) unit: String,
    #[serde(flatten)]
    pub(crate) spread: Spread,
    pub(crate) goal: Option<Goal>,
    /// Of the median; none without a goal.
    pub(crate) met: Option<bool>,
}

/// One contestant's runs, over the rounds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Runs {
    pub(crate) condition: String,
    pub(crate) scenario: String,
    pub(crate) contestant: String,
    pub(crate) acknowledged: u64,
    pub(crate) per_second: Spread,
    pub(crate) p50_ms: Option<Spread>,
    pub(crate) p95_ms: Option<Spread>,
    pub(crate) p99_ms: Option<Spread>,
    /// Processor time of one command, in microseconds: the contestant's own processes, or the client's
    /// where the server is another process.
    pub(crate) own_us: Option<Spread>,
    /// The same in PostgreSQL.
    pub(crate) postgres_us: Option<Spread>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) extra: BTreeMap<String, Spread>,
}

/// Who could not run, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Missing {
    pub(crate) contestant: String,
    pub(crate) reason: String,
}

impl Report {
    /// What the file has, if it is of this machine; else an empty one.
    pub(crate) fn open(path: &Path, machine: Machine) -> Result<Self, BenchError> {
        let rows = match std::fs::read_to_string(path) {
            Err(_) => Vec::new(),
            Ok(text) => match serde_json::from_str::<Self>(&text) {
                Ok(report) if report.machine == machine => report.rows,
                Ok(_) | Err(_) => Vec::new(),
            },
        };
        Ok(Self { machine, rows })
    }

    /// The file as it is.
    pub(crate) fn read(path: &Path) -> Result<Self, BenchError> {
        let text = std::fs::read_to_string(path).map_err(|source| BenchError::File {
            path: path.to_owned(),
            source,
        })?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Puts a row in the place of the older one.
    pub(crate) fn put(&mut self, row: RowReport) {
        self.rows.retain(|other| other.row != row.row);
        self.rows.push(row);
        self.rows.sort_by_key(|row| row.row);
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), BenchError> {
        let mut json = serde_json::to_string_pretty(self)?;
        json.push('\n');
        write_file(path, &json)
    }
}

/// Writes a file, and the folder that it is in.
pub(crate) fn write_file(path: &Path, text: &str) -> Result<(), BenchError> {
    let failed = |source| BenchError::File {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, text).map_err(failed)
}

impl RowReport {
    pub(crate) fn is_quiet(&self) -> bool {
        self.others <= QUIET_MAX
    }

    /// Puts a row together from the runs that its comparisons need.
    pub(crate) fn of(
        row: Row,
        comparisons: &[Comparison],
        runs: &[Run],
        missing: &[Missing],
        form: Form,
        rounds: u32,
        fdatasync_us: f64,
    ) -> Self {
        let comparisons = comparisons.iter().filter(|c| c.row == row);
        let operands: BTreeSet<Operand> =
            comparisons.clone().flat_map(Comparison::operands).collect();
        let mut worst = 0.0_f64;
        for run in runs.iter().filter(|run| operands.contains(&run.operand)) {
            worst = worst.max(run.figures.usage.map_or(0.0, |usage| usage.others));
        }
        let names: BTreeSet<&str> = operands.iter().map(|o| o.contestant.name()).collect();
        Self {
            row,
            taken_at: chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            form,
            rounds,
            fdatasync_us,
            others: rounded(worst),
            results: comparisons.filter_map(|c| Outcome::of(c, runs)).collect(),
            runs: operands.iter().filter_map(|o| Runs::of(*o, runs)).collect(),
            missing: missing
                .iter()
                .filter(|missing| names.contains(missing.contestant.as_str()))
                .cloned()
                .collect(),
        }
    }
}

impl Outcome {
    /// `None` when a side did not run.
    fn of(comparison: &Comparison, runs: &[Run]) -> Option<Self> {
        let of = |operand: Operand, round: u32| {
            let run = runs
                .iter()
                .find(|run| (run.operand, run.round) == (operand, round))?;
            comparison.of.of(&run.figures)
        };
        let rounds = runs.iter().map(|run| run.round).max()?;
        let value = |round| {
            let ours = of(comparison.ours, round)?;
            match comparison.over {
                None => Some(ours),
                Some(over) => Some(ours / of(over, round)?),
            }
        };
        let spread = Spread::of((1..=rounds).filter_map(value).collect())?;
        let ours = comparison.ours;
        let name = |operand: Operand| {
            let mut name = operand.contestant.name().to_owned();
            if operand.scenario != ours.scenario {
                name = format!("{name}, {}", operand.scenario.name());
            }
            if operand.condition != ours.condition {
                name = format!("{name}, plain");
            }
            name
        };
        Some(Self {
            condition: ours.condition.name().to_owned(),
            scenario: ours.scenario.name().to_owned(),
            ours: name(ours),
            over: comparison.over.map(name),
            what: comparison.of.name().to_owned(),
            unit: match comparison.over {
                None => comparison.of.unit().to_owned(),
                Some(_) => "×".to_owned(),
            },
            spread: spread.rounded(),
            goal: comparison.goal,
            met: comparison.goal.map(|goal| goal.is_met_by(spread.median)),
        })
    }
}

impl Runs {
    fn of(operand: Operand, runs: &[Run]) -> Option<Self> {
        let figures: Vec<&Figures> = runs
            .iter()
            .filter(|run| run.operand == operand)
            .map(|run| &run.figures)
            .collect();
        let spread = |of: &dyn Fn(&Figures) -> Option<f64>| {
            Spread::of(figures.iter().filter_map(|f| of(f)).collect()).map(Spread::rounded)
        };
        let each = |f: &Figures, took: std::time::Duration| {
            (f.acknowledged > 0).then(|| took.as_secs_f64() * 1e6 / to_f64(f.acknowledged))
        };
        let names: BTreeSet<&'static str> = figures
            .iter()
            .flat_map(|f| f.extra.keys().copied())
            .collect();
        let extra = names
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), spread(&|f| f.extra.get(name).copied())?)))
            .collect();
        Some(Self {
            condition: operand.condition.name().to_owned(),
            scenario: operand.scenario.name().to_owned(),
            contestant: operand.contestant.name().to_owned(),
            acknowledged: figures.iter().map(|f| f.acknowledged).sum(),
            per_second: spread(&|f| Some(f.per_second))?,
            p50_ms: spread(&|f| f.latency.map(|latency| latency.p50)),
            p95_ms: spread(&|f| f.latency.map(|latency| latency.p95)),
            p99_ms: spread(&|f| f.latency.map(|latency| latency.p99)),
            own_us: spread(&|f| each(f, f.usage?.own)),
            postgres_us: spread(&|f| each(f, f.usage?.postgres)),
            extra,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Contestant, Scenario, comparisons};

    fn run(contestant: Contestant, round: u32, per_second: f64) -> Run {
        let p1 = comparisons(&[Row::P1], false);
        let operand = Operand {
            contestant,
            ..p1[0].ours
        };
        assert_eq!(operand.scenario, Scenario::NewAggregates);
        let figures = Figures {
            per_second,
            acknowledged: 1,
            ..Figures::default()
        };
        Run {
            round,
            operand,
            figures,
        }
    }

    #[test]
    fn a_ratio_is_taken_within_a_round() {
        let runs = [
            run(Contestant::Ours, 1, 600.0),
            run(Contestant::Stock, 1, 10.0),
            run(Contestant::Ours, 2, 8.0),
            run(Contestant::Stock, 2, 2.0),
        ];
        let p1 = comparisons(&[Row::P1], false);
        let row = RowReport::of(Row::P1, &p1, &runs, &[], Form::Short, 2, 90.0);
        let ratio = &row.results[0];
        assert_eq!((ratio.spread.min, ratio.spread.max), (4.0, 60.0));
        assert_eq!(ratio.met, Some(true));
    }

    #[test]
    fn a_contestant_that_could_not_run_is_named_in_its_row_only() {
        let missing = [Missing {
            contestant: Contestant::Emmett.name().to_owned(),
            reason: "no npm".to_owned(),
        }];
        let of = |row: Row| {
            let comparisons = comparisons(&[row], false);
            RowReport::of(row, &comparisons, &[], &missing, Form::Short, 1, 0.0).missing
        };
        assert_eq!(of(Row::P6), missing);
        assert_eq!(of(Row::P1), []);
    }
}
