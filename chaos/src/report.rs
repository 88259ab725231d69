//! What a run came to: for the terminal, and as JSON.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::checks::Check;
use crate::chronicle::Chronicle;
use crate::error::ChaosError;
use crate::output::say;

/// The report.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) seed: u64,
    pub(crate) minutes: f64,
    pub(crate) took_s: u64,
    pub(crate) orders: u64,
    pub(crate) coupons: u64,
    pub(crate) attempts: u64,
    pub(crate) acknowledged: u64,
    /// Attempts without an answer.
    pub(crate) lost: u64,
    /// Answers that decide nothing, by status.
    pub(crate) later: BTreeMap<String, u64>,
    pub(crate) kills: BTreeMap<String, u64>,
    pub(crate) faults: BTreeMap<String, u64>,
    pub(crate) not_injected: BTreeMap<String, u64>,
    pub(crate) ended_by_themselves: BTreeMap<String, u64>,
    pub(crate) recoveries_ms: BTreeMap<String, Spread>,
    pub(crate) checks: Vec<Check>,
}

/// Smallest, middle and largest of some durations.
#[derive(Debug, Serialize)]
pub(crate) struct Spread {
    count: usize,
    min: u128,
    median: u128,
    max: u128,
}

impl Report {
    /// All but the checks.
    pub(crate) fn of(chronicle: &Chronicle, seed: u64, minutes: f64) -> Self {
        Self {
            seed,
            minutes,
            took_s: chronicle.elapsed_ms() / 1_000,
            orders: chronicle.count("orders"),
            coupons: chronicle.count("coupons"),
            attempts: chronicle.count("attempts"),
            acknowledged: chronicle.count("acknowledged"),
            lost: chronicle.count("lost"),
            later: chronicle.counts("status:"),
            kills: chronicle.counts("kill:"),
            faults: chronicle.counts("fault:"),
            not_injected: chronicle.counts("not injected:"),
            ended_by_themselves: chronicle.counts("ended by itself:"),
            recoveries_ms: recoveries(chronicle),
            checks: Vec::new(),
        }
    }

    pub(crate) fn holds(&self) -> bool {
        self.checks.iter().all(Check::holds)
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), ChaosError> {
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(path, text).map_err(ChaosError::file(path))
    }

    /// For the person at the terminal.
    pub(crate) fn show(&self, folder: &Path) {
        say(format_args!("\nseed {}, {} s", self.seed, self.took_s));
        say(format_args!(
            "{} orders and {} coupons by {} requests, {} acknowledged, {} without an answer",
            self.orders, self.coupons, self.attempts, self.acknowledged, self.lost
        ));
        show_counts("answers that decide nothing", &self.later);
        show_counts("kill -9", &self.kills);
        show_counts("faults", &self.faults);
        show_counts("NOT INJECTED", &self.not_injected);
        show_counts("ended by themselves", &self.ended_by_themselves);
        for (after, spread) in &self.recoveries_ms {
            say(format_args!(
                "first success after {after}: {} times, {} / {} / {} ms (min, median, max)",
                spread.count, spread.min, spread.median, spread.max
            ));
        }
        for check in &self.checks {
            let verdict = if check.holds() { "holds " } else { "BROKEN" };
            let broken = if check.holds() {
                String::new()
            } else {
                format!(", {} broken", check.broken)
            };
            say(format_args!(
                "{verdict}  {} ({}{broken})",
                check.name, check.looked_at
            ));
            for evidence in &check.evidence {
                say(format_args!("        {evidence}"));
            }
        }
        say(format_args!(
            "logs, journal and report: {}",
            folder.display()
        ));
        if !self.holds() {
            say(format_args!(
                "once more, with the same choices: ./dev chaos --minutes {} --seed {}",
                self.minutes, self.seed
            ));
        }
    }
}

fn show_counts(what: &str, counts: &BTreeMap<String, u64>) {
    if !counts.is_empty() {
        let all: u64 = counts.values().sum();
        let each: Vec<String> = counts
            .iter()
            .map(|(kind, count)| format!("{kind} {count}"))
            .collect();
        say(format_args!("{what}: {all} ({})", each.join(", ")));
    }
}

fn recoveries(chronicle: &Chronicle) -> BTreeMap<String, Spread> {
    let spreads = chronicle
        .recoveries()
        .into_iter()
        .filter_map(|(after, mut times)| {
            times.sort_unstable();
            let ms = |time: Option<&Duration>| time.map(Duration::as_millis);
            let spread = Spread {
                count: times.len(),
                min: ms(times.first())?,
                median: ms(times.get(times.len() / 2))?,
                max: ms(times.last())?,
            };
            Some((after, spread))
        });
    spreads.collect()
}
