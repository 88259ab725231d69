//! The audit itself: stored rows in, findings out.

use chrono::{DateTime, Utc};
use domain::{DomainEvent, Recorded};
use event_store::{StoredRow, event_id};
use invariants::{Invariant, Outcomes, Shop, Unread, Violation};
use uuid::Uuid;

use crate::findings::Findings;
use crate::ids::Suspects;
use crate::metadata::Metadata;

/// Ids that do not follow from their command, kept for a comparison with all others. Where there are more,
/// all ids are compared.
const OTHER_IDS_MAX: usize = 10_000;

/// The books of the log up to a position, and what was found in it.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) shop: Shop,
    pub(crate) outcomes: Outcomes,
    pub(crate) findings: Findings,
    /// Event ids that do not follow from their command's: only they may stand twice.
    pub(crate) other_ids: Vec<Uuid>,
    /// Which event of its command is next.
    index: usize,
}

impl Books {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Takes the next row in.
    pub(crate) fn take(&mut self, row: &StoredRow<'_>) {
        let metadata = Metadata::read(row.metadata);
        self.command(row, metadata.command_id);
        self.check_id(row, &metadata);
        let parsed = DomainEvent::parse(
            row.aggregate_type,
            row.event_type,
            row.event_version,
            row.payload,
        );
        let found = match parsed {
            Ok(event) => self.shop.apply(&Recorded {
                position: row.position,
                event_id: metadata.event_id.unwrap_or_default(),
                aggregate_id: row.aggregate_id.to_owned(),
                sequence: row.sequence,
                occurred_at: metadata.occurred_at.unwrap_or(DateTime::<Utc>::UNIX_EPOCH),
                event,
            }),
            Err(error) => self.shop.skip(&Unread {
                position: row.position,
                aggregate_type: row.aggregate_type,
                aggregate_id: row.aggregate_id,
                sequence: row.sequence,
                why: &format!("{error}: {}", error.source),
            }),
        };
        self.findings.add(found);
    }

    /// Says that the last command is complete: no event of it is still to come.
    pub(crate) fn commit(&mut self) {
        self.outcomes.end_of_command();
        self.check();
    }

    /// What was found since the last time.
    pub(crate) fn take_found(&mut self) -> Findings {
        std::mem::take(&mut self.findings)
    }

    fn check(&mut self) {
        let found = self.shop.commit();
        self.findings.add(found);
    }

    /// Closes the command before when this event is another's. One without a command stands alone.
    fn command(&mut self, row: &StoredRow<'_>, command_id: Option<Uuid>) {
        let Some(command_id) = command_id else {
            self.commit();
            self.index = 0;
            self.findings
                .add([violation(Invariant::OutcomeStored, row, "names no command")]);
            return;
        };
        if self.outcomes.event(row.position, command_id) {
            self.check();
            self.index = 0;
        } else {
            self.index += 1;
        }
    }

    fn check_id(&mut self, row: &StoredRow<'_>, metadata: &Metadata) {
        let Some(id) = metadata.event_id else {
            let found = violation(Invariant::Dense, row, "has no id of its own");
            self.findings.add([found]);
            return;
        };
        let follows = metadata
            .command_id
            .is_some_and(|command| event_id(command, self.index) == id);
        if !follows && self.other_ids.len() <= OTHER_IDS_MAX {
            self.other_ids.push(id);
        }
    }

    /// The events whose id may be another's.
    pub(crate) fn suspects(&self) -> Suspects<'_> {
        if self.other_ids.len() > OTHER_IDS_MAX {
            Suspects::All
        } else {
            Suspects::Some(&self.other_ids)
        }
    }
}

fn violation(invariant: Invariant, row: &StoredRow<'_>, evidence: &str) -> Violation {
    Violation {
        invariant,
        position: Some(row.position),
        stream: Some(format!("{}/{}", row.aggregate_type, row.aggregate_id)),
        evidence: format!("{} {evidence}", row.event_type),
    }
}
