//! Whether `payment.transactions` is what the log says: every charge and every return of money, row by row, and so
//! their sums. What the legacy migration brought over is not the log's, and left alone.

use domain::DomainEvent;
use event_store::EventLog;
use sqlx::{Connection, PgConnection, PgPool};
use uuid::Uuid;

use crate::book::{self, Event};
use crate::error::LedgerError;
use crate::movement::{Status, movement};
use crate::transactions::{TransactionBook, TransactionRow, Transactions};

/// Events that are read at a time, and rows.
const EVENTS_PAGE: usize = 2_000;
const ROWS_PAGE: i64 = 5_000;
/// Differences that are told; the others are counted.
const TOLD_MAX: usize = 20;

/// What a comparison of the transactions with the log came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerComparison {
    /// How far the ledger has come in the log; 0: it was never kept.
    pub position: u64,
    /// Transactions that the log knows of.
    pub transactions: usize,
    /// How many differ.
    pub differences: u64,
    /// The first of them.
    pub told: Vec<String>,
    /// Of each currency what was charged and what went back by the table, as decimal numbers.
    pub sums: String,
}

/// Compares, as somebody who may read the schema `payment`; the ledger may be running.
///
/// # Errors
/// The database is away, or the log cannot be read.
pub async fn verify_transactions(
    reader: &PgPool,
    log: &EventLog,
) -> Result<LedgerComparison, LedgerError> {
    let mut fold = Fold::default();
    // Most of the log is read before the snapshot is taken, so that this is not held for long.
    fold.follow(log, book::position(reader, &TransactionBook).await?)
        .await?;
    let mut connection = reader.acquire().await?;
    let mut snapshot = connection.begin().await?;
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        .execute(&mut *snapshot)
        .await?;
    let position = book::position(&mut *snapshot, &TransactionBook).await?;
    fold.follow(log, position).await?;
    let mut comparison = LedgerComparison {
        position,
        transactions: fold.transactions.rows().len(),
        ..LedgerComparison::default()
    };
    let mut missing = fold.transactions.into_rows();
    let mut after = Uuid::nil();
    loop {
        let rows = page(&mut snapshot, after).await?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        for row in &rows {
            comparison.compare(missing.remove(&row.id).as_ref(), row);
        }
    }
    for row in missing.values() {
        comparison.differs(format!("the {} is not there", told(row)));
    }
    comparison.sums = sums(&mut snapshot).await?;
    snapshot.rollback().await?;
    Ok(comparison)
}

/// The log's own account.
#[derive(Default)]
struct Fold {
    position: u64,
    transactions: Transactions,
}

impl Fold {
    async fn follow(&mut self, log: &EventLog, to: u64) -> Result<(), LedgerError> {
        while self.position < to {
            let events = log.read(self.position, EVENTS_PAGE).await?;
            let Some(last) = events.last() else {
                return Ok(());
            };
            let reached = last.position;
            let upto = events.into_iter().filter(|event| event.position <= to);
            for stored in upto.filter(|event| event.aggregate_type == "payment") {
                self.take(&Event::decode(stored)?)?;
            }
            self.transactions.forget_changes();
            self.position = reached.min(to);
        }
        Ok(())
    }

    fn take(&mut self, event: &Event) -> Result<(), LedgerError> {
        if let DomainEvent::Payment(payment_event) = &*event.event {
            let Some(movement) = movement(event.id()?, payment_event) else {
                return Ok(());
            };
            let event_id = event.stored.metadata.event_id;
            self.transactions.take(&movement, event_id, event.at())?;
        }
        Ok(())
    }
}

impl LedgerComparison {
    /// Whether the table is what the log says.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.differences == 0
    }

    fn compare(&mut self, wanted: Option<&TransactionRow>, row: &TransactionRow) {
        let Some(wanted) = wanted else {
            self.differs(format!("the log knows of no {}", told(row)));
            return;
        };
        // A company that gave an id twice: the row kept ours.
        let keeps_ours = row.pg_transaction_id == row.id.to_string();
        let same = TransactionRow {
            pg_transaction_id: if keeps_ours {
                row.pg_transaction_id.clone()
            } else {
                wanted.pg_transaction_id.clone()
            },
            ..wanted.clone()
        };
        if same != *row {
            self.differs(format!("{} should be {}", told(row), told(wanted)));
        }
    }

    fn differs(&mut self, difference: String) {
        self.differences += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(difference);
        }
    }
}

fn told(row: &TransactionRow) -> String {
    format!(
        "{} {} of {} {} by {}, {}, known there as {}",
        row.transaction_type,
        row.id,
        row.amount,
        row.currency,
        row.pg_company,
        row.status,
        row.pg_transaction_id,
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
