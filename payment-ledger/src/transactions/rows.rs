//! The rows, read and written in bulk.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::LedgerError;

/// What a [`TransactionRow`] is read by, and a [`HistoryRow`].
pub(crate) const COLUMNS: &str =
    "id, pg_transaction_id, pg_company, transaction_type, amount::text AS amount,
    coalesce(currency, '') AS currency, status, requested_at, completed_at";
pub(crate) const HISTORY_COLUMNS: &str =
    "id, transaction_id, previous_status, current_status, change_reason, changed_at";

/// A row of `payment.transactions`. The amount is a text, so that no float is on the way.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub(crate) struct TransactionRow {
    pub(crate) id: Uuid,
    pub(crate) pg_transaction_id: String,
    pub(crate) pg_company: String,
    pub(crate) transaction_type: String,
    pub(crate) amount: String,
    pub(crate) currency: String,
    pub(crate) status: String,
    pub(crate) requested_at: DateTime<Utc>,
    pub(crate) completed_at: Option<DateTime<Utc>>,
}

/// A row of `payment.transaction_history`.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub(crate) struct HistoryRow {
    /// That of the event: one event changes one transaction.
    pub(crate) id: Uuid,
    pub(crate) transaction_id: Uuid,
    pub(crate) previous_status: Option<String>,
    pub(crate) current_status: String,
    pub(crate) change_reason: Option<String>,
    pub(crate) changed_at: DateTime<Utc>,
}

pub(super) async fn load(
    connection: &mut PgConnection,
    ids: BTreeSet<Uuid>,
) -> Result<Vec<TransactionRow>, LedgerError> {
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let sql = format!("SELECT {COLUMNS} FROM payment.transactions WHERE id = ANY ($1)");
    Ok(sqlx::query_as(&sql).bind(ids).fetch_all(connection).await?)
}

/// Which of these ids of companies' a row has already, and which row.
pub(super) async fn holders(
    connection: &mut PgConnection,
    company_ids: Vec<String>,
) -> Result<HashMap<String, Uuid>, LedgerError> {
    let rows: Vec<(String, Uuid)> = sqlx::query_as(
        "SELECT pg_transaction_id, id FROM payment.transactions WHERE pg_transaction_id = ANY ($1)",
    )
    .bind(company_ids)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().collect())
}

/// Writes rows, whether or not they are there.
pub(super) async fn save(
    connection: &mut PgConnection,
    rows: &[&TransactionRow],
) -> Result<(), LedgerError> {
    sqlx::query(
        "INSERT INTO payment.transactions
                (id, pg_transaction_id, pg_company, transaction_type, amount, currency, status,
                 requested_at, completed_at)
         SELECT id, pg_id, company, kind, amount::numeric, currency, status, requested_at, completed_at
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                       $7::text[], $8::timestamptz[], $9::timestamptz[])
                AS row (id, pg_id, company, kind, amount, currency, status, requested_at, completed_at)
         ON CONFLICT (id) DO UPDATE
            SET pg_transaction_id = excluded.pg_transaction_id, amount = excluded.amount,
                currency = excluded.currency, status = excluded.status,
                completed_at = excluded.completed_at",
    )
    .bind(rows.iter().map(|row| row.id).collect::<Vec<_>>())
    .bind(texts(rows, |row| &row.pg_transaction_id))
    .bind(texts(rows, |row| &row.pg_company))
    .bind(texts(rows, |row| &row.transaction_type))
    .bind(texts(rows, |row| &row.amount))
    .bind(texts(rows, |row| &row.currency))
    .bind(texts(rows, |row| &row.status))
    .bind(rows.iter().map(|row| row.requested_at).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.completed_at).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

fn texts<'r>(
    rows: &[&'r TransactionRow],
    text: impl Fn(&'r TransactionRow) -> &'r String,
) -> Vec<&'r str> {
    rows.iter().map(|row| text(row).as_str()).collect()
}

/// Deletes all rows that are the log's: what the legacy migration brought over stays.
pub(super) async fn clear(connection: &mut PgConnection) -> Result<(), LedgerError> {
    for delete in [
        "DELETE FROM payment.transaction_history h WHERE NOT EXISTS (
                SELECT FROM payment.legacy_ids l WHERE l.id = h.transaction_id AND l.subject = 'PAYMENT')",
        "DELETE FROM payment.transactions t WHERE NOT EXISTS (
                SELECT FROM payment.legacy_ids l WHERE l.id = t.id AND l.subject = 'PAYMENT')",
    ] {
        sqlx::query(delete).execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn add_history(
    connection: &mut PgConnection,
    rows: &[HistoryRow],
) -> Result<(), LedgerError> {
    sqlx::query(
        "INSERT INTO payment.transaction_history
                (id, transaction_id, previous_status, current_status, change_reason, changed_at)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[],
                              $6::timestamptz[])",
    )
    .bind(rows.iter().map(|row| row.id).collect::<Vec<_>>())
    .bind(
        rows.iter()
            .map(|row| row.transaction_id)
            .collect::<Vec<_>>(),
    )
    .bind(
        rows.iter()
            .map(|row| row.previous_status.as_deref())
            .collect::<Vec<_>>(),
    )
    .bind(
        rows.iter()
            .map(|row| row.current_status.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(
        rows.iter()
            .map(|row| row.change_reason.as_deref())
            .collect::<Vec<_>>(),
    )
    .bind(rows.iter().map(|row| row.changed_at).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
