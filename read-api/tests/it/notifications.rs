//! What users are told.

use serde_json::json;

use crate::shop::{Shop, column};

#[tokio::test(flavor = "multi_thread")]
async fn users_read_what_they_were_told_in_their_language_newest_first() {
    let shop = Shop::open().await;
    let tea = shop.product_on_sale("tea", 12_900, 10).await;
    let (pool, _) = shop.create_coupon_pool("봄 할인", 3).await;
    let (code, _) = shop.claim("ann", pool).await;
    let paid = shop.buy("ann", &[(tea, 1)], 12_900).await;

    let korean = shop
        .customer("ann")
        .see("/notifications", paid.position)
        .await;
    assert_eq!(
        column(&korean, "type"),
        ["PAYMENT_SUCCEEDED", "COUPON_ISSUED"]
    );
    assert_eq!(
        column(&korean, "message"),
        [
            "결제가 완료되었습니다 (12,900 KRW).",
            "쿠폰이 발급되었습니다: 봄 할인."
        ]
    );
    assert_eq!(korean[0]["params"]["orderId"], paid.order_id.to_string());
    assert_eq!(korean[1]["params"]["code"], json!(code));

    let english = shop
        .customer("ann")
        .get_with("/notifications", &[("Accept-Language", "en")])
        .await;
    assert_eq!(
        english.json()["data"][1]["message"],
        "You got a coupon: 봄 할인."
    );

    let second = shop
        .customer("ann")
        .see("/notifications?size=1&page=1", paid.position)
        .await;
    assert_eq!(column(&second, "type"), ["COUPON_ISSUED"]);
    assert_eq!(
        shop.customer("bob")
            .see("/notifications", paid.position)
            .await,
        json!([])
    );
    shop.close().await;
}
