//! Commands: each event's has its outcome stored, and each happened once.
//!
//! Two lists that are nearly in the same order, matched as they go by: the events of the log, and the
//! stored outcomes. What waits for its counterpart is kept, nothing else.

use uuid::Uuid;

use crate::invariant::{Invariant, Violation};
use crate::shop::Map;

/// A match of the log with the stored outcomes.
#[derive(Debug, Default)]
pub struct Outcomes {
    /// The command whose events go by now: its id, and the position of its last event so far.
    current: Option<(Uuid, u64)>,
    /// Commands whose events went by, and where they ended; their outcome has not come yet.
    happened: Map<Uuid, u64>,
    /// Outcomes that came, and where they say that their command ended.
    stored: Map<Uuid, u64>,
    found: Vec<Violation>,
}

impl Outcomes {
    /// A match of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many wait for their counterpart.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.happened.len() + self.stored.len()
    }

    /// The next event of the log, and its command. Says whether it is the command's first.
    pub fn event(&mut self, position: u64, command: Uuid) -> bool {
        if let Some((id, last)) = &mut self.current
            && *id == command
        {
            *last = position;
            return false;
        }
        self.end_of_command();
        self.current = Some((command, position));
        true
    }

    /// A stored outcome: whose, and the position that the command reached. Commands without events have one
    /// too, with the position that the log had.
    pub fn outcome(&mut self, command: Uuid, position: u64) {
        match self.happened.remove(&command) {
            Some(last) => self.compare(command, last, position),
            None => {
                self.stored.insert(command, position);
            }
        }
    }

    /// Forgets the outcomes of commands that made no event: those whose position the log has passed. Only
    /// for outcomes up to which the log is complete; to be called now and then.
    pub fn forget_empty(&mut self) {
        let passed = self.current.map_or(0, |(_, last)| last);
        let current = self.current.map(|(id, _)| id);
        self.stored
            .retain(|id, position| *position >= passed || Some(*id) == current);
    }

    /// Commands whose events have no counterpart, once both lists are over: those that have no outcome at
    /// all, and those that happened twice.
    pub fn unmatched(&mut self) -> Vec<Uuid> {
        self.end_of_command();
        let mut unmatched: Vec<Uuid> = self.happened.keys().copied().collect();
        unmatched.sort_unstable();
        unmatched
    }

    /// Commands whose last event went by, and whose outcome has not come.
    #[must_use]
    pub fn ended(&self) -> Vec<Uuid> {
        self.happened.keys().copied().collect()
    }

    /// All outcomes of [`Outcomes::ended`] have come: what is wrong with those commands, and whatever was
    /// found before. They are forgotten.
    pub fn settle(&mut self, stored: &[Uuid]) -> Vec<Violation> {
        for (command, last) in std::mem::take(&mut self.happened) {
            let (invariant, evidence) = if stored.contains(&command) {
                let evidence = format!("command {command} ended before already, or elsewhere");
                (Invariant::OneOutcome, evidence)
            } else {
                let evidence = format!("its command {command} has no stored outcome");
                (Invariant::OutcomeStored, evidence)
            };
            self.found.push(Violation {
                invariant,
                position: Some(last),
                stream: None,
                evidence,
            });
        }
        self.found.sort_by_key(|violation| violation.position);
        std::mem::take(&mut self.found)
    }

    /// Both lists are over: what is wrong in all. `stored` are those of [`Outcomes::unmatched`] that do have
    /// an outcome, which other events of theirs have taken.
    #[must_use]
    pub fn finish(mut self, stored: &[Uuid]) -> Vec<Violation> {
        self.end_of_command();
        self.settle(stored)
    }

    /// Says that the command whose events went by last is complete.
    pub fn end_of_command(&mut self) {
        let Some((command, last)) = self.current.take() else {
            return;
        };
        match self.stored.remove(&command) {
            Some(position) => self.compare(command, last, position),
            None => {
                if let Some(before) = self.happened.insert(command, last) {
                    self.twice(command, before, last);
                }
            }
        }
    }

    fn compare(&mut self, command: Uuid, last: u64, position: u64) {
        if last != position {
            self.twice(command, last, position);
        }
    }

    fn twice(&mut self, command: Uuid, one: u64, other: u64) {
        self.found.push(Violation {
            invariant: Invariant::OneOutcome,
            position: Some(one.max(other)),
            stream: None,
            evidence: format!("command {command} ended at {one}, and at {other}"),
        });
    }
}
