//! The same aggregates on the stock `postgres_es` framework: the same events, and its repository reads
//! this store's table.

use cqrs_es::persist::PersistedEventRepository;
use domain::inventory::{Inventory, InventoryCommand};
use domain::{Aggregate, Decider, Quantity};
use postgres_es::{PostgresEventRepository, postgres_cqrs};
use sqlx::PgPool;

use crate::shop::{Shop, command, create_product, product_id, receive};

/// The stock framework's own tables, in a schema of their own.
async fn stock_pool(shop: &Shop) -> PgPool {
    let options = shop
        .database
        .owner_options()
        .options([("search_path", "stock")]);
    let pool = PgPool::connect_with(options).await.unwrap();
    sqlx::raw_sql(
        "CREATE SCHEMA stock;
         CREATE TABLE stock.events (
             aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint NOT NULL,
             event_type text NOT NULL, event_version text NOT NULL,
             payload json NOT NULL, metadata json NOT NULL,
             PRIMARY KEY (aggregate_type, aggregate_id, sequence))",
    )
    .execute(&pool)
    .await
    .unwrap();
    pool
}

async fn rows(
    pool: &PgPool,
    table: &str,
    id: &str,
) -> Vec<(i64, String, String, serde_json::Value)> {
    sqlx::query_as(&format!(
        "SELECT sequence, event_type, event_version, payload FROM {table}
          WHERE aggregate_type = 'inventory' AND aggregate_id = $1 ORDER BY sequence"
    ))
    .bind(id)
    .fetch_all(pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn the_stock_framework_yields_the_same_events() {
    let shop = Shop::open().await;
    let stock = stock_pool(&shop).await;
    let product = product_id();
    let id = product.to_string();
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    let cqrs = postgres_cqrs::<Aggregate<Inventory>>(stock.clone(), vec![], ());
    for pieces in [5, 7, 11] {
        shop.store
            .execute(command(receive(product, pieces)))
            .await
            .unwrap();
        let receive = InventoryCommand::Receive {
            warehouse: "seoul".parse().unwrap(),
            quantity: Quantity::new(pieces).unwrap(),
        };
        cqrs.execute(&id, receive).await.unwrap();
    }
    let ours = rows(&shop.database.owner_pool().await, "event_store.events", &id).await;
    let theirs = rows(&stock, "stock.events", &id).await;
    assert_eq!(ours, theirs);
    assert_eq!(ours.len(), 3);
    shop.close().await;
}

#[tokio::test]
async fn the_stock_repository_reads_this_stores_table() {
    let shop = Shop::open().await;
    let product = product_id();
    shop.store
        .execute(command(create_product(product)))
        .await
        .unwrap();
    shop.store
        .execute(command(receive(product, 3)))
        .await
        .unwrap();
    shop.store
        .execute(command(receive(product, 4)))
        .await
        .unwrap();
    let repository = PostgresEventRepository::new(shop.database.app_pool().await)
        .with_tables("event_store.events", "event_store.snapshots");
    let events = repository
        .get_events::<Aggregate<Inventory>>(&product.to_string())
        .await
        .unwrap();
    assert_eq!(
        events.iter().map(|e| e.sequence).collect::<Vec<_>>(),
        [1, 2]
    );
    let mut state = <Inventory as Decider>::State::default();
    for event in events {
        let envelope = cqrs_es::EventEnvelope::<Aggregate<Inventory>>::try_from(event).unwrap();
        assert_eq!(
            envelope.metadata.get("principal").map(String::as_str),
            Some("tester")
        );
        Inventory::evolve(&mut state, &envelope.payload);
    }
    assert_eq!(state.stock(), 7);
    shop.close().await;
}
