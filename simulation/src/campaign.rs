//! Many seeds, on all cores.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::fault::Kind;
use crate::run::{Counts, Options, Report, run};

/// Every kind of fault strikes at least once in so many seeds: 100 times in the 10 000 that are run with the tests.
pub const SEEDS_PER_FAULT: u64 = 100;
/// In fewer seeds a kind may be rare by chance.
const SEEDS_MIN: u64 = 2_000;
/// How often progress is told.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(10);
/// How often it is looked whether that time has come.
const GLANCE: Duration = Duration::from_millis(50);

/// What many seeds came to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Seeds that were run.
    pub seeds: u64,
    /// Faults that struck, by kind.
    pub faults: BTreeMap<Kind, u64>,
    /// The fewest faults of a seed.
    pub faults_min: Option<u64>,
    /// Requests of clients.
    pub requests: u64,
    /// Orders that were placed.
    pub orders: u64,
    /// Payments that the gateway heard of.
    pub payments: u64,
    /// Events, and so prefixes that were checked.
    pub events: u64,
    /// What happened besides.
    pub counts: Counts,
    /// Seconds of the worlds' own time.
    pub virtual_seconds: u64,
    /// All hashes together: the same seeds make the same sum.
    pub hash: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// Seeds that failed.
    pub failed: Vec<Report>,
}

impl Summary {
    fn add(&mut self, report: Report) {
        self.seeds += 1;
        for (kind, count) in report.by_kind() {
            *self.faults.entry(kind).or_default() += count;
        }
        let faults = u64::try_from(report.faults.len()).unwrap_or(u64::MAX);
        self.faults_min = Some(self.faults_min.map_or(faults, |min| min.min(faults)));
        self.requests += u64::try_from(report.requests).unwrap_or(0);
        self.orders += report.orders;
        self.payments += report.payments;
        self.events += report.events;
        self.counts.add(report.counts);
        self.virtual_seconds += report.virtual_seconds;
        self.hash = self.hash.wrapping_add(report.hash);
        if report.failure.is_some() {
            self.failed.push(report);
        }
    }

    /// All faults that struck.
    #[must_use]
    pub fn faults_total(&self) -> u64 {
        self.faults.values().sum()
    }

    /// Kinds of faults that struck too rarely to count on: less than once in [`SEEDS_PER_FAULT`] seeds. None in a short
    /// run, where the rare ones may be missing by chance.
    #[must_use]
    pub fn rare(&self) -> Vec<Kind> {
        if self.seeds < SEEDS_MIN {
            return Vec::new();
        }
        let wanted = self.seeds / SEEDS_PER_FAULT;
        let kinds = Kind::ALL.iter().copied();
        kinds
            .filter(|kind| self.faults.get(kind).copied().unwrap_or(0) < wanted)
            .collect()
    }
}

/// Runs the seeds from `first` on, so many of them; ends early at the first failure. `progress` is told how
/// many are done, now and then.
pub fn campaign(
    first: u64,
    count: u64,
    threads: usize,
    options: &Options,
    progress: impl Fn(u64, Duration) + Sync,
) -> Summary {
    let started = Instant::now();
    let (next, failed) = (AtomicU64::new(0), AtomicBool::new(false));
    let summary = Mutex::new(Summary::default());
    let done = AtomicU64::new(0);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1))
            .map(|_| {
                scope.spawn(|| {
                    while !failed.load(Ordering::Relaxed) {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        if index >= count {
                            return;
                        }
                        let report = run(first.wrapping_add(index), options);
                        failed.fetch_or(report.failure.is_some(), Ordering::Relaxed);
                        let mut summary = summary.lock().unwrap_or_else(PoisonError::into_inner);
                        summary.add(report);
                        drop(summary);
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        let mut told = Instant::now();
        while workers.iter().any(|worker| !worker.is_finished()) {
            thread::sleep(GLANCE);
            if told.elapsed() >= PROGRESS_INTERVAL {
                told = Instant::now();
                progress(done.load(Ordering::Relaxed), started.elapsed());
            }
        }
    });
    let mut summary = summary.into_inner().unwrap_or_else(PoisonError::into_inner);
    summary.elapsed = started.elapsed();
    summary.failed.sort_by_key(|report| report.seed);
    summary
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_that_hardly_ever_strikes_is_named() {
        let often = Kind::ALL.iter().map(|kind| (*kind, 30));
        let mut summary = Summary {
            seeds: 3_000,
            faults: often.collect(),
            ..Summary::default()
        };
        assert_eq!(summary.rare(), []);
        summary.faults.insert(Kind::NoticeForged, 29);
        summary.faults.remove(&Kind::GatewayAway);
        assert_eq!(summary.rare(), [Kind::GatewayAway, Kind::NoticeForged]);
        summary.seeds = 100;
        assert_eq!(summary.rare(), []);
    }
}
