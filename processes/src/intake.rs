//! What follows from a batch of events, on its way into the table: what is due is taken up before its rows
//! are there, so that the timers do not find them first, and done once they are.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use event_store::RecordedEvent;
use uuid::Uuid;

use crate::item::Item;
use crate::lanes::{Claim, Lane, Lanes};
use crate::parked_events::Unreadable;
use crate::reader::items_of;
use crate::timers::Alarm;

/// What follows from a batch.
#[derive(Default)]
pub struct Plan {
    /// Steps to be done, in the order of their events.
    pub items: Vec<Item>,
    /// Events that could not be read.
    pub unreadable: Vec<Unreadable>,
}

impl Plan {
    /// What follows from these events. `head_before` is how far the log reached when this holder came.
    #[must_use]
    pub fn of(events: &[Arc<RecordedEvent>], head_before: u64, now: DateTime<Utc>) -> Self {
        let mut plan = Self::default();
        for event in events {
            match items_of(event, head_before, now) {
                Ok(items) => plan.items.extend(items),
                Err(error) => plan.unreadable.push(Unreadable {
                    position: event.position,
                    error: format!("{error}: {}", error.source),
                }),
            }
        }
        plan
    }

    /// Whether nothing has to be written but how far the log was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.unreadable.is_empty()
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.items.append(&mut other.items);
        self.unreadable.append(&mut other.unreadable);
    }
}

/// Steps that are being written to the table.
pub struct Intake {
    /// With the names of the lanes that they run in: the rows to be written.
    pub rows: Vec<(Item, String)>,
    entries: Vec<Entry>,
    now: DateTime<Utc>,
}

/// Where an item goes, and whether it is taken up already.
struct Entry {
    lane: Arc<Lane>,
    claim: Option<Claim>,
}

impl Intake {
    /// Takes up what is due.
    #[must_use]
    pub fn new(items: Vec<Item>, lanes: &Lanes, now: DateTime<Utc>) -> Self {
        let entries = items.into_iter().map(|item| {
            let lane = Arc::clone(lanes.of(&item.action));
            let is_due = item.due_at <= now;
            let claim = if is_due {
                lane.claim_new(item.action_id)
            } else {
                None
            };
            ((item, lane.name().to_owned()), Entry { lane, claim })
        });
        let (rows, entries) = entries.unzip();
        Self { rows, entries, now }
    }

    /// The rows are there, and these of them are new: what is to be done now. The rest is the timers'.
    #[must_use]
    pub fn written(self, inserted: &HashSet<Uuid>, alarm: &Alarm) -> Vec<(Item, Claim)> {
        let mut begun = Vec::new();
        for ((item, _), entry) in self.rows.into_iter().zip(self.entries) {
            match entry.claim {
                Some(claim) if inserted.contains(&item.action_id) => begun.push((item, claim)),
                // The row was there: somebody may have tried it, so it is taken up from the table.
                Some(claim) => {
                    drop(claim);
                    entry.lane.left_behind();
                }
                None if item.due_at <= self.now => entry.lane.left_behind(),
                None => alarm.ring_if_sooner(item.due_at),
            }
        }
        begun
    }
}
