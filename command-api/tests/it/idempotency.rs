//! The same request again gets the same bytes and has no second effect.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use testkit::eventually;
use uuid::Uuid;

use crate::settler::Settler;
use crate::shop::{a_product, one_item};
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_required_where_stock_money_or_coupons_move_and_must_be_a_key() {
    let world = World::start().await;
    let id = Uuid::now_v7();
    let receipt = json!({ "warehouse": "seoul", "quantity": 1 });
    let adjustment = json!({ "warehouse": "seoul", "delta": 1, "reason": "count" });
    for (path, body, is_operators) in [
        (format!("/products/{id}/stock/receipts"), &receipt, true),
        (
            format!("/products/{id}/stock/adjustments"),
            &adjustment,
            true,
        ),
        (
            "/points/ann/adjustments".to_owned(),
            &json!({ "delta": 1, "reason": "goodwill" }),
            true,
        ),
        ("/orders".to_owned(), &one_item(&id.to_string(), 1), false),
        (
            format!("/orders/{id}/payments"),
            &json!({ "token": "t" }),
            false,
        ),
        (format!("/coupon-pools/{id}/coupons"), &json!({}), false),
    ] {
        let request = || {
            let request = world.post(&path).json(body);
            if is_operators {
                request.operator()
            } else {
                request.customer("alice")
            }
        };
        let missing = request().send().await;
        assert_eq!(missing.error(), (400, "IDEMPOTENCY_KEY_REQUIRED"), "{path}");
        for bad in ["two words", &"k".repeat(256)] {
            let answer = request().key(bad).send().await;
            assert_eq!(answer.error(), (400, "IDEMPOTENCY_KEY_INVALID"), "{path}");
        }
    }
    assert_eq!(world.log_size().await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_gets_the_first_answers_bytes_also_after_a_restart() {
    let world = World::start().await;
    let product = world.product_with_stock(2).await;
    let place = async |world: &World, quantity: u32| {
        let request = world
            .post("/orders")
            .customer("alice")
            .key(&format!("k{quantity}"));
        request.json(&one_item(&product, quantity)).send().await
    };
    let placed = place(&world, 2).await;
    let refused = place(&world, 3).await;
    assert_eq!((placed.status, refused.status), (201, 409));
    assert!(!placed.is_replayed() && !refused.is_replayed());
    let before = world.log_size().await;
    for (first, quantity) in [(&placed, 2), (&refused, 3)] {
        let again = place(&world, quantity).await;
        assert!(again.is_replayed());
        assert_eq!((again.status, &again.text), (first.status, &first.text));
        assert_eq!(again.header("location"), first.header("location"));
    }
    // What the log says about the refusal would be another thing now.
    assert_eq!(world.cancel("alice", &placed.id()).await.status, 200);
    let receipt = json!({ "warehouse": "seoul", "quantity": 100 });
    let receipts = format!("/products/{product}/stock/receipts");
    let received = world
        .post(&receipts)
        .operator()
        .key("r")
        .json(&receipt)
        .send()
        .await;
    assert_eq!(received.status, 200);

    let world = world.restart().await;
    for (first, quantity) in [(&placed, 2), (&refused, 3)] {
        let again = place(&world, quantity).await;
        assert!(again.is_replayed());
        assert_eq!((again.status, &again.text), (first.status, &first.text));
        assert_eq!(again.header("location"), first.header("location"));
    }
    let after = world.log_size().await;
    assert_eq!(
        after.1,
        before.1 + 2,
        "only the cancellation and the receipt were new commands"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_json_in_another_form_is_the_same_request_and_another_body_is_422() {
    let world = World::start().await;
    let product = world.product_with_stock(5).await;
    let send = async |path: &str, body: String| {
        let request = world.post(path).customer("alice").key("k");
        request.raw("application/json", body).send().await
    };
    let first = format!(r#"{{"items":[{{"productId":"{product}","quantity":1}}]}}"#);
    let reordered =
        format!(r#" {{ "items": [ {{ "quantity": 1, "productId": "{product}" }} ] }} "#);
    let other = first.replace(":1}", ":2}");
    let placed = send("/orders", first).await;
    let again = send("/orders", reordered).await;
    assert_eq!((again.is_replayed(), &again.text), (true, &placed.text));
    let reused = send("/orders", other).await;
    assert_eq!(reused.error(), (422, "IDEMPOTENCY_KEY_REUSED"));
    // Another path is another request, too; another principal has keys of their own.
    let path = format!("/orders/{}/payments", placed.id());
    let reused = send(&path, r#"{"token":"t"}"#.to_owned()).await;
    assert_eq!(reused.error(), (422, "IDEMPOTENCY_KEY_REUSED"));
    let receipt = json!({ "warehouse": "seoul", "quantity": 1 });
    let other = world.product_with_stock(0).await;
    for (product, status) in [(&product, 200), (&other, 422)] {
        let path = format!("/products/{product}/stock/receipts");
        let received = world.post(&path).operator().key("r").json(&receipt);
        assert_eq!(received.send().await.status, status);
    }
    let bobs = world
        .post("/orders")
        .customer("bob")
        .key("k")
        .json(&one_item(&product, 1));
    let bobs = bobs.send().await;
    assert_eq!((bobs.status, bobs.is_replayed()), (201, false));
    assert_ne!(bobs.id(), placed.id());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_at_once_with_one_key_have_one_effect_and_one_answer() {
    let world = World::start().await;
    let product = world.product_with_stock(100).await;
    let place = || {
        let request = world.post("/orders").customer("alice").key("one");
        request.json(&one_item(&product, 1)).send()
    };
    let answers = join_all((0..50).map(|_| place())).await;
    let (placed, told_to_wait): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 201);
    assert!(!placed.is_empty());
    assert!(placed.iter().all(|answer| answer.text == placed[0].text));
    assert_eq!(
        placed.iter().filter(|answer| !answer.is_replayed()).count(),
        1
    );
    for answer in told_to_wait {
        assert_eq!(answer.error(), (409, "REQUEST_IN_PROGRESS"));
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    assert_eq!(world.events_of_type("OrderPlaced").await, 1);
    assert_eq!(place().await.text, placed[0].text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_needs_no_key_honours_one() {
    let world = World::start().await;
    let create = async |key: Option<&str>| {
        let request = world.post("/products").operator().json(&a_product());
        let request = if let Some(key) = key {
            request.key(key)
        } else {
            request
        };
        request.send().await
    };
    let first = create(Some("k")).await;
    let again = create(Some("k")).await;
    assert_eq!((again.is_replayed(), &again.text), (true, &first.text));
    assert_eq!(again.header("etag"), first.header("etag"));
    assert_ne!(create(None).await.id(), create(None).await.id());
    assert_eq!(world.events_of_type("ProductCreated").await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_does_not_cut_its_command_short() {
    let world = World::start().await;
    let order = world.placed_order("alice", 1).await;
    let path = format!("/orders/{order}/payments");
    let pay = || {
        let request = world.post(&path).customer("alice").key("k");
        request.json(&json!({ "token": "tok_later" }))
    };
    pay().abandon_after(Duration::from_millis(700)).await;
    let told = pay().send().await;
    assert_eq!(
        told.error(),
        (409, "REQUEST_IN_PROGRESS"),
        "it goes on without its client"
    );
    assert_eq!(told.header("retry-after"), Some("1"));
    let other = world
        .post(&path)
        .customer("alice")
        .key("k")
        .json(&json!({ "token": "tok_x" }));
    assert_eq!(other.send().await.error(), (422, "IDEMPOTENCY_KEY_REUSED"));
    // The answer that nobody waited for is there when they ask again.
    let answer = eventually("the abandoned payment is answered", async || {
        Some(pay().send().await).filter(|answer| answer.status != 409)
    })
    .await;
    assert_eq!((answer.status, answer.is_replayed()), (201, true));
    assert_eq!(answer.data()["status"], "PENDING");
    assert_eq!(world.events_of_type("PaymentRequested").await, 1);
    drop(Settler::start(&world.store));
    assert_eq!(pay().send().await.text, answer.text);
}
