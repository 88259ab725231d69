//! How far a subscriber has come: moved in the transaction of the subscriber's own rows, so that each
//! event counts exactly once.

use failpoints::failpoint;
use sqlx::{PgConnection, PgPool};

use crate::error::StoreError;
use crate::recorded::{signed, unsigned};

/// Where the subscriber is; 0 when it never started.
///
/// # Errors
/// The database is away.
pub async fn position(pool: &PgPool, subscriber: &str) -> Result<u64, StoreError> {
    let position: Option<i64> =
        sqlx::query_scalar("SELECT position FROM event_store.checkpoints WHERE subscriber = $1")
            .bind(subscriber)
            .fetch_optional(pool)
            .await?;
    unsigned(position.unwrap_or(0), "checkpoint")
}

/// Moves the subscriber from one position to the next, within its own transaction.
///
/// # Errors
/// It is not at `from`: another instance moved it, so the transaction must be rolled back.
pub async fn advance(
    transaction: &mut PgConnection,
    subscriber: &str,
    from: u64,
    to: u64,
) -> Result<(), StoreError> {
    failpoint!("event-store.checkpoint.before", sqlx::Error::Io);
    let moved = sqlx::query(
        "INSERT INTO event_store.checkpoints AS c (subscriber, position)
         SELECT $1, $3 WHERE $2 = 0 OR EXISTS (
             SELECT FROM event_store.checkpoints WHERE subscriber = $1)
         ON CONFLICT (subscriber) DO UPDATE SET position = $3, updated_at = now()
          WHERE c.position = $2",
    )
    .bind(subscriber)
    .bind(signed(from, "checkpoint")?)
    .bind(signed(to, "checkpoint")?)
    .execute(transaction)
    .await?;
    failpoint!("event-store.checkpoint.after", sqlx::Error::Io);
    if moved.rows_affected() == 1 {
        return Ok(());
    }
    Err(StoreError::CheckpointMoved {
        subscriber: subscriber.to_owned(),
        expected: from,
    })
}
