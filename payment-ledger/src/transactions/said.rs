//! `pg_request_data` and `pg_response_data`: what was said last about a transaction. The request is the last with a
//! body, which is the one that moves money; the answer is the last with a body, an inquiry's too.
//!
//! They are copied from `payment.pg_api_logs`. An exchange is written by whoever calls gateways, the transaction when
//! its event is read, in either order: so each of the two copies last in its own transaction, one at a time
//! ([`copy_alone`]). Whoever comes second sees what the other has committed.
//!
//! Nobody who holds the lock waits for a row: one that somebody is writing is passed over. A ledger's batch copies to
//! it itself, before it commits. So does a rebuild, and for the case that it gives up, whoever wrote the exchange tries
//! again.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// The advisory lock of whoever copies; arbitrary, and nothing else takes it.
const COPY_LOCK: (i32, i32) = (620_204, 0);
/// Transactions that are copied to in one statement of a rebuild.
const PAGE: i64 = 1_000;
/// What was written longer than this before a rebuild began was committed before it began: the servers' limits on
/// statements and on idle transactions see to that.
const WRITING_MAX_MINUTES: i32 = 10;

/// Which rows have another copy than the last that was said, where that is not of this moment: see `OLD_SECONDS`.
const DIFFERING: &str = "
    SELECT transaction.id
      FROM payment.transactions AS transaction
      JOIN LATERAL (
            SELECT request_body AS body, created_at FROM payment.pg_api_logs
             WHERE transaction_id = transaction.id AND request_body IS NOT NULL
             ORDER BY id DESC LIMIT 1) AS asked ON true
     WHERE asked.created_at < now() - make_interval(secs => $1)
       AND asked.body::text <> coalesce(pg_request_data::text, '')
    UNION
    SELECT transaction.id
      FROM payment.transactions AS transaction
      JOIN LATERAL (
            SELECT response_body AS body, created_at FROM payment.pg_api_logs
             WHERE transaction_id = transaction.id AND response_body IS NOT NULL
             ORDER BY id DESC LIMIT 1) AS answered ON true
     WHERE answered.created_at < now() - make_interval(secs => $1)
       AND answered.body::text <> coalesce(pg_response_data::text, '')
     ORDER BY 1";
/// A copy that was passed over is made up for within this time, unless a rebuild takes longer.
const OLD_SECONDS: f64 = 10.0;

/// Copies to those of these transactions that are there, as the last step before the commit; nobody else copies until
/// then. The answer is which somebody else is writing.
pub(crate) async fn copy_alone(
    transaction: &mut PgConnection,
    ids: Vec<Uuid>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(ids);
    }
    hold(transaction).await?;
    copy(transaction, &ids).await
}

/// Copies to all transactions, which a rebuild has just made, as the last step before its commit.
pub(super) async fn copy_to_all(transaction: &mut PgConnection) -> Result<(), sqlx::Error> {
    // Nobody waits for most of it.
    let mut after = Uuid::nil();
    loop {
        let ids: Vec<Uuid> = sqlx::query_scalar(
            "SELECT id FROM payment.transactions WHERE id > $1 ORDER BY id LIMIT $2",
        )
        .bind(after)
        .bind(PAGE)
        .fetch_all(&mut *transaction)
        .await?;
        let Some(last) = ids.last() else { break };
        after = *last;
        copy(transaction, &ids).await?;
    }
    hold(transaction).await?;
    copy_recent(transaction).await
}

/// Copies what was said since the transaction began.
async fn copy_recent(transaction: &mut PgConnection) -> Result<(), sqlx::Error> {
    // In PostgreSQL `now()` is when the transaction began.
    let since = "SELECT now() - make_interval(mins => $1)";
    let since = sqlx::query_scalar(since).bind(WRITING_MAX_MINUTES);
    let mut after: (DateTime<Utc>, Uuid) = (since.fetch_one(&mut *transaction).await?, Uuid::nil());
    loop {
        let said: Vec<(DateTime<Utc>, Uuid, Uuid)> = sqlx::query_as(
            "SELECT created_at, id, transaction_id FROM payment.pg_api_logs
              WHERE (created_at, id) > ($1, $2) AND transaction_id IS NOT NULL
              ORDER BY created_at, id LIMIT $3",
        )
        .bind(after.0)
        .bind(after.1)
        .bind(PAGE)
        .fetch_all(&mut *transaction)
        .await?;
        let Some((at, id, _)) = said.last() else {
            return Ok(());
        };
        after = (*at, *id);
        let about: Vec<Uuid> = said.into_iter().map(|(_, _, about)| about).collect();
        copy(transaction, &about).await?;
    }
}

/// Which of the transactions have another copy than what was said last.
pub(crate) async fn differing(snapshot: &mut PgConnection) -> Result<Vec<Uuid>, sqlx::Error> {
    let differing = sqlx::query_scalar(DIFFERING).bind(OLD_SECONDS);
    differing.fetch_all(snapshot).await
}

async fn hold(transaction: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_xact_lock($1, $2)")
        .bind(COPY_LOCK.0)
        .bind(COPY_LOCK.1)
        .execute(transaction)
        .await?;
    Ok(())
}

/// Copies; the answer is which are there, and somebody else is writing.
async fn copy(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar(
        "WITH free AS (
             SELECT id FROM payment.transactions WHERE id = ANY ($1)
                FOR NO KEY UPDATE SKIP LOCKED
         ), said AS (
             SELECT free.id, asked.body AS request, answered.body AS response
               FROM free
               LEFT JOIN LATERAL (
                     SELECT request_body AS body FROM payment.pg_api_logs
                      WHERE transaction_id = free.id AND request_body IS NOT NULL
                      ORDER BY id DESC LIMIT 1) AS asked ON true
               LEFT JOIN LATERAL (
                     SELECT response_body AS body FROM payment.pg_api_logs
                      WHERE transaction_id = free.id AND response_body IS NOT NULL
                      ORDER BY id DESC LIMIT 1) AS answered ON true
         ), copied AS (
             UPDATE payment.transactions AS transaction
                SET pg_request_data = coalesce(said.request, pg_request_data),
                    pg_response_data = coalesce(said.response, pg_response_data)
               FROM said
              WHERE transaction.id = said.id
                AND (said.request::text <> coalesce(pg_request_data::text, '')
                     OR said.response::text <> coalesce(pg_response_data::text, ''))
         )
         SELECT id FROM payment.transactions
          WHERE id = ANY ($1) AND id NOT IN (SELECT id FROM free)",
    )
    .bind(ids)
    .fetch_all(connection)
    .await
}
