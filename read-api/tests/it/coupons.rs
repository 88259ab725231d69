//! Coupons and their pools.

use serde_json::json;
use uuid::Uuid;

use crate::shop::{Shop, column};

#[tokio::test(flavor = "multi_thread")]
async fn users_see_their_own_coupons_and_whether_they_are_used() {
    let shop = Shop::open().await;
    let tea = shop.product_on_sale("tea", 1_000, 10).await;
    let (spring, _) = shop.create_coupon_pool("spring", 3).await;
    let (summer, _) = shop.create_coupon_pool("summer", 3).await;
    let (code, _) = shop.claim("ann", spring).await;
    shop.claim("ann", summer).await;
    shop.claim("bob", spring).await;
    let (order, position) = shop.place("ann", &[(tea, 1)], Some(code)).await;

    let annes = shop.customer("ann").see("/coupons", position).await;
    assert_eq!(column(&annes, "name"), ["summer", "spring"]);
    assert_eq!(column(&annes, "status"), ["ISSUED", "HELD"]);
    assert_eq!(column(&annes, "isUsable"), ["true", "false"]);
    assert_eq!(annes[1]["orderId"], order.to_string());
    assert_eq!(
        annes[0]["discount"],
        json!({ "type": "FIXED", "amount": { "amount": 700, "currency": "KRW" } })
    );
    let (payment, _) = shop.request_payment("ann", order).await;
    let answer = domain::checkout::GatewayAnswer::Approved {
        gateway_transaction_id: "mock-1".to_owned(),
        charged: crate::shop::krw(300),
    };
    let position = shop.settle(payment, answer).await;
    let annes = shop
        .customer("ann")
        .see("/coupons?sort=issuedAt,asc", position)
        .await;
    assert_eq!(column(&annes, "name"), ["spring", "summer"]);
    assert_eq!(column(&annes, "isUsed"), ["true", "false"]);
    assert_eq!(column(&annes, "status"), ["USED", "ISSUED"]);

    let bobs = shop.customer("bob").see("/coupons", position).await;
    assert_eq!(column(&bobs, "name"), ["spring"]);

    let pool = shop
        .customer("bob")
        .see(&format!("/coupon-pools/{spring}"), position)
        .await;
    for (field, count) in [
        ("quantity", 3),
        ("issued", 2),
        ("remaining", 1),
        ("used", 1),
    ] {
        assert_eq!(pool[field], count, "{field}");
    }
    let unknown = shop
        .customer("bob")
        .get(&format!("/coupon-pools/{}", Uuid::now_v7()))
        .await;
    assert_eq!(unknown.error(), (404, "COUPON_POOL_NOT_FOUND".to_owned()));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coupon_past_its_validity_is_not_usable() {
    let shop = Shop::open_without_projectors(Default::default()).await;
    let pool = |id: u32, from: &str, until: &str, closed: &str| {
        format!(
            "INSERT INTO projection_coupons_1.coupon_pools (id, name, discount_type, discount_percent,
                    quantity, issued, used, valid_from, valid_until, closed_at, created_at, updated_at,
                    version)
             VALUES ('00000000-0000-7000-8000-00000000000{id}', 'p{id}', 'PERCENT', 10, 1, 1, 0,
                     now() + '{from}', now() + '{until}', {closed}, now(), now(), 1);
             INSERT INTO projection_coupons_1.user_coupons (code, pool_id, user_id, state, issued_at,
                    updated_at)
             VALUES ('c{id}', '00000000-0000-7000-8000-00000000000{id}', 'ann', 'ISSUED',
                     now() + '{id} s', now());"
        )
    };
    shop.sql(&pool(1, "-1 h", "1 h", "NULL")).await;
    shop.sql(&pool(2, "-2 h", "-1 h", "NULL")).await;
    shop.sql(&pool(3, "1 h", "2 h", "NULL")).await;
    shop.sql(&pool(4, "-1 h", "1 h", "now()")).await;
    let coupons = shop
        .customer("ann")
        .see("/coupons?sort=issuedAt,asc", 0)
        .await;
    assert_eq!(
        column(&coupons, "isUsable"),
        ["true", "false", "false", "false"]
    );
    assert_eq!(
        coupons[0]["discount"],
        json!({ "type": "PERCENT", "percent": 10 })
    );
    shop.close().await;
}
