//! One world: two processes, a database, a gateway, a Redis, shoppers; one virtual clock; one queue of what
//! happens next. Nothing in it runs by itself, so the seed decides everything.
//!
//! Real: the rules, the sagas, the deciding loop ([`deciding`]), the doing of actions ([`terms`], through
//! [`office`]), the projectors ([`feeding`]). Simulated: everything that they talk to.

mod claims;
mod clients;
mod clock;
mod deciding;
mod deposits;
mod feeding;
mod gateway;
mod methods;
mod node;
mod notices;
mod office;
mod operations;
mod operator;
mod rest;
mod terms;
mod unflushed;
mod weather;

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::CouponPoolId;
use event_store::StoreConfig;
use fastrand::Rng;
use foldhash::fast::FixedState;
use invariants::{Shop, Violation};
use processes::ProcessesConfig;
use projections::sans_io::InMemory;
use uuid::Uuid;

use self::clients::Op;
use self::clock::Queued;
use self::node::Node;
use self::notices::Notices;
use self::unflushed::Unflushed;
use crate::agenda::Agenda;
use crate::bank::Bank;
use crate::chance::{Chance, Topic};
use crate::deeds::Plan;
use crate::fault::{Fault, Faults, Kind};
use crate::gate::PoolKeys;
use crate::log::Log;
use crate::plant::Plant;
use crate::run::{Counts, Failure, Options};
use crate::safe::Safe;
use crate::story::Story;

/// Processes of the shop.
pub(crate) const NODES: usize = 2;
/// Whose fault it is when it is nobody's.
pub(crate) const NOBODY: usize = 9;
/// A world that is not at rest so long after its faults ended never will be.
const RESTLESS_US: u64 = 3 * 60 * 60 * 1_000_000;
/// Things that happen in a world, at most: more is a world that turns in circles.
const HAPPENINGS_MAX: u64 = 2_000_000;

/// Adds a line to the story.
macro_rules! tell {
    ($world:expr, $($what:tt)+) => {
        $world.story.tell($world.now, format_args!($($what)+))
    };
}
pub(crate) use tell;

/// A world.
pub(crate) struct World {
    pub(crate) chance: Chance,
    /// How often each name was drawn.
    draws: HashMap<(u64, u64), u64, FixedState>,
    /// Of what happens at the same moment, which is first.
    order: Rng,
    /// In microseconds since the world began.
    pub(crate) now: u64,
    epoch: Instant,
    queue: BinaryHeap<Queued>,
    happenings: u64,
    pub(crate) faults: Faults,
    pub(crate) story: Story,
    pub(crate) log: Log,
    pub(crate) agenda: Agenda,
    unflushed: Unflushed,
    pub(crate) bank: Bank,
    safe: Safe,
    pub(crate) projections: Vec<InMemory>,
    pub(crate) shop: Shop,
    pub(crate) prefixes: u64,
    pub(crate) counts: Counts,
    gate: BTreeMap<CouponPoolId, PoolKeys>,
    /// The gate as Redis has it on its disk.
    gate_on_disk: BTreeMap<CouponPoolId, PoolKeys>,
    nodes: Vec<Node>,
    ops: Vec<Op>,
    pub(crate) plan: Plan,
    /// The deeds that were begun.
    pub(crate) begun: Vec<usize>,
    database_away_until: u64,
    gateway_away_until: u64,
    /// Gateway calls that are still on their way, and what the gateway does by itself some time.
    late_calls: usize,
    notices: Notices,
    /// What the operator has looked after: payments and refunds.
    looked_after: BTreeSet<Uuid>,
    faults_ended_at: Option<u64>,
    next_term: u64,
    config: Arc<ProcessesConfig>,
    store_config: StoreConfig,
    plant: Option<Plant>,
    pub(crate) failure: Option<Failure>,
    is_at_rest: bool,
}

impl World {
    pub(crate) fn new(seed: u64, options: &Options) -> Self {
        let chance = Chance::new(seed);
        let store_config = StoreConfig {
            queue_max: 64,
            batch_commands_max: 8,
            cache_streams_max: 12,
            snapshot_every_events: 6,
            ..StoreConfig::default()
        };
        let mut log = Log::default();
        log.plant = options.plant;
        let nodes = (0..NODES).map(|_| Node::new(&store_config));
        Self {
            chance,
            draws: HashMap::default(),
            order: chance.of(Topic::Order, 0, 0),
            now: 0,
            epoch: Instant::now(),
            queue: BinaryHeap::new(),
            happenings: 0,
            faults: Faults::new(chance, options.kept_faults.clone()),
            story: Story::new(options.tells),
            log,
            agenda: Agenda::default(),
            unflushed: Unflushed::default(),
            bank: Bank::default(),
            safe: Safe::default(),
            projections: InMemory::all(),
            shop: Shop::new(),
            prefixes: 0,
            counts: Counts::default(),
            gate: BTreeMap::new(),
            gate_on_disk: BTreeMap::new(),
            nodes: nodes.collect(),
            ops: Vec::new(),
            plan: Plan::draw(chance, options.kept_deeds.clone()),
            begun: Vec::new(),
            database_away_until: 0,
            gateway_away_until: 0,
            late_calls: 0,
            notices: Notices::default(),
            looked_after: BTreeSet::new(),
            faults_ended_at: None,
            next_term: 1,
            config: Arc::new(processes_config()),
            store_config,
            plant: options.plant,
            failure: None,
            is_at_rest: false,
        }
    }

    /// Lets everything happen, until nothing is left to happen or something is wrong.
    pub(crate) fn run(&mut self) {
        for n in 0..NODES {
            self.start(n);
        }
        self.begin_deeds();
        self.pulse();
        while self.failure.is_none() && !self.is_at_rest {
            let Some(next) = self.queue.pop() else {
                return self.fail("liveness", "nothing happens any more".to_owned());
            };
            self.now = self.now.max(next.at);
            self.happenings += 1;
            (next.task)(self);
            let restless = self.faults_ended_at.map_or(0, |at| self.now - at);
            if restless > RESTLESS_US || self.happenings > HAPPENINGS_MAX {
                let what = self.what_is_open();
                return self.fail(
                    "liveness",
                    format!("the world does not come to rest: {what}"),
                );
            }
        }
        if self.failure.is_none() {
            self.check_at_rest();
        }
    }

    /// Draws of this name, the next ones.
    pub(crate) fn draw(&mut self, topic: Topic, whose: u64) -> Rng {
        let number = self.draws.entry((topic as u64, whose)).or_default();
        *number += 1;
        self.chance.of(topic, whose, *number)
    }

    /// How long a message takes, in microseconds.
    fn latency(&mut self, n: usize) -> u64 {
        let mut rng = self.draw(Topic::Latency, node_name(n));
        // Mostly quick, now and then slow enough to be overtaken.
        match rng.u8(0..8) {
            0 => rng.u64(5_000..60_000),
            _ => rng.u64(200..3_000),
        }
    }

    /// Whether a fault strikes; it is told.
    pub(crate) fn strikes(&mut self, kind: Kind, who: usize) -> bool {
        let strikes = self.faults.strikes(kind, who);
        if strikes {
            let fault = self
                .faults
                .struck
                .last()
                .map_or_else(String::new, Fault::to_string);
            tell!(self, "!! {fault}: {}", kind.what());
        }
        strikes
    }

    /// Whether the database does not do what it is asked.
    fn database_fails(&mut self, kind: Kind, who: usize) -> bool {
        self.now < self.database_away_until || self.strikes(kind, who)
    }

    pub(crate) fn fail(&mut self, what: &str, evidence: String) {
        if self.failure.is_none() {
            tell!(self, "** {what}: {evidence}");
            let what = what.to_owned();
            self.failure = Some(Failure { what, evidence });
        }
    }

    fn violated(&mut self, violations: Vec<Violation>) {
        if let Some(violation) = violations.into_iter().next() {
            self.fail(violation.invariant.name(), violation.to_string());
        }
    }
}

/// The name of a node in draws.
fn node_name(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn processes_config() -> ProcessesConfig {
    let schedule = "5s,15s,40s,2m,4m,8m,15m,15m,15m";
    let schedule = schedule.parse::<processes::Schedule>().unwrap_or_default();
    ProcessesConfig {
        confirmation_delay: Duration::from_secs(90),
        earning: operations::earning(),
        inquiry_schedule: schedule.clone(),
        refund_schedule: schedule,
        // Few, so that lanes fill up and rows stand behind others.
        gateway_concurrency: 3,
        command_concurrency: 3,
        ..ProcessesConfig::default().with_lease_ttl(Duration::from_secs(10))
    }
}
