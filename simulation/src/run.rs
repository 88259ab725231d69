//! One seed, from its first moment to its rest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use event_store::RecordedEvent;
use event_store::sans_io::Verdict;

use crate::fault::{Fault, Kind};
use crate::plant::Plant;
use crate::world::World;

/// How a seed is run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A planted defect.
    pub plant: Option<Plant>,
    /// Only these faults strike.
    pub kept_faults: Option<BTreeSet<Fault>>,
    /// Only these deeds are done.
    pub kept_deeds: Option<BTreeSet<usize>>,
    /// Whether the story is kept.
    pub tells: bool,
}

/// What is wrong with a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which invariant.
    pub what: String,
    /// The values that should agree and do not.
    pub evidence: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.evidence)
    }
}

/// What happened besides, for the summary.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Commands that the log took.
    pub written: u64,
    /// Commands that it had.
    pub duplicates: u64,
    /// Commands that others were faster than.
    pub conflicts: u64,
    /// Commands of a holder that was one no more.
    pub fenced: u64,
    /// Times that a process became the sagas' runner.
    pub terms: u64,
    /// Actions of the sagas that were begun.
    pub actions: u64,
    /// Times that a crash of the database took back what the sagas had written.
    pub taken_back: u64,
}

impl Counts {
    pub(crate) fn count(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Written(_) => self.written += 1,
            Verdict::Duplicate(_) => self.duplicates += 1,
            Verdict::Conflict => self.conflicts += 1,
            Verdict::Fenced => self.fenced += 1,
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.written += other.written;
        self.duplicates += other.duplicates;
        self.conflicts += other.conflicts;
        self.fenced += other.fenced;
        self.terms += other.terms;
        self.actions += other.actions;
        self.taken_back += other.taken_back;
    }
}

/// What became of a seed.
#[derive(Clone, Debug)]
pub struct Report {
    /// Which.
    pub seed: u64,
    /// The hash of all that happened.
    pub hash: u64,
    /// What is wrong, if anything.
    pub failure: Option<Failure>,
    /// The faults that struck.
    pub faults: Vec<Fault>,
    /// The deeds that were begun.
    pub deeds: Vec<usize>,
    /// Requests of clients.
    pub requests: usize,
    /// Orders that were placed.
    pub orders: u64,
    /// Payments that the gateway heard of.
    pub payments: u64,
    /// Events, and so prefixes of the log that were held against the invariants.
    pub events: u64,
    /// What happened besides.
    pub counts: Counts,
    /// Seconds of the world's own time.
    pub virtual_seconds: u64,
    /// The story, when it was to be kept.
    pub story: Vec<String>,
}

impl Report {
    /// How often each kind of fault struck.
    #[must_use]
    pub fn by_kind(&self) -> BTreeMap<Kind, u64> {
        let mut counts = BTreeMap::new();
        for fault in &self.faults {
            *counts.entry(fault.kind).or_default() += 1;
        }
        counts
    }
}

/// The log that a seed ends with.
#[must_use]
pub fn history(seed: u64) -> Vec<Arc<RecordedEvent>> {
    let mut world = World::new(seed, &Options::default());
    world.run();
    world.log.read(0, usize::MAX)
}

/// Runs a seed.
#[must_use]
pub fn run(seed: u64, options: &Options) -> Report {
    let mut world = World::new(seed, options);
    let ended = catch_unwind(AssertUnwindSafe(|| world.run()));
    if ended.is_err() {
        world.fail("panic", "the program panicked".to_owned());
    }
    let orders = world.log.read(0, usize::MAX);
    let orders = orders
        .iter()
        .filter(|event| event.event_type == "OrderPlaced");
    Report {
        seed,
        hash: world.story.hash(),
        orders: u64::try_from(orders.count()).unwrap_or(u64::MAX),
        payments: u64::try_from(world.bank.len()).unwrap_or(u64::MAX),
        events: world.prefixes,
        counts: world.counts,
        virtual_seconds: world.now / 1_000_000,
        requests: world.requests(),
        failure: world.failure.take(),
        faults: std::mem::take(&mut world.faults.struck),
        deeds: std::mem::take(&mut world.begun),
        story: world.story.take_lines(),
    }
}
