//! Sessions that get in the way: they append and roll back, sit in a transaction before or after they have
//! appended, hold an old transaction id, and end other sessions.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Executor as _, PgPool, Postgres};
use testkit::TestDatabase;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use event_store::event_id;

/// One that does something over and over, and counts how often that came to its end.
macro_rules! over_and_over {
    ($writing:expr, $pause:expr, $body:expr) => {{
        let writing = $writing.clone();
        tokio::spawn(async move {
            let mut done = 0;
            while !writing.is_cancelled() {
                done += u64::from($body);
                sleep(Duration::from_millis($pause)).await;
            }
            done
        })
    }};
}

/// Starts them all; they end soon after `writing` is cancelled.
pub(super) async fn start(
    database: &TestDatabase,
    writing: &CancellationToken,
) -> Vec<(&'static str, JoinHandle<u64>)> {
    let pools = [
        database.app_pool().await,
        database.app_pool().await,
        database.app_pool().await,
        database.app_pool().await,
        database.owner_pool().await,
    ];
    let [rollbacks, sitters, old, locks, owner] = pools;
    vec![
        (
            "rollbacks",
            over_and_over!(writing, 40, append_and(&rollbacks, 4, "ROLLBACK").await),
        ),
        (
            "late commits",
            over_and_over!(writing, 250, append_and(&sitters, 40, "COMMIT").await),
        ),
        (
            "old transaction ids",
            over_and_over!(writing, 100, append_late(&old).await),
        ),
        (
            "idle transactions",
            over_and_over!(writing, 50, sit_idle(&locks).await),
        ),
        (
            "ended sessions",
            over_and_over!(writing, 900, end_a_session(&owner).await),
        ),
    ]
}

/// The append function with one event, by hand.
fn append() -> String {
    let (command, stream) = (Uuid::now_v7(), Uuid::now_v7());
    let id = event_id(command, 0);
    let metadata = format!(
        r#"{{"eventId":"{id}","commandId":"{command}","correlationId":"{stream}","principal":"by-hand","occurredAt":"2026-01-01T00:00:00Z"}}"#
    );
    let payload = r#"{"StockReceived":{"warehouse":"seoul","quantity":1}}"#;
    format!(
        "SELECT event_store.append(
             ARRAY[ROW('{command}', '\\x00', 200, '{{}}', 1)]::event_store.new_command[], NULL,
             ARRAY[ROW(1, 'inventory', '{stream}', 0)]::event_store.touch[],
             ARRAY[ROW(1, 'inventory', '{stream}', 1, 'StockReceived', '1', '{payload}',
                       '{metadata}')]::event_store.new_event[])"
    )
}

/// Appends, sits in the transaction, and ends it. Being ended by another is part of the game.
async fn append_and(pool: &PgPool, sits_ms: u64, end: &'static str) -> bool {
    let Ok(mut connection) = pool.acquire().await else {
        return false;
    };
    let appended = async {
        connection
            .execute("BEGIN; SET LOCAL lock_timeout = '2s'")
            .await?;
        connection.execute(append().as_str()).await?;
        sleep(Duration::from_millis(sits_ms)).await;
        connection.execute(end).await
    };
    let appended = appended.await;
    ended(connection, appended)
}

/// Takes a transaction id long before it appends: later ones commit before it.
async fn append_late(pool: &PgPool) -> bool {
    let Ok(mut connection) = pool.acquire().await else {
        return false;
    };
    let appended = async {
        connection
            .execute("BEGIN; SET LOCAL lock_timeout = '2s'; SELECT pg_current_xact_id()")
            .await?;
        sleep(Duration::from_millis(400)).await;
        connection.execute(append().as_str()).await?;
        connection.execute("COMMIT").await
    };
    let appended = appended.await;
    ended(connection, appended)
}

/// Writes something else, and forgets its transaction for a while.
async fn sit_idle(pool: &PgPool) -> bool {
    let Ok(mut connection) = pool.acquire().await else {
        return false;
    };
    let sat = async {
        connection
            .execute(
                "BEGIN; INSERT INTO event_store.leases VALUES (gen_random_uuid(), 'x', 1, now());
                 SELECT max(position) FROM event_store.events",
            )
            .await?;
        sleep(Duration::from_millis(700)).await;
        connection.execute("ROLLBACK").await
    };
    let sat = sat.await;
    ended(connection, sat)
}

/// Whether it came to its end; a connection in the middle of something is not used again.
fn ended<T>(connection: PoolConnection<Postgres>, done: Result<T, sqlx::Error>) -> bool {
    if done.is_err() {
        drop(connection.detach());
    }
    done.is_ok()
}

/// Ends one of the sessions that are in a transaction.
async fn end_a_session(owner: &PgPool) -> bool {
    let ended = sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND usename = 'commerce_app' AND query LIKE '%append%'
            AND state <> 'idle' ORDER BY random() LIMIT 1",
    )
    .execute(owner)
    .await
    .unwrap();
    ended.rows_affected() > 0
}
