//! Whether `payment.transactions` and their history are what the log says: every charge and every return of money, row
//! by row, and so their sums.

use std::collections::HashSet;

use sqlx::PgConnection;
use uuid::Uuid;

use super::fold::Account;
use super::history::History;
use super::table::{Pair, Row, TableComparison, time, time_or_null};
use crate::book::Event;
use crate::error::LedgerError;
use crate::movement::Status;
use crate::transactions::{COLUMNS, HistoryRow, TransactionRow, Transactions, said};

/// The log's account of both tables.
#[derive(Default)]
pub(super) struct TransactionsAccount {
    transactions: Transactions,
    history: History,
}

impl Account for TransactionsAccount {
    const TABLES: &'static [&'static str] = &[TransactionRow::TABLE, HistoryRow::TABLE];

    fn take_in(&mut self, event: &Event) -> Result<(), LedgerError> {
        self.transactions.take(event)
    }

    async fn end_page(&mut self, tables: &mut PgConnection) -> Result<(), LedgerError> {
        let wanted = self.transactions.take_history();
        self.history.look(tables, wanted).await
    }

    async fn compare(
        self,
        snapshot: &mut PgConnection,
    ) -> Result<Vec<TableComparison>, LedgerError> {
        let wanted = self.transactions.into_rows();
        let mut transactions = TableComparison::whole(snapshot, wanted).await?;
        for id in said::differing(snapshot).await? {
            transactions.differs(|| {
                format!(
                    "{id}: pg_request_data and pg_response_data are not what pg_api_logs says last"
                )
            });
        }
        transactions.sums = sums(snapshot).await?;
        Ok(vec![transactions, self.history.end(snapshot).await?])
    }
}

impl Row for TransactionRow {
    const TABLE: &'static str = "payment.transactions";
    const COLUMNS: &'static str = COLUMNS;
    const OURS: &'static str = "NOT EXISTS (
        SELECT FROM payment.legacy_ids l WHERE l.id = transactions.id AND l.subject = 'PAYMENT')";

    fn id(&self) -> Uuid {
        self.id
    }

    fn name(&self) -> String {
        format!("{} {}", self.transaction_type, self.id)
    }

    fn columns(&self) -> Vec<(&'static str, String)> {
        vec![
            ("pg_transaction_id", self.pg_transaction_id.clone()),
            ("pg_company", self.pg_company.clone()),
            ("transaction_type", self.transaction_type.clone()),
            ("amount", self.amount.clone()),
            ("currency", self.currency.clone()),
            ("status", self.status.clone()),
            ("requested_at", time(&self.requested_at)),
            ("completed_at", time_or_null(self.completed_at.as_ref())),
        ]
    }

    /// Rows of the legacy migration have ids of companies', which the log does not know: a row that was given one of
    /// them too has kept ours.
    async fn amend(
        snapshot: &mut PgConnection,
        pairs: &mut [Pair<Self>],
    ) -> Result<(), LedgerError> {
        let mut missed: Vec<&mut Self> = pairs.iter_mut().filter_map(missed_id).collect();
        let ids = missed.iter().map(|wanted| wanted.pg_transaction_id.clone());
        let ids: Vec<String> = ids.collect();
        let migrated = migrated_ids(snapshot, ids).await?;
        for wanted in &mut missed {
            if migrated.contains(&wanted.pg_transaction_id) {
                wanted.pg_transaction_id = wanted.id.to_string();
            }
        }
        Ok(())
    }
}

/// The wanted row, where the table's has another id of a company's.
fn missed_id(pair: &mut Pair<TransactionRow>) -> Option<&mut TransactionRow> {
    let (wanted, found) = (pair.wanted.as_mut()?, pair.found.as_ref()?);
    (wanted.pg_transaction_id != found.pg_transaction_id).then_some(wanted)
}

/// Those of the ids that rows of the legacy migration have.
async fn migrated_ids(
    snapshot: &mut PgConnection,
    ids: Vec<String>,
) -> Result<HashSet<String>, LedgerError> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let ours = TransactionRow::OURS;
    let sql = format!(
        "SELECT pg_transaction_id FROM payment.transactions
          WHERE pg_transaction_id = ANY ($1) AND NOT ({ours})"
    );
    let migrated = sqlx::query_scalar(&sql).bind(ids).fetch_all(snapshot);
    Ok(migrated.await?.into_iter().collect())
}

/// What moved, by the table.
async fn sums(snapshot: &mut PgConnection) -> Result<String, LedgerError> {
    let ours = TransactionRow::OURS;
    let sql = format!(
        "SELECT coalesce(currency, ''),
                coalesce(sum(amount) FILTER (WHERE transaction_type = 'PAYMENT'), 0)::text,
                coalesce(sum(amount) FILTER (WHERE transaction_type <> 'PAYMENT'), 0)::text
           FROM payment.transactions WHERE status = $1 AND {ours}
          GROUP BY 1 ORDER BY 1"
    );
    let sums: Vec<(String, String, String)> = sqlx::query_as(&sql)
        .bind(Status::Success.as_str())
        .fetch_all(snapshot)
        .await?;
    let told = |(currency, charged, returned): &(String, String, String)| {
        format!("{charged} {currency} charged, {returned} back")
    };
    Ok(sums.iter().map(told).collect::<Vec<_>>().join("; "))
}
