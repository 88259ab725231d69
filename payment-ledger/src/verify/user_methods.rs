//! Whether `main.user_payment_method_mapping` is what the log says.

use event_store::EventLog;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Account, Fold, LedgerComparison, ROWS_PAGE, snapshot};
use crate::book::{self, Event};
use crate::error::LedgerError;
use crate::user_methods::{MethodRow, Methods, UserMethodBook, page};

impl Account for Methods {
    fn wants(aggregate_type: &str) -> bool {
        aggregate_type == "payment_methods"
    }

    fn take_in(&mut self, event: &Event) -> Result<(), LedgerError> {
        self.take(event)
    }

    fn forget_changes(&mut self) {
        self.forget_changes();
    }
}

/// Compares, as somebody who may read the schema `main`; the book may be kept meanwhile.
///
/// # Errors
/// The database is away, or the log cannot be read.
pub async fn verify_user_methods(
    reader: &PgPool,
    log: &EventLog,
) -> Result<LedgerComparison, LedgerError> {
    let mut fold = Fold::<Methods>::default();
    fold.follow(log, book::position(reader, &UserMethodBook).await?)
        .await?;
    let mut connection = reader.acquire().await?;
    let mut snapshot = snapshot(&mut connection).await?;
    let position = book::position(&mut *snapshot, &UserMethodBook).await?;
    fold.follow(log, position).await?;
    let mut missing = fold.account.into_rows();
    let mut comparison = LedgerComparison {
        position,
        rows: missing.len(),
        ..LedgerComparison::default()
    };
    let mut after = Uuid::nil();
    loop {
        let rows = page(&mut snapshot, after, ROWS_PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        for row in &rows {
            match missing.remove(&row.id) {
                None => comparison.differs(format!("the log knows of no {}", told(row))),
                Some(wanted) if wanted != *row => {
                    comparison.differs(format!("{} should be {}", told(row), told(&wanted)));
                }
                Some(_) => {}
            }
        }
    }
    for row in missing.values() {
        comparison.differs(format!("the {} is not there", told(row)));
    }
    snapshot.rollback().await?;
    Ok(comparison)
}

fn told(row: &MethodRow) -> String {
    let deleted = row.deleted_at.map(|at| at.to_rfc3339());
    format!(
        "method {} of {} ({}default, {}active, registered at {}, deleted at {})",
        row.payment_method_id,
        row.user_id,
        if row.is_default { "" } else { "not " },
        if row.is_active { "" } else { "not " },
        row.registered_at.to_rfc3339(),
        deleted.as_deref().unwrap_or("no time"),
    )
}
