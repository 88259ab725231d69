//! What is committed is not always durable: a commit that waits for a synchronous standby can be cancelled,
//! and is then reported as a success, with a warning.

use std::time::Duration;

use sqlx::PgConnection;

use crate::error::StoreError;

/// The first and the longest pause between two looks. A standby that works has flushed the commit by now;
/// what others committed meanwhile, and the look below includes, follows at once.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(64));

/// Waits until as many standbys as the server is told to wait for have what is committed so far. The
/// caller limits the time.
pub(super) async fn wait(connection: &mut PgConnection) -> Result<(), StoreError> {
    let (committed, mut there): (String, bool) = sqlx::query_as(
        "SELECT up_to::text, event_store.is_on_standbys(up_to)
           FROM pg_current_wal_flush_lsn() AS up_to",
    )
    .fetch_one(&mut *connection)
    .await?;
    let (mut pause, longest) = PAUSES;
    while !there {
        tokio::time::sleep(pause).await;
        pause = longest.min(pause * 2);
        there = sqlx::query_scalar("SELECT event_store.is_on_standbys($1::pg_lsn)")
            .bind(&committed)
            .fetch_one(&mut *connection)
            .await?;
    }
    Ok(())
}
