//! A crash of the database. The sagas' steps and checkpoint are not flushed by themselves: they are with the next commit
//! that is, be it the reader's own in a silence. A crash before that takes them back, and what was begun with them
//! stays begun. PostgreSQL's WAL writer would flush them sooner: here it has stopped.

use super::terms::LEASE;
use super::{NOBODY, World, node_name, tell};
use crate::agenda::Agenda;
use crate::chance::Topic;
use crate::fault::Kind;

/// A crash comes so long after the change that it may take back.
const CRASH_AFTER_US: std::ops::Range<u64> = 1_000..300_000;
/// How long the database takes to come back.
const AWAY_US: std::ops::Range<u64> = 100_000..3_000_000;

/// How it was before the first change that is not flushed yet.
pub(super) struct Flushed {
    agenda: Agenda,
    checkpoint: u64,
}

impl World {
    /// Steps, or the checkpoint with them, are about to be changed in a commit that is not flushed.
    pub(super) fn change_unflushed(&mut self) {
        self.flushed.get_or_insert_with(|| Flushed {
            agenda: self.agenda.clone(),
            checkpoint: self.log.checkpoint(LEASE),
        });
    }

    /// A commit was flushed, and all before it.
    pub(super) fn flush(&mut self) {
        self.flushed = None;
    }

    /// The database may crash soon after a change of a process.
    pub(super) fn may_crash_database(&mut self, n: usize) {
        if self.strikes(Kind::DatabaseCrashed, n) {
            let delay = self
                .draw(Topic::Node, 96 + node_name(n))
                .u64(CRASH_AFTER_US);
            self.after(delay, Self::crash_database);
        }
    }

    /// It crashes now.
    pub(super) fn crash_database(&mut self) {
        if self.faults.are_over() {
            return;
        }
        let away = self.draw(Topic::Node, 96 + node_name(NOBODY)).u64(AWAY_US);
        self.database_away_until = self.database_away_until.max(self.now + away);
        tell!(self, "the database crashes");
        let Some(before) = self.flushed.take() else {
            return;
        };
        self.counts.taken_back += 1;
        let (stood, stands) = (self.log.checkpoint(LEASE), before.checkpoint);
        tell!(self, "the sagas stand at {stands} again, not at {stood}");
        self.agenda = before.agenda;
        self.log.take_back(LEASE, stands);
    }
}
