//! The connection that keeps tables up to date: a session of its own, which no pool hands to others.

use std::time::Duration;

use sqlx::{Connection, PgConnection, PgPool};

/// Heartbeats that may fail to come before the server ends the session.
const MISSED_HEARTBEATS_MAX: u32 = 3;

/// An advisory lock in the tables' own database, which need not be the log's.
#[derive(Clone, Debug)]
pub struct Lead {
    /// The first half of the lock: arbitrary, and nothing else in the database takes it.
    pub class: i32,
    /// What the second half is a digest of: whose tables they are.
    pub of: String,
}

/// Opens a session as the pool's role, with settings of its own.
///
/// # Errors
/// The database refuses or is away.
pub async fn open_session(
    pool: &PgPool,
    application_name: &str,
    settings: &[(&str, &str)],
) -> Result<PgConnection, sqlx::Error> {
    let options = (*pool.connect_options()).clone();
    let options = options.options(settings.iter().copied()).options([
        ("application_name", application_name),
        // A commit that a crash of the server undoes is made again from the log: rows and checkpoint go
        // back together. So nobody has to wait for the disk.
        ("synchronous_commit", "off"),
        // A peer that vanished with its machine is given up after about 12 s.
        ("tcp_keepalives_idle", "6"),
        ("tcp_keepalives_interval", "2"),
        ("tcp_keepalives_count", "3"),
    ]);
    PgConnection::connect_with(&options).await
}

/// Tries to become the one that keeps the tables, for as long as the session lives.
pub(super) async fn try_lead(
    connection: &mut PgConnection,
    lead: &Lead,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT pg_try_advisory_lock($1, hashtext($2))")
        .bind(lead.class)
        .bind(&lead.of)
        .fetch_one(connection)
        .await
}

/// Has the server end the session, and with it the lead, when no heartbeat comes for a while: a frozen process must
/// not keep the others from taking over.
pub(super) async fn end_when_silent(
    connection: &mut PgConnection,
    heartbeat_interval: Duration,
) -> Result<(), sqlx::Error> {
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
pub async fn close(connection: PgConnection) {
    if let Err(error) = connection.close().await {
        tracing::debug!(error = %error, "a follower's session did not end cleanly");
    }
}
