//! One seed, from its first moment to its rest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use event_store::RecordedEvent;

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
        virtual_seconds: world.now / 1_000_000,
        requests: world.requests(),
        failure: world.failure.take(),
        faults: std::mem::take(&mut world.faults.struck),
        deeds: std::mem::take(&mut world.begun),
        story: world.story.take_lines(),
    }
}
