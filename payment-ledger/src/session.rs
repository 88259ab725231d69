//! The connection that keeps a book: a session of its own, which no pool hands to others.

use std::time::Duration;

use sqlx::{Connection, PgConnection, PgPool};

use crate::book::Book;
use crate::error::LedgerError;

/// The first half of the advisory lock of whoever keeps a book; arbitrary, and nothing else takes it.
const LEAD_LOCK_CLASS: i32 = 620_203;
/// Heartbeats that may fail to come before the server ends the session.
const MISSED_HEARTBEATS_MAX: u32 = 3;

/// Opens a session as the pool's role.
pub(crate) async fn connect(pool: &PgPool, book: &dyn Book) -> Result<PgConnection, LedgerError> {
    let options = (*pool.connect_options()).clone().options([
        (
            "application_name",
            format!("commerce-ledger-{}", book.name()).as_str(),
        ),
        // A commit that a crash of the server undoes is made again from the log: rows and checkpoint go back
        // together.
        ("synchronous_commit", "off"),
        // A peer that vanished with its machine is given up after about 12 s.
        ("tcp_keepalives_idle", "6"),
        ("tcp_keepalives_interval", "2"),
        ("tcp_keepalives_count", "3"),
    ]);
    Ok(PgConnection::connect_with(&options).await?)
}

/// Tries to become the one that keeps the book, for as long as the session lives. The lock is in the book's own
/// database, which need not be the log's. Exactness rests on [`crate::book::advance`], not on it.
pub(crate) async fn try_lead(
    connection: &mut PgConnection,
    book: &dyn Book,
) -> Result<bool, LedgerError> {
    let lock = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, hashtext($2))")
        .bind(LEAD_LOCK_CLASS)
        .bind(format!("{}.{}", book.schema(), book.name()));
    Ok(lock.fetch_one(connection).await?)
}

/// Has the server end the session when nothing is heard from it: a frozen process must not keep the others
/// from taking over.
pub(crate) async fn end_when_silent(
    connection: &mut PgConnection,
    heartbeat_interval: Duration,
) -> Result<(), LedgerError> {
    let silence = heartbeat_interval * MISSED_HEARTBEATS_MAX;
    sqlx::query(
        "SELECT set_config('idle_session_timeout', $1, false),
                set_config('idle_in_transaction_session_timeout', $1, false)",
    )
    .bind(format!("{}ms", silence.as_millis()))
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a session. Nothing depends on how: the server notices in any case.
pub(crate) async fn close(connection: PgConnection) {
    if let Err(error) = connection.close().await {
        tracing::debug!(error = %error, "a ledger's session did not end cleanly");
    }
}
