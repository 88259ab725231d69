//! Parts are away, the configuration is wrong, the program is told to stop.

use std::time::Duration;

use platform::Role;
use testkit::eventually;

use crate::installation::{Installation, text};

#[tokio::test]
async fn a_bad_configuration_names_every_mistake_and_does_not_start() {
    let mut shop = Installation::new().await;
    shop.set("DATABASE_URL", "");
    shop.set("COMMAND_API_ADDR", "nowhere");
    shop.set("DATABASE_POOL_SIZE", "many");
    let output = shop.run(&["serve"]);
    assert!(!output.status.success());
    let complaint = text(&output.stderr);
    for variable in ["DATABASE_URL", "COMMAND_API_ADDR", "DATABASE_POOL_SIZE"] {
        assert!(complaint.contains(variable), "{variable} in:\n{complaint}");
    }
    shop.close().await;
}

#[tokio::test]
async fn sigterm_ends_the_program_in_order_within_ten_seconds() {
    let shop = Installation::new().await;
    let serve = shop.serve().await;
    let buyer = shop.client("ann", Role::Customer);
    let product = shop
        .client("operator", Role::Operator)
        .stocked_product(1_000, 10)
        .await;
    let order = buyer.order(&product, 1).await.id();
    // A payment is under way while the signal arrives.
    let paying = tokio::spawn(async move { buyer.pay(&order, "tok_slow").await.status });
    let pool = shop.database.owner_pool().await;
    eventually("the payment is under way", async || {
        let requested: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM event_store.events WHERE event_type = 'PaymentRequested')",
        )
        .fetch_one(&pool)
        .await
        .expect("the database answers");
        requested.then_some(())
    })
    .await;
    let code = serve.terminate(Duration::from_secs(10)).await;
    assert_eq!(code, Some(0), "{}", shop.log("serve"));
    assert_eq!(
        paying.await.expect("no panic"),
        201,
        "what was taken was finished"
    );
    shop.verify();
    shop.close().await;
}

#[tokio::test]
async fn without_redis_and_kafka_the_shop_goes_on_and_says_that_it_is_degraded() {
    let mut shop = Installation::new().await;
    shop.set("REDIS_URL", "redis://127.0.0.1:1");
    shop.set("KAFKA_BROKERS", "127.0.0.1:1");
    let _serve = shop.serve().await;
    let operator = shop.client("operator", Role::Operator);
    let product = operator.stocked_product(1_000, 10).await;
    let buyer = shop.client("ann", Role::Customer);
    let order = buyer.order(&product, 1).await.id();
    assert_eq!(
        buyer.pay(&order, "tok_approve").await.text("/data/status"),
        "SUCCEEDED"
    );
    let pool = serde_json::json!({
        "name": "Opening week", "quantity": 1,
        "discount": { "type": "PERCENT", "percent": 10 },
        "validFrom": "2020-01-01T00:00:00Z", "validUntil": "2099-01-01T00:00:00Z",
    });
    let pool = operator.post("/coupon-pools", pool).await.id();
    let claim = format!("/coupon-pools/{pool}/coupons");
    assert_eq!(buyer.post(&claim, serde_json::json!({})).await.status, 201);
    let late = shop
        .client("bob", Role::Customer)
        .post(&claim, serde_json::json!({}))
        .await;
    assert_eq!(late.text("/error"), "COUPON_SOLD_OUT");
    let (status, body) = shop.ready().await.expect("the probe answers");
    assert_eq!(status, 200);
    assert!(body.contains("degraded"), "{body}");
    let pending = operator
        .get("/events?after=0&delivery=PENDING&size=5")
        .await;
    assert_eq!(pending.json()["data"].as_array().map(Vec::len), Some(5));
    shop.verify_in_part();
    shop.close().await;
}

#[tokio::test]
async fn a_process_that_starts_before_its_database_waits_for_it_and_then_serves() {
    let mut shop = Installation::new().await;
    let away = Installation::free_port();
    let there = shop.database.url("commerce_app");
    let port = |url: &str| {
        url.rsplit(':')
            .next()
            .and_then(|rest| rest.split('/').next()?.parse().ok())
    };
    let database: u16 = port(&there).expect("a URL with a port");
    shop.set(
        "DATABASE_URL",
        &there.replace(&format!(":{database}/"), &format!(":{away}/")),
    );
    let mut serve = shop.start(&["serve"], &[]);
    eventually("it says what it waits for", async || {
        shop.log("serve")
            .contains("waiting for the database")
            .then_some(())
    })
    .await;
    assert_eq!(
        serve.ended(Duration::from_secs(3)).await,
        None,
        "{}",
        shop.log("serve")
    );
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", away))
        .await
        .expect("the port is free");
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = tokio::net::TcpStream::connect(("127.0.0.1", database))
                .await
                .expect("PostgreSQL");
            tokio::spawn(
                async move { tokio::io::copy_bidirectional(&mut client, &mut server).await },
            );
        }
    });
    shop.wait_until_ready().await;
    assert_eq!(
        serve.terminate(Duration::from_secs(10)).await,
        Some(0),
        "{}",
        shop.log("serve")
    );
    shop.close().await;
}

#[tokio::test]
async fn a_process_that_waits_for_its_database_ends_when_it_is_told_to() {
    let mut shop = Installation::new().await;
    shop.set(
        "DATABASE_URL",
        &format!("postgres://a@127.0.0.1:{}/a", Installation::free_port()),
    );
    let serve = shop.start(&["serve"], &[]);
    eventually("it waits", async || {
        shop.log("serve")
            .contains("waiting for the database")
            .then_some(())
    })
    .await;
    assert_eq!(
        serve.terminate(Duration::from_secs(10)).await,
        Some(0),
        "{}",
        shop.log("serve")
    );
    shop.close().await;
}
