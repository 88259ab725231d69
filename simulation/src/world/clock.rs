//! Virtual time: what happens when.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};

use super::{World, node_name};

/// What happens.
pub(super) type Task = Box<dyn FnOnce(&mut World)>;

/// Something that will happen.
pub(super) struct Queued {
    pub(super) at: u64,
    /// Of what happens at the same moment, chance decides what is first.
    tie: (u64, u64),
    pub(super) task: Task,
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.tie) == (other.at, other.tie)
    }
}

impl Eq for Queued {}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Queued {
    /// The earliest is the greatest: the heap hands out the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.tie).cmp(&(self.at, self.tie))
    }
}

impl World {
    /// Something happens after so many microseconds.
    pub(super) fn after(&mut self, delay_us: u64, task: impl FnOnce(&mut Self) + 'static) {
        let tie = self.order.u64(..);
        let number = node_name(self.queue.len());
        self.queue.push(Queued {
            at: self.now + delay_us,
            tie: (tie, number),
            task: Box::new(task),
        });
    }

    /// Something happens in a process, unless it died meanwhile. A process that stands still does it when it
    /// goes on.
    pub(super) fn on_node(
        &mut self,
        n: usize,
        delay_us: u64,
        task: impl FnOnce(&mut Self, usize) + 'static,
    ) {
        let incarnation = self.nodes[n].incarnation;
        self.on_incarnation(n, incarnation, delay_us, task);
    }

    pub(super) fn on_incarnation(
        &mut self,
        n: usize,
        incarnation: u64,
        delay_us: u64,
        task: impl FnOnce(&mut Self, usize) + 'static,
    ) {
        self.after(delay_us, move |world| world.enter(n, incarnation, task));
    }

    fn enter(&mut self, n: usize, incarnation: u64, task: impl FnOnce(&mut Self, usize) + 'static) {
        let node = &self.nodes[n];
        if node.incarnation != incarnation {
            return;
        }
        if let Some(left) = node
            .frozen_until
            .checked_sub(self.now)
            .filter(|left| *left > 0)
        {
            self.after(left, move |world| world.enter(n, incarnation, task));
            return;
        }
        self.set_clock(n);
        task(self, n);
        if self.nodes[n].incarnation == incarnation && self.nodes[n].is_up {
            self.settle(n);
        }
    }

    /// True time.
    pub(super) fn true_time(&self) -> DateTime<Utc> {
        world_time(self.now, 0)
    }

    /// What a process takes the time for.
    pub(super) fn wall(&self, n: usize) -> DateTime<Utc> {
        world_time(self.now, self.nodes[n].wall_offset_us)
    }

    /// A process's monotonic clock.
    pub(super) fn monotonic(&self, n: usize) -> u64 {
        self.now.saturating_sub(self.nodes[n].slept_us)
    }

    /// Tells the futures of a process what time it is.
    pub(super) fn set_clock(&mut self, n: usize) {
        let wall_us = world_time_us(self.now, self.nodes[n].wall_offset_us);
        let monotonic = self.monotonic(n);
        self.nodes[n].clock.set(wall_us, monotonic);
    }
}

/// Worlds begin in the spring of 2026: microseconds since 1970.
const BEGIN_US: i64 = 20_513 * 24 * 60 * 60 * 1_000_000;

fn world_time_us(now_us: u64, offset_us: i64) -> i64 {
    BEGIN_US + i64::try_from(now_us).unwrap_or(i64::MAX / 4) + offset_us
}

fn world_time(now_us: u64, offset_us: i64) -> DateTime<Utc> {
    let micros = world_time_us(now_us, offset_us);
    DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
