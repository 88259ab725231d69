//! The timers: what is due is taken up from the table.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use processes::sans_io::{note_backlogs, take_up};

use super::super::World;
use super::RETRY_US;
use crate::fault::Kind;

/// The table is read at least so often.
const REREAD_US: u64 = 20_000_000;

impl World {
    /// Takes up what is due.
    pub(super) fn timers_turn(&mut self, n: usize) {
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

    pub(super) fn wake_timers(&mut self, n: usize, wake: u64, delay_us: u64) {
        self.on_term(n, delay_us, move |world, n| {
            if world.nodes[n].term.as_ref().map(|term| term.wake) == Some(wake) {
                world.timers_turn(n);
            }
        });
    }

    /// Wakes the timers when something has rung.
    pub(in crate::world) fn heed_alarm(&mut self, n: usize) {
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
    pub(in crate::world) fn ring(&mut self, n: usize) {
        if let Some(term) = &self.nodes[n].term {
            term.alarm.ring();
            self.heed_alarm(n);
        }
    }
}

/// How long it is until a moment.
fn until(at: DateTime<Utc>, now: DateTime<Utc>) -> u64 {
    let left = (at - now).num_microseconds().unwrap_or(i64::MAX / 4);
    u64::try_from(left).unwrap_or(0)
}
