//! Paying with points over HTTP: together with money, or alone.

use serde_json::{Value, json};
use testkit::unique;

use crate::settler::Settler;
use crate::world::{Answer, World, crowd};

/// Gives Alice so many points.
async fn give(world: &World, delta: i64) {
    let request = world.post("/points/alice/adjustments").operator();
    let body = json!({ "delta": delta, "reason": "welcome" });
    let given = request.key(&unique("give")).json(&body).send().await;
    assert_eq!(given.status, 200, "{}", given.text);
}

async fn pay(world: &World, order: &str, body: &Value) -> Answer {
    let request = world.post(&format!("/orders/{order}/payments"));
    let request = request.customer("alice").key(&unique("pay"));
    request.json(body).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn points_pay_a_part_and_the_gateway_the_rest_and_a_refund_gives_each_its_share() {
    let world = World::start().await;
    let _settler = Settler::start(&world.store);
    give(&world, 5_000).await;
    let order = world.placed_order("alice", 2).await;
    let body = json!({ "token": "tok_approve", "points": 5_000 });
    let paid = pay(&world, &order, &body).await;
    assert_eq!(paid.status, 201, "{}", paid.text);
    let data = paid.data();
    assert_eq!(data["status"], "SUCCEEDED");
    assert_eq!(data["amount"]["amount"], 15_000);
    assert_eq!(data["points"], 5_000);

    let all = json!({ "reason": "both of them" });
    let path = format!("/payments/{}/refunds", paid.id());
    let refund = world.post(&path).customer("alice").key("r");
    let refunded = refund.json(&all).send().await;
    assert_eq!(refunded.status, 201, "{}", refunded.text);
    assert_eq!(refunded.data()["amount"]["amount"], 15_000);
    assert_eq!(refunded.data()["points"], 5_000);
    assert_eq!(world.events_of_type("PointsReturned").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn points_alone_need_no_token() {
    let world = World::start().await;
    give(&world, 10_000).await;
    let order = world.placed_order("alice", 1).await;
    let paid = pay(&world, &order, &json!({ "points": 10_000 })).await;
    assert_eq!(
        (paid.status, &paid.data()["status"]),
        (201, &json!("SUCCEEDED"))
    );
    assert_eq!(paid.data()["amount"]["amount"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_paid_with_points_is_refused_and_the_field_named() {
    let world = World::start().await;
    give(&world, 20_000).await;
    let order = world.placed_order("alice", 1).await;
    for (body, field, code) in [
        (json!({ "points": 9_999 }), "token", "INVALID_VALUE"),
        (json!({}), "token", "INVALID_VALUE"),
        (
            json!({ "token": "", "points": 10_000 }),
            "token",
            "TOO_SHORT",
        ),
        (
            json!({ "token": "tok_approve", "points": -1 }),
            "points",
            "OUT_OF_RANGE",
        ),
        (
            json!({ "token": "tok_approve", "points": 10_001 }),
            "points",
            "OUT_OF_RANGE",
        ),
    ] {
        let answer = pay(&world, &order, &body).await;
        assert_eq!(answer.error(), (400, "VALIDATION_FAILED"), "{body}");
        let expected = vec![(field.to_owned(), code.to_owned())];
        assert_eq!(answer.details(), expected, "{body}");
    }
    let three = world.placed_order("alice", 3).await;
    let body = json!({ "token": "tok_approve", "points": 20_001 });
    let answer = pay(&world, &three, &body).await;
    assert_eq!(answer.error(), (409, "INSUFFICIENT_POINTS"));
    assert_eq!(world.events_of_type("PointsHeld").await, 0);
}

/// Two orders at once, each with all of the points: one of them gets them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_points_pay_once() {
    let world = World::start().await;
    let other = world.another_process().await;
    give(&world, 10_000).await;
    let (one, two) = (
        world.placed_order("alice", 1).await,
        world.placed_order("alice", 1).await,
    );
    let body = json!({ "points": 10_000 });
    let asked = (0..10).map(|number| {
        let (world, order) = if number % 2 == 0 {
            (&world, &one)
        } else {
            (&other, &two)
        };
        let request = world.post(&format!("/orders/{order}/payments"));
        let request = request.customer("alice").key(&unique("pay"));
        request.json(&body)
    });
    let answers = crowd(asked).await;
    let paid = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(paid, 1);
    assert_eq!(world.events_of_type("PointsSpent").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_says_which_payment_it_will_have() {
    let world = World::start().await;
    let _settler = Settler::start(&world.store);
    let product = world.product_with_stock(1).await;
    let placed = world.order("alice", &product, 1).send().await;
    let paid = pay(&world, &placed.id(), &json!({ "token": "tok_approve" })).await;
    assert_eq!(placed.data()["paymentId"], json!(paid.id()));
}
