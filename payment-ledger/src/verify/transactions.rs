//! Whether `payment.transactions` is what the log says: every charge and every return of money, row by row, and so
//! their sums. What the legacy migration brought over is not the log's, and left alone.

use std::collections::HashSet;

use domain::DomainEvent;
use event_store::EventLog;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{Account, Fold, LedgerComparison, ROWS_PAGE, snapshot};
use crate::book::{self, Event};
use crate::error::LedgerError;
use crate::movement::{Status, movement};
use crate::transactions::{TransactionBook, TransactionRow, Transactions};

/// Compares, as somebody who may read the schema `payment`; the ledger may be running.
///
/// # Errors
/// The database is away, or the log cannot be read.
pub async fn verify_transactions(
    reader: &PgPool,
    log: &EventLog,
) -> Result<LedgerComparison, LedgerError> {
    let mut fold = Fold::<Transactions>::default();
    // Most of the log is read before the snapshot is taken, so that this is not held for long.
    fold.follow(log, book::position(reader, &TransactionBook).await?)
        .await?;
    let mut connection = reader.acquire().await?;
    let mut snapshot = snapshot(&mut connection).await?;
    let position = book::position(&mut *snapshot, &TransactionBook).await?;
    fold.follow(log, position).await?;
    let mut missing = fold.account.into_rows();
    let mut comparison = LedgerComparison {
        position,
        rows: missing.len(),
        ..LedgerComparison::default()
    };
    let mut after = Uuid::nil();
    loop {
        let rows = page(&mut snapshot, after).await?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        let wanted = rows.iter().map(|row| missing.remove(&row.id));
        let pairs: Vec<_> = wanted.zip(&rows).collect();
        let migrated = migrated_ids(&mut snapshot, &pairs).await?;
        for (wanted, row) in pairs {
            comparison.compare(wanted, row, &migrated);
        }
    }
    for row in missing.values() {
        comparison.differs(format!("the {} is not there", told(row)));
    }
    comparison.sums = sums(&mut snapshot).await?;
    snapshot.rollback().await?;
    Ok(comparison)
}

impl Account for Transactions {
    fn wants(aggregate_type: &str) -> bool {
        aggregate_type == "payment"
    }

    fn take_in(&mut self, event: &Event) -> Result<(), LedgerError> {
        if let DomainEvent::Payment(payment_event) = &*event.event {
            let Some(movement) = movement(event.id()?, payment_event) else {
                return Ok(());
            };
            let event_id = event.stored.metadata.event_id;
            self.take(&movement, event_id, event.at())?;
        }
        Ok(())
    }

    fn forget_changes(&mut self) {
        self.forget_changes();
    }
}

impl LedgerComparison {
    /// The whole row is compared. `migrated` are ids of companies' that rows of the legacy migration have, which the
    /// log does not know: a row that was given one of them too has kept ours.
    fn compare(
        &mut self,
        wanted: Option<TransactionRow>,
        row: &TransactionRow,
        migrated: &HashSet<String>,
    ) {
        let Some(mut wanted) = wanted else {
            self.differs(format!("the log knows of no {}", told(row)));
            return;
        };
        if migrated.contains(&wanted.pg_transaction_id) {
            wanted.pg_transaction_id = wanted.id.to_string();
        }
        if wanted != *row {
            self.differs(format!("{} should be {}", told(row), told(&wanted)));
        }
    }
}

fn told(row: &TransactionRow) -> String {
    let completed = row.completed_at.map(|at| at.to_rfc3339());
    format!(
        "{} {} of {} {} by {}, {}, known there as {}, requested at {}, completed at {}",
        row.transaction_type,
        row.id,
        row.amount,
        row.currency,
        row.pg_company,
        row.status,
        row.pg_transaction_id,
        row.requested_at.to_rfc3339(),
        completed.as_deref().unwrap_or("no time"),
    )
}

/// The next rows that are the log's.
async fn page(
    snapshot: &mut PgConnection,
    after: Uuid,
) -> Result<Vec<TransactionRow>, LedgerError> {
    let rows = sqlx::query_as(
        "SELECT id, pg_transaction_id, pg_company, transaction_type, amount::text AS amount,
                coalesce(currency, '') AS currency, status, requested_at, completed_at
           FROM payment.transactions t
          WHERE id > $1 AND NOT EXISTS (
                SELECT FROM payment.legacy_ids l WHERE l.id = t.id AND l.subject = 'PAYMENT')
          ORDER BY id LIMIT $2",
    )
    .bind(after)
    .bind(ROWS_PAGE);
    Ok(rows.fetch_all(snapshot).await?)
}

/// Those of the ids that rows were given, and have not, that rows of the legacy migration have.
async fn migrated_ids(
    snapshot: &mut PgConnection,
    pairs: &[(Option<TransactionRow>, &TransactionRow)],
) -> Result<HashSet<String>, LedgerError> {
    let missed = pairs.iter().filter_map(|(wanted, row)| {
        let wanted = &wanted.as_ref()?.pg_transaction_id;
        (*wanted != row.pg_transaction_id).then(|| wanted.clone())
    });
    let missed: Vec<String> = missed.collect();
    if missed.is_empty() {
        return Ok(HashSet::new());
    }
    let migrated: Vec<String> = sqlx::query_scalar(
        "SELECT pg_transaction_id FROM payment.transactions t
          WHERE pg_transaction_id = ANY ($1) AND EXISTS (
                SELECT FROM payment.legacy_ids l WHERE l.id = t.id AND l.subject = 'PAYMENT')",
    )
    .bind(missed)
    .fetch_all(snapshot)
    .await?;
    Ok(migrated.into_iter().collect())
}

/// What moved, by the table.
async fn sums(snapshot: &mut PgConnection) -> Result<String, LedgerError> {
    let sums: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT coalesce(currency, ''),
                coalesce(sum(amount) FILTER (WHERE transaction_type = 'PAYMENT'), 0)::text,
                coalesce(sum(amount) FILTER (WHERE transaction_type <> 'PAYMENT'), 0)::text
           FROM payment.transactions t
          WHERE status = $1 AND NOT EXISTS (
                SELECT FROM payment.legacy_ids l WHERE l.id = t.id AND l.subject = 'PAYMENT')
          GROUP BY 1 ORDER BY 1",
    )
    .bind(Status::Success.as_str())
    .fetch_all(snapshot)
    .await?;
    let told = |(currency, charged, returned): &(String, String, String)| {
        format!("{charged} {currency} charged, {returned} back")
    };
    Ok(sums.iter().map(told).collect::<Vec<_>>().join("; "))
}
