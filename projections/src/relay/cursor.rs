//! What the database knows of the sending: the cursor and the failures, written only by who has the lease.

use std::collections::{BTreeMap, BTreeSet};

use event_store::Lease;
use failpoints::failpoint;
use sqlx::PgPool;

use super::error::{RelayError, signed, unsigned};

/// Characters of a stored error.
const ERROR_MAX_CHARS: usize = 1_000;
/// Events that are sent again at a time.
const RESENDS_MAX: i64 = 100;

/// An event that Kafka does not take.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) topic: String,
    pub(super) error: String,
}

/// What a transaction writes.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) cursor: u64,
    /// At or below the cursor: one above it will be tried again anyway.
    pub(super) failures: BTreeMap<u64, Failure>,
    /// Failed ones that were sent again.
    pub(super) resent: Vec<u64>,
}

/// Where the sending is.
pub(super) async fn load(pool: &PgPool) -> Result<u64, RelayError> {
    let position: i64 = sqlx::query_scalar("SELECT position FROM relay.cursor")
        .fetch_one(pool)
        .await?;
    unsigned(position)
}

/// The events up to a position that Kafka does not take.
pub(super) async fn failed(pool: &PgPool, up_to: u64) -> Result<BTreeSet<u64>, RelayError> {
    let positions: Vec<i64> =
        sqlx::query_scalar("SELECT position FROM relay.failures WHERE position <= $1")
            .bind(signed(up_to)?)
            .fetch_all(pool)
            .await?;
    positions.into_iter().map(unsigned).collect()
}

/// The failed events that an operator wants sent again.
pub(super) async fn wanted_again(pool: &PgPool) -> Result<Vec<u64>, RelayError> {
    let positions: Vec<i64> = sqlx::query_scalar(
        "SELECT position FROM relay.failures WHERE resend ORDER BY position LIMIT $1",
    )
    .bind(RESENDS_MAX)
    .fetch_all(pool)
    .await?;
    positions.into_iter().map(unsigned).collect()
}

/// Writes the progress, if the lease still has its epoch.
pub(super) async fn write(
    pool: &PgPool,
    lease: &Lease,
    progress: &Progress,
) -> Result<(), RelayError> {
    let mut transaction = pool.begin().await?;
    if !lease.holds(&mut transaction).await? {
        return Err(RelayError::LeaseLost);
    }
    sqlx::query("UPDATE relay.cursor SET position = $1, updated_at = now() WHERE position < $1")
        .bind(signed(progress.cursor)?)
        .execute(&mut *transaction)
        .await?;
    if !progress.resent.is_empty() {
        let resent: Vec<i64> = progress
            .resent
            .iter()
            .map(|p| signed(*p))
            .collect::<Result<_, _>>()?;
        sqlx::query("DELETE FROM relay.failures WHERE position = ANY ($1)")
            .bind(resent)
            .execute(&mut *transaction)
            .await?;
    }
    for (position, failure) in &progress.failures {
        let error: String = failure.error.chars().take(ERROR_MAX_CHARS).collect();
        sqlx::query(
            "INSERT INTO relay.failures AS f (position, topic, error) VALUES ($1, $2, $3)
             ON CONFLICT (position) DO UPDATE
                SET topic = $2, error = $3, attempts = f.attempts + 1, resend = false,
                    failed_at = now()",
        )
        .bind(signed(*position)?)
        .bind(&failure.topic)
        .bind(&error)
        .execute(&mut *transaction)
        .await?;
        tracing::error!(
            event.position = position,
            topic = failure.topic,
            error,
            "the event at {position} cannot be sent to Kafka",
        );
    }
    failpoint!("projections.relay.cursor.before", sqlx::Error::Io);
    transaction.commit().await?;
    failpoint!("projections.relay.cursor.after", sqlx::Error::Io);
    Ok(())
}
