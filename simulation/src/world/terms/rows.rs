//! The sweeper: what becomes of the rows of actions that have ended.

use chrono::{DateTime, Utc};
use processes::sans_io::Claim;
use uuid::Uuid;

use super::super::World;
use super::{LEASE, RETRY_US, UNWRITTEN_PAUSE_US};
use crate::fault::Kind;

impl World {
    /// Deletes the rows of what is done.
    pub(super) fn sweep(&mut self, n: usize) {
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
    pub(super) fn change_rows(
        &mut self,
        n: usize,
        claims: Vec<Claim>,
        again_at: Option<DateTime<Utc>>,
    ) {
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
            world.change_unflushed();
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
    pub(super) fn rows_unchanged(
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
