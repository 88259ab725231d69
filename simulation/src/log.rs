//! The log in memory, with the semantics of `event_store.append` and of the tables beside it. The contract
//! tests hold it against PostgreSQL.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{AggregateTypes, DomainEvent, Recorded, StreamId, aggregate_types};
use event_store::sans_io::{
    Appended, Batch, DecidedCommand, ReadResult, Refused, Snapshot, StoredEvent, Verdict, Wanted,
    fold,
};
use event_store::{CommandId, Outcome, RecordedEvent, StoreError};

use crate::plant::Plant;

/// A log in memory.
pub struct Log {
    types: AggregateTypes,
    events: Vec<Arc<RecordedEvent>>,
    decoded: Vec<Recorded>,
    shared: Vec<Arc<DomainEvent>>,
    /// Positions of each stream's events.
    streams: HashMap<StreamId, Vec<u64>>,
    commands: HashMap<CommandId, (Vec<u8>, Outcome)>,
    snapshots: HashMap<StreamId, (u64, u32, String)>,
    leases: BTreeMap<String, Held>,
    checkpoints: BTreeMap<String, u64>,
    pub(crate) plant: Option<Plant>,
}

/// A lease as the table has it.
struct Held {
    epoch: u64,
    expires_at_us: u64,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            types: aggregate_types(),
            events: Vec::new(),
            decoded: Vec::new(),
            shared: Vec::new(),
            streams: HashMap::new(),
            commands: HashMap::new(),
            snapshots: HashMap::new(),
            leases: BTreeMap::new(),
            checkpoints: BTreeMap::new(),
            plant: None,
        }
    }
}

impl Log {
    /// The highest position; 0 for an empty log.
    #[must_use]
    pub fn head(&self) -> u64 {
        u64::try_from(self.events.len()).unwrap_or(u64::MAX)
    }

    /// At most `max` events that follow a position, in order.
    #[must_use]
    pub fn read(&self, after: u64, max: usize) -> Vec<Arc<RecordedEvent>> {
        self.after(&self.events, after, max).to_vec()
    }

    pub(crate) fn decoded(&self, after: u64, max: usize) -> &[Recorded] {
        self.after(&self.decoded, after, max)
    }

    /// The same with their types back on.
    pub(crate) fn projectable(&self, after: u64, max: usize) -> Vec<projections::sans_io::Event> {
        let stored = self.after(&self.events, after, max).iter();
        let events = stored.zip(self.after(&self.shared, after, max));
        events
            .map(|(stored, event)| {
                projections::sans_io::Event::decoded(Arc::clone(stored), Arc::clone(event))
            })
            .collect()
    }

    fn after<'a, T>(&self, all: &'a [T], after: u64, max: usize) -> &'a [T] {
        let from = usize::try_from(after).unwrap_or(usize::MAX).min(all.len());
        let to = from.saturating_add(max).min(all.len());
        all.get(from..to).unwrap_or_default()
    }

    /// The stored outcome of a command, and its fingerprint.
    #[must_use]
    pub fn outcome(&self, id: CommandId) -> Option<&(Vec<u8>, Outcome)> {
        self.commands.get(&id)
    }

    /// Writes a batch, or refuses commands of it, each for its reason.
    ///
    /// # Errors
    /// What PostgreSQL would refuse as a statement: a command twice in a batch, a sequence that is taken; or
    /// an event that cannot be read back.
    pub fn append(
        &mut self,
        batch: Batch,
        recorded_at: DateTime<Utc>,
    ) -> Result<Appended, StoreError> {
        if batch.is_empty() {
            // Only asked whether the database is there.
            return Ok(Appended {
                verdicts: Vec::new(),
                events: Vec::new(),
                head: 0,
            });
        }
        let head = self.head();
        let refused = self.refused(&batch.commands()?);
        let ids: Vec<(CommandId, Vec<u8>)> = batch.commands()?.iter().map(identity).collect();
        let mut appended = batch.concluded(refused, head, recorded_at);
        for event in &appended.events {
            self.store(event.clone())?;
        }
        let doubled = match self.plant {
            Some(Plant::ReleasedTwice) => Some("StockReleased"),
            Some(Plant::PaidTwice) => Some("PaymentSucceeded"),
            Some(Plant::IssuedTwice) => Some("CouponIssued"),
            Some(Plant::UsedTwice) => Some("CouponUsed"),
            Some(Plant::EarnedTwice) => Some("PointsEarned"),
            Some(Plant::ReturnedTwice) => Some("PointsReturned"),
            _ => None,
        };
        if let Some(event_type) = doubled {
            self.double(&mut appended, event_type)?;
        }
        for ((id, fingerprint), verdict) in ids.into_iter().zip(&appended.verdicts) {
            if let Verdict::Written(outcome) = verdict {
                let stored = Outcome {
                    replayed: true,
                    ..outcome.clone()
                };
                let first = self.commands.insert(id, (fingerprint, stored)).is_none();
                if !first && self.plant != Some(Plant::ForgottenIdentity) {
                    return Err(StoreError::OutOfRange { what: "command" });
                }
            }
        }
        Ok(appended)
    }

    /// The planted defect: the last event of a type happens once more.
    fn double(&mut self, appended: &mut Appended, event_type: &str) -> Result<(), StoreError> {
        let mut events = appended.events.iter().rev();
        let found = events.find(|event| event.event_type == event_type);
        let Some(mut again) = found.cloned() else {
            return Ok(());
        };
        appended.head += 1;
        again.position = appended.head;
        again.sequence += 1;
        appended.events.push(again.clone());
        self.store(again)
    }

    fn refused(&self, commands: &[DecidedCommand<'_>]) -> Vec<Option<Refused>> {
        let mut poisoned: HashSet<&StreamId> = HashSet::new();
        let mut verdicts = Vec::with_capacity(commands.len());
        for command in commands {
            let mut touched = command.touched.iter();
            let stored = self.commands.get(&command.id);
            let stored = stored.filter(|_| self.plant != Some(Plant::ForgottenIdentity));
            let refused = if let Some(stored) = stored {
                Some(Refused::Duplicate(Some(stored.clone())))
            } else if self.is_fenced(command) {
                Some(Refused::Fenced)
            } else if touched.any(|(stream, expected)| {
                poisoned.contains(stream) || self.has_moved(stream, *expected)
            }) {
                Some(Refused::Conflict)
            } else {
                None
            };
            if refused.is_some() {
                poisoned.extend(command.touched.iter().map(|(stream, _)| *stream));
            }
            verdicts.push(refused);
        }
        verdicts
    }

    fn is_fenced(&self, command: &DecidedCommand<'_>) -> bool {
        if self.plant == Some(Plant::ForgottenFence) {
            return false;
        }
        command.fence.as_ref().is_some_and(|fence| {
            let held = self.leases.get(&fence.lease);
            held.map(|held| held.epoch) != Some(fence.epoch)
        })
    }

    fn has_moved(&self, stream: &StreamId, expected: Option<u64>) -> bool {
        if self.plant == Some(Plant::ForgottenConflict) {
            return false;
        }
        expected.is_some_and(|expected| expected != self.sequence(stream))
    }

    /// How many events a stream has.
    #[must_use]
    pub fn sequence(&self, stream: &StreamId) -> u64 {
        let events = self.streams.get(stream).map_or(0, Vec::len);
        u64::try_from(events).unwrap_or(u64::MAX)
    }

    fn store(&mut self, event: RecordedEvent) -> Result<(), StoreError> {
        let stream = self
            .types
            .stream(&event.aggregate_type, &event.aggregate_id)?;
        let decoded = event.decode()?;
        self.streams.entry(stream).or_default().push(event.position);
        self.shared.push(Arc::new(decoded.event.clone()));
        self.decoded.push(decoded);
        self.events.push(Arc::new(event));
        Ok(())
    }

    /// Reads streams.
    #[must_use]
    pub fn load(&self, wanted: Vec<Wanted>) -> Vec<ReadResult> {
        wanted.into_iter().map(|one| self.load_one(one)).collect()
    }

    fn load_one(&self, wanted: Wanted) -> ReadResult {
        let stream = wanted.stream.clone();
        let version = self.types.state_version(stream.aggregate_type());
        let version = version.map_err(|error| (stream.clone(), error))?;
        let snapshot = self.snapshots.get(&stream);
        let snapshot = snapshot.filter(|(_, of, _)| *of == version && wanted.base.is_none());
        let snapshot = snapshot.map(|(sequence, _, json)| (*sequence, json.as_str()));
        let base = wanted.base.as_ref().map(|base| base.sequence);
        let after = base.or(snapshot.as_ref().map(|(sequence, _)| *sequence));
        let tail = self.tail(&stream, after.unwrap_or(0)).collect();
        fold(&self.types, wanted, snapshot, tail).map_err(|error| (stream, error))
    }

    /// The events of a stream that follow a sequence.
    fn tail(&self, stream: &StreamId, after: u64) -> impl Iterator<Item = StoredEvent> + '_ {
        let positions = self.streams.get(stream).into_iter().flatten();
        let events = positions.filter_map(|position| {
            let index = usize::try_from(position.checked_sub(1)?).ok()?;
            self.events.get(index)
        });
        let events = events.filter(move |event| event.sequence > after);
        events.map(|event| StoredEvent {
            sequence: event.sequence,
            event_type: event.event_type.clone(),
            event_version: event.event_version.clone(),
            payload: event.payload.clone(),
        })
    }

    /// Keeps a snapshot, unless a newer one is there. Returns its size.
    ///
    /// # Errors
    /// The state cannot be written.
    pub fn save(&mut self, snapshot: &Snapshot) -> Result<u64, StoreError> {
        let version = self.types.state_version(snapshot.stream.aggregate_type())?;
        let json = snapshot.loaded.state.snapshot()?;
        let bytes = u64::try_from(json.len()).unwrap_or(u64::MAX);
        let sequence = snapshot.loaded.sequence;
        let older = self.snapshots.get(&snapshot.stream);
        if older.is_none_or(|(at, of, _)| *at < sequence || *of != version) {
            let stale = older.filter(|_| self.plant == Some(Plant::StaleSnapshot));
            let json = stale.map_or(json, |(_, _, older)| older.clone());
            let kept = (sequence, version, json);
            self.snapshots.insert(snapshot.stream.clone(), kept);
        }
        Ok(bytes)
    }

    /// The snapshots whose state is not what the events up to their sequence come to.
    pub(crate) fn wrong_snapshots(&self) -> Vec<String> {
        let wrong = self.snapshots.iter().filter_map(|(stream, kept)| {
            let (sequence, _, json) = kept;
            let fresh = self.state_at(stream, *sequence);
            (fresh.as_ref() != Ok(json))
                .then(|| format!("{stream} at {sequence} is {json}, its events come to {fresh:?}"))
        });
        let mut wrong: Vec<String> = wrong.collect();
        wrong.sort_unstable();
        wrong
    }

    /// The state of a stream after so many events, as its snapshot would have it.
    fn state_at(&self, stream: &StreamId, sequence: u64) -> Result<String, String> {
        let wanted = Wanted {
            stream: stream.clone(),
            base: None,
        };
        let tail = self
            .tail(stream, 0)
            .filter(|event| event.sequence <= sequence);
        let read = fold(&self.types, wanted, None, tail.collect());
        let read = read.map_err(|error| error.to_string())?;
        let json = read.loaded.state.snapshot();
        json.map_err(|error| error.to_string())
    }

    /// Takes a lease that is free or has run out: its new epoch.
    pub fn acquire(&mut self, name: &str, now_us: u64, time_to_live_us: u64) -> Option<u64> {
        let expires_at_us = now_us + time_to_live_us;
        if let Some(held) = self.leases.get_mut(name) {
            if held.expires_at_us >= now_us {
                return None;
            }
            held.epoch += 1;
            held.expires_at_us = expires_at_us;
            return Some(held.epoch);
        }
        let first = Held {
            epoch: 1,
            expires_at_us,
        };
        self.leases.insert(name.to_owned(), first);
        Some(1)
    }

    /// Keeps a lease; `false` when another took it over.
    pub fn renew(&mut self, name: &str, epoch: u64, now_us: u64, time_to_live_us: u64) -> bool {
        let held = self.leases.get_mut(name);
        let Some(held) = held.filter(|held| held.epoch == epoch) else {
            return false;
        };
        held.expires_at_us = now_us + time_to_live_us;
        true
    }

    /// Whether this is still the newest epoch.
    #[must_use]
    pub fn holds(&self, name: &str, epoch: u64) -> bool {
        let held = self.leases.get(name);
        held.is_some_and(|held| held.epoch == epoch) || self.plant == Some(Plant::ForgottenFence)
    }

    /// The newest epoch of a lease.
    #[must_use]
    pub fn epoch(&self, name: &str) -> Option<u64> {
        self.leases.get(name).map(|held| held.epoch)
    }

    /// Where a subscriber is; 0 when it never started.
    #[must_use]
    pub fn checkpoint(&self, subscriber: &str) -> u64 {
        self.checkpoints.get(subscriber).copied().unwrap_or(0)
    }

    /// Moves a subscriber from one position to the next; `false` when it is not there.
    pub fn advance(&mut self, subscriber: &str, from: u64, to: u64) -> bool {
        if self.checkpoint(subscriber) != from {
            return false;
        }
        self.checkpoints.insert(subscriber.to_owned(), to);
        true
    }

    /// A crash took back that a subscriber moved on: positions are flushed later than events.
    pub fn take_back(&mut self, subscriber: &str, to: u64) {
        self.checkpoints.insert(subscriber.to_owned(), to);
    }
}

fn identity(command: &DecidedCommand<'_>) -> (CommandId, Vec<u8>) {
    (command.id, command.fingerprint.0.to_vec())
}
