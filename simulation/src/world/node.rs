//! A process: what it has in memory, and how it loses that.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use domain::CouponPoolId;
use event_store::sans_io::Core;
use event_store::{ExecuteError, Outcome, StoreConfig};
use tokio::sync::oneshot;

use super::terms::Term;
use super::{World, node_name, tell};
use crate::chance::Topic;

/// What a command came to.
pub(super) type Answered = Result<Outcome, ExecuteError>;
type Reply = Box<dyn FnOnce(&mut World, usize, Answered)>;

/// A process.
pub(super) struct Node {
    /// How often it was started.
    pub(super) incarnation: u64,
    pub(super) is_up: bool,
    pub(super) frozen_until: u64,
    /// How long its monotonic clock stood still.
    pub(super) slept_us: u64,
    pub(super) wall_offset_us: i64,
    pub(super) clock: Arc<Clock>,
    pub(super) core: Core,
    /// Queries for streams that are under way.
    pub(super) reading: usize,
    pub(super) is_writing: bool,
    /// Appends that failed in a row.
    pub(super) failures: u32,
    pub(super) is_ticking: bool,
    /// Clients whose commands are being decided.
    pub(super) pending: Vec<(oneshot::Receiver<Answered>, Reply)>,
    pub(super) term: Option<Term>,
    /// Where it takes each projection to be; `None` when it has to look.
    pub(super) feeds: Vec<Feed>,
    pub(super) pools: BTreeMap<CouponPoolId, KnownPool>,
}

/// What a process knows of feeding a projection.
#[derive(Clone, Default)]
pub(super) struct Feed {
    pub(super) position: Option<u64>,
    pub(super) is_busy: bool,
}

/// What a process knows of a pool's gate.
#[derive(Clone, Default)]
pub(super) struct KnownPool {
    pub(super) is_built: bool,
    /// Once the log has no coupon left: who has one.
    pub(super) holders: Option<Rc<BTreeSet<String>>>,
    pub(super) contested_until: u64,
}

impl KnownPool {
    pub(super) fn is_sold_out(&self) -> bool {
        self.holders.is_some()
    }

    pub(super) fn is_held_by(&self, user: &str) -> bool {
        let holders = self.holders.as_ref();
        holders.is_some_and(|holders| holders.contains(user))
    }
}

/// A process's clocks, as the futures in it see them.
#[derive(Default)]
pub(super) struct Clock {
    wall_us: AtomicI64,
    monotonic_us: AtomicU64,
}

impl Clock {
    pub(super) fn set(&self, wall_us: i64, monotonic_us: u64) {
        self.wall_us.store(wall_us, Ordering::Relaxed);
        self.monotonic_us.store(monotonic_us, Ordering::Relaxed);
    }

    pub(super) fn wall(&self) -> DateTime<Utc> {
        let micros = self.wall_us.load(Ordering::Relaxed);
        DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    pub(super) fn monotonic(&self) -> u64 {
        self.monotonic_us.load(Ordering::Relaxed)
    }
}

impl Node {
    pub(super) fn new(config: &StoreConfig) -> Self {
        Self {
            incarnation: 0,
            is_up: true,
            frozen_until: 0,
            slept_us: 0,
            wall_offset_us: 0,
            clock: Arc::default(),
            core: Core::new(config.clone()),
            reading: 0,
            is_writing: false,
            failures: 0,
            is_ticking: false,
            pending: Vec::new(),
            term: None,
            feeds: vec![Feed::default(); 8],
            pools: BTreeMap::new(),
        }
    }
}

impl World {
    /// A process begins.
    pub(super) fn start(&mut self, n: usize) {
        self.nodes[n].is_up = true;
        let begin = self.draw(Topic::Node, node_name(n)).u64(0..100_000);
        self.on_node(n, begin, |world, n| {
            world.lease_turn(n);
            world.wake_feeds();
        });
    }

    /// A process dies. What it had in memory is gone; what it sent is still on its way.
    pub(super) fn crash(&mut self, n: usize) {
        if !self.nodes[n].is_up {
            return;
        }
        tell!(self, "process {n} dies");
        let old = std::mem::replace(&mut self.nodes[n], Node::new(&self.store_config));
        let node = &mut self.nodes[n];
        node.incarnation = old.incarnation + 1;
        node.wall_offset_us = old.wall_offset_us;
        node.is_up = false;
        let back = self.draw(Topic::Node, node_name(n)).u64(300_000..6_000_000);
        let incarnation = self.nodes[n].incarnation;
        self.after(back, move |world| {
            if world.nodes[n].incarnation == incarnation {
                tell!(world, "process {n} is back");
                world.start(n);
            }
        });
    }

    /// Whether this is still the process that it was.
    pub(super) fn is_alive(&self, n: usize, incarnation: u64) -> bool {
        self.nodes[n].incarnation == incarnation && self.nodes[n].is_up
    }

    /// Lets a process do all that it can do now.
    pub(super) fn settle(&mut self, n: usize) {
        let incarnation = self.nodes[n].incarnation;
        loop {
            self.drive(n);
            let answered = self.deliver(n);
            if !self.is_alive(n, incarnation) {
                return;
            }
            let done = self.work(n);
            if !self.is_alive(n, incarnation) {
                return;
            }
            if !answered && !done {
                break;
            }
        }
        self.heed_alarm(n);
    }

    /// Hands answers to whoever waits for them.
    fn deliver(&mut self, n: usize) -> bool {
        let incarnation = self.nodes[n].incarnation;
        let mut any = false;
        let mut index = 0;
        while let Some((receiver, _)) = self.nodes[n].pending.get_mut(index) {
            let answer = match receiver.try_recv() {
                Ok(answer) => answer,
                Err(oneshot::error::TryRecvError::Empty) => {
                    index += 1;
                    continue;
                }
                Err(oneshot::error::TryRecvError::Closed) => Err(ExecuteError::Stopping),
            };
            let (_, reply) = self.nodes[n].pending.remove(index);
            any = true;
            reply(self, n, answer);
            if !self.is_alive(n, incarnation) {
                break;
            }
        }
        any
    }
}
