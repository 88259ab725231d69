//! What events make of users' methods, in memory.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::payment_method::PaymentMethodEvent;
use uuid::Uuid;

use super::rows::MethodRow;
use crate::error::LedgerError;

/// Users' methods while events are folded.
#[derive(Default)]
pub(crate) struct Methods {
    rows: BTreeMap<Uuid, MethodRow>,
    /// Which method a user has as default: there is one at most.
    defaults: BTreeMap<String, Uuid>,
    changed: BTreeSet<Uuid>,
}

impl Methods {
    /// These rows, as they are stored: all of each user's.
    pub(super) fn of(rows: Vec<MethodRow>) -> Self {
        let defaults = rows.iter().filter(|row| row.is_default);
        let defaults = defaults.map(|row| (row.user_id.clone(), row.id)).collect();
        Self {
            defaults,
            rows: rows.into_iter().map(|row| (row.id, row)).collect(),
            changed: BTreeSet::new(),
        }
    }

    /// Takes an event of a user's in.
    pub(super) fn fold(
        &mut self,
        user_id: &str,
        event: &PaymentMethodEvent,
        at: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let id = event.method_id().uuid();
        match event {
            PaymentMethodEvent::PaymentMethodRegistered { .. } => {
                let row = MethodRow {
                    id,
                    user_id: user_id.to_owned(),
                    payment_method_id: id,
                    is_default: false,
                    is_active: true,
                    registered_at: at,
                    deleted_at: None,
                };
                self.rows.insert(id, row);
                self.changed.insert(id);
            }
            PaymentMethodEvent::PaymentMethodMadeDefault { .. } => {
                if let Some(before) = self.defaults.insert(user_id.to_owned(), id) {
                    self.change(before)?.is_default = false;
                }
                self.change(id)?.is_default = true;
            }
            PaymentMethodEvent::PaymentMethodDeleted { .. } => {
                let row = self.change(id)?;
                row.is_active = false;
                row.is_default = false;
                row.deleted_at = Some(at);
                if self.defaults.get(user_id) == Some(&id) {
                    self.defaults.remove(user_id);
                }
            }
            PaymentMethodEvent::PaymentMethodRequested { .. }
            | PaymentMethodEvent::PaymentMethodRegistrationDelayed { .. }
            | PaymentMethodEvent::PaymentMethodRegistrationFailed { .. }
            | PaymentMethodEvent::PaymentMethodErasureDelayed { .. }
            | PaymentMethodEvent::PaymentMethodErased { .. } => {}
        }
        Ok(())
    }

    fn change(&mut self, id: Uuid) -> Result<&mut MethodRow, LedgerError> {
        let what = "payment method";
        let row = self.rows.get_mut(&id);
        let row = row.ok_or(LedgerError::Missing { what, id })?;
        self.changed.insert(id);
        Ok(row)
    }

    /// The rows that changed.
    pub(super) fn changed(&self) -> Vec<&MethodRow> {
        let changed = self.changed.iter();
        changed.filter_map(|id| self.rows.get(id)).collect()
    }

    /// Forgets what a batch changed: for who only wants to know where it ends.
    pub(crate) fn forget_changes(&mut self) {
        self.changed.clear();
    }

    /// All rows, by their ids.
    pub(crate) fn into_rows(self) -> BTreeMap<Uuid, MethodRow> {
        self.rows
    }
}
