//! Whether `main.order_payment_mapping` and `main.payment_states` are what the log says.

use sqlx::PgConnection;
use uuid::Uuid;

use super::fold::Account;
use super::table::{Row, TableComparison, text, time_or_null};
use crate::book::Event;
use crate::error::LedgerError;
use crate::order_payments::{MAPPING_COLUMNS, MappingRow, OrderPayments, STATE_COLUMNS, StateRow};

/// The log's account of both tables.
#[derive(Default)]
pub(super) struct OrderPaymentsAccount(OrderPayments);

impl Account for OrderPaymentsAccount {
    const TABLES: &'static [&'static str] = &[MappingRow::TABLE, StateRow::TABLE];

    fn take_in(&mut self, event: &Event) -> Result<(), LedgerError> {
        self.0.take(event)
    }

    async fn end_page(&mut self, _: &mut PgConnection) -> Result<(), LedgerError> {
        self.0.forget_changes();
        Ok(())
    }

    async fn compare(
        self,
        snapshot: &mut PgConnection,
    ) -> Result<Vec<TableComparison>, LedgerError> {
        let wanted = self.0.into_rows()?;
        let mappings = TableComparison::whole(snapshot, wanted.mappings).await?;
        let states = TableComparison::whole(snapshot, wanted.states).await?;
        Ok(vec![mappings, states])
    }
}

impl Row for MappingRow {
    const TABLE: &'static str = "main.order_payment_mapping";
    const COLUMNS: &'static str = MAPPING_COLUMNS;

    fn id(&self) -> Uuid {
        self.id
    }

    fn name(&self) -> String {
        format!("mapping {}", self.id)
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("order_id", self.order_id.to_string()),
            (
                "payment_transaction_id",
                self.payment_transaction_id.to_string(),
            ),
            ("payment_status", self.payment_status.clone()),
            (
                "payment_confirmed_at",
                time_or_null(self.payment_confirmed_at.as_ref()),
            ),
        ]
    }
}

impl Row for StateRow {
    const TABLE: &'static str = "main.payment_states";
    const COLUMNS: &'static str = STATE_COLUMNS;

    fn id(&self) -> Uuid {
        self.id
    }

    fn name(&self) -> String {
        format!("state {}", self.id)
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("order_id", self.order_id.to_string()),
            ("current_status", self.current_status.clone()),
            ("payment_amount", self.payment_amount.clone()),
            ("paid_amount", text(self.paid_amount.as_ref())),
            ("refunded_amount", text(self.refunded_amount.as_ref())),
            (
                "last_transaction_id",
                text(self.last_transaction_id.as_ref()),
            ),
        ]
    }
}
