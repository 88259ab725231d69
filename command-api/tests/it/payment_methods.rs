//! Saving payment methods: what is taken, and what is refused.

use serde_json::json;
use testkit::unique;

use crate::world::{Answer, World};

/// A user asks for a card to be saved.
async fn save(world: &World, user: &str, key: &str) -> Answer {
    let body = json!({ "authKey": "tok_approve", "gateway": "TOSS" });
    let request = world.post("/payment-methods").customer(user);
    request.key(key).json(&body).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_is_taken_once_and_looked_for_where_the_answer_says() {
    let world = World::start().await;
    let taken = save(&world, "ann", "k-1").await;
    assert_eq!(
        (taken.status, &taken.data()["status"]),
        (202, &json!("PENDING"))
    );
    let location = format!("/api/v1/payment-methods/{}", taken.id());
    assert_eq!(taken.header("location"), Some(location.as_str()));
    let again = save(&world, "ann", "k-1").await;
    assert_eq!((again.is_replayed(), &again.text), (true, &taken.text));
    assert_eq!(world.events_of_type("PaymentMethodRequested").await, 1);
    assert!(!taken.text.contains("tok_approve"), "{}", taken.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anothers_method_and_none_are_not_found_and_one_on_its_way_waits() {
    let world = World::start().await;
    let id = save(&world, "ann", "k-1").await.id();
    let path = format!("/payment-methods/{id}");
    let pending = world.request("DELETE", &path).customer("ann");
    assert_eq!(
        pending.send().await.error(),
        (409, "PAYMENT_METHOD_NOT_ACTIVE")
    );
    let make_default = format!("{path}/default");
    let pending = world.post(&make_default).customer("ann");
    assert_eq!(
        pending.send().await.error(),
        (409, "PAYMENT_METHOD_NOT_ACTIVE")
    );
    let not_found = (404, "PAYMENT_METHOD_NOT_FOUND");
    let others = world.request("DELETE", &path).customer("bob");
    assert_eq!(others.send().await.error(), not_found);
    let others = world.post(&make_default).customer("bob");
    assert_eq!(others.send().await.error(), not_found);
    let nothing = world
        .request("DELETE", "/payment-methods/none")
        .customer("ann");
    assert_eq!(nothing.send().await.error(), not_found);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_wrong_field_of_a_card_is_named() {
    let world = World::start().await;
    let body = json!({ "authKey": "", "gateway": "paypal" });
    let request = world.post("/payment-methods").customer("ann");
    let refused = request.key(&unique("k")).json(&body).send().await;
    assert_eq!(refused.error(), (400, "VALIDATION_FAILED"));
    let named: Vec<_> = refused.details();
    let expected = [("authKey", "TOO_SHORT"), ("gateway", "UNKNOWN_GATEWAY")];
    let expected = expected.map(|(field, code)| (field.to_owned(), code.to_owned()));
    assert_eq!(named, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_has_one_name_at_the_companies_and_a_bounded_wallet() {
    let world = World::start().await;
    let name_of = async |user: &str| {
        let request = world.post("/payment-methods/customer-key").customer(user);
        request.send().await.data()["customerKey"].clone()
    };
    assert_eq!(name_of("ann").await, name_of("ann").await);
    assert_ne!(name_of("ann").await, name_of("bob").await);
    for number in 0..20 {
        let taken = save(&world, "ann", &format!("k-{number}")).await;
        assert_eq!(taken.status, 202);
    }
    let full = save(&world, "ann", "k-20").await;
    assert_eq!(full.error(), (409, "TOO_MANY_PAYMENT_METHODS"));
    assert_eq!(save(&world, "bob", "k-1").await.status, 202);
}
