//! The sagas' runner of a process: its lease, its reader, its timers, its crew, its sweeper. What they decide is
//! the real code's; what they wait for, and where they break off, is the world's.

mod doing;
mod intake;
mod rows;
mod timers;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use processes::sans_io::{Alarm, Claim, Done, Item, Lanes, Trouble};

use super::office::{BANK, Life, Outbox};
use super::{World, node_name, tell};
use crate::chance::Topic;
use crate::fault::Kind;
use crate::plant::Plant;

/// The lease's name, and the checkpoint's.
pub(super) const LEASE: &str = "processes";
/// How soon a failed read or write is tried again.
const RETRY_US: u64 = 200_000;
/// How long an action whose failure could not be written down is left alone.
const UNWRITTEN_PAUSE_US: u64 = 1_000_000;

/// One holder's time in office.
pub(super) struct Term {
    number: u64,
    epoch: u64,
    life: Arc<Life>,
    lanes: Arc<Lanes>,
    alarm: Arc<Alarm>,
    outbox: Arc<Outbox>,
    is_ready: bool,
    committed: u64,
    pub(super) read: u64,
    /// How far the log reached when it began.
    head_before: u64,
    is_reading: bool,
    /// Which look after a write counts.
    look: u64,
    crew: Vec<Doing>,
    done: Vec<Claim>,
    is_sweeping: bool,
    /// Which wake-up of the timers counts.
    wake: u64,
    is_turning: bool,
}

/// An action under way.
type Doing = Pin<Box<dyn Future<Output = Ended>>>;
type Ended = (Item, Claim, Result<Done, Trouble>);

impl Term {
    /// Whether nothing is under way and all events up to `head` are taken in.
    pub(super) fn is_idle(&self, head: u64) -> bool {
        let idle = self.crew.is_empty() && self.done.is_empty() && !self.is_reading;
        self.is_ready && idle && self.read == head
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX / 4)
}

impl World {
    /// Something happens in a process while the same holder is in office.
    fn on_term(&mut self, n: usize, delay_us: u64, task: impl FnOnce(&mut Self, usize) + 'static) {
        let number = self.nodes[n].term.as_ref().map(|term| term.number);
        self.on_node(n, delay_us, move |world, n| {
            if number.is_some() && world.nodes[n].term.as_ref().map(|term| term.number) == number {
                task(world, n);
            }
        });
    }

    /// Tries for the lease, or renews it.
    pub(super) fn lease_turn(&mut self, n: usize) {
        let every = micros(self.config.lease_renew_interval);
        let jitter = self.draw(Topic::Node, 8 + node_name(n)).u64(0..every / 8);
        self.on_node(n, every + jitter, Self::lease_turn);
        let asked_at = self.monotonic(n);
        let time_to_live = micros(self.config.lease_ttl);
        let valid_until = asked_at + time_to_live;
        let (way, back) = (self.latency(n), self.latency(n));
        let incarnation = self.nodes[n].incarnation;
        let Some(term) = &self.nodes[n].term else {
            self.after(way, move |world| {
                if world.now < world.database_away_until {
                    return;
                }
                let Some(epoch) = world.log.acquire(LEASE, world.now, time_to_live) else {
                    return;
                };
                world.flush();
                tell!(world, "process {n} is given the lease, epoch {epoch}");
                if world.strikes(Kind::LeaseUnanswered, n) {
                    return;
                }
                world.on_incarnation(n, incarnation, back, move |world, n| {
                    world.take_office(n, epoch, valid_until);
                });
            });
            return;
        };
        if asked_at >= term.life.valid_until_us.load(Ordering::Relaxed) {
            return self.lose(n, "the lease could not be renewed in time");
        }
        let epoch = term.epoch;
        self.after(way, move |world| {
            if world.database_fails(Kind::LeaseUnanswered, n) {
                return;
            }
            let is_kept = world.log.renew(LEASE, epoch, world.now, time_to_live);
            if is_kept {
                world.flush();
            }
            world.on_incarnation(n, incarnation, back, move |world, n| {
                let term = world.nodes[n].term.as_ref();
                let Some(term) = term.filter(|term| term.epoch == epoch) else {
                    return;
                };
                if is_kept {
                    let life = &term.life;
                    life.valid_until_us.store(valid_until, Ordering::Relaxed);
                } else {
                    world.lose(n, "another instance took the lease over");
                }
            });
        });
    }

    fn take_office(&mut self, n: usize, epoch: u64, valid_until_us: u64) {
        if self.nodes[n].term.is_some() {
            return;
        }
        let alarm = Arc::<Alarm>::default();
        let (calls, commands) = (
            self.config.gateway_concurrency,
            self.config.command_concurrency,
        );
        let lanes = Lanes::new([BANK].into_iter(), calls, commands, &alarm);
        let life = Arc::<Life>::default();
        life.valid_until_us.store(valid_until_us, Ordering::Relaxed);
        let number = self.next_term;
        self.next_term += 1;
        self.nodes[n].term = Some(Term {
            number,
            epoch,
            life,
            lanes: Arc::new(lanes),
            alarm,
            outbox: Arc::default(),
            is_ready: false,
            committed: 0,
            read: 0,
            head_before: 0,
            is_reading: false,
            crew: Vec::new(),
            done: Vec::new(),
            is_sweeping: false,
            wake: 0,
            look: 0,
            is_turning: false,
        });
        self.counts.terms += 1;
        tell!(self, "process {n} acts from now on (epoch {epoch})");
        let way = self.latency(n);
        self.on_term(n, way, Self::prepare);
    }

    /// What an earlier holder left behind is taken over.
    fn prepare(&mut self, n: usize) {
        let Some(term) = &self.nodes[n].term else {
            return;
        };
        if self.now < self.database_away_until {
            return self.lose(n, "the database is away");
        }
        if !self.log.holds(LEASE, term.epoch) {
            return self.lose(n, "another instance took the lease over");
        }
        let lanes: Vec<&str> = term.lanes.all().map(|lane| lane.name()).collect();
        self.agenda.adopt(&lanes);
        self.agenda.unpark();
        self.flush();
        let (position, head) = (self.log.checkpoint(LEASE), self.log.head());
        if let Some(term) = &mut self.nodes[n].term {
            (term.committed, term.read) = (position, position);
            let is_believed = self.plant == Some(Plant::BelievedFirst);
            term.head_before = if is_believed { 0 } else { head };
            term.is_ready = true;
        }
        self.reader_turn(n);
        self.timers_turn(n);
    }

    /// Nothing may be done any more by this holder.
    fn lose(&mut self, n: usize, why: &str) {
        if let Some(term) = self.nodes[n].term.take() {
            let epoch = term.epoch;
            term.life.is_lost.store(true, Ordering::Relaxed);
            tell!(self, "process {n} no longer acts (epoch {epoch}): {why}");
        }
    }

    fn lose_term(&mut self, n: usize, number: u64, why: &'static str) {
        if self.nodes[n].term.as_ref().map(|term| term.number) == Some(number) {
            let back = self.latency(n);
            self.on_term(n, back, move |world, n| world.lose(n, why));
        }
    }
}
