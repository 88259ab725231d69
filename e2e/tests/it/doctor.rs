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
