//! Who may do what.

use std::time::Duration;

use platform::Role;
use serde_json::json;
use testkit::unique;
use uuid::Uuid;

use crate::shop::{a_pool, a_product, one_item};
use crate::world::World;

/// `{"alg":"none","typ":"JWT"}` in base64.
const ALG_NONE: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_expired_or_forged_token_is_401() {
    let world = World::start().await;
    let good = world.token("alice", Role::Customer);
    let expired = world.token_for("alice", Role::Customer, Duration::ZERO);
    let forged = world
        .forger()
        .mint("alice", &[Role::Customer], Duration::from_secs(60))
        .expect("a token");
    let mut parts = good.split('.');
    let (header, claims, signature) = (parts.next(), parts.next(), parts.next());
    let (header, claims) = (header.expect("a header"), claims.expect("claims"));
    let signature = signature.expect("a signature");
    let other_claims = world.token("bob", Role::Customer);
    let other_claims = other_claims.split('.').nth(1).expect("claims");
    let tokens = [
        expired,
        forged,
        format!("{ALG_NONE}.{claims}."),
        format!("{ALG_NONE}.{claims}.{signature}"),
        format!("{header}.{other_claims}.{signature}"),
        "not-a-token".to_owned(),
        String::new(),
    ];
    let order = one_item(&Uuid::now_v7().to_string(), 1);
    let missing = world.post("/orders").key("k").json(&order).send().await;
    assert_eq!(missing.error(), (401, "UNAUTHENTICATED"));
    assert!(missing.header("www-authenticate").is_some());
    for token in &tokens {
        let request = world.post("/orders").key("k").json(&order).bearer(token);
        assert_eq!(
            request.send().await.error(),
            (401, "UNAUTHENTICATED"),
            "{token}"
        );
    }
    // The same request with the good token gets past the door.
    let request = world.post("/orders").key("k").json(&order).bearer(&good);
    assert_eq!(request.send().await.error(), (404, "PRODUCT_NOT_FOUND"));
    assert_eq!(
        world.log_size().await,
        (0, 1),
        "only the last one reached the store"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_command_has_its_role() {
    let world = World::start().await;
    let id = Uuid::now_v7();
    let receipt = json!({ "warehouse": "seoul", "quantity": 1 });
    let adjustment = json!({ "warehouse": "seoul", "delta": 1, "reason": "count" });
    let points = json!({ "delta": 1, "reason": "goodwill" });
    let empty = json!({});
    for (method, path, body) in [
        ("POST", "/products".to_owned(), &a_product()),
        ("PATCH", format!("/products/{id}"), &json!({ "name": "x" })),
        ("POST", format!("/products/{id}/on-sale"), &empty),
        ("POST", format!("/products/{id}/sold-out"), &empty),
        ("POST", format!("/products/{id}/stock/receipts"), &receipt),
        (
            "POST",
            format!("/products/{id}/stock/adjustments"),
            &adjustment,
        ),
        ("POST", "/coupon-pools".to_owned(), &a_pool(1)),
        ("POST", format!("/orders/{id}/confirm"), &empty),
        ("POST", "/points/ann/adjustments".to_owned(), &points),
        ("POST", "/events/1/resend".to_owned(), &empty),
    ] {
        let request = world
            .request(method, &path)
            .customer("alice")
            .key(&unique("k"));
        let answer = request.json(body).send().await;
        assert_eq!(answer.error(), (403, "FORBIDDEN"), "{method} {path}");
    }
    let token = json!({ "token": "tok_approve" });
    for (path, body) in [
        ("/orders".to_owned(), &one_item(&id.to_string(), 1)),
        (format!("/orders/{id}/payments"), &token),
        (format!("/coupon-pools/{id}/coupons"), &empty),
    ] {
        let request = world.post(&path).operator().key(&unique("k")).json(body);
        assert_eq!(request.send().await.error(), (403, "FORBIDDEN"), "{path}");
    }
    let service = world.token("relay", Role::Service);
    let cancel = world.post(&format!("/orders/{id}/cancel")).bearer(&service);
    let cancel = cancel.json(&json!({ "reason": "x" })).send().await;
    assert_eq!(cancel.error(), (403, "FORBIDDEN"));
    assert_eq!(world.log_size().await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anothers_order_is_as_if_it_were_not_there() {
    let world = World::start().await;
    let order = world.placed_order("alice", 1).await;
    let paid = world.pay("mallory", &order, "tok_approve").send().await;
    assert_eq!(paid.error(), (404, "ORDER_NOT_FOUND"));
    assert_eq!(
        world.cancel("mallory", &order).await.error(),
        (404, "ORDER_NOT_FOUND")
    );
    // An operator's cancellation is nobody's secret.
    let cancel = world.post(&format!("/orders/{order}/cancel")).operator();
    let cancel = cancel.json(&json!({ "reason": "recalled" })).send().await;
    assert_eq!(cancel.data()["status"], "CANCELLED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_that_is_no_users_id_buys_nothing() {
    let world = World::start().await;
    let token = world.token("a/b", Role::Customer);
    let order = world.post("/orders").bearer(&token).key("k");
    let order = order
        .json(&one_item(&Uuid::now_v7().to_string(), 1))
        .send()
        .await;
    assert_eq!(order.error(), (403, "FORBIDDEN"));
}
