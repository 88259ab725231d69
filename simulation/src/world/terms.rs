//! The sagas' runner of a process: its lease, its reader, its timers, its crew, its sweeper. What they decide is
//! the real code's; what they wait for, and where they break off, is the world's.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use chrono::{DateTime, Utc};
use event_store::sans_io::Wanted;
use event_store::{Fence, StoreError};
use processes::sans_io::{
    Alarm, Claim, Done, Fate, Intake, Item, Lanes, Plan, Trouble, execute, fate, note_backlogs,
    take_up,
};
use uuid::Uuid;

use super::gateway::{Call, Hears};
use super::office::{Ask, BANK, Desk, Life, Outbox};
use super::{World, node_name, tell};
use crate::chance::Topic;
use crate::fault::Kind;
use crate::plant::Plant;

/// The lease's name, and the checkpoint's.
pub(super) const LEASE: &str = "processes";
/// The table is read at least so often.
const REREAD_US: u64 = 20_000_000;
/// How soon a failed read or write is tried again.
const RETRY_US: u64 = 200_000;
/// How long more rows are waited for before they are deleted.
const LINGER_US: u64 = 10_000;
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
    is_reading: bool,
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
            is_reading: false,
            crew: Vec::new(),
            done: Vec::new(),
            is_sweeping: false,
            wake: 0,
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
        let position = self.log.checkpoint(LEASE);
        if let Some(term) = &mut self.nodes[n].term {
            (term.committed, term.read) = (position, position);
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

    /// The log has grown.
    pub(super) fn wake_readers(&mut self) {
        for n in 0..self.nodes.len() {
            if self.nodes[n].term.is_some() {
                let way = self.latency(n);
                self.on_term(n, way, Self::reader_turn);
            }
        }
    }

    /// Reads on, if there is anything to be read.
    fn reader_turn(&mut self, n: usize) {
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
        let (mut from, committed) = (term.read, term.committed);
        if self.strikes(Kind::AgendaRepeated, n) {
            from = from.min(committed).saturating_sub(8);
        }
        let read = self.nodes[n].term.as_ref().map_or(0, |term| term.read);
        let repeated = usize::try_from(read.saturating_sub(from)).unwrap_or(0);
        let events = self.log.read(from, most + repeated);
        let plan = Plan::of(&events, now);
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
    fn take_in(&mut self, n: usize, way: u64, intake: Intake, from: u64, to: u64) {
        let incarnation = self.nodes[n].incarnation;
        let Some(term) = &self.nodes[n].term else {
            return;
        };
        let (number, epoch) = (term.number, term.epoch);
        self.after(way, move |world| {
            world.commit_intake(n, (incarnation, number, epoch), intake, from, to);
        });
    }

    fn commit_intake(
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
        if !self.log.advance(LEASE, from, to) {
            return self.lose_term(n, number, "another instance moved the checkpoint");
        }
        let inserted = match self.agenda.insert(&intake.rows) {
            Ok(inserted) => inserted,
            Err(error) => return self.fail("agenda", error.to_string()),
        };
        self.check_epoch(epoch);
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
            world.reader_turn(n);
        });
    }

    fn take_in_again(&mut self, n: usize, number: u64, intake: Intake, from: u64, to: u64) {
        if self.nodes[n].term.as_ref().map(|term| term.number) == Some(number) {
            self.on_term(n, RETRY_US, move |world, n| {
                world.take_in(n, 0, intake, from, to);
            });
        }
    }

    fn lose_term(&mut self, n: usize, number: u64, why: &'static str) {
        if self.nodes[n].term.as_ref().map(|term| term.number) == Some(number) {
            let back = self.latency(n);
            self.on_term(n, back, move |world, n| world.lose(n, why));
        }
    }

    /// Takes up what is due.
    fn timers_turn(&mut self, n: usize) {
        let now = self.wall(n);
        let fails = self.database_fails(Kind::ReadFailed, n);
        let term = self.nodes[n].term.as_mut();
        let Some(term) = term.filter(|term| term.is_ready) else {
            return;
        };
        term.is_turning = false;
        term.wake += 1;
        let (wake, lanes, alarm) = (term.wake, Arc::clone(&term.lanes), Arc::clone(&term.alarm));
        alarm.set(None);
        let rooms = lanes.rooms();
        if fails {
            rooms.iter().for_each(|(lane, _)| lane.set_backlog(true));
            return self.wake_timers(n, wake, RETRY_US);
        }
        let rows = self.agenda.due(now, &rooms);
        note_backlogs(&rooms, &rows);
        for row in rows {
            match take_up(&lanes, row) {
                Some((Ok(item), claim)) => self.begin(n, item, claim),
                Some((Err(error), _)) => {
                    return self.fail("agenda", format!("a row cannot be read: {error}"));
                }
                None => {}
            }
        }
        let names: Vec<&str> = lanes.all().map(|lane| lane.name()).collect();
        let next = self.agenda.next_due_at(now, &names);
        alarm.set(next);
        let wait = next.map_or(REREAD_US, |at| until(at, now).min(REREAD_US));
        self.wake_timers(n, wake, wait);
    }

    fn wake_timers(&mut self, n: usize, wake: u64, delay_us: u64) {
        self.on_term(n, delay_us, move |world, n| {
            if world.nodes[n].term.as_ref().map(|term| term.wake) == Some(wake) {
                world.timers_turn(n);
            }
        });
    }

    /// Wakes the timers when something has rung.
    pub(super) fn heed_alarm(&mut self, n: usize) {
        let Some(term) = self.nodes[n].term.as_mut() else {
            return;
        };
        if term.is_turning || !term.is_ready || !term.alarm.was_rung() {
            return;
        }
        term.is_turning = true;
        let way = self.latency(n);
        self.on_term(n, way, Self::timers_turn);
    }

    /// A wall clock was set: whoever waits for a moment looks again.
    pub(super) fn ring(&mut self, n: usize) {
        if let Some(term) = &self.nodes[n].term {
            term.alarm.ring();
            self.heed_alarm(n);
        }
    }

    /// Begins an action.
    fn begin(&mut self, n: usize, item: Item, claim: Claim) {
        if self.plant == Some(Plant::DeletedTooSoon) {
            self.agenda.delete(&[item.action_id]);
        }
        self.counts.actions += 1;
        tell!(self, "[{n}] begins {} {}", item.name, item.action_id);
        let clock = Arc::clone(&self.nodes[n].clock);
        let config = Arc::clone(&self.config);
        let Some(term) = &mut self.nodes[n].term else {
            return;
        };
        let desk = Desk {
            clock,
            life: Arc::clone(&term.life),
            fence: Fence {
                lease: LEASE.to_owned(),
                epoch: term.epoch,
            },
            config,
            outbox: Arc::clone(&term.outbox),
        };
        term.crew.push(Box::pin(async move {
            let ended = execute(&desk, &item).await;
            (item, claim, ended)
        }));
    }

    /// Lets actions go on as far as they can. Whether anything came of it.
    pub(super) fn work(&mut self, n: usize) -> bool {
        let incarnation = self.nodes[n].incarnation;
        self.set_clock(n);
        let Some(term) = &mut self.nodes[n].term else {
            return false;
        };
        let mut context = Context::from_waker(Waker::noop());
        let mut ended = Vec::new();
        let mut index = 0;
        while let Some(doing) = term.crew.get_mut(index) {
            match doing.as_mut().poll(&mut context) {
                Poll::Ready(done) => {
                    ended.push(done);
                    drop(term.crew.remove(index));
                }
                Poll::Pending => index += 1,
            }
        }
        let asks = term.outbox.take();
        let any = !ended.is_empty() || !asks.is_empty();
        for (item, claim, ended) in ended {
            self.ended(n, item, claim, ended);
        }
        for ask in asks {
            if self.is_alive(n, incarnation) {
                self.heed(n, ask);
            }
        }
        any
    }

    fn heed(&mut self, n: usize, ask: Ask) {
        match ask {
            Ask::Execute(command, reply) => self.take(n, command, reply),
            Ask::Pause(duration, reply) => {
                self.on_node(n, micros(duration), move |_, _| {
                    let _ = reply.send(());
                });
            }
            Ask::Load(stream, reply) => {
                let way = self.latency(n);
                self.on_node(n, way, move |world, n| {
                    let wanted = Wanted { stream, base: None };
                    let loaded = if world.database_fails(Kind::ReadFailed, n) {
                        Err(StoreError::away())
                    } else {
                        let read = world.log.load(vec![wanted]).pop();
                        let read = read.ok_or_else(StoreError::away);
                        read.and_then(|read| {
                            read.map(|read| read.loaded)
                                .map_err(|(_, error)| error.into())
                        })
                    };
                    // Whoever asked may have lost the lease meanwhile.
                    drop(reply.send(loaded));
                });
            }
            Ask::Confirm(request, reply) => {
                self.call(n, Call::Confirm(request), Hears::Payment(reply));
            }
            Ask::Inquire(payment_id, reply) => {
                self.call(n, Call::Inquire(payment_id), Hears::Payment(reply));
            }
            Ask::Refund(request, reply) => {
                self.call(n, Call::Refund(request), Hears::Refund(reply));
            }
        }
    }

    /// An action has ended: its row gets what it deserves.
    fn ended(&mut self, n: usize, item: Item, mut claim: Claim, ended: Result<Done, Trouble>) {
        tell!(
            self,
            "[{n}] ends {} {}: {ended:?}",
            item.name,
            item.action_id
        );
        match fate(ended, item.attempts, self.wall(n)) {
            Fate::Deleted => {
                claim.free_slot();
                if let Some(term) = &mut self.nodes[n].term {
                    term.done.push(claim);
                    if !std::mem::replace(&mut term.is_sweeping, true) {
                        self.on_term(n, LINGER_US, Self::sweep);
                    }
                }
            }
            Fate::Failed { error, again_at } => {
                if again_at.is_none() {
                    let what = format!("{} {} is parked: {error}", item.name, item.action_id);
                    return self.fail("sagas-end", what);
                }
                claim.free_slot();
                self.change_rows(n, vec![claim], again_at);
            }
            Fate::AnotherHolders => self.lose(n, "another instance took the lease over"),
            Fate::Kept => self.on_term(n, UNWRITTEN_PAUSE_US, move |_, _| drop(claim)),
        }
    }

    /// Deletes the rows of what is done.
    fn sweep(&mut self, n: usize) {
        let Some(term) = &mut self.nodes[n].term else {
            return;
        };
        let done = std::mem::take(&mut term.done);
        if done.is_empty() {
            term.is_sweeping = false;
            return;
        }
        self.change_rows(n, done, None);
    }

    /// A change of rows is on its way into the table: a failure to be noted, or, without a time, a deletion.
    fn change_rows(&mut self, n: usize, claims: Vec<Claim>, again_at: Option<DateTime<Utc>>) {
        let incarnation = self.nodes[n].incarnation;
        let Some(term) = &self.nodes[n].term else {
            return;
        };
        let (number, epoch) = (term.number, term.epoch);
        let way = self.latency(n);
        self.after(way, move |world| {
            let is_there = world.is_alive(n, incarnation);
            if is_there && world.strikes(Kind::RowCrashBefore, n) {
                return world.crash(n);
            }
            if world.database_fails(Kind::RowLost, n) {
                return world.rows_unchanged(n, number, claims, again_at);
            }
            if !world.log.holds(LEASE, epoch) {
                return world.lose_term(n, number, "another instance took the lease over");
            }
            world.check_epoch(epoch);
            let ids: Vec<Uuid> = claims.iter().map(Claim::action_id).collect();
            match again_at {
                None => world.agenda.delete(&ids),
                Some(_) => ids.iter().for_each(|id| world.agenda.failed(*id, again_at)),
            }
            if is_there && world.strikes(Kind::RowCrashAfter, n) {
                return world.crash(n);
            }
            if world.strikes(Kind::RowUnacknowledged, n) {
                return world.rows_unchanged(n, number, claims, again_at);
            }
            let back = world.latency(n);
            world.on_incarnation(n, incarnation, back, move |world, n| {
                drop(claims);
                let term = world.nodes[n].term.as_ref();
                let Some(term) = term.filter(|term| term.number == number) else {
                    return;
                };
                match again_at {
                    Some(at) => term.alarm.ring_if_sooner(at),
                    None => world.sweep(n),
                }
            });
        });
    }

    /// Nobody knows whether the rows were changed.
    fn rows_unchanged(
        &mut self,
        n: usize,
        number: u64,
        claims: Vec<Claim>,
        again_at: Option<DateTime<Utc>>,
    ) {
        if self.nodes[n].term.as_ref().map(|term| term.number) != Some(number) {
            return;
        }
        match again_at {
            // A failure that could not be written: the row stays as it is, and is left alone for a while.
            Some(_) => self.on_term(n, UNWRITTEN_PAUSE_US, move |_, _| drop(claims)),
            None => self.on_term(n, RETRY_US, move |world, n| {
                world.change_rows(n, claims, None);
            }),
        }
    }
}

/// How long it is until a moment.
fn until(at: DateTime<Utc>, now: DateTime<Utc>) -> u64 {
    let left = (at - now).num_microseconds().unwrap_or(i64::MAX / 4);
    u64::try_from(left).unwrap_or(0)
}
