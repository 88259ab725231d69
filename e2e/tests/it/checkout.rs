//! An order, from HTTP to every end that it may come to.

use platform::Role;
use serde_json::json;
use testkit::eventually;

use crate::installation::Installation;

#[tokio::test]
async fn an_order_goes_all_the_way_through() {
    let shop = Installation::new().await;
    let _serve = shop.serve().await;
    let operator = shop.client("operator", Role::Operator);
    let buyer = shop.client("ann", Role::Customer);
    let product = operator.stocked_product(12_900, 10).await;

    let placed = buyer.order(&product, 2).await;
    assert_eq!(placed.status, 201);
    assert_eq!(
        placed.json()["data"]["totalAmount"],
        json!({ "amount": 25_800, "currency": "KRW" })
    );
    let order = placed.id();
    let paid = buyer.pay(&order, "tok_approve").await;
    assert_eq!(
        (paid.status, paid.text("/data/status").as_str()),
        (201, "SUCCEEDED")
    );

    let seen = buyer
        .get_at(&format!("/orders/{order}"), paid.position())
        .await;
    assert_eq!(
        (seen.status, seen.text("/data/status").as_str()),
        (200, "PAID")
    );
    let stock = buyer
        .get_at(&format!("/products/{product}/stock"), paid.position())
        .await;
    assert_eq!(stock.json()["data"]["stock"], 8);
    assert_eq!(stock.json()["data"]["reservedStock"], 0);
    let notifications = buyer.get_at("/notifications", paid.position()).await;
    assert!(
        !notifications.json()["data"]
            .as_array()
            .expect("a list")
            .is_empty()
    );
    let strangers = shop
        .client("bob", Role::Customer)
        .get(&format!("/orders/{order}"))
        .await;
    assert_eq!(strangers.status, 404);
    shop.verify();
    shop.close().await;
}

#[tokio::test]
async fn every_answer_of_the_gateway_has_its_legal_end() {
    let shop = Installation::new().await;
    let _serve = shop.serve().await;
    let operator = shop.client("operator", Role::Operator);
    let buyer = shop.client("ann", Role::Customer);
    let product = operator.stocked_product(1_000, 100).await;
    let expectations = [
        ("tok_approve", 201, "PAID", "SUCCEEDED"),
        ("tok_decline", 402, "CANCELLED", "FAILED"),
        ("tok_charge_then_timeout", 201, "PAID", "SUCCEEDED"),
        ("tok_timeout", 201, "CANCELLED", "FAILED"),
        ("tok_error", 201, "CANCELLED", "FAILED"),
        ("tok_wrong_amount", 402, "CANCELLED", "REFUNDED"),
    ];
    for (token, status, order_status, payment_status) in expectations {
        let order = buyer.order(&product, 1).await.id();
        let paid = buyer.pay(&order, token).await;
        assert_eq!(paid.status, status, "{token}: {}", paid.json());
        eventually(&format!("{token} comes to its end"), async || {
            let order_now = buyer
                .get(&format!("/orders/{order}"))
                .await
                .text("/data/status");
            let payment_now = buyer
                .get(&format!("/orders/{order}/payment"))
                .await
                .text("/data/status");
            (order_now == order_status && payment_now == payment_status).then_some(())
        })
        .await;
    }
    let stock = operator
        .get(&format!("/products/{product}/stock"))
        .await
        .json();
    assert_eq!(
        (&stock["data"]["stock"], &stock["data"]["reservedStock"]),
        (&json!(98), &json!(0))
    );
    shop.verify();
    shop.close().await;
}

#[tokio::test]
async fn sixty_four_buyers_of_the_last_ten_pieces_get_ten_orders_and_54_honest_refusals() {
    let shop = Installation::new().await;
    let _serve = shop.serve().await;
    let product = shop
        .client("operator", Role::Operator)
        .stocked_product(1_000, 10)
        .await;
    let buyers = (0..64).map(|n| {
        let (buyer, product) = (
            shop.client(&format!("buyer-{n}"), Role::Customer),
            product.clone(),
        );
        tokio::spawn(async move { buyer.order(&product, 1).await })
    });
    let mut statuses = std::collections::BTreeMap::new();
    for buyer in buyers.collect::<Vec<_>>() {
        let answer = buyer.await.expect("the buyer does not panic");
        let error = answer.text("/error");
        *statuses.entry((answer.status, error)).or_insert(0) += 1;
    }
    let expected = [
        ((201, String::new()), 10),
        ((409, "INSUFFICIENT_STOCK".to_owned()), 54),
    ];
    assert_eq!(statuses, expected.into_iter().collect());
    shop.verify();
    shop.close().await;
}
