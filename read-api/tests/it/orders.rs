//! Orders and their payments, as the right people see them.

use domain::checkout::GatewayAnswer;
use serde_json::json;
use uuid::Uuid;

use crate::shop::{Shop, TOKEN, column};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_seen_by_its_buyer_and_by_operators_and_by_nobody_else() {
    let shop = Shop::open().await;
    let tea = shop.product_on_sale("tea", 1_000, 10).await;
    let paid = shop.buy("ann", &[(tea, 2)], 2_000).await;
    let (order, payment) = (paid.order_id, paid.payment_id);
    for (path, missing) in [
        (format!("/orders/{order}"), "ORDER_NOT_FOUND"),
        (format!("/orders/{order}/history"), "ORDER_NOT_FOUND"),
        (format!("/orders/{order}/payment"), "ORDER_NOT_FOUND"),
        (format!("/payments/{payment}"), "PAYMENT_NOT_FOUND"),
    ] {
        let annes = shop.customer("ann").see(&path, paid.position).await;
        assert_eq!(
            annes,
            shop.operator().see(&path, paid.position).await,
            "{path}"
        );
        let bobs = shop.customer("bob").get(&path).await;
        assert_eq!(bobs.error(), (404, missing.to_owned()), "{path}");
        // Another's and nobody's are not told apart.
        let nobodys = path.replace(&order.to_string(), &Uuid::now_v7().to_string());
        let nobodys = nobodys.replace(&payment.to_string(), &Uuid::now_v7().to_string());
        let nobodys = shop.customer("bob").get(&nobodys).await;
        assert_eq!(nobodys.error(), (404, missing.to_owned()), "{path}");
    }
    let list = shop.customer("ann").see("/orders", paid.position).await;
    assert_eq!(column(&list, "id"), [order.to_string()]);
    assert_eq!(
        shop.customer("bob").see("/orders", paid.position).await,
        json!([])
    );
    assert_eq!(
        shop.operator().see("/orders", paid.position).await,
        json!([])
    );
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_shows_its_items_amounts_and_payment() {
    let shop = Shop::open().await;
    let (tea, cup) = (
        shop.product_on_sale("tea", 1_000, 10).await,
        shop.product_on_sale("cup", 500, 10).await,
    );
    let (pool, _) = shop.create_coupon_pool("spring", 5).await;
    let (code, _) = shop.claim("ann", pool).await;
    let (order, position) = shop.place("ann", &[(tea, 2), (cup, 1)], Some(code)).await;
    let path = format!("/orders/{order}");
    let krw = |amount: i64| json!({ "amount": amount, "currency": "KRW" });

    let before = shop.customer("ann").see(&path, position).await;
    assert_eq!(before["status"], "PENDING");
    assert_eq!(before["userId"], "ann");
    assert_eq!(before["subtotalAmount"], krw(2_500));
    assert_eq!(before["discountAmount"], krw(700));
    assert_eq!(before["totalAmount"], krw(1_800));
    assert_eq!(before["couponCode"], json!(code));
    assert_eq!(
        before["payment"],
        json!({ "id": null, "status": "PENDING", "paidAmount": krw(0), "refundedAmount": krw(0) })
    );
    // What the browser begins with at the gateway is what the write side will call the payment.
    let its_payment = domain::PaymentId::of_order(domain::OrderId::new(order));
    assert_eq!(before["paymentId"], its_payment.to_string());
    let items = &before["items"];
    assert_eq!(column(items, "name"), ["tea", "cup"]);
    assert_eq!(column(items, "quantity"), ["2", "1"]);
    assert_eq!(items[0]["unitPrice"], krw(1_000));
    assert_eq!(items[0]["amount"], krw(2_000));

    let (payment, _) = shop.request_payment("ann", order).await;
    let declined = GatewayAnswer::Declined {
        code: "NO_FUNDS".into(),
        message: "no funds".into(),
    };
    let position = shop.settle(payment, declined).await;
    let after = shop.customer("ann").see(&path, position).await;
    assert_eq!(
        (&after["status"], &after["payment"]["status"]),
        (&json!("CANCELLED"), &json!("FAILED"))
    );
    assert_eq!(after["payment"]["id"], payment.to_string());
    assert_eq!(
        after["cancellation"],
        json!({ "kind": "PAYMENT_FAILED", "failureCode": "NO_FUNDS", "reason": null })
    );
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_a_payment_is_there_before_and_after_it_is_made() {
    let shop = Shop::open().await;
    let tea = shop.product_on_sale("tea", 1_000, 10).await;
    let (order, position) = shop.place("ann", &[(tea, 1)], None).await;
    let path = format!("/orders/{order}/payment");
    let before = shop.customer("ann").see(&path, position).await;
    assert_eq!(before["status"], "PENDING");
    assert_eq!(before["amount"]["amount"], 1_000);
    assert!(before["paymentId"].is_null() && before["payment"].is_null());

    let (payment, position) = shop.request_payment("ann", order).await;
    let asked = shop.customer("ann").see(&path, position).await;
    assert_eq!(
        (&asked["status"], &asked["paidAmount"]["amount"]),
        (&json!("PENDING"), &json!(0))
    );
    let answer = GatewayAnswer::Approved {
        gateway_transaction_id: "mock-1".to_owned(),
        charged: crate::shop::krw(1_000),
    };
    let position = shop.settle(payment, answer).await;
    let paid = shop.customer("ann").see(&path, position).await;
    assert_eq!(
        (&paid["status"], &paid["paidAmount"]["amount"]),
        (&json!("SUCCEEDED"), &json!(1_000))
    );
    assert_eq!(paid["payment"]["gatewayTransactionId"], "mock-1");
    assert_eq!(
        paid["payment"],
        shop.customer("ann")
            .see(&format!("/payments/{payment}"), 0)
            .await
    );
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_filtered_by_status_and_listed_newest_first() {
    let shop = Shop::open().await;
    let tea = shop.product_on_sale("tea", 1_000, 10).await;
    let (first, _) = shop.place("ann", &[(tea, 1)], None).await;
    let paid = shop.buy("ann", &[(tea, 1)], 1_000).await;
    let (third, _) = shop.place("ann", &[(tea, 1)], None).await;
    let position = shop.cancel("ann", third).await;
    let ids = async |query: &str| {
        column(
            &shop
                .customer("ann")
                .see(&format!("/orders?{query}"), position)
                .await,
            "id",
        )
    };
    let (first, second, third) = (
        first.to_string(),
        paid.order_id.to_string(),
        third.to_string(),
    );
    assert_eq!(ids("").await, [&*third, &second, &first]);
    assert_eq!(ids("sort=createdAt,asc").await, [&*first, &second, &third]);
    assert_eq!(ids("status=PENDING").await, [&*first]);
    assert_eq!(ids("status=PAID").await, [&*second]);
    assert_eq!(ids("status=CANCELLED").await, [&*third]);
    assert_eq!(ids("status=DELIVERED").await, Vec::<String>::new());
    assert_eq!(ids("size=1&page=1").await, [&*second]);
    let list = shop
        .customer("ann")
        .see("/orders?status=PAID", position)
        .await;
    assert_eq!(column(&list, "paymentStatus"), ["SUCCEEDED"]);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_tells_what_happened_in_order_and_never_the_token() {
    let shop = Shop::open().await;
    let tea = shop.product_on_sale("tea", 1_000, 10).await;
    let paid = shop.buy("ann", &[(tea, 1)], 1_000).await;
    let position = shop.cancel("ann", paid.order_id).await;
    let path = format!("/orders/{}/history", paid.order_id);
    let history = shop.customer("ann").see(&path, position).await;
    let types = column(&history, "type");
    let of = |kind: &str| {
        types
            .iter()
            .position(|found| found == kind)
            .unwrap_or(usize::MAX)
    };
    let order = [
        "OrderPlaced",
        "PaymentRequested",
        "PaymentSucceeded",
        "OrderPaid",
        "OrderCancelled",
    ];
    for kind in order {
        assert!(of(kind) < types.len(), "no {kind} in {types:?}");
    }
    assert!(of("OrderPlaced") < of("PaymentRequested") && of("OrderPaid") < of("OrderCancelled"));
    let positions: Vec<_> = history
        .as_array()
        .expect("a list")
        .iter()
        .map(|e| e["position"].as_u64())
        .collect();
    assert!(positions.is_sorted(), "{positions:?}");
    assert_eq!(
        history[of("OrderCancelled")]["detail"]["text"],
        "changed my mind"
    );

    for path in [
        path,
        format!("/payments/{}", paid.payment_id),
        format!("/orders/{}", paid.order_id),
    ] {
        let answer = shop.operator().get(&path).await;
        assert!(!answer.text.contains(TOKEN), "{path}: {}", answer.text);
    }
    shop.close().await;
}
