//! Whether `main.user_payment_method_mapping` is what the log says.

use sqlx::PgConnection;
use uuid::Uuid;

use super::fold::Account;
use super::table::{Row, TableComparison, time, time_or_null};
use crate::book::Event;
use crate::error::LedgerError;
use crate::user_methods::{COLUMNS, MethodRow, Methods};

/// The log's account of the table.
#[derive(Default)]
pub(super) struct MethodsAccount(Methods);

impl Account for MethodsAccount {
    const TABLES: &'static [&'static str] = &[MethodRow::TABLE];

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
        let wanted = self.0.into_rows();
        Ok(vec![TableComparison::whole(snapshot, wanted).await?])
    }
}

impl Row for MethodRow {
    const TABLE: &'static str = "main.user_payment_method_mapping";
    const COLUMNS: &'static str = COLUMNS;

    fn id(&self) -> Uuid {
        self.id
    }

    fn name(&self) -> String {
        format!("method {}", self.id)
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("user_id", self.user_id.clone()),
            ("payment_method_id", self.payment_method_id.to_string()),
            ("is_default", self.is_default.to_string()),
            ("is_active", self.is_active.to_string()),
            ("registered_at", time(&self.registered_at)),
            ("deleted_at", time_or_null(self.deleted_at.as_ref())),
        ]
    }
}
