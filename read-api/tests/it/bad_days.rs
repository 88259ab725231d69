//! A database that is away, slow, or asked to write.

use std::str::FromStr;
use std::time::Duration;

use read_api::ReadApiConfig;
use sqlx::postgres::PgConnectOptions;

use crate::shop::{Answer, Api, Shop, lazy_pool};

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_it_is_not_ready_and_says_so() {
    // Nothing listens on port 1.
    let options = PgConnectOptions::from_str("postgres://commerce_read@127.0.0.1:1/away");
    let api = Api::start(lazy_pool(options.expect("a URL")), ReadApiConfig::default());
    let caller = api.caller("ann", &[platform::Role::Operator]);
    for path in [
        "/products",
        "/orders",
        "/events",
        "/projections",
        "/products?minPosition=1",
    ] {
        let answer = caller.get(path).await;
        assert_eq!(
            answer.error(),
            (503, "SERVICE_UNAVAILABLE".to_owned()),
            "{path}"
        );
        assert!(!answer.header("retry-after").is_empty(), "{path}");
    }
    let ready = Answer::of(api.stranger().request("GET", "/health/ready")).await;
    assert_eq!(
        (
            ready.status,
            &*ready.json()["checks"]["postgres"]["status"].to_string()
        ),
        (503, "\"down\"")
    );
    // What needs no database goes on.
    let subjects = Answer::of(api.stranger().request("GET", "/subjects")).await;
    assert_eq!(subjects.status, 200);
    api.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_ended_with_503() {
    let config = ReadApiConfig {
        statement_timeout: Duration::from_millis(100),
        ..ReadApiConfig::default()
    };
    let shop = Shop::open_without_projectors(config).await;
    assert_eq!(shop.customer("ann").get("/products").await.status, 200);
    let mut lock = shop.owner.begin().await.expect("a transaction");
    sqlx::query("LOCK TABLE projection_products_1.products IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *lock)
        .await
        .expect("the lock");
    let answer = shop.customer("ann").get("/products").await;
    assert_eq!(answer.error(), (503, "TIMEOUT".to_owned()));
    lock.rollback().await.expect("the lock goes");
    assert_eq!(shop.customer("ann").get("/products").await.status, 200);
    let ready = Answer::of(shop.stranger().request("GET", "/health/ready")).await;
    assert_eq!(ready.status, 200, "{}", ready.text);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_connections_cannot_write_even_as_a_role_that_may() {
    let shop = Shop::open_without_projectors(ReadApiConfig::default()).await;
    let pool = lazy_pool(shop.app_options());
    let api = Api::start(pool.clone(), ReadApiConfig::default());
    let statement = "UPDATE relay.cursor SET position = 7";
    let refused = sqlx::query(statement)
        .execute(&pool)
        .await
        .expect_err("it is refused");
    let code = refused.as_database_error().and_then(|error| error.code());
    assert_eq!(code.as_deref(), Some("25006"), "{refused}");
    api.close().await;
    shop.close().await;
}
