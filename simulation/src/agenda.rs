//! The table of the sagas' steps in memory, with the semantics of `processes.actions`. The contract tests hold
//! it against PostgreSQL.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use processes::ProcessesError;
use processes::sans_io::{DueRow, Item, Lane, Origin};
use uuid::Uuid;

/// The lane of what belongs to no other.
const COMMANDS: &str = "commands";

/// The table.
#[derive(Clone, Default)]
pub struct Agenda {
    rows: BTreeMap<Uuid, Arc<Row>>,
}

#[derive(Clone)]
struct Row {
    name: String,
    lane: String,
    /// JSON, as in the table: what cannot be read back must show.
    action: String,
    due_at: DateTime<Utc>,
    attempts: u32,
    is_parked: bool,
    correlation_id: Uuid,
    causation_id: Uuid,
}

impl Agenda {
    /// Adds items with the lanes that they run in. Returns the ids of those that were not there yet.
    ///
    /// # Errors
    /// An action is not JSON.
    pub fn insert(&mut self, items: &[(Item, String)]) -> Result<Vec<Uuid>, ProcessesError> {
        let mut inserted = Vec::new();
        for (item, lane) in items {
            if self.rows.contains_key(&item.action_id) {
                continue;
            }
            let row = Row {
                name: item.name.clone(),
                lane: lane.clone(),
                action: serde_json::to_string(&item.action)?,
                due_at: item.due_at,
                attempts: 0,
                is_parked: false,
                correlation_id: item.correlation_id,
                causation_id: item.causation_id,
            };
            self.rows.insert(item.action_id, Arc::new(row));
            inserted.push(item.action_id);
        }
        Ok(inserted)
    }

    /// What is due and not taken up, by lane as many as there is room for, the longest due first.
    #[must_use]
    pub fn due(&self, now: DateTime<Utc>, rooms: &[(&Arc<Lane>, usize)]) -> Vec<DueRow> {
        let claimed: HashSet<Uuid> = rooms.iter().flat_map(|(lane, _)| lane.claimed()).collect();
        let mut due: Vec<(&Uuid, &Arc<Row>)> = Vec::new();
        for (lane, free) in rooms {
            let rows = self.rows.iter();
            let mut rows: Vec<_> = rows
                .filter(|(id, row)| {
                    let is_due = !row.is_parked && row.due_at <= now;
                    is_due && row.lane == lane.name() && !claimed.contains(*id)
                })
                .collect();
            rows.sort_by_key(|(id, row)| (row.due_at, **id));
            due.extend(rows.into_iter().take(*free));
        }
        due.sort_by_key(|(id, row)| (row.due_at, **id));
        due.into_iter().map(|(id, row)| due_row(*id, row)).collect()
    }

    /// When the next row becomes due after `now`.
    #[must_use]
    pub fn next_due_at(&self, now: DateTime<Utc>, lanes: &[&str]) -> Option<DateTime<Utc>> {
        let rows = self.rows.values();
        let coming = rows
            .filter(|row| !row.is_parked && row.due_at > now && lanes.contains(&row.lane.as_str()));
        coming.map(|row| row.due_at).min()
    }

    /// Takes rows of lanes that no longer exist to one that does. Returns how many.
    pub fn adopt(&mut self, lanes: &[&str]) -> usize {
        let rows = self.rows.values_mut();
        let orphans = rows.filter(|row| !lanes.contains(&row.lane.as_str()));
        orphans
            .map(|row| COMMANDS.clone_into(&mut Arc::make_mut(row).lane))
            .count()
    }

    /// Lets parked rows be tried once more. Returns how many.
    pub fn unpark(&mut self) -> usize {
        let parked = self.rows.values_mut().filter(|row| row.is_parked);
        parked
            .map(|row| Arc::make_mut(row).is_parked = false)
            .count()
    }

    /// Notes that a row failed, and when it is tried again: never, when it is parked.
    pub fn failed(&mut self, action_id: Uuid, again_at: Option<DateTime<Utc>>) {
        if let Some(row) = self.rows.get_mut(&action_id).map(Arc::make_mut) {
            row.attempts += 1;
            row.is_parked = again_at.is_none();
            // As `greatest` in SQL, which ignores NULL.
            row.due_at = again_at.map_or(row.due_at, |again_at| again_at.max(row.due_at));
        }
    }

    /// Deletes what is done.
    pub fn delete(&mut self, ids: &[Uuid]) {
        for id in ids {
            self.rows.remove(id);
        }
    }

    /// Rows that are parked: the names of their steps.
    pub fn parked(&self) -> impl Iterator<Item = &str> {
        let parked = self.rows.values().filter(|row| row.is_parked);
        parked.map(|row| row.name.as_str())
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

fn due_row(action_id: Uuid, row: &Row) -> DueRow {
    let action = serde_json::from_str(&row.action);
    let item = action.map(|action| Item {
        action_id,
        name: row.name.clone(),
        action,
        due_at: row.due_at,
        attempts: row.attempts,
        correlation_id: row.correlation_id,
        causation_id: row.causation_id,
        origin: Origin::Old,
    });
    DueRow {
        action_id,
        lane: row.lane.clone(),
        item: item.map_err(ProcessesError::from),
    }
}
