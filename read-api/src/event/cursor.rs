//! How far the log is, and how far it was sent.

use sqlx::PgPool;

use crate::error::ReadError;

/// How far the log is, and how far it was sent.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(super) struct Cursor {
    /// The log's last position. Everything up to here is visible to any later statement: positions are
    /// dense, in commit order.
    pub(super) head: i64,
    /// Everything up to here was sent, or has failed.
    pub(super) sent: i64,
}

pub(super) async fn read(pool: &PgPool) -> Result<Cursor, ReadError> {
    let cursor = sqlx::query_as(
        "SELECT coalesce((SELECT position FROM event_store.events ORDER BY position DESC LIMIT 1), 0)
                    AS head,
                coalesce((SELECT position FROM relay.cursor), 0) AS sent",
    );
    Ok(cursor.fetch_one(pool).await?)
}
