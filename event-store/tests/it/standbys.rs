//! A synchronous standby that is not there. The setting is the whole server's, so this runs alone:
//! `cargo test -p event-store --test it -- --ignored --test-threads 1`.

use std::time::{Duration, Instant};

use event_store::{CommandId, ExecuteError, StoreConfig};
use sqlx::{Connection, PgConnection};
use testkit::eventually;
use uuid::Uuid;

use crate::shop::{Shop, command, command_with_id, create_product, product_id, receive};

async fn await_standbys(database: &testkit::TestDatabase, names: &str) {
    let mut owner = PgConnection::connect_with(&database.owner_options())
        .await
        .unwrap();
    sqlx::raw_sql(&format!(
        "ALTER SYSTEM SET synchronous_standby_names = '{names}'"
    ))
    .execute(&mut owner)
    .await
    .unwrap();
    sqlx::raw_sql("SELECT pg_reload_conf()")
        .execute(&mut owner)
        .await
        .unwrap();
    eventually("the setting is in force", async || {
        let now: String = sqlx::query_scalar("SHOW synchronous_standby_names")
            .fetch_one(&mut owner)
            .await
            .unwrap();
        (now == names).then_some(())
    })
    .await;
}

/// How many commits were waiting for a standby, and no longer are.
async fn cancel_waits(database: &testkit::TestDatabase) -> i64 {
    let mut owner = PgConnection::connect_with(&database.owner_options())
        .await
        .unwrap();
    sqlx::query_scalar(
        "SELECT count(*) FILTER (WHERE pg_cancel_backend(pid)) FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event = 'SyncRep'
            AND application_name = 'commerce-append'",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "makes all commits of the server wait"]
async fn a_cancelled_wait_for_a_standby_is_no_success() {
    let shop = Shop::open_with(StoreConfig {
        command_timeout: Duration::from_secs(3),
        ..StoreConfig::default()
    })
    .await;
    let product = product_id();
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    await_standbys(&shop.database, "nobody").await;

    let id = CommandId::new(Uuid::now_v7());
    let asked = shop.store.execute(command_with_id(id, receive(product, 1)));
    let cancelled = eventually("the commit waits, and is cancelled", async || {
        (cancel_waits(&shop.database).await == 1).then_some(())
    });
    // What is asserted comes after the setting is taken back: it would outlive this test.
    let (first, ()) = tokio::join!(asked, cancelled);
    let again = shop
        .store
        .execute(command_with_id(id, receive(product, 1)))
        .await;
    let mut owner = PgConnection::connect_with(&shop.database.owner_options())
        .await
        .unwrap();
    let committed: i64 = sqlx::query_scalar("SELECT count(*) FROM event_store.events")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    await_standbys(&shop.database, "").await;

    assert!(
        matches!(first, Err(ExecuteError::Unavailable { .. })),
        "{first:?}"
    );
    assert!(
        matches!(again, Err(ExecuteError::Unavailable { .. })),
        "nor is the outcome that it left behind: {again:?}"
    );
    assert_eq!(committed, 2, "the wait was cancelled, not the commit");
    let outcome = eventually("the store is back", async || {
        let operation = receive(product, 1);
        shop.store
            .execute(command_with_id(id, operation))
            .await
            .ok()
    })
    .await;
    assert_eq!(
        outcome.position, 2,
        "once in the log, and answered from there"
    );
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "makes all commits of the server wait"]
async fn a_store_whose_standby_is_away_refuses_at_once_until_it_is_back() {
    let shop = Shop::open_with(StoreConfig {
        command_timeout: Duration::from_secs(2),
        ..StoreConfig::default()
    })
    .await;
    let product = product_id();
    let created = shop.store.execute(command(create_product(product))).await;
    await_standbys(&shop.database, "nobody").await;
    let first = shop.store.execute(command(receive(product, 1))).await;
    // Pings succeed all the while: it must not be taken for back.
    let (started, mut slowest) = (Instant::now(), Duration::ZERO);
    let mut was_back = false;
    while started.elapsed() < Duration::from_secs(3) {
        let asked = Instant::now();
        let refused = shop.store.execute(command(receive(product, 1))).await;
        slowest = slowest.max(asked.elapsed());
        was_back |= refused.is_ok() || !shop.store.is_away();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    await_standbys(&shop.database, "").await;

    created.unwrap();
    assert!(
        matches!(first, Err(ExecuteError::Unavailable { .. })),
        "{first:?}"
    );
    assert!(!was_back, "it was taken for back");
    assert!(
        slowest < Duration::from_secs(1),
        "refused after {slowest:?}"
    );
    eventually("the store is back", async || {
        let taken = shop.store.execute(command(receive(product, 1))).await;
        (taken.is_ok() && !shop.store.is_away()).then_some(())
    })
    .await;
    shop.close().await;
}
