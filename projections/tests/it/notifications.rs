//! What users are told.

use domain::checkout::{GatewayAnswer, RefundAnswer};
use serde_json::json;

use crate::shop::Shop;

#[tokio::test]
async fn a_user_is_told_of_coupons_payments_and_cancellations_and_others_are_not() {
    let shop = Shop::open().await;
    shop.project();
    let kettle = shop.product("Kettle", 10_000, 10).await;
    let pool = shop.coupon_pool(2).await;
    let code = shop.claim("ann", pool).await;
    let order = shop.order_with("ann", &[(kettle, 1)], Some(code)).await;
    let payment = shop.pay("ann", order, 9_000).await;
    let refund = shop.cancel("ann", order).await;
    shop.settle_refund(payment, refund, RefundAnswer::Done)
        .await;
    let declined = shop.order("bob", &[(kettle, 1)]).await;
    let failed = shop.request_payment("bob", declined).await;
    let (code, message) = ("NO_MONEY".to_owned(), String::new());
    shop.settle(failed, GatewayAnswer::Declined { code, message })
        .await;
    shop.caught_up().await;

    let mut kinds = kinds(&shop, "ann").await;
    kinds[2..4].sort_unstable();
    assert_eq!(
        kinds,
        [
            "COUPON_ISSUED",
            "PAYMENT_SUCCEEDED",
            "COUPON_RETURNED",
            "ORDER_CANCELLED",
            "PAYMENT_CANCELLED",
        ],
    );
    let mut kinds = self::kinds(&shop, "bob").await;
    kinds.sort_unstable();
    assert_eq!(kinds, ["ORDER_CANCELLED", "PAYMENT_FAILED"]);

    let row = shop
        .row("SELECT params FROM read_model.notifications WHERE kind = 'PAYMENT_FAILED'")
        .await;
    assert_eq!(
        row["params"],
        json!({
            "orderId": declined, "paymentId": failed, "failureCode": "NO_MONEY",
            "amount": {"amount": 10_000, "currency": "KRW"},
        }),
    );
    shop.close().await;
}

async fn kinds(shop: &Shop, user: &str) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT kind FROM read_model.notifications WHERE user_id = $1 ORDER BY position",
    )
    .bind(user)
    .fetch_all(&shop.owner)
    .await
    .unwrap()
}
