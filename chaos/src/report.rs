//! What a run came to: for the terminal, and as JSON.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::args::Args;
use crate::checks::Check;
use crate::chronicle::{Chronicle, Times};
use crate::error::ChaosError;
use crate::faults::Fault;
use crate::output::say;
use crate::process::{CLOSED, ENDED};

/// From this length on a run must have fired every fail point, and injected every kind of fault.
const FULL_MINUTES: f64 = 10.0;
/// What the read API may answer to whoever asks for an order of theirs: it, not yet, later.
const READ_STATUSES: [&str; 3] = ["200", "404", "503"];
/// The same to whoever says how new the answer must be.
const READ_OWN_STATUSES: [&str; 2] = ["200", "503"];
/// Asked of a process that was being killed.
const NO_ANSWER: &str = "none";
/// Asked of one that did not answer in time; of so many one may be such.
const NOT_IN_TIME: &str = "timeout";
const READS_IN_TIME: u64 = 50;

/// The report.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) seed: u64,
    pub(crate) minutes: f64,
    /// How often something happens, compared to the usual.
    pub(crate) rate: f64,
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
    pub(crate) aborts: BTreeMap<String, u64>,
    /// Every fail point in every kind of process that passes it: how often it did what.
    pub(crate) fail_points: BTreeMap<String, BTreeMap<String, u64>>,
    /// After what no request succeeded in time.
    pub(crate) not_recovered: BTreeMap<String, u64>,
    pub(crate) recoveries_ms: BTreeMap<String, Spread>,
    /// Those within the limit during which nothing else went wrong.
    pub(crate) undisturbed_recoveries_ms: BTreeMap<String, Spread>,
    /// Answers of the read API, by status.
    pub(crate) reads: BTreeMap<String, u64>,
    /// Those to whoever said how new the answer must be: at least as new as their order.
    pub(crate) own_reads: BTreeMap<String, u64>,
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
    pub(crate) fn of(chronicle: &Chronicle, args: &Args, seed: u64) -> Self {
        Self {
            seed,
            minutes: args.minutes,
            rate: args.rate,
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
            not_recovered: chronicle.counts("no recovery:"),
            aborts: chronicle.counts("abort:"),
            fail_points: BTreeMap::new(),
            recoveries_ms: spreads(&chronicle.recoveries().all),
            undisturbed_recoveries_ms: spreads(&chronicle.recoveries().in_time),
            reads: chronicle.counts("read:"),
            own_reads: chronicle.counts("read own:"),
            checks: Vec::new(),
        }
    }

    pub(crate) fn holds(&self) -> bool {
        self.broken() == 0
    }

    fn broken(&self) -> usize {
        self.checks.iter().filter(|check| !check.holds()).count()
    }

    /// Whether no process ended that nobody had killed.
    pub(crate) fn lives(&self) -> Check {
        let mut check = Check::new("no process ends by itself, whatever is away");
        check.looked_at = self.kills.values().chain(self.aborts.values()).sum();
        for (kind, count) in &self.ended_by_themselves {
            check.look(false, || format!("{kind}: {count} times"));
        }
        check
    }

    /// Whether the shop was back soon whenever nothing else went wrong meanwhile.
    pub(crate) fn recoveries(chronicle: &Chronicle) -> Check {
        let name = "the first definite answer comes within 5 s of the end of an outage";
        let mut check = Check::new(name);
        let recoveries = chronicle.recoveries();
        for _ in recoveries.in_time.values().flatten() {
            check.look(true, String::new);
        }
        for (after, times) in &recoveries.late {
            check.look(false, || format!("{after}: {times} times later"));
        }
        check
    }

    /// Whether the read API never answered with a defect, nearly always in time, and at least once with what was
    /// asked for; and whether it never denied an order to whoever asked with their order's position.
    pub(crate) fn reading(&self) -> [Check; 2] {
        [
            read(
                "the read API answers 200, 404 or 503, whatever is away",
                &self.reads,
                &READ_STATUSES,
            ),
            read(
                "whoever asks with their order's position finds it, or is told to come later",
                &self.own_reads,
                &READ_OWN_STATUSES,
            ),
        ]
    }

    /// Whether every process could be started, and ended in order when it was told to: all of them in the end.
    pub(crate) fn endings(chronicle: &Chronicle, processes: u64) -> Check {
        let mut check = Check::new("every process starts, and ends in order when it is told to");
        let closed = chronicle.count(CLOSED);
        check.look(closed == processes, || {
            format!("{closed} ended in order when the run was over, of {processes} processes")
        });
        check.looked_at = closed + chronicle.count(ENDED);
        for trouble in ["not started", "ended badly", "did not end"] {
            for (kind, count) in chronicle.counts(&format!("{trouble}:")) {
                check.look(false, || format!("{kind} {trouble}: {count} times"));
            }
        }
        check
    }

    /// Whether every fail point has ended a process, and every kind of fault was injected, where this machine
    /// can. Asked of runs that are long enough.
    pub(crate) fn coverage(&self) -> Vec<Check> {
        if self.minutes * self.rate < FULL_MINUTES {
            return Vec::new();
        }
        let mut points = Check::new("every fail point has fired and ended a process");
        for (spot, did) in &self.fail_points {
            points.look(did.contains_key("abort"), || spot.clone());
        }
        let mut faults = Check::new("every kind of fault was injected");
        for fault in Fault::all() {
            let name = fault.name();
            let tried = [&self.faults, &self.not_injected];
            let was_tried = tried.into_iter().any(|counts| counts.contains_key(name));
            faults.look(was_tried, || name.to_owned());
        }
        vec![points, faults]
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
        show_counts("ended by a fail point", &self.aborts);
        self.show_fail_points();
        show_counts("faults", &self.faults);
        show_counts("NOT INJECTED", &self.not_injected);
        show_counts("ended by themselves", &self.ended_by_themselves);
        show_counts("no success in time after", &self.not_recovered);
        show_counts("answers of the read API", &self.reads);
        show_counts("the same, asked with a position", &self.own_reads);
        show_spreads("first answer after", &self.recoveries_ms);
        let undisturbed = "in time, nothing else meanwhile:";
        show_spreads(undisturbed, &self.undisturbed_recoveries_ms);
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
            for detail in &check.details {
                say(format_args!("        {detail}"));
            }
            for evidence in &check.evidence {
                say(format_args!("        {evidence}"));
            }
        }
        say(format_args!(
            "logs, journal and report: {}",
            folder.display()
        ));
        let (broken, all) = (self.broken(), self.checks.len());
        if broken == 0 {
            say(format_args!("all {all} checks hold"));
        } else {
            say(format_args!("FAILED: {broken} of {all} checks are broken"));
        }
        if !self.holds() {
            say(format_args!(
                "once more, with the same choices: ./dev chaos --minutes {} --rate {} --seed {}",
                self.minutes, self.rate, self.seed
            ));
        }
    }
}

impl Report {
    /// A table: how often each fail point ended a process, failed, or was slow.
    fn show_fail_points(&self) {
        let fired = self
            .fail_points
            .values()
            .filter(|did| did.contains_key("abort"))
            .count();
        let all = self.fail_points.len();
        say(format_args!(
            "fail points that ended a process: {fired} of {all}"
        ));
        say(format_args!("    abort error delay"));
        for (spot, did) in &self.fail_points {
            let times = |action| did.get(action).copied().unwrap_or_default();
            let (abort, error, delay) = (times("abort"), times("error"), times("delay"));
            say(format_args!("    {abort:5} {error:5} {delay:5}  {spot}"));
        }
    }
}

fn read(name: &'static str, reads: &BTreeMap<String, u64>, allowed: &[&str]) -> Check {
    let mut check = Check::new(name);
    let asked: u64 = reads.values().sum();
    let late = reads.get(NOT_IN_TIME).copied().unwrap_or_default();
    for (status, count) in reads {
        let may_be = allowed.contains(&status.as_str())
            || status == NO_ANSWER
            || (status == NOT_IN_TIME && late * READS_IN_TIME <= asked);
        check.look(may_be, || format!("{status}: {count} times"));
    }
    check.look(reads.contains_key("200"), || {
        format!("nobody found anything, of {asked} who asked")
    });
    check.looked_at = asked;
    check
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

fn show_spreads(what: &str, spreads: &BTreeMap<String, Spread>) {
    for (after, spread) in spreads {
        say(format_args!(
            "{what} {after}: {} times, {} / {} / {} ms (min, median, max)",
            spread.count, spread.min, spread.median, spread.max
        ));
    }
}

fn spreads(times: &Times) -> BTreeMap<String, Spread> {
    let spreads = times.iter().filter_map(|(after, times)| {
        let mut times = times.clone();
        times.sort_unstable();
        let ms = |time: Option<&Duration>| time.map(Duration::as_millis);
        let spread = Spread {
            count: times.len(),
            min: ms(times.first())?,
            median: ms(times.get(times.len() / 2))?,
            max: ms(times.last())?,
        };
        Some((after.clone(), spread))
    });
    spreads.collect()
}

#[cfg(test)]
mod tests;
