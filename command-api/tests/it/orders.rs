//! Placing, cancelling and confirming orders.

use serde_json::json;

use crate::settler::Settler;
use crate::shop::one_item;
use crate::world::{World, crowd};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_placed_at_todays_prices() {
    let world = World::start().await;
    let product = world.product_with_stock(3).await;
    let two_lines = json!({ "items": [
        { "productId": product, "quantity": 1 }, { "productId": product, "quantity": 2 },
    ]});
    let placed = world
        .post("/orders")
        .customer("alice")
        .key("k")
        .json(&two_lines)
        .send()
        .await;
    assert_eq!(placed.status, 201);
    let id = placed.id();
    assert_eq!(
        placed.header("location"),
        Some(format!("/api/v1/orders/{id}").as_str())
    );
    assert_eq!(
        placed.data()["totalAmount"],
        json!({ "amount": 30_000, "currency": "KRW" })
    );
    assert_eq!(placed.data()["status"], "PENDING");
    let head = world.store.log().head().await.expect("the head");
    assert_eq!(placed.position(), head);
    let sold_out = world.order("bob", &product, 1).send().await;
    assert_eq!(sold_out.error(), (409, "INSUFFICIENT_STOCK"));
    assert_eq!(sold_out.details()[0].0, "items[0]");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_buyers_of_the_last_10_pieces_10_buy_and_54_are_refused() {
    let world = World::start().await;
    let product = world.product_with_stock(10).await;
    let buyers: Vec<String> = (0..64).map(|n| format!("buyer-{n}")).collect();
    let orders = buyers.iter().map(|buyer| world.order(buyer, &product, 1));
    let answers = crowd(orders).await;
    let placed = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers
        .iter()
        .filter(|answer| answer.error() == (409, "INSUFFICIENT_STOCK"));
    assert_eq!((placed, refused.count()), (10, 54));
    assert_eq!(world.events_of_type("OrderPlaced").await, 10);
    assert_eq!(world.events_of_type("StockReserved").await, 10);
    let report = event_store::verify(world.store.log().pool())
        .await
        .expect("a report");
    assert_eq!(report.findings, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_order_gives_its_stock_back_once() {
    let world = World::start().await;
    let product = world.product_with_stock(1).await;
    let order = world.order("alice", &product, 1).send().await.id();
    assert_eq!(
        world.cancel("alice", &order).await.data()["status"],
        "CANCELLED"
    );
    assert_eq!(
        world.cancel("alice", &order).await.error(),
        (400, "ORDER_ALREADY_CANCELLED")
    );
    assert_eq!(world.order("bob", &product, 1).send().await.status, 201);
    assert_eq!(
        world
            .pay("alice", &order, "tok_approve")
            .send()
            .await
            .error(),
        (409, "ORDER_NOT_PAYABLE")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paid_order_is_confirmed_and_then_no_longer_cancelled() {
    let world = World::start().await;
    let _settler = Settler::start(&world.store);
    let order = world.placed_order("alice", 1).await;
    let confirm = async || {
        world
            .post(&format!("/orders/{order}/confirm"))
            .operator()
            .send()
            .await
    };
    assert_eq!(
        confirm().await.error(),
        (409, "ORDER_STATUS_CONFLICT"),
        "it is not paid"
    );
    assert_eq!(
        world
            .pay("alice", &order, "tok_approve")
            .send()
            .await
            .status,
        201
    );
    for _ in 0..2 {
        assert_eq!(confirm().await.data()["status"], "CONFIRMED");
    }
    assert_eq!(
        world.cancel("alice", &order).await.error(),
        (409, "ORDER_NOT_CANCELLABLE")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_with_a_coupon_costs_less_and_the_coupon_is_used_once() {
    let world = World::start().await;
    let product = world.product_with_stock(3).await;
    let pool = world.coupon_pool(2).await;
    let code = world.claim("alice", &pool).send().await.data()["code"].clone();
    let order = async |customer: &str| {
        let mut body = one_item(&product, 1);
        body["couponCode"] = code.clone();
        let request = world
            .post("/orders")
            .customer(customer)
            .key(&testkit::unique("k"));
        request.json(&body).send().await
    };
    assert_eq!(
        order("bob").await.error(),
        (400, "COUPON_NOT_FOUND"),
        "it is alice's"
    );
    let placed = order("alice").await;
    assert_eq!(placed.data()["totalAmount"]["amount"], 9_000);
    let again = order("alice").await;
    assert_eq!(again.error(), (400, "COUPON_ALREADY_USED"));
    assert_eq!(again.json["message"], "이미 사용된 쿠폰입니다");
    assert_eq!(
        again.details(),
        [("couponCode".to_owned(), "COUPON_ALREADY_USED".to_owned())]
    );
}
