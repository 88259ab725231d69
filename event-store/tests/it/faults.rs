//! What breaks between the store and its database, and what must hold all the same.

use std::time::{Duration, Instant};

use domain::inventory::Inventory;
use event_store::{CommandId, EventStore, ExecuteError, StoreConfig, verify};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, PgConnection};
use testkit::{TestDatabase, eventually};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::proxy::Proxy;
use crate::shop::{
    Shop, command, command_with_id, create_product, open_store, product_id, receive,
};

async fn store_behind(
    proxy: &Proxy,
    database: &TestDatabase,
    stop: &CancellationToken,
) -> EventStore {
    let pool = PgPoolOptions::new()
        .acquire_timeout(Duration::from_secs(1))
        .connect_lazy_with(proxy.options(database.app_options()));
    let config = StoreConfig {
        command_timeout: Duration::from_secs(5),
        ..StoreConfig::default()
    };
    open_store(pool, config, stop).await
}

#[tokio::test]
async fn a_connection_cut_after_commit_is_resolved_by_the_commands_id() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::start(&database.app_options()).await;
    let stop = CancellationToken::new();
    let store = store_behind(&proxy, &database, &stop).await;
    let product = product_id();
    store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    for round in 1..=10 {
        proxy.cut_after_next_append();
        let outcome = store.execute(command(receive(product, 1))).await.unwrap();
        assert_eq!(
            outcome.position,
            round + 1,
            "the first writing is the only one"
        );
    }
    assert_eq!(proxy.cuts(), 10, "every cut happened");
    let (inventory, _) = store.load::<Inventory>(product).await.unwrap();
    assert_eq!(inventory.stock(), 10);
    stop.cancel();
    database.drop_now().await;
}

#[tokio::test]
async fn without_its_database_the_store_says_so_at_once_and_recovers_by_itself() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::start(&database.app_options()).await;
    let stop = CancellationToken::new();
    let store = store_behind(&proxy, &database, &stop).await;
    let product = product_id();
    store
        .execute(command(create_product(product)))
        .await
        .unwrap();

    proxy.go_away();
    let id = CommandId::new(Uuid::now_v7());
    let first = store
        .execute(command_with_id(id, receive(product, 1)))
        .await;
    assert!(
        matches!(first, Err(ExecuteError::Unavailable { .. })),
        "{first:?}"
    );
    let asked = Instant::now();
    let second = store.execute(command(receive(product, 1))).await;
    assert!(
        matches!(second, Err(ExecuteError::Unavailable { .. })),
        "{second:?}"
    );
    assert!(
        asked.elapsed() < Duration::from_secs(1),
        "known to be away: refused at once"
    );

    proxy.come_back();
    let outcome = eventually("the store takes commands again", async || {
        store
            .execute(command_with_id(id, receive(product, 1)))
            .await
            .ok()
    })
    .await;
    assert_eq!(outcome.status, 200);
    let (inventory, _) = store.load::<Inventory>(product).await.unwrap();
    assert_eq!(
        inventory.stock(),
        1,
        "the unanswered command and its repeat are one"
    );
    stop.cancel();
    database.drop_now().await;
}

#[tokio::test]
async fn terminated_backends_cost_no_acknowledged_command() {
    let shop = Shop::open().await;
    let product = product_id();
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    let mut killer = PgConnection::connect_with(&shop.database.owner_options())
        .await
        .unwrap();
    let mut acknowledged = 0;
    for round in 0..60 {
        if round % 6 == 0 {
            sqlx::query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .execute(&mut killer)
            .await
            .unwrap();
        }
        let id = CommandId::new(Uuid::now_v7());
        eventually("the command is answered", async || {
            shop.store
                .execute(command_with_id(id, receive(product, 1)))
                .await
                .ok()
        })
        .await;
        acknowledged += 1;
    }
    let (inventory, _) = shop
        .another_store()
        .await
        .load::<Inventory>(product)
        .await
        .unwrap();
    assert_eq!(inventory.stock(), acknowledged);
    let report = verify(&shop.database.app_pool().await).await.unwrap();
    assert_eq!(report.findings, vec![]);
    shop.close().await;
}

#[tokio::test]
async fn a_full_queue_is_refused_at_once_and_loses_nothing_it_took() {
    let config = StoreConfig {
        queue_max: 16,
        ..StoreConfig::default()
    };
    let shop = Shop::open_with(config).await;
    let product = product_id();
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    // Whoever holds the log's lock stops every append.
    let mut blocker = PgConnection::connect_with(&shop.database.owner_options())
        .await
        .unwrap();
    let mut holding = blocker.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(7215046291174)")
        .execute(&mut *holding)
        .await
        .unwrap();
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let store = shop.store.clone();
            tokio::spawn(async move { store.execute(command(receive(product, 1))).await })
        })
        .collect();
    let refused_early = eventually("the queue is full", async || {
        let probe = shop.store.execute(command(receive(product, 1)));
        match tokio::time::timeout(Duration::from_millis(200), probe).await {
            Ok(Err(ExecuteError::Busy { retry_after })) => Some(retry_after),
            _ => None,
        }
    })
    .await;
    assert!(refused_early > Duration::ZERO);
    holding.rollback().await.unwrap();
    let (mut done, mut busy) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => done += 1,
            Err(ExecuteError::Busy { .. }) => busy += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(done + busy, 200);
    assert!(busy > 0 && done > 0, "{done} done, {busy} busy");
    let (inventory, _) = shop.store.load::<Inventory>(product).await.unwrap();
    assert!(inventory.stock() >= done, "what was acknowledged is there");
    shop.close().await;
}

#[tokio::test]
async fn a_caller_who_goes_away_does_not_cut_the_command_short() {
    let shop = Shop::open().await;
    let product = product_id();
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    for _ in 0..20 {
        let mut execution = Box::pin(shop.store.execute(command(receive(product, 1))));
        // One poll hands the command over; then the caller is gone.
        let _ = futures::poll!(&mut execution);
        drop(execution);
    }
    eventually("all are written", async || {
        let (inventory, _) = shop.store.load::<Inventory>(product).await.unwrap();
        (inventory.stock() == 20).then_some(())
    })
    .await;
    shop.close().await;
}

#[tokio::test]
async fn a_stopping_store_finishes_what_it_took_and_takes_no_more() {
    let shop = Shop::open().await;
    let product = product_id();
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    let mut taken: Vec<_> = (0..100)
        .map(|_| Box::pin(shop.store.execute(command(receive(product, 1)))))
        .collect();
    for execution in &mut taken {
        let _ = futures::poll!(execution);
    }
    shop.stop.cancel();
    for execution in taken {
        execution.await.unwrap();
    }
    eventually("the store takes no more", async || {
        let late = shop.store.execute(command(receive(product, 1))).await;
        matches!(late, Err(ExecuteError::Stopping)).then_some(())
    })
    .await;
    shop.close().await;
}
