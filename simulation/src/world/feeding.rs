//! Projections: either process may feed any of them, and both may think that they do.

use super::{NODES, World, node_name, tell};
use crate::chance::Topic;
use crate::fault::Kind;
use crate::plant::Plant;
use projections::ProjectionError;
use projections::sans_io::InMemory;

/// How soon a failed session is opened again.
const RETRY_US: u64 = 500_000;

impl World {
    /// The log has grown, or somebody may have to take over.
    pub(super) fn wake_feeds(&mut self) {
        for p in 0..self.projections.len() {
            let leader = self.leader(p);
            if !self.nodes[leader].feeds[p].is_busy {
                self.feed_soon(leader, p, 0);
            }
        }
    }

    /// Who feeds a projection: processes share them, and stand in for each other.
    fn leader(&self, p: usize) -> usize {
        let first = p % NODES;
        let mut candidates = (0..NODES).map(|step| (first + step) % NODES);
        let up = candidates.find(|n| self.nodes[*n].is_up);
        up.unwrap_or(first)
    }

    fn feed_soon(&mut self, n: usize, p: usize, least_us: u64) {
        self.nodes[n].feeds[p].is_busy = true;
        let more = self
            .draw(Topic::Batch, 32 + node_name(p))
            .u64(5_000..700_000);
        self.on_node(n, least_us + more, move |world, n| world.feed(n, p));
    }

    /// Takes the next batch in.
    fn feed(&mut self, n: usize, p: usize) {
        let most = self.draw(Topic::Batch, 48 + node_name(p)).usize(1..48);
        let checkpoint = self.projections[p].position();
        let from = *self.nodes[n].feeds[p].position.get_or_insert(checkpoint);
        let to = self.log.head().min(from + node_name(most));
        if from >= to {
            self.nodes[n].feeds[p].is_busy = false;
            return;
        }
        let incarnation = self.nodes[n].incarnation;
        let way = self.latency(n);
        self.after(way, move |world| {
            world.commit_feed(n, incarnation, p, from, to)
        });
    }

    fn commit_feed(&mut self, n: usize, incarnation: u64, p: usize, from: u64, to: u64) {
        let is_there = self.is_alive(n, incarnation);
        if is_there && self.strikes(Kind::ProjectionCrashBefore, n) {
            return self.crash(n);
        }
        if self.database_fails(Kind::ProjectionLost, n) {
            return self.fed(n, incarnation, p, None, RETRY_US);
        }
        let moved = match self.take_batch(p, from, to) {
            Ok(()) => false,
            Err(ProjectionError::Moved { .. }) => true,
            Err(error) => {
                let name = self.projections[p].name();
                let what = format!("{name} cannot take in {from} to {to}: {error}");
                return self.fail("projections", what);
            }
        };
        if !moved {
            let name = self.projections[p].name();
            tell!(self, "[{n}] {name}: {from} → {to}");
            if self.strikes(Kind::ProjectionRepeated, n) {
                // The other process takes itself for the leader, and has not looked for a while.
                let other = self.take_batch(p, from, to);
                if !matches!(other, Err(ProjectionError::Moved { .. })) {
                    tell!(self, "{name}: the same batch is taken in twice");
                }
            }
        }
        if is_there && self.strikes(Kind::ProjectionCrashAfter, n) {
            return self.crash(n);
        }
        if moved || self.strikes(Kind::ProjectionUnacknowledged, n) {
            return self.fed(n, incarnation, p, None, RETRY_US);
        }
        self.fed(n, incarnation, p, Some(to), 0);
    }

    fn take_batch(&mut self, p: usize, from: u64, to: u64) -> Result<(), ProjectionError> {
        let count = usize::try_from(to - from).unwrap_or(usize::MAX);
        let events = self.log.projectable(from, count);
        if self.plant == Some(Plant::ProjectedTwice) {
            let position = self.projections[p].position();
            return self.projections[p].apply(position, position.max(to), &events);
        }
        self.projections[p].apply(from, to, &events)
    }

    fn fed(&mut self, n: usize, incarnation: u64, p: usize, position: Option<u64>, wait: u64) {
        let back = self.latency(n);
        self.on_incarnation(n, incarnation, back, move |world, n| {
            world.nodes[n].feeds[p].position = position;
            world.feed_soon(n, p, wait);
        });
    }

    /// Whether every projection is where the log is.
    pub(super) fn is_fed(&self) -> bool {
        let head = self.log.head();
        self.projections.iter().all(|one| one.position() == head)
    }

    /// Whether every projection has the rows that a fresh fold of the log makes, in one batch.
    pub(super) fn check_projections(&mut self) {
        let events = self.log.projectable(0, usize::MAX);
        let mut fresh = InMemory::all();
        for (live, fresh) in self.projections.iter().zip(&mut fresh) {
            let name = live.name();
            let difference = match fresh.fold(&events) {
                Ok(()) => live.difference(fresh),
                Err(error) => Some(format!("a fresh fold fails: {error}")),
            };
            if let Some(difference) = difference {
                return self.fail("projections", format!("{name}: {difference}"));
            }
        }
    }
}
