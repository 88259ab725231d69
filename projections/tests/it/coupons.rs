//! Coupon pools and the coupons that users hold.

use chrono::TimeDelta;
use domain::coupon_pool::CloseCouponPool;
use serde_json::{Value, json};

use crate::shop::Shop;

#[tokio::test]
async fn a_coupon_is_issued_held_used_and_free_again_after_its_order_was_cancelled() {
    let shop = Shop::open().await;
    shop.project();
    let kettle = shop.product("Kettle", 10_000, 10).await;
    let pool = shop.coupon_pool(2).await;
    let code = shop.claim("ann", pool).await;
    shop.caught_up().await;
    assert_eq!(coupon(&shop).await, json!(["ISSUED", false, null, null]));
    let order = shop.order_with("ann", &[(kettle, 1)], Some(code)).await;
    shop.caught_up().await;
    assert_eq!(coupon(&shop).await, json!(["HELD", false, order, 1_000]));
    shop.pay("ann", order, 9_000).await;
    shop.caught_up().await;
    assert_eq!(coupon(&shop).await, json!(["USED", true, order, 1_000]));
    let counts = "SELECT quantity, issued, remaining, used FROM read_model.coupon_pools";
    assert_eq!(
        shop.row(counts).await,
        json!({"quantity": 2, "issued": 1, "remaining": 1, "used": 1}),
    );
    shop.cancel("ann", order).await;
    shop.caught_up().await;
    assert_eq!(coupon(&shop).await, json!(["ISSUED", false, null, null]));
    assert_eq!(shop.row(counts).await["used"], 0);
    shop.close().await;
}

#[tokio::test]
async fn a_pool_shows_its_terms_and_when_it_was_closed() {
    let shop = Shop::open().await;
    shop.project();
    let pool_id = shop.coupon_pool(2).await;
    shop.execute(CloseCouponPool {
        pool_id,
        now: shop.now() + TimeDelta::days(2),
    })
    .await;
    shop.caught_up().await;
    let row = shop.row("SELECT * FROM read_model.coupon_pools").await;
    assert_eq!(
        (
            &row["discount_type"],
            &row["discount_percent"],
            &row["discount_max_amount"]
        ),
        (&json!("PERCENT"), &json!(10), &json!(5_000)),
    );
    assert_eq!(row["discount_currency"], "KRW");
    assert!(row["closed_at"].is_string());
    shop.close().await;
}

async fn coupon(shop: &Shop) -> Value {
    shop.row(
        "SELECT jsonb_build_array(state, is_used, order_id, discount_amount) AS coupon
           FROM read_model.user_coupons",
    )
    .await["coupon"]
        .clone()
}
