//! The deciding loop of a process, with the log at the other end of a connection that may break.

use std::time::Duration;

use domain::StreamId;
use event_store::sans_io::{
    Appended, Batch, DecidedCommand, Job, Snapshot, SnapshotState, Verdict,
};
use event_store::{Command, Fence, StoreError};
use tokio::sync::oneshot;

use super::node::Answered;
use super::terms::LEASE;
use super::{World, tell};
use crate::fault::Kind;
use crate::plant::Plant;

/// Queries for cold streams that may be under way at once, as in the real loop.
const LOADS_MAX: usize = 2;
/// How often a lost database is tried; deadlines are looked at every tenth time, which is soon enough here.
const TICK_US: u64 = 100_000;
/// How long a snapshot may lie about before it is written.
const SNAPSHOT_DELAY_US: u64 = 400_000;

impl World {
    /// Hands a command to a process's loop.
    pub(super) fn submit(
        &mut self,
        n: usize,
        command: Command,
        then: impl FnOnce(&mut Self, usize, Answered) + 'static,
    ) {
        let (reply, answer) = oneshot::channel();
        self.take(n, command, reply);
        self.nodes[n].pending.push((answer, Box::new(then)));
    }

    pub(super) fn take(&mut self, n: usize, command: Command, reply: oneshot::Sender<Answered>) {
        let now = self.epoch + Duration::from_micros(self.now);
        let deadline = now + self.store_config.command_timeout;
        self.nodes[n].core.take(Job::new(command, reply, deadline));
        if !std::mem::replace(&mut self.nodes[n].is_ticking, true) {
            self.tick(n);
        }
    }

    /// Looks at deadlines while anything waits.
    fn tick(&mut self, n: usize) {
        self.on_node(n, TICK_US * 10, |world, n| {
            let now = world.epoch + Duration::from_micros(world.now);
            world.nodes[n].core.expire(now);
            if world.nodes[n].core.load() > 0 {
                world.tick(n);
            } else {
                world.nodes[n].is_ticking = false;
            }
        });
    }

    /// Starts what the loop wants read and written.
    pub(super) fn drive(&mut self, n: usize) {
        self.start_reading(n);
        // Also while a batch is under way: the next one is decided on top of it.
        let batch = self.nodes[n].core.next_write();
        // Deciding may have found streams that have to be read.
        self.start_reading(n);
        self.send_batch(n, batch);
    }

    fn send_batch(&mut self, n: usize, batch: Option<Batch>) {
        let Some(batch) = batch else {
            return;
        };
        if self.nodes[n].is_writing {
            if !batch.is_empty() {
                self.fail(
                    "append",
                    "a batch is sent while another is under way".to_owned(),
                );
            }
            return;
        }
        self.nodes[n].is_writing = true;
        let incarnation = self.nodes[n].incarnation;
        let mut way = self.latency(n);
        if self.nodes[n].failures > 0 {
            way += TICK_US;
        }
        if !batch.is_empty() && self.strikes(Kind::AppendSlow, n) {
            way += TICK_US * 5;
        }
        self.after(way, move |world| world.append(n, incarnation, batch));
    }

    fn start_reading(&mut self, n: usize) {
        while self.nodes[n].reading < LOADS_MAX {
            let wanted = self.nodes[n].core.next_loads();
            if wanted.is_empty() {
                return;
            }
            self.nodes[n].reading += 1;
            let incarnation = self.nodes[n].incarnation;
            let (way, back) = (self.latency(n), self.latency(n));
            self.after(way, move |world| {
                let streams: Vec<StreamId> = wanted.iter().map(|one| one.stream.clone()).collect();
                let result = if world.database_fails(Kind::ReadFailed, n) {
                    Err(StoreError::away())
                } else {
                    Ok(world.log.load(wanted))
                };
                world.on_incarnation(n, incarnation, back, move |world, n| {
                    world.nodes[n].reading -= 1;
                    world.nodes[n].core.read(streams, result);
                });
            });
        }
    }

    /// A batch reaches the log, perhaps. Whether its process still lives is nothing to the log.
    fn append(&mut self, n: usize, incarnation: u64, batch: Batch) {
        let is_ping = batch.is_empty();
        if !is_ping && self.is_alive(n, incarnation) && self.strikes(Kind::AppendCrashBefore, n) {
            return self.crash(n);
        }
        if self.database_fails_for(n, is_ping) {
            if self.plant == Some(Plant::AnsweredTooSoon) && !is_ping {
                let nothing_refused = (0..batch.len()).map(|_| None).collect();
                let recorded_at = self.true_time();
                let told = batch.concluded(nothing_refused, self.log.head(), recorded_at);
                return self.appended(n, incarnation, Ok(told));
            }
            return self.appended(n, incarnation, Err(StoreError::away()));
        }
        let recorded_at = self.true_time();
        let fences = match batch.commands() {
            Ok(commands) => fences_of(&commands),
            Err(error) => return self.fail("append", error.to_string()),
        };
        let appended = match self.log.append(batch, recorded_at) {
            Ok(appended) => appended,
            Err(error) => return self.fail("append", format!("the log refuses: {error}")),
        };
        let is_written = |verdict: &Verdict| matches!(verdict, Verdict::Written(_));
        if appended.verdicts.iter().any(is_written) {
            self.flush();
        }
        self.audit(n, &appended);
        for verdict in &appended.verdicts {
            self.counts.count(verdict);
        }
        for (fence, verdict) in fences.into_iter().zip(&appended.verdicts) {
            self.check_holder(fence, verdict);
        }
        if !is_ping {
            if self.is_alive(n, incarnation) && self.strikes(Kind::AppendCrashAfter, n) {
                return self.crash(n);
            }
            if self.strikes(Kind::AppendUnacknowledged, n) {
                return self.appended(n, incarnation, Err(StoreError::away()));
            }
        }
        self.appended(n, incarnation, Ok(appended));
    }

    fn database_fails_for(&mut self, n: usize, is_ping: bool) -> bool {
        if is_ping {
            return self.now < self.database_away_until;
        }
        self.database_fails(Kind::AppendLost, n)
    }

    /// What the log said travels back.
    fn appended(&mut self, n: usize, incarnation: u64, result: Result<Appended, StoreError>) {
        let back = self.latency(n);
        self.on_incarnation(n, incarnation, back, move |world, n| {
            let node = &mut world.nodes[n];
            node.is_writing = false;
            node.failures = result.as_ref().map_or(node.failures + 1, |_| 0);
            let landed = node.core.landed(result);
            let next = node.core.launch();
            world.send_batch(n, next);
            let Some(landed) = landed else {
                return;
            };
            let committed = world.nodes[n].core.settle(landed);
            for snapshot in committed.snapshots {
                world.on_node(n, SNAPSHOT_DELAY_US, move |world, n| {
                    world.save_snapshot(n, &snapshot);
                });
            }
        });
    }

    fn save_snapshot(&mut self, n: usize, snapshot: &Snapshot) {
        if self.strikes(Kind::SnapshotLost, n) {
            return;
        }
        let sequence = snapshot.loaded.sequence;
        match self.log.save(snapshot) {
            Ok(_) if self.strikes(Kind::SnapshotUnheard, n) => {}
            Ok(bytes) => {
                let state = SnapshotState { sequence, bytes };
                self.nodes[n].core.snapshot_saved(&snapshot.stream, state);
            }
            Err(error) => self.fail("snapshots", error.to_string()),
        }
    }

    /// Nobody but the lease's holder writes for the sagas, and they write in nobody else's name.
    fn check_holder(&mut self, fence: Option<Fence>, verdict: &Verdict) {
        let Some(fence) = fence.filter(|_| matches!(verdict, Verdict::Written(_))) else {
            return;
        };
        self.check_epoch(fence.epoch);
    }

    pub(super) fn check_epoch(&mut self, epoch: u64) {
        let newest = self.log.epoch(LEASE);
        if newest != Some(epoch) {
            let what = format!("epoch {epoch} wrote, and the lease is at {newest:?}");
            self.fail("fencing", what);
        }
    }

    /// What was written is held against the invariants, event by event and command by command.
    fn audit(&mut self, n: usize, appended: &Appended) {
        for (event, next) in appended
            .events
            .iter()
            .zip(appended.events.iter().skip(1).map(Some).chain([None]))
        {
            tell!(
                self,
                "[{n}] #{} {}/{}@{} {} {}",
                event.position,
                event.aggregate_type,
                event.aggregate_id,
                event.sequence,
                event.event_type,
                event.payload
            );
            let before = event.position.saturating_sub(1);
            let recorded = self.log.decoded(before, 1).first();
            let mut found = recorded.map_or_else(Vec::new, |recorded| self.shop.apply(recorded));
            let command = event.metadata.command_id;
            if next.is_none_or(|next| next.metadata.command_id != command) {
                found.extend(self.shop.commit());
            }
            self.prefixes += 1;
            self.violated(found);
            self.check_money_moved(before);
        }
        if !appended.events.is_empty() {
            self.wake_readers();
            self.wake_feeds();
        }
    }
}

/// What a lease's epoch must be for each command; a command of the sagas has one.
fn fences_of(commands: &[DecidedCommand<'_>]) -> Vec<Option<Fence>> {
    let fences = commands.iter().map(|command| {
        let mut events = command.events.iter();
        let is_sagas = events.any(|event| event.metadata.principal == LEASE);
        let unfenced = is_sagas.then(|| Fence {
            lease: LEASE.to_owned(),
            epoch: 0,
        });
        command.fence.clone().or(unfenced)
    });
    fences.collect()
}
