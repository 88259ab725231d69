//! What many do: a table with a sequence, and a reader that remembers the highest number it saw.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgPool};
use testkit::eventually;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often the reader looks when there was nothing.
const PAUSE: Duration = Duration::from_millis(1);

/// What the reader missed.
pub(super) struct Missed {
    pub(super) committed: usize,
    pub(super) missed: usize,
}

/// A schema of its own, for the program's role.
pub(super) async fn install(owner: &PgPool) {
    owner
        .execute(
            "CREATE SCHEMA naive;
             CREATE TABLE naive.events (position bigserial PRIMARY KEY, writer uuid NOT NULL);
             CREATE TABLE naive.reader (position bigint NOT NULL);
             INSERT INTO naive.reader VALUES (0);
             GRANT USAGE ON SCHEMA naive TO commerce_app;
             GRANT INSERT, SELECT ON naive.events TO commerce_app;
             GRANT USAGE ON SEQUENCE naive.events_position_seq TO commerce_app",
        )
        .await
        .unwrap();
}

/// Writes until its process is killed: a number, some work, and a commit, or now and then a rollback.
pub(super) async fn write(options: PgConnectOptions) {
    let mut connection = options.connect().await.unwrap();
    loop {
        let chance = Uuid::now_v7().as_u64_pair().1;
        let mut transaction = connection.begin().await.unwrap();
        sqlx::query("INSERT INTO naive.events (writer) VALUES (gen_random_uuid())")
            .execute(&mut *transaction)
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_micros(chance % 4_000)).await;
        if chance.is_multiple_of(10) {
            transaction.rollback().await.unwrap();
        } else {
            transaction.commit().await.unwrap();
        }
    }
}

/// Reads by position until `stop`.
pub(super) async fn read(owner: PgPool, stop: CancellationToken) -> BTreeSet<i64> {
    let (mut seen, mut last) = (BTreeSet::new(), 0);
    while !stop.is_cancelled() {
        let rows: Vec<i64> = sqlx::query_scalar(
            "SELECT position FROM naive.events WHERE position > $1 ORDER BY position LIMIT 500",
        )
        .bind(last)
        .fetch_all(&owner)
        .await
        .unwrap();
        match rows.last() {
            None => tokio::time::sleep(PAUSE).await,
            Some(newest) => last = *newest,
        }
        seen.extend(rows);
        sqlx::query("UPDATE naive.reader SET position = $1")
            .bind(last)
            .execute(&owner)
            .await
            .unwrap();
    }
    seen
}

/// Waits until the reader has seen the newest row: whatever it has not seen then, it never will.
pub(super) async fn at_the_end(owner: &PgPool) {
    eventually("the naive reader is at the end", async || {
        let ended: bool = sqlx::query_scalar(
            "SELECT (SELECT position FROM naive.reader) >= max(position) FROM naive.events",
        )
        .fetch_one(owner)
        .await
        .unwrap();
        ended.then_some(())
    })
    .await;
}

pub(super) async fn missed(owner: &PgPool, seen: &BTreeSet<i64>) -> Missed {
    let rows: Vec<i64> = sqlx::query_scalar("SELECT position FROM naive.events")
        .fetch_all(owner)
        .await
        .unwrap();
    Missed {
        committed: rows.len(),
        missed: rows
            .iter()
            .filter(|position| !seen.contains(position))
            .count(),
    }
}
