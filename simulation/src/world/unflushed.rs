//! A crash of the database. The sagas' steps and checkpoint are not flushed by themselves: they are with the next commit
//! that is, or a moment later. A crash before that takes them back, and what was begun with them stays begun.

use std::collections::VecDeque;

use super::terms::LEASE;
use super::{NOBODY, World, node_name, tell};
use crate::agenda::Agenda;
use crate::chance::Topic;
use crate::fault::Kind;

/// What is not flushed by another commit is flushed after so long: three rounds of PostgreSQL's WAL writer.
const FLUSHED_AFTER_US: u64 = 600_000;
/// A crash comes so long after the change that it may take back.
const CRASH_AFTER_US: std::ops::Range<u64> = 1_000..300_000;
/// How long the database takes to come back.
const AWAY_US: std::ops::Range<u64> = 100_000..3_000_000;

/// How it was before each change that is not flushed yet, the oldest first.
#[derive(Default)]
pub(super) struct Unflushed(VecDeque<Before>);

struct Before {
    changed_at: u64,
    agenda: Agenda,
    checkpoint: u64,
}

impl World {
    /// Steps, or the checkpoint with them, are about to be changed in a commit that is not flushed.
    pub(super) fn change_unflushed(&mut self) {
        let before = Before {
            changed_at: self.now,
            agenda: self.agenda.clone(),
            checkpoint: self.log.checkpoint(LEASE),
        };
        let flushed = self.now.saturating_sub(FLUSHED_AFTER_US);
        let changes = &mut self.unflushed.0;
        while changes.front().is_some_and(|it| it.changed_at < flushed) {
            changes.pop_front();
        }
        changes.push_back(before);
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
        let away = self.draw(Topic::Node, 96 + node_name(NOBODY)).u64(AWAY_US);
        self.database_away_until = self.database_away_until.max(self.now + away);
        tell!(self, "the database crashes");
        let flushed = self.now.saturating_sub(FLUSHED_AFTER_US);
        let mut changes = std::mem::take(&mut self.unflushed).0.into_iter();
        let Some(before) = changes.find(|before| before.changed_at >= flushed) else {
            return;
        };
        self.counts.taken_back += 1;
        let (stood, stands) = (self.log.checkpoint(LEASE), before.checkpoint);
        tell!(self, "the sagas stand at {stands} again, not at {stood}");
        self.agenda = before.agenda;
        self.log.take_back(LEASE, stands);
    }
}
