//! Sessions that get in the way: they append and roll back, sit in a transaction before or after they have
//! appended, hold an old transaction id, and end other sessions.

use std::time::Duration;

use sqlx::{Executor as _, PgPool};
use testkit::TestDatabase;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use event_store::event_id;

/// One that does something over and over.
macro_rules! over_and_over {
    ($writing:expr, $pause:expr, $body:expr) => {{
        let writing = $writing.clone();
        tokio::spawn(async move {
            while !writing.is_cancelled() {
                $body;
                sleep(Duration::from_millis($pause)).await;
            }
        })
    }};
}

/// Starts them all; they end soon after `writing` is cancelled.
pub(super) async fn start(
    database: &TestDatabase,
    writing: &CancellationToken,
) -> Vec<JoinHandle<()>> {
    let pools = [
        database.app_pool().await,
        database.app_pool().await,
        database.app_pool().await,
        database.app_pool().await,
        database.owner_pool().await,
    ];
    let [rollbacks, sitters, old, locks, owner] = pools;
    vec![
        over_and_over!(writing, 40, append_and(&rollbacks, 4, "ROLLBACK").await),
        over_and_over!(writing, 250, append_and(&sitters, 40, "COMMIT").await),
        over_and_over!(writing, 100, append_late(&old).await),
        over_and_over!(writing, 50, sit_idle(&locks).await),
        over_and_over!(writing, 900, end_a_session(&owner).await),
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
async fn append_and(pool: &PgPool, sits_ms: u64, end: &'static str) {
    let Ok(mut connection) = pool.acquire().await else {
        return;
    };
    let appended = async {
        connection
            .execute("BEGIN; SET LOCAL lock_timeout = '2s'")
            .await?;
        connection.execute(append().as_str()).await?;
        sleep(Duration::from_millis(sits_ms)).await;
        connection.execute(end).await
    };
    if appended.await.is_err() {
        connection.close_on_drop();
    }
}

/// Takes a transaction id long before it appends: later ones commit before it.
async fn append_late(pool: &PgPool) {
    let Ok(mut connection) = pool.acquire().await else {
        return;
    };
    let appended = async {
        connection
            .execute("BEGIN; SET LOCAL lock_timeout = '2s'; SELECT pg_current_xact_id()")
            .await?;
        sleep(Duration::from_millis(400)).await;
        connection.execute(append().as_str()).await?;
        connection.execute("COMMIT").await
    };
    if appended.await.is_err() {
        connection.close_on_drop();
    }
}

/// Writes something else, and forgets its transaction for a while.
async fn sit_idle(pool: &PgPool) {
    let Ok(mut connection) = pool.acquire().await else {
        return;
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
    if sat.await.is_err() {
        connection.close_on_drop();
    }
}

/// Ends one of the sessions that are in a transaction.
async fn end_a_session(owner: &PgPool) {
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND usename = 'commerce_app' AND query LIKE '%append%'
            AND state <> 'idle' ORDER BY random() LIMIT 1",
    )
    .execute(owner)
    .await
    .unwrap();
}
