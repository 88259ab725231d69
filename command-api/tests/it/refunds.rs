//! Giving a payment back over HTTP.

use serde_json::{Value, json};
use testkit::unique;

use crate::settler::Settler;
use crate::world::{Answer, Request, World, crowd};

/// Alice's paid order of so many pieces at 10 000 won: the order and the payment.
async fn paid(world: &World, pieces: u32) -> (String, String) {
    let order = world.placed_order("alice", pieces).await;
    let payment = world.pay("alice", &order, "tok_approve").send().await;
    assert_eq!(payment.data()["status"], "SUCCEEDED");
    (order, payment.id())
}

/// The id of the order's one item.
async fn item_of(world: &World, order: &str) -> String {
    let id: domain::OrderId = order.parse().expect("an order's id");
    let (order, _) = world
        .store
        .load::<domain::order::Order>(id)
        .await
        .expect("the order");
    order.placed().expect("placed").lines[0]
        .order_item_id
        .to_string()
}

fn refund<'w>(world: &'w World, payment: &str, body: &Value) -> Request<'w> {
    let path = format!("/payments/{payment}/refunds");
    world.post(&path).key(&unique("refund")).json(body)
}

fn won(amount: i64) -> Value {
    json!({ "amount": { "amount": amount, "currency": "KRW" }, "reason": "damaged" })
}

fn pieces(item: &str, quantity: i64) -> Value {
    json!({ "items": [{ "orderItemId": item, "quantity": quantity }], "reason": "too small" })
}

fn is_done(answer: &Answer, amount: i64) {
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.data()["status"], "SUCCEEDED");
    assert_eq!(answer.data()["amount"]["amount"], amount);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_buyer_gets_pieces_of_their_order_back_and_the_answer_again() {
    let world = World::start().await;
    let _settler = Settler::start(&world.store);
    let (order, payment) = paid(&world, 3).await;
    let item = item_of(&world, &order).await;
    let path = format!("/payments/{payment}/refunds");
    let ask = |key: &'static str| world.post(&path).customer("alice").key(key);
    let first = ask("k").json(&pieces(&item, 1)).send().await;
    is_done(&first, 10_000);
    let location = format!("/api/v1/payments/{payment}");
    assert_eq!(first.header("location"), Some(location.as_str()));
    assert_eq!(first.data()["orderId"], json!(order));
    assert_eq!(first.data()["items"][0]["quantity"], 1);
    let again = ask("k").json(&pieces(&item, 1)).send().await;
    assert_eq!((again.is_replayed(), &again.text), (true, &first.text));
    let other = ask("k").json(&pieces(&item, 2)).send().await;
    assert_eq!(other.error(), (422, "IDEMPOTENCY_KEY_REUSED"));
    let rest = json!({ "reason": "all of it" });
    is_done(&ask("rest").json(&rest).send().await, 20_000);
    let nothing = ask("more").json(&rest).send().await;
    assert_eq!(nothing.error(), (409, "NOTHING_TO_REFUND"));
    assert_eq!(world.events_of_type("PaymentRefunded").await, 2);
    assert_eq!(world.events_of_type("StockReturned").await, 2);
}

/// Hyperswitch, issue 13182: two refunds of 60 on 100 both succeeded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_refunds_at_once_only_as_much_succeeds_as_was_paid() {
    let world = World::start().await;
    let other = world.another_process().await;
    let _settler = Settler::start(&world.store);
    let (_, payment) = paid(&world, 1).await;
    let asks = (0..20).map(|n| {
        let process = if n % 2 == 0 { &world } else { &other };
        refund(process, &payment, &won(6_000)).operator()
    });
    let answers = crowd(asks).await;
    let done = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|answer| answer.status == 409);
    assert_eq!((done, refused.count()), (1, 19));
    let refused = refund(&world, &payment, &won(4_001)).operator();
    assert_eq!(
        refused.send().await.error(),
        (409, "REFUND_EXCEEDS_BALANCE")
    );
    is_done(
        &refund(&world, &payment, &won(4_000))
            .operator()
            .send()
            .await,
        4_000,
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_the_gateway_has_not_done_is_pending_and_at_once_when_asked_so() {
    let world = World::start().await;
    let order = world.placed_order("alice", 1).await;
    let settler = Settler::start(&world.store);
    let payment = world.pay("alice", &order, "tok_approve").send().await.id();
    drop(settler);
    let asked = refund(&world, &payment, &json!({ "reason": "no" })).customer("alice");
    let pending = asked.header("prefer", "respond-async").send().await;
    assert_eq!(
        (pending.status, &pending.data()["status"]),
        (202, &json!("PENDING"))
    );
    let again = refund(&world, &payment, &json!({ "reason": "no" })).customer("alice");
    assert_eq!(again.send().await.error(), (409, "NOTHING_TO_REFUND"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_refund_is_told_so() {
    let world = World::start().await;
    let _settler = Settler::start(&world.store);
    let (_, payment) = paid(&world, 1).await;
    let all = json!({ "reason": "mine now" });
    let bobs = refund(&world, &payment, &all).customer("bob").send().await;
    assert_eq!(bobs.error(), (404, "PAYMENT_NOT_FOUND"));
    let amount = refund(&world, &payment, &won(1))
        .customer("alice")
        .send()
        .await;
    assert_eq!(amount.error(), (403, "FORBIDDEN"));
    let nobody = refund(&world, &payment, &all).send().await;
    assert_eq!(nobody.error(), (401, "UNAUTHENTICATED"));
    let no_key = world
        .post(&format!("/payments/{payment}/refunds"))
        .customer("alice")
        .json(&all);
    assert_eq!(
        no_key.send().await.error(),
        (400, "IDEMPOTENCY_KEY_REQUIRED")
    );
    assert_eq!(world.events_of_type("PaymentRefundRequested").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_refund_is_named() {
    let world = World::start().await;
    let _settler = Settler::start(&world.store);
    let (order, payment) = paid(&world, 2).await;
    let item = item_of(&world, &order).await;
    let cases = [
        (json!({}), "reason"),
        (json!({ "reason": "" }), "reason"),
        (json!({ "reason": "x".repeat(201) }), "reason"),
        (json!({ "items": [], "reason": "r" }), "items"),
        (pieces(&item, 0), "items[0].quantity"),
        (pieces("42", 1), "items[0].orderItemId"),
        (pieces(&payment, 1), "items[0].orderItemId"),
        (won(0), "amount.amount"),
        (
            json!({ "amount": { "amount": 1, "currency": "USD" }, "reason": "r" }),
            "amount.currency",
        ),
        (
            json!({ "items": [{ "orderItemId": item, "quantity": 1 }], "amount": { "amount": 1, "currency": "KRW" }, "reason": "r" }),
            "amount",
        ),
    ];
    for (body, field) in cases {
        let refused = refund(&world, &payment, &body).operator().send().await;
        assert_eq!(refused.status, 400, "{body}: {}", refused.text);
        assert_eq!(refused.details()[0].0, field, "{body}");
    }
    let too_many = refund(&world, &payment, &pieces(&item, 3))
        .operator()
        .send()
        .await;
    assert_eq!(too_many.error(), (409, "REFUND_EXCEEDS_BALANCE"));
    assert_eq!(too_many.details()[0].0, "items[0].quantity");
    let nowhere = refund(&world, "42", &json!({ "reason": "r" }))
        .operator()
        .send()
        .await;
    assert_eq!(nowhere.error(), (404, "PAYMENT_NOT_FOUND"));
}
