//! The reader: what follows from events goes into the table, together with the checkpoint.

use std::collections::HashSet;

use processes::sans_io::{Intake, Plan};
use uuid::Uuid;

use super::super::{World, node_name, tell};
use super::{LEASE, RETRY_US};
use crate::chance::Topic;
use crate::fault::Kind;
use crate::plant::Plant;

/// So long after a write it is flushed, if it is still there.
const LOOK_AFTER_US: u64 = 1_000_000;

impl World {
    /// The log has grown.
    pub(in crate::world) fn wake_readers(&mut self) {
        for n in 0..self.nodes.len() {
            if self.nodes[n].term.is_some() {
                let way = self.latency(n);
                self.on_term(n, way, Self::reader_turn);
            }
        }
    }

    /// Reads on, if there is anything to be read.
    pub(super) fn reader_turn(&mut self, n: usize) {
        let most = self.draw(Topic::Batch, node_name(n)).usize(1..24);
        let now = self.wall(n);
        let term = self.nodes[n].term.as_mut();
        let Some(term) = term.filter(|term| term.is_ready && !term.is_reading) else {
            return;
        };
        if self.log.head() <= term.read {
            return;
        }
        term.is_reading = true;
        let (mut from, committed, head_before) = (term.read, term.committed, term.head_before);
        if self.strikes(Kind::AgendaRepeated, n) {
            from = from.min(committed).saturating_sub(8);
        }
        let read = self.nodes[n].term.as_ref().map_or(0, |term| term.read);
        let repeated = usize::try_from(read.saturating_sub(from)).unwrap_or(0);
        let events = self.log.read(from, most + repeated);
        let plan = Plan::of(&events, head_before, now);
        if let Some(event) = plan.unreadable.first() {
            let (position, error) = (event.position, &event.error);
            return self.fail(
                "readable",
                format!("the sagas cannot read #{position}: {error}"),
            );
        }
        let last = events.last().map_or(read, |event| event.position).max(read);
        // The checkpoint moves by and by over events from which nothing follows.
        let is_due = self.draw(Topic::Batch, 8 + node_name(n)).u8(0..4) == 0;
        let Some(term) = &mut self.nodes[n].term else {
            return;
        };
        term.read = last;
        if plan.is_empty() && !is_due {
            term.is_reading = false;
            return self.on_term(n, 1_000, Self::reader_turn);
        }
        let intake = Intake::new(plan.items, &term.lanes, now);
        let way = self.latency(n);
        self.take_in(n, way, intake, committed, last);
    }

    /// Steps and checkpoint are on their way into the table.
    pub(super) fn take_in(&mut self, n: usize, way: u64, intake: Intake, from: u64, to: u64) {
        let incarnation = self.nodes[n].incarnation;
        let Some(term) = &self.nodes[n].term else {
            return;
        };
        let (number, epoch) = (term.number, term.epoch);
        self.after(way, move |world| {
            world.commit_intake(n, (incarnation, number, epoch), intake, from, to);
        });
    }

    pub(super) fn commit_intake(
        &mut self,
        n: usize,
        (incarnation, number, epoch): (u64, u64, u64),
        intake: Intake,
        from: u64,
        to: u64,
    ) {
        let is_there = self.is_alive(n, incarnation);
        if is_there && self.strikes(Kind::AgendaCrashBefore, n) {
            if self.plant == Some(Plant::LostSteps) && self.log.holds(LEASE, epoch) {
                self.log.advance(LEASE, from, to);
            }
            return self.crash(n);
        }
        if self.database_fails(Kind::AgendaLost, n) {
            return self.take_in_again(n, number, intake, from, to);
        }
        if !self.log.holds(LEASE, epoch) {
            return self.lose_term(n, number, "another instance took the lease over");
        }
        if self.log.checkpoint(LEASE) != from {
            return self.lose_term(n, number, "another instance moved the checkpoint");
        }
        self.change_unflushed();
        self.log.advance(LEASE, from, to);
        let inserted = match self.agenda.insert(&intake.rows) {
            Ok(inserted) => inserted,
            Err(error) => return self.fail("agenda", error.to_string()),
        };
        self.check_epoch(epoch);
        self.may_crash_database(n);
        tell!(self, "[{n}] sagas: {from} → {to}, {} steps", inserted.len());
        if is_there && self.strikes(Kind::AgendaCrashAfter, n) {
            return self.crash(n);
        }
        if self.strikes(Kind::AgendaUnacknowledged, n) {
            return self.take_in_again(n, number, intake, from, to);
        }
        let back = self.latency(n);
        self.on_incarnation(n, incarnation, back, move |world, n| {
            let term = world.nodes[n].term.as_mut();
            let Some(term) = term.filter(|term| term.number == number) else {
                return;
            };
            term.committed = to;
            term.is_reading = false;
            let inserted: HashSet<Uuid> = inserted.into_iter().collect();
            for (item, claim) in intake.written(&inserted, &term.alarm.clone()) {
                world.begin(n, item, claim);
            }
            world.look_later(n, LOOK_AFTER_US);
            world.reader_turn(n);
        });
    }

    /// Looks after the last write alone.
    fn look_later(&mut self, n: usize, delay_us: u64) {
        let Some(term) = &mut self.nodes[n].term else {
            return;
        };
        term.look += 1;
        let look = term.look;
        self.on_term(n, delay_us, move |world, n| world.look(n, look));
    }

    /// Flushes the last write, if it is still there: a crash of the database may have taken it back.
    fn look(&mut self, n: usize, look: u64) {
        let stands = self.log.checkpoint(LEASE);
        let term = self.nodes[n].term.as_ref();
        let Some(term) = term.filter(|term| term.look == look && !term.is_reading) else {
            return;
        };
        if self.now < self.database_away_until {
            self.look_later(n, RETRY_US);
        } else if term.committed == stands && self.log.holds(LEASE, term.epoch) {
            self.flush();
        } else {
            self.lose(n, "the checkpoint was moved, or the lease taken over");
        }
    }

    pub(super) fn take_in_again(
        &mut self,
        n: usize,
        number: u64,
        intake: Intake,
        from: u64,
        to: u64,
    ) {
        if self.nodes[n].term.as_ref().map(|term| term.number) == Some(number) {
            self.on_term(n, RETRY_US, move |world, n| {
                world.take_in(n, 0, intake, from, to);
            });
        }
    }
}
