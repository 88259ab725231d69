//! Whether `payment.transaction_history` is what the log says.
//!
//! A payment that waits can have any number of changes, so the history's rows are not kept until the end. Those of a
//! page of events are compared at once, before the snapshot is taken: once written they never change, and a rebuild
//! replaces all of them in one transaction. Of each only its id stays, 16 bytes (twice that while the list grows) beside
//! its transaction's row of several hundred. In the snapshot the table's rows are counted; when there are others than
//! those, the ids tell which.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::table::{Row, TableComparison, page, text, time};
use crate::error::LedgerError;
use crate::transactions::{HISTORY_COLUMNS, HistoryRow};

/// The comparison while the log is folded.
pub(super) struct History {
    comparison: TableComparison,
    /// The ids of all rows that the log makes.
    known: Vec<Uuid>,
}

impl Default for History {
    fn default() -> Self {
        Self {
            comparison: TableComparison::of::<HistoryRow>(),
            known: Vec::new(),
        }
    }
}

impl History {
    /// Compares the rows that a page of events makes.
    pub(super) async fn look(
        &mut self,
        tables: &mut PgConnection,
        wanted: Vec<HistoryRow>,
    ) -> Result<(), LedgerError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let wanted: BTreeMap<Uuid, HistoryRow> =
            wanted.into_iter().map(|row| (row.id, row)).collect();
        let ids: Vec<Uuid> = wanted.keys().copied().collect();
        let sql = format!(
            "SELECT {HISTORY_COLUMNS} FROM payment.transaction_history
              WHERE id = ANY ($1) ORDER BY id"
        );
        let found = sqlx::query_as(&sql).bind(&ids).fetch_all(tables).await?;
        self.comparison.rows += ids.len();
        self.known.extend(ids);
        self.comparison.part(wanted.into_values(), found);
        Ok(())
    }

    /// All events are taken in: there must be no other rows.
    pub(super) async fn end(
        mut self,
        snapshot: &mut PgConnection,
    ) -> Result<TableComparison, LedgerError> {
        let (table, ours) = (HistoryRow::TABLE, HistoryRow::OURS);
        let count = format!("SELECT count(*) FROM {table} WHERE {ours}");
        let count: i64 = sqlx::query_scalar(&count).fetch_one(&mut *snapshot).await?;
        // A row that is not there would make up for one that is too many.
        let is_all = self.comparison.is_same() && usize::try_from(count) == Ok(self.known.len());
        if !is_all {
            self.name_others(snapshot).await?;
        }
        Ok(self.comparison)
    }

    async fn name_others(&mut self, snapshot: &mut PgConnection) -> Result<(), LedgerError> {
        self.known.sort_unstable();
        let mut after = None;
        loop {
            let found: Vec<HistoryRow> = page(snapshot, after).await?;
            let Some(last) = found.last() else {
                return Ok(());
            };
            after = Some(last.id);
            for row in found {
                if self.known.binary_search(&row.id).is_err() {
                    self.comparison.invented(&row);
                }
            }
        }
    }
}

impl Row for HistoryRow {
    const TABLE: &'static str = "payment.transaction_history";
    const COLUMNS: &'static str = HISTORY_COLUMNS;
    const OURS: &'static str = "NOT EXISTS (
        SELECT FROM payment.legacy_ids l WHERE l.id = transaction_id AND l.subject = 'PAYMENT')";

    fn id(&self) -> Uuid {
        self.id
    }

    fn name(&self) -> String {
        format!("change {}", self.id)
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("transaction_id", self.transaction_id.to_string()),
            ("previous_status", text(self.previous_status.as_ref())),
            ("current_status", self.current_status.clone()),
            ("change_reason", text(self.change_reason.as_ref())),
            ("changed_at", time(&self.changed_at)),
        ]
    }
}
