//! A crash of the database. The sagas' steps and checkpoint are not flushed by themselves: they are with the next commit
//! that is, be it the reader's own in a silence. A crash before that takes them back, or the newest of them, and what
//! was begun with them stays begun. PostgreSQL's WAL writer would flush them within a second: here it may take for ever.

use super::terms::LEASE;
use super::{NOBODY, World, node_name, tell};
use crate::agenda::Agenda;
use crate::chance::Topic;
use crate::fault::Kind;

/// A crash comes so long after the change that it may take back.
const CRASH_AFTER_US: std::ops::Range<u64> = 1_000..300_000;
/// How long the database takes to come back.
const AWAY_US: std::ops::Range<u64> = 100_000..3_000_000;

/// How it was before each change that is not flushed yet, the oldest first.
#[derive(Default)]
pub(super) struct Unflushed(Vec<Before>);

struct Before {
    agenda: Agenda,
    checkpoint: u64,
}

impl World {
    /// Steps, or the checkpoint with them, are about to be changed in a commit that is not flushed.
    pub(super) fn change_unflushed(&mut self) {
        self.unflushed.0.push(Before {
            agenda: self.agenda.clone(),
            checkpoint: self.log.checkpoint(LEASE),
        });
    }

    /// A commit was flushed, and all before it.
    pub(super) fn flush(&mut self) {
        self.unflushed.0.clear();
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
        let mut random = self.draw(Topic::Node, 96 + node_name(NOBODY));
        let away = random.u64(AWAY_US);
        self.database_away_until = self.database_away_until.max(self.now + away);
        tell!(self, "the database crashes");
        let mut changes = std::mem::take(&mut self.unflushed).0;
        if changes.is_empty() {
            return;
        }
        // At least in one crash of two all of them are lost.
        let survive = random
            .usize(0..2 * changes.len())
            .saturating_sub(changes.len());
        let before = changes.swap_remove(survive);
        self.counts.taken_back += 1;
        let (stood, stands) = (self.log.checkpoint(LEASE), before.checkpoint);
        tell!(self, "the sagas stand at {stands} again, not at {stood}");
        self.agenda = before.agenda;
        self.log.take_back(LEASE, stands);
    }
}
