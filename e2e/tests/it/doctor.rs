//! What the doctor finds that nobody else tells: nothing is due and nothing lags, but a person must look.

use platform::Role;
use serde_json::Value;
use testkit::eventually;

use crate::installation::{Installation, text};

/// It said that all was well, and the metric that counts such payments forgets them with each restart.
#[tokio::test]
async fn a_payment_that_nobody_asks_for_any_more_is_a_trouble() {
    let mut shop = Installation::new().await;
    let nowhere = format!("http://127.0.0.1:{}", Installation::free_port());
    shop.set("MOCK_GATEWAY_URL", &nowhere);
    shop.set("PAYMENT_INQUIRY_SCHEDULE", "1s");
    let _serve = shop.serve().await;
    let operator = shop.client("operator", Role::Operator);
    let product = operator.stocked_product(1_000, 10).await;
    let buyer = shop.client("ann", Role::Customer);
    let order = buyer.order(&product, 1).await.id();
    let payment = buyer.pay(&order, "tok_approve").await.id();
    eventually("the schedule is over", async || {
        let answer = buyer.get(&format!("/payments/{payment}")).await.json();
        let payment = answer.get("data")?;
        let is_over = payment["inquiries"] == 2 && payment["nextInquiryAt"] == Value::Null;
        is_over.then_some(())
    })
    .await;
    let output = shop.run(&["doctor"]);
    assert!(!output.status.success());
    let found = text(&output.stdout);
    let trouble = format!("payment {payment} of order {order} is UNKNOWN");
    assert!(found.contains(&trouble), "{found}");
    shop.close().await;
}

#[tokio::test]
async fn a_service_that_is_another_and_a_billing_key_that_nobody_can_open_are_troubles() {
    let mut shop = Installation::new().await;
    shop.set("KAFKA_BROKERS", "");
    shop.set("PAYMENT_METHOD_KEYS", "");
    let doctor = |shop: &Installation| text(&shop.run(&["doctor"]).stdout);
    let well = doctor(&shop);
    for ok in [
        "ok       payment_service has its schema payment",
        "ok       main_service has its schema main",
        "ok       the tables in main keep up",
        "skipped  every sealed secret can be opened: PAYMENT_METHOD_KEYS is not set",
    ] {
        assert!(well.contains(ok), "{ok} in:\n{well}");
    }
    let owner = shop.database.owner_pool().await;
    sqlx::raw_sql(
        "INSERT INTO payment.methods (id, pg_billing_key, pg_company, method_type)
         VALUES ('00000000-0000-0000-0000-000000000001', 'hmac-sha256:x', 'toss', 'CARD');
         INSERT INTO payment.method_keys (method_id, key_name, sealed)
         VALUES ('00000000-0000-0000-0000-000000000001', '2025z', decode(repeat('00', 60), 'hex'))",
    )
    .execute(&owner)
    .await
    .expect("the key is planted");
    owner.close().await;
    let payment_service = shop.database.url("payment_service");
    shop.set("MAIN_SERVICE_DATABASE_URL", &payment_service);
    shop.set(
        "PAYMENT_METHOD_KEYS",
        "2026a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    );
    let found = doctor(&shop);
    for trouble in [
        "1 are sealed with key 2025z, which is not in PAYMENT_METHOD_KEYS",
        "MAIN_SERVICE_DATABASE_URL logs in as payment_service",
    ] {
        assert!(found.contains(trouble), "{trouble} in:\n{found}");
    }
    shop.set(
        "PAYMENT_METHOD_KEYS",
        "2025z:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    );
    let found = doctor(&shop);
    assert!(
        found.contains("ok       every sealed secret can be opened"),
        "{found}"
    );
    shop.close().await;
}
