//! A shop whose log and memory are plain lists: what the deciding loop does, without the database.
//!
//! Whatever is decided is written as JSON and read back, and an aggregate that is not in memory is
//! folded from that JSON, so every test here goes through the storage format.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::books::Log;
use crate::coupon_pool::{CouponPool, CouponState};
use crate::decider::Decider;
use crate::inventory::Inventory;
use crate::mothers::{at, order_id, payment_id, pool_id, product_id, user};
use crate::order::{Order, PlacedOrder};
use crate::payment::{Payment, RequestedPayment};
use crate::recorded::{DomainEvent, Recorded};
use crate::rejection::Rejection;
use crate::streams::{Fold, StreamId, aggregate_types};
use crate::workspace::{Decision, Halt, Loaded, Operation, StagedEvent, States, Workspace};

/// The most rounds of loading before a decision counts as one that never comes.
const ROUNDS_MAX: usize = 20;

/// The log, and the aggregates that are in memory.
pub(super) struct Shop {
    pub(super) log: Log,
    /// When the next events happen.
    pub(super) now: DateTime<Utc>,
    /// How many times a decision stopped to load.
    pub(super) loads: usize,
    stored: BTreeMap<StreamId, Vec<StagedEvent>>,
    memory: BTreeMap<StreamId, Loaded>,
}

impl Default for Shop {
    fn default() -> Self {
        Self {
            log: Log::default(),
            now: at(0),
            loads: 0,
            stored: BTreeMap::new(),
            memory: BTreeMap::new(),
        }
    }
}

impl States for Shop {
    fn loaded(&self, stream: &StreamId) -> Option<&Loaded> {
        self.memory.get(stream)
    }
}

impl Shop {
    /// Decides an operation and writes what it decided.
    #[track_caller]
    pub(super) fn attempt(&mut self, operation: &dyn Operation) -> Result<Value, Rejection> {
        for _ in 0..ROUNDS_MAX {
            let mut workspace = Workspace::new(self);
            match operation.decide(&mut workspace) {
                Ok(reply) => {
                    let decision = workspace.finish();
                    self.append(decision);
                    return Ok(reply);
                }
                Err(Halt::Load(streams)) => self.load(&streams),
                Err(Halt::Reject(rejection)) => return Err(rejection),
                Err(Halt::Unserialisable(error)) => panic!("{error}"),
            }
        }
        panic!("{operation:?} never stops loading");
    }

    /// Decides an operation that may not be refused.
    #[track_caller]
    pub(super) fn does(&mut self, operation: &dyn Operation) -> Value {
        match self.attempt(operation) {
            Ok(reply) => reply,
            Err(rejection) => panic!("{}: {rejection}", rejection.code()),
        }
    }

    /// Decides an operation that must be refused, and leave no trace.
    #[track_caller]
    pub(super) fn refuses(&mut self, operation: &dyn Operation) -> Rejection {
        let (events, commits) = (self.log.events.len(), self.log.commits.len());
        match self.attempt(operation) {
            Ok(reply) => panic!("accepted: {reply}"),
            Err(rejection) => {
                assert_eq!(self.log.events.len(), events);
                assert_eq!(self.log.commits.len(), commits);
                self.check_memory();
                rejection
            }
        }
    }

    /// Names of the events of the operation that was accepted last, in their order.
    pub(super) fn last(&self) -> Vec<String> {
        let commits = &self.log.commits;
        let from = commits
            .len()
            .checked_sub(2)
            .map_or(0, |before| commits[before]);
        self.log.events[from..]
            .iter()
            .map(|recorded| name_of(&recorded.event))
            .collect()
    }

    /// Everything that is in memory is lost.
    pub(super) fn forget(&mut self) {
        self.memory.clear();
    }

    /// What is in memory is just what this operation says that it will read.
    pub(super) fn remembers_only(&mut self, operation: &dyn Operation) {
        self.forget();
        for stream in operation.streams() {
            let loaded = self.fold(&stream);
            self.memory.insert(stream, loaded);
        }
    }

    /// What is in memory is what the log says.
    #[track_caller]
    pub(super) fn check_memory(&self) {
        for (stream, loaded) in &self.memory {
            let folded = self.fold(stream);
            assert_eq!(loaded.sequence, folded.sequence, "{stream}");
            let (have, want) = (loaded.state.snapshot(), folded.state.snapshot());
            assert_eq!(have.unwrap(), want.unwrap(), "{stream}");
        }
    }

    /// The state of an aggregate, folded from the log.
    pub(super) fn state<D: Decider>(&self, id: impl fmt::Display) -> D::State {
        let folded = self.fold(&StreamId::of::<D>(id));
        folded
            .state
            .as_any()
            .downcast_ref::<Fold<D>>()
            .unwrap()
            .0
            .clone()
    }

    pub(super) fn order(&self, number: u32) -> PlacedOrder {
        self.state::<Order>(order_id(number))
            .placed()
            .unwrap()
            .clone()
    }

    pub(super) fn payment(&self, number: u32) -> RequestedPayment {
        self.state::<Payment>(payment_id(number))
            .requested()
            .unwrap()
            .clone()
    }

    /// Stock, reserved and available.
    pub(super) fn stock(&self, product: u32) -> (u64, u64, u64) {
        let state = self.state::<Inventory>(product_id(product));
        (state.stock(), state.reserved(), state.available())
    }

    /// Where a user's coupon of a pool stands.
    pub(super) fn coupon(&self, pool: u32, name: &str) -> CouponState {
        let state = self.state::<CouponPool>(pool_id(pool));
        state.coupon_of(&user(name)).unwrap().state
    }

    fn load(&mut self, streams: &[StreamId]) {
        assert!(!streams.is_empty(), "a decision asks for nothing");
        self.loads += 1;
        for stream in streams {
            assert!(!self.memory.contains_key(stream), "{stream} is in memory");
            let loaded = self.fold(stream);
            self.memory.insert(stream.clone(), loaded);
        }
    }

    fn fold(&self, stream: &StreamId) -> Loaded {
        let mut state = aggregate_types().empty(stream.aggregate_type()).unwrap();
        let events = self.stored.get(stream).map_or(&[][..], Vec::as_slice);
        for event in events {
            let (name, version) = (&event.event_type, &event.event_version);
            state.evolve_stored(name, version, &event.payload).unwrap();
        }
        let sequence = u64::try_from(events.len()).unwrap();
        Loaded { state, sequence }
    }

    fn append(&mut self, decision: Decision) {
        for (stream, expected) in &decision.expected {
            let stands = self.stored.get(stream).map_or(0, Vec::len);
            assert_eq!(u64::try_from(stands).unwrap(), *expected, "{stream}");
        }
        for staged in decision.events {
            let stream = self.stored.entry(staged.stream.clone()).or_default();
            stream.push(staged.clone());
            assert_eq!(u64::try_from(stream.len()).unwrap(), staged.sequence);
            self.log
                .events
                .push(recorded(&staged, self.log.events.len(), self.now));
        }
        self.memory.extend(decision.states);
        self.log.commits.push(self.log.events.len());
    }
}

fn recorded(staged: &StagedEvent, before: usize, occurred_at: DateTime<Utc>) -> Recorded {
    let (kind, name) = (staged.stream.aggregate_type(), &staged.event_type);
    let event = DomainEvent::parse(kind, name, &staged.event_version, &staged.payload);
    let position = u64::try_from(before).unwrap() + 1;
    Recorded {
        position,
        event_id: Uuid::from_u128(u128::from(position)),
        aggregate_id: staged.stream.aggregate_id().to_owned(),
        sequence: staged.sequence,
        occurred_at,
        event: event.unwrap(),
    }
}

/// An event's stored name.
pub(super) fn name_of(event: &DomainEvent) -> String {
    use cqrs_es::DomainEvent as _;
    match event {
        DomainEvent::Order(event) => event.event_type(),
        DomainEvent::Inventory(event) => event.event_type(),
        DomainEvent::CouponPool(event) => event.event_type(),
        DomainEvent::Payment(event) => event.event_type(),
        DomainEvent::PaymentMethod(event) => event.event_type(),
        DomainEvent::Points(event) => event.event_type(),
        DomainEvent::Product(event) => event.event_type(),
    }
}
