//! Generations: installed once, rebuilt beside the live one, switched there and back.

use projections::ProjectionError;
use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::shop::Shop;

async fn states(shop: &Shop, projection: &str) -> Vec<(i32, String)> {
    sqlx::query_as(
        "SELECT generation, state FROM projections.generations
          WHERE projection = $1 ORDER BY generation",
    )
    .bind(projection)
    .fetch_all(&shop.owner)
    .await
    .unwrap()
}

fn state(generation: i32, state: &str) -> (i32, String) {
    (generation, state.to_owned())
}

async fn sell(shop: &Shop, kettle: domain::ProductId, times: usize) {
    for number in 0..times {
        let user = format!("user-{number}");
        let order = shop.order(&user, &[(kettle, 1)]).await;
        shop.pay(&user, order, 1_000).await;
    }
}

#[tokio::test]
async fn installing_twice_changes_nothing_and_readers_may_read_but_not_write() {
    let shop = Shop::open().await;
    let mut owner = PgConnection::connect_with(&shop.database.owner_options())
        .await
        .unwrap();
    projections::install(&mut owner).await.unwrap();
    for projection in projections::names() {
        assert_eq!(states(&shop, projection).await, [state(1, "live")]);
    }
    let reader = shop.database.read_pool().await;
    for view in [
        "orders",
        "order_items",
        "order_history",
        "payments",
        "payment_states",
        "products",
        "product_sales",
        "stock",
        "stock_by_warehouse",
        "coupon_pools",
        "user_coupons",
        "notifications",
        "projection_status",
    ] {
        let sql = format!("SELECT count(*) FROM read_model.{view}");
        sqlx::query(&sql).execute(&reader).await.unwrap();
    }
    for forbidden in [
        "DELETE FROM read_model.orders",
        "DELETE FROM projection_orders_1.orders",
        "UPDATE projections.generations SET position = 0",
    ] {
        let refused = sqlx::query(forbidden).execute(&reader).await.unwrap_err();
        let code = refused
            .as_database_error()
            .and_then(|error| error.code().map(String::from));
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}");
    }
    let refused = sqlx::query("CREATE TABLE projection_orders_1.more ()")
        .execute(&shop.app)
        .await;
    assert!(refused.is_err(), "the program may not make tables");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_switches_while_events_flow_and_there_is_a_way_back() {
    let shop = Shop::open().await;
    shop.project();
    let kettle = shop.product("Kettle", 1_000, 1_000).await;
    sell(&shop, kettle, 20).await;
    let selling = sell(&shop, kettle, 40);
    let mut told = Vec::new();
    let rebuilding = projections::rebuild(
        &shop.owner,
        &shop.app,
        shop.log(),
        "orders",
        false,
        |progress| told.push(progress),
    );
    let ((), report) = tokio::join!(selling, rebuilding);
    let report = report.unwrap();
    assert_eq!((report.previous, report.live), (1, 2));
    assert!(report.comparison.is_same() && report.comparison.same_version);
    assert!(!told.is_empty() && told.iter().all(|progress| progress.projection == "orders"));
    assert_eq!(
        states(&shop, "orders").await,
        [state(1, "previous"), state(2, "live")]
    );

    sell(&shop, kettle, 5).await;
    shop.caught_up().await;
    assert_eq!(orders(&shop).await, 65);
    assert_eq!(shop.differences().await, "");
    // The old one goes on being fed.
    let head = shop.head().await;
    testkit::eventually("the previous generation is fed", async || {
        let row = shop
            .row("SELECT position FROM projections.generations WHERE projection = 'orders' AND generation = 1")
            .await;
        (row["position"] == json!(head)).then_some(())
    })
    .await;

    let back = projections::switch_back(&shop.owner, &shop.app, shop.log(), "orders")
        .await
        .unwrap();
    assert_eq!((back.previous, back.live), (2, 1));
    assert_eq!(
        states(&shop, "orders").await,
        [state(1, "live"), state(2, "previous")]
    );
    sell(&shop, kettle, 5).await;
    shop.caught_up().await;
    assert_eq!(orders(&shop).await, 70);
    assert_eq!(shop.differences().await, "");

    // A second rebuild retires what is neither the live one nor the one before it.
    let again =
        projections::rebuild(&shop.owner, &shop.app, shop.log(), "orders", false, |_| ()).await;
    // Number 3 was the verification's, and left no trace.
    let live = again.unwrap().live;
    let mut expected = vec![
        state(1, "previous"),
        state(2, "retired"),
        state(live, "live"),
    ];
    expected.retain(|(generation, _)| *generation != 0);
    assert_eq!(states(&shop, "orders").await, expected);
    let schema = shop
        .row("SELECT 1 AS there FROM pg_namespace WHERE nspname = 'projection_orders_2'")
        .await;
    assert_eq!(schema, json!(null), "its tables are gone");
    shop.close().await;
}

async fn orders(shop: &Shop) -> i64 {
    shop.row("SELECT count(*) AS n FROM read_model.orders")
        .await["n"]
        .as_i64()
        .unwrap()
}

#[tokio::test]
async fn a_rebuild_that_differs_is_refused_unless_the_live_rows_are_known_to_be_wrong() {
    let shop = Shop::open().await;
    shop.project();
    let kettle = shop.product("Kettle", 1_000, 10).await;
    sell(&shop, kettle, 1).await;
    shop.caught_up().await;
    shop.as_owner("UPDATE projection_orders_1.orders SET total_amount = 1")
        .await;

    let refused =
        projections::rebuild(&shop.owner, &shop.app, shop.log(), "orders", false, |_| ()).await;
    let Err(ProjectionError::Differs { differences, .. }) = refused else {
        panic!("the difference was not seen")
    };
    assert!(
        differences.starts_with("orders: 1 live rows, 1 fresh rows, only live"),
        "{differences}"
    );
    assert_eq!(states(&shop, "orders").await, [state(1, "live")]);

    projections::rebuild(&shop.owner, &shop.app, shop.log(), "orders", true, |_| ())
        .await
        .unwrap();
    let row = shop.row("SELECT total_amount FROM read_model.orders").await;
    assert_eq!(row["total_amount"], 1_000);
    shop.close().await;
}

#[tokio::test]
async fn a_generation_of_another_version_is_left_alone_until_it_is_rebuilt() {
    let shop = Shop::open().await;
    shop.as_owner("UPDATE projections.generations SET version = 0 WHERE projection = 'orders'")
        .await;
    shop.project();
    let kettle = shop.product("Kettle", 1_000, 10).await;
    sell(&shop, kettle, 1).await;
    testkit::eventually("the other projections go on", async || {
        let row = shop
            .row("SELECT count(*) AS n FROM read_model.payments")
            .await;
        (row["n"] == 1).then_some(())
    })
    .await;
    assert_eq!(orders(&shop).await, 0);

    let report =
        projections::rebuild(&shop.owner, &shop.app, shop.log(), "orders", false, |_| ()).await;
    assert!(!report.unwrap().comparison.same_version);
    assert_eq!(orders(&shop).await, 1);
    sell(&shop, kettle, 1).await;
    shop.caught_up().await;
    assert_eq!(orders(&shop).await, 2);
    let back = projections::switch_back(&shop.owner, &shop.app, shop.log(), "orders").await;
    assert!(
        matches!(back, Err(ProjectionError::NoWayBack { .. })),
        "{back:?}"
    );
    shop.close().await;
}

#[tokio::test]
async fn what_a_rebuild_that_died_left_is_cleared_away_and_two_at_once_are_refused() {
    let shop = Shop::open().await;
    shop.project();
    shop.product("Kettle", 1_000, 10).await;
    shop.as_owner(
        "INSERT INTO projections.generations (projection, generation, version, state)
         VALUES ('products', 2, 1, 'building');
         CREATE SCHEMA projection_products_2; CREATE TABLE projection_products_2.half ();",
    )
    .await;
    let rebuild = async || {
        projections::rebuild(
            &shop.owner,
            &shop.app,
            shop.log(),
            "products",
            false,
            |_| (),
        )
        .await
    };
    let (first, second) = tokio::join!(rebuild(), rebuild());
    let busy = [&first, &second]
        .iter()
        .filter(|report| matches!(report, Err(ProjectionError::Busy { .. })))
        .count();
    assert_eq!(busy, 1, "{first:?} {second:?}");
    assert_eq!(
        states(&shop, "products").await,
        [state(1, "previous"), state(2, "live")]
    );
    assert!(matches!(
        projections::rebuild(
            &shop.owner,
            &shop.app,
            shop.log(),
            "nonsense",
            false,
            |_| ()
        )
        .await,
        Err(ProjectionError::Unknown(_))
    ));
    shop.close().await;
}
