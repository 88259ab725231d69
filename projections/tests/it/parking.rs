//! An event that cannot be taken in stops its own stream, and no other.

use domain::{OrderId, ProductId};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::shop::Shop;

/// Breaks the JSON's shape of one event of an order, as a program that wrote nonsense would have.
async fn damage(shop: &Shop, order: OrderId, event_type: &str) {
    shop.as_owner(&format!(
        "UPDATE event_store.events SET payload = '{{\"Nonsense\": 1}}'
          WHERE aggregate_id = '{order}' AND event_type = '{event_type}'"
    ))
    .await;
}

async fn paid_order(shop: &Shop, kettle: ProductId, user: &str) -> OrderId {
    let order = shop.order(user, &[(kettle, 1)]).await;
    shop.pay(user, order, 1_000).await;
    order
}

async fn statuses(shop: &Shop) -> Value {
    shop.row("SELECT jsonb_object_agg(user_id, status) AS s FROM read_model.orders")
        .await["s"]
        .clone()
}

async fn parked(pool: &PgPool, projection: &str) -> Vec<(String, i32, bool)> {
    sqlx::query_as(
        "SELECT key, attempts, error LIKE 'waits%' FROM projections.parked
          WHERE projection = $1 ORDER BY position",
    )
    .bind(projection)
    .fetch_all(pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn an_unreadable_event_parks_its_stream_and_is_replayed_in_order_once_it_is_readable() {
    let shop = Shop::open_without_memory().await;
    let kettle = shop.product("Kettle", 1_000, 10).await;
    let bad = paid_order(&shop, kettle, "bad").await;
    paid_order(&shop, kettle, "good").await;
    let sound: String = sqlx::query_scalar(
        "SELECT payload::text FROM event_store.events
          WHERE aggregate_id = $1 AND event_type = 'OrderPaymentStarted'",
    )
    .bind(bad.to_string())
    .fetch_one(&shop.owner)
    .await
    .unwrap();
    damage(&shop, bad, "OrderPaymentStarted").await;
    shop.project();
    shop.caught_up().await;

    assert_eq!(
        statuses(&shop).await,
        json!({"bad": "PENDING", "good": "PAID"})
    );
    let key = format!("order/{bad}");
    assert_eq!(
        parked(&shop.owner, "orders").await,
        [(key.clone(), 1, false), (key.clone(), 1, true)],
    );
    let status = projections::status(&shop.app).await.unwrap();
    let orders = status
        .iter()
        .find(|status| status.projection == "orders")
        .unwrap();
    assert_eq!((orders.parked_keys, orders.parked_events), (1, 2));

    // Still broken: it stays, with one more attempt, and what waits behind it has made none.
    let report = projections::retry_parked(&shop.app, shop.log(), "orders")
        .await
        .unwrap();
    assert_eq!((report.replayed, report.parked), (0, 2));
    assert_eq!(
        parked(&shop.owner, "orders").await,
        [(key.clone(), 2, false), (key, 1, true)]
    );

    shop.as_owner(&format!(
        "UPDATE event_store.events SET payload = '{sound}'
          WHERE aggregate_id = '{bad}' AND event_type = 'OrderPaymentStarted'"
    ))
    .await;
    let report = projections::retry_parked(&shop.app, shop.log(), "orders")
        .await
        .unwrap();
    assert_eq!((report.replayed, report.parked), (2, 0));
    assert_eq!(
        statuses(&shop).await,
        json!({"bad": "PAID", "good": "PAID"})
    );
    assert_eq!(shop.differences().await, "");
    shop.close().await;
}

#[tokio::test]
async fn a_row_that_the_table_refuses_parks_only_its_stream_among_many_in_one_batch() {
    let shop = Shop::open().await;
    let mut products = Vec::new();
    for number in 0..8 {
        products.push(shop.product(&format!("Kettle {number}"), 1_000, 10).await);
    }
    shop.project();
    shop.caught_up().await;
    // The read model loses a product's stock: selling one is more than it knows of.
    let lost = products[5];
    shop.as_owner(&format!(
        "UPDATE projection_products_1.stock SET stock = 0 WHERE product_id = '{lost}'"
    ))
    .await;
    let items: Vec<_> = products.iter().map(|product| (*product, 1)).collect();
    shop.order("ann", &items).await;
    shop.caught_up().await;
    let keys: Vec<_> = parked(&shop.owner, "products").await;
    assert_eq!(keys, [(format!("inventory/{lost}"), 1, false)]);
    let row = shop
        .row("SELECT count(*) AS n FROM read_model.stock WHERE reserved_stock = 1")
        .await;
    assert_eq!(row["n"], 7);

    // Repaired, and replayed at the next start.
    shop.as_owner(&format!(
        "UPDATE projection_products_1.stock SET stock = 10 WHERE product_id = '{lost}'"
    ))
    .await;
    shop.as_owner(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'commerce-projection-products'",
    )
    .await;
    testkit::eventually("the parked event is replayed", async || {
        parked(&shop.owner, "products")
            .await
            .is_empty()
            .then_some(())
    })
    .await;
    assert_eq!(shop.differences().await, "");
    shop.close().await;
}

#[tokio::test]
async fn a_missing_table_is_waited_for_and_parks_nothing() {
    let shop = Shop::open().await;
    shop.as_owner("ALTER TABLE projection_orders_1.order_items RENAME TO gone")
        .await;
    shop.project();
    let kettle = shop.product("Kettle", 1_000, 10).await;
    let order = shop.order("ann", &[(kettle, 1)]).await;
    testkit::eventually("another projection is past the order", async || {
        let row = shop
            .row("SELECT count(*) AS n FROM read_model.payment_states")
            .await;
        (row["n"] == 1).then_some(())
    })
    .await;
    assert!(parked(&shop.owner, "orders").await.is_empty());
    shop.as_owner("ALTER TABLE projection_orders_1.gone RENAME TO order_items")
        .await;
    shop.caught_up().await;
    let row = shop
        .row(&format!(
            "SELECT status FROM read_model.orders WHERE id = '{order}'"
        ))
        .await;
    assert_eq!(row["status"], "PENDING");
    shop.close().await;
}
